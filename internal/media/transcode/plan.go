package transcode

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Ladder is what is made of a source. It follows from the source alone.
type Ladder struct {
	Duration time.Duration
	// Rungs are the pictures, from the smallest to the largest; none for a sound.
	Rungs []Rung
	Audio []AudioTrack
	// Texts are the captions inside the source; Pictured counts those that are pictures and cannot be converted.
	Texts    []TextTrack
	Pictured int
	// Segment is how long a segment lasts.
	Segment time.Duration
	Board   *Board
}

// Rung is one rendition of the picture. The pictures of all rungs that a decoder can begin with are at the same
// times.
type Rung struct {
	// Name is the directory of the rendition, "v" and its shorter side: "v720".
	Name          string
	Stream        int
	Width, Height int
	Rate          Rate
	// Group is how many pictures there are between two that a decoder can begin with.
	Group int
	// Bits is the highest bit rate over some seconds, in bits a second.
	Bits int64
	// ToneMap says that the source has a high dynamic range, Weave that it is interlaced.
	ToneMap, Weave bool
	// Pad is how long the last picture stands while sound goes on.
	Pad time.Duration
}

// AudioTrack is one rendition of the sound, in AAC.
type AudioTrack struct {
	// Name is the directory of the rendition: "a0".
	Name   string
	Stream int
	// Label is what a menu shows, Language a BCP 47 tag or "".
	Label, Language string
	Default         bool
	// Describes says that a voice tells what is to be seen.
	Describes bool
	Channels  int
	Bits      int64
}

// TextTrack is a track of captions inside the source.
type TextTrack struct {
	Stream          int
	Label, Language string
	Default, Forced bool
	// Impaired says that sounds are described.
	Impaired bool
}

// Board is how the storyboard is laid out: pictures on sheets, for showing where a click on the seek bar leads.
type Board struct {
	// Every is the number of groups of pictures from one tile to the next; Interval is the same as a time.
	Every    int
	Interval time.Duration
	// Width and Height are of one tile, Columns and Rows of one sheet.
	Width, Height, Columns, Rows int
}

// size is a box that a picture must fit into, lying or standing, and what it may cost there. The sizes, the bit
// rates and where the picture rate is halved are Apple's, for H.264: HLS Authoring Specification for Apple
// Devices, appendix "Video average bit rate", 16:9, the middle rate of each size. The smallest (416 by 234) is
// left out: sound alone serves whoever has less than 365 kbit/s.
type size struct {
	long, short int
	bits        int64
	halve       bool // at most 30 pictures a second
}

var sizes = []size{
	{640, 360, 365_000, true},
	{768, 432, 1_100_000, true},
	{960, 540, 2_000_000, false},
	{1280, 720, 3_000_000, false},
	{1920, 1080, 6_000_000, false},
}

// The cadence: Apple asks for a picture to begin with every two seconds, and for segments of six.
const (
	groupSeconds     = 2
	groupsPerSegment = 3
)

// Bit rates of the sound, from the same specification: 32 to 160 kbit/s for AAC in stereo.
const (
	stereoBits = 128_000
	monoBits   = 64_000
)

// spread is how many times the pixels of the rung below a rung must have: less makes no difference to see.
const spread = 1.3

// textCodecs are the subtitles that consist of text.
var textCodecs = []string{"mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text"}

// Plan chooses the ladder for a source that was accepted. It uses the first picture, up to limits.Tracks sounds and
// as many captions. Sound is mixed down to stereo: learners listen with headphones and telephones, and a second
// set of surround tracks would double what is stored for nobody.
func Plan(s *Source, l Limits) Ladder {
	p := Ladder{Duration: s.Duration.Round(time.Millisecond)}
	rate := Rate{30, 1}
	if len(s.Video) > 0 {
		rate = outputRate(s.Video[0])
		p.Rungs = rungs(s.Video[0], rate, p.Duration)
		p.Board = board(p.Rungs[0], p.Duration)
	}
	p.Segment = rate.time(int64(groupsPerSegment * group(rate)))
	p.Audio = audioTracks(s.Audio[:min(len(s.Audio), l.Tracks)])
	for _, t := range s.Subtitles {
		if !slices.Contains(textCodecs, t.Codec) {
			p.Pictured++
			continue
		}
		if len(p.Texts) < l.Tracks {
			p.Texts = append(p.Texts, TextTrack{
				Stream: t.Stream, Label: label(t.Tags, "Captions", len(p.Texts)), Language: t.Language, Default: t.Default,
				Forced: t.Forced, Impaired: t.Impaired,
			})
		}
	}
	return p
}

// outputRate is the even rate that the film gets: its own up to 60 pictures a second, half or a quarter of it
// where it has more. A film with uneven pictures gets 30, or 60 when it has more than 30 on average: what is
// shown twice costs next to nothing.
func outputRate(v Video) Rate {
	if v.Variable || v.Rate.Den == 0 {
		if v.Rate.Float() > 31 {
			return Rate{60, 1}
		}
		return Rate{30, 1}
	}
	rate := v.Rate
	if exact, ok := standard(rate.Float()); ok {
		rate = exact
	}
	for rate.Float() > 60.5 {
		rate = rate.half()
	}
	if rate.Float() < 1 {
		return Rate{1, 1}
	}
	return rate
}

// group is how many pictures there are in a group; even, so that half the rate has groups of the same length.
func group(r Rate) int {
	return max(2, int(math.Round(r.Float()*groupSeconds/2))*2)
}

// rungs returns the pictures' renditions, the smallest first. None is larger than the source.
func rungs(v Video, rate Rate, duration time.Duration) []Rung {
	var all []Rung
	for i, s := range sizes {
		width, height := fit(v.Width, v.Height, s)
		r := Rung{
			Name: "v" + strconv.Itoa(min(width, height)), Stream: v.Stream, Width: width, Height: height,
			Rate: rate, Group: group(rate), Bits: s.bits, ToneMap: v.HDR != "", Weave: v.Interlaced,
			Pad: max(0, duration-v.End),
		}
		if s.halve && rate.Float() > 31 {
			r.Rate, r.Group = rate.half(), r.Group/2
		}
		whole := i == len(sizes)-1 || (v.Width <= s.long && v.Height <= s.short) || (v.Width <= s.short && v.Height <= s.long)
		all = append(all, r)
		if whole {
			break
		}
	}
	return thin(all)
}

// thin leaves out rungs that hardly differ from the one above them.
func thin(all []Rung) []Rung {
	kept := all[:0:0]
	for i, r := range all {
		if i < len(all)-1 && float64(all[i+1].Width*all[i+1].Height) < spread*float64(r.Width*r.Height) {
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// fit returns the largest even size in the box, lying or standing, with the picture's shape, and no larger than
// the picture.
func fit(width, height int, s size) (w, h int) {
	long, short := s.long, s.short
	if height > width {
		long, short = short, long
	}
	scale := min(1, float64(long)/float64(width), float64(short)/float64(height))
	return even(float64(width) * scale), even(float64(height) * scale)
}

// even rounds to the nearest even number that is no larger than f rounded up to a whole one; at least two.
func even(f float64) int {
	return max(2, int(math.Round(f)/2)*2)
}

func audioTracks(sources []Audio) []AudioTrack {
	var all []AudioTrack
	chosen := max(0, slices.IndexFunc(sources, func(a Audio) bool { return a.Default }))
	for i, a := range sources {
		t := AudioTrack{
			Name: "a" + strconv.Itoa(i), Stream: a.Stream, Label: label(a.Tags, "Audio", i), Language: a.Language,
			Default: i == chosen, Describes: a.Impaired, Channels: 2, Bits: stereoBits,
		}
		if a.Channels == 1 {
			t.Channels, t.Bits = 1, monoBits
		}
		all = append(all, t)
	}
	unique(all)
	return all
}

// unique numbers labels that are there twice: players show them in one menu.
func unique(tracks []AudioTrack) {
	seen := map[string]int{}
	for i := range tracks {
		seen[tracks[i].Label]++
		if n := seen[tracks[i].Label]; n > 1 {
			tracks[i].Label = fmt.Sprintf("%s (%d)", tracks[i].Label, n)
		}
	}
}

// label is what a menu shows for a track: its title, or its language in that language, or its number.
func label(t Tags, kind string, i int) string {
	if t.Title != "" {
		return t.Title
	}
	if name := languageName(t.Language); name != "" {
		return name
	}
	return kind + " " + strconv.Itoa(i+1)
}

// languageName is the language's own name for itself, or "".
func languageName(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil || parsed == language.Und {
		return ""
	}
	name := display.Self.Name(parsed)
	if name == "" {
		return tag
	}
	first := []rune(name)[:1]
	return strings.ToUpper(string(first)) + strings.TrimPrefix(name, string(first))
}

// The storyboard's sheets, and the box of a tile, lying or standing.
const (
	boardColumns = 10
	boardRows    = 10
)

var tile = size{long: 160, short: 90}

// board has a tile every two seconds of a short film, every five or so of a longer one, every ten of a long one.
func board(smallest Rung, duration time.Duration) *Board {
	group := smallest.Rate.time(int64(smallest.Group))
	apart := 2 * time.Second
	switch {
	case duration > 30*time.Minute:
		apart = 10 * time.Second
	case duration > 10*time.Minute:
		apart = 5 * time.Second
	}
	b := &Board{Every: max(1, int((apart+group-1)/group))}
	b.Interval = smallest.Rate.time(int64(b.Every * smallest.Group))
	tiles := max(1, int((duration+b.Interval-1)/b.Interval))
	b.Columns = min(tiles, boardColumns)
	b.Rows = min((tiles+b.Columns-1)/b.Columns, boardRows)
	b.Width, b.Height = fit(smallest.Width, smallest.Height, tile)
	return b
}

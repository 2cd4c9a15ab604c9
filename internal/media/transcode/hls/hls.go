// Package hls writes the playlists of HTTP Live Streaming (RFC 8216 and draft-pantos-hls-rfc8216bis), and reads
// them back: what it writes and nothing else. The same input always gives the same bytes.
package hls

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrMalformed is returned for a playlist that this package would not have written.
var ErrMalformed = errors.New("malformed playlist")

// version of the protocol: 7 has fragmented MP4.
const version = 7

// Media is the playlist of one rendition of a film that is complete.
type Media struct {
	// Init names the initialisation section, "" for subtitles, which have none.
	Init     string
	Segments []Segment
}

// Segment is one media segment.
type Segment struct {
	URI string
	// Duration is written in microseconds.
	Duration time.Duration
}

// Duration is how long all segments last.
func (m Media) Duration() time.Duration {
	var sum time.Duration
	for _, s := range m.Segments {
		sum += s.Duration
	}
	return sum
}

// target is the longest segment, rounded to whole seconds as RFC 8216 §4.3.3.1 has it, at least one.
func (m Media) target() int64 {
	longest := time.Second
	for _, s := range m.Segments {
		longest = max(longest, s.Duration)
	}
	return int64(math.Round(longest.Seconds()))
}

// Bytes writes the playlist.
func (m Media) Bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:0\n", version, m.target())
	b.WriteString("#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	if m.Init != "" {
		fmt.Fprintf(&b, "#EXT-X-MAP:URI=%s\n", quote(m.Init))
	}
	for _, s := range m.Segments {
		fmt.Fprintf(&b, "#EXTINF:%s,\n%s\n", seconds(s.Duration), s.URI)
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.Bytes()
}

// seconds writes microseconds as seconds.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Round(time.Microsecond).Seconds(), 'f', 6, 64)
}

// quote writes a quoted string, which can hold neither quotes nor ends of lines.
func quote(s string) string {
	return `"` + strings.Map(func(r rune) rune {
		if r == '"' || r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s) + `"`
}

// ParseMedia reads what Media.Bytes wrote. The error is ErrMalformed.
func ParseMedia(data []byte) (Media, error) {
	var m Media
	var due time.Duration
	for i, line := range lines(data) {
		switch {
		case strings.HasPrefix(line, "#EXT-X-MAP:"):
			m.Init = attributes(line)["URI"]
		case strings.HasPrefix(line, "#EXTINF:"):
			d, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimPrefix(line, "#EXTINF:"), ","), 64)
			if err != nil || !(d > 0 && d < 1e6) {
				return Media{}, fmt.Errorf("%w: line %d: %q", ErrMalformed, i+1, line)
			}
			due = time.Duration(math.Round(d*1e6)) * time.Microsecond
		case line != "" && !strings.HasPrefix(line, "#"):
			m.Segments = append(m.Segments, Segment{URI: line, Duration: due})
			due = 0
		}
	}
	if !bytes.Equal(m.Bytes(), data) {
		return Media{}, fmt.Errorf("%w: not as this program writes it", ErrMalformed)
	}
	return m, nil
}

// Master is the list of a film's renditions.
type Master struct {
	Audio     []Rendition
	Subtitles []Rendition
	Variants  []Variant
}

// Names of the groups that variants point at.
const (
	AudioGroup    = "audio"
	SubtitleGroup = "subtitles"
)

// Rendition is a track that can be chosen beside the picture.
type Rendition struct {
	// Name is what a menu shows; each in its group is another.
	Name string
	// Language is a BCP 47 tag, or "" when it is not known.
	Language string
	URI      string
	Default  bool
	// Forced are subtitles that belong to the film: what signs and foreign speakers say.
	Forced bool
	// Channels is the number of an audio rendition's.
	Channels int
	// Characteristics are uniform type identifiers, separated by commas.
	Characteristics string
}

// Variant is one combination of renditions that can be played.
type Variant struct {
	URI string
	// Peak and Average are in bits per second, of everything that is played together.
	Peak, Average int64
	Codecs        []string
	// Width and Height are zero for a variant without a picture.
	Width, Height int
	// FrameRate is in frames per second.
	FrameRate float64
}

// Bytes writes the playlist.
func (m Master) Bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-INDEPENDENT-SEGMENTS\n", version)
	for _, r := range m.Audio {
		r.write(&b, "AUDIO", AudioGroup)
	}
	for _, r := range m.Subtitles {
		r.write(&b, "SUBTITLES", SubtitleGroup)
	}
	for _, v := range m.Variants {
		v.write(&b, len(m.Audio) > 0, len(m.Subtitles) > 0)
	}
	return b.Bytes()
}

func (r Rendition) write(b *bytes.Buffer, kind, group string) {
	fmt.Fprintf(b, "#EXT-X-MEDIA:TYPE=%s,GROUP-ID=%s,NAME=%s", kind, quote(group), quote(r.Name))
	if r.Language != "" {
		b.WriteString(",LANGUAGE=" + quote(r.Language))
	}
	b.WriteString(",DEFAULT=" + yes(r.Default) + ",AUTOSELECT=YES")
	if kind == "SUBTITLES" {
		b.WriteString(",FORCED=" + yes(r.Forced))
	}
	if r.Channels > 0 {
		fmt.Fprintf(b, ",CHANNELS=\"%d\"", r.Channels)
	}
	if r.Characteristics != "" {
		b.WriteString(",CHARACTERISTICS=" + quote(r.Characteristics))
	}
	b.WriteString(",URI=" + quote(r.URI) + "\n")
}

func yes(b bool) string {
	if b {
		return "YES"
	}
	return "NO"
}

func (v Variant) write(b *bytes.Buffer, audio, subtitles bool) {
	fmt.Fprintf(b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=%s",
		v.Peak, v.Average, quote(strings.Join(v.Codecs, ",")))
	if v.Width > 0 {
		fmt.Fprintf(b, ",RESOLUTION=%dx%d,FRAME-RATE=%s,VIDEO-RANGE=SDR",
			v.Width, v.Height, strconv.FormatFloat(v.FrameRate, 'f', 3, 64))
	}
	if audio {
		b.WriteString(",AUDIO=" + quote(AudioGroup))
	}
	if subtitles {
		b.WriteString(",SUBTITLES=" + quote(SubtitleGroup))
	}
	if v.Width > 0 {
		b.WriteString(",CLOSED-CAPTIONS=NONE")
	}
	b.WriteString("\n" + v.URI + "\n")
}

// ParseMaster reads what Master.Bytes wrote. The error is ErrMalformed.
func ParseMaster(data []byte) (Master, error) {
	var m Master
	var due *Variant
	for i, line := range lines(data) {
		var err error
		switch {
		case strings.HasPrefix(line, "#EXT-X-MEDIA:"):
			err = m.parseRendition(attributes(line))
		case strings.HasPrefix(line, "#EXT-X-STREAM-INF:"):
			due, err = parseVariant(attributes(line))
		case line != "" && !strings.HasPrefix(line, "#") && due != nil:
			due.URI = line
			m.Variants = append(m.Variants, *due)
			due = nil
		}
		if err != nil {
			return Master{}, fmt.Errorf("%w: line %d: %w", ErrMalformed, i+1, err)
		}
	}
	if !bytes.Equal(m.Bytes(), data) {
		return Master{}, fmt.Errorf("%w: not as this program writes it", ErrMalformed)
	}
	return m, nil
}

func (m *Master) parseRendition(a map[string]string) error {
	r := Rendition{
		Name: a["NAME"], Language: a["LANGUAGE"], URI: a["URI"], Default: a["DEFAULT"] == "YES", Forced: a["FORCED"] == "YES",
		Characteristics: a["CHARACTERISTICS"],
	}
	if channels := a["CHANNELS"]; channels != "" {
		n, err := strconv.Atoi(channels)
		if err != nil {
			return fmt.Errorf("read channels: %w", err)
		}
		r.Channels = n
	}
	if a["TYPE"] == "AUDIO" {
		m.Audio = append(m.Audio, r)
		return nil
	}
	m.Subtitles = append(m.Subtitles, r)
	return nil
}

func parseVariant(a map[string]string) (*Variant, error) {
	v := &Variant{Codecs: strings.Split(a["CODECS"], ",")}
	var err, failed error
	v.Peak, err = strconv.ParseInt(a["BANDWIDTH"], 10, 64)
	failed = errors.Join(failed, err)
	v.Average, err = strconv.ParseInt(a["AVERAGE-BANDWIDTH"], 10, 64)
	failed = errors.Join(failed, err)
	if size := a["RESOLUTION"]; size != "" {
		width, height, _ := strings.Cut(size, "x")
		v.Width, err = strconv.Atoi(width)
		failed = errors.Join(failed, err)
		v.Height, err = strconv.Atoi(height)
		failed = errors.Join(failed, err)
		v.FrameRate, err = strconv.ParseFloat(a["FRAME-RATE"], 64)
		failed = errors.Join(failed, err)
	}
	return v, failed
}

// lines splits at line feeds; what follows the last one is a line too, unless it is empty.
func lines(data []byte) []string {
	all := strings.Split(string(data), "\n")
	if last := len(all) - 1; all[last] == "" {
		all = all[:last]
	}
	return all
}

// attributes reads an attribute list. Of what is none, it gives what it can.
func attributes(line string) map[string]string {
	found := map[string]string{}
	_, rest, _ := strings.Cut(line, ":")
	for rest != "" {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return found
		}
		var value string
		if quoted, isQuoted := strings.CutPrefix(after, `"`); isQuoted {
			value, rest, _ = strings.Cut(quoted, `"`)
			rest = strings.TrimPrefix(rest, ",")
		} else {
			value, rest, _ = strings.Cut(after, ",")
		}
		found[name] = value
	}
	return found
}

// References lists the addresses that the master playlist names, each once.
func (m Master) References() []string {
	var all []string
	for _, r := range slices.Concat(m.Audio, m.Subtitles) {
		all = append(all, r.URI)
	}
	for _, v := range m.Variants {
		all = append(all, v.URI)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// References lists the files that the playlist names.
func (m Media) References() []string {
	var all []string
	if m.Init != "" {
		all = append(all, m.Init)
	}
	for _, s := range m.Segments {
		all = append(all, s.URI)
	}
	return all
}

package transcode

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Source is what a file holds.
type Source struct {
	// Container is the name of the demuxer: "mov", "matroska", "mpegts", "mp3", "aac", "ogg", "wav" or "flac".
	Container string
	Bytes     int64
	// Duration is when the last picture or sound ends, counted from the first.
	Duration time.Duration
	// Claimed is the duration that the file's header gives, zero for none.
	Claimed   time.Duration
	Video     []Video
	Audio     []Audio
	Subtitles []Subtitle
	// Covers, Attachments and Others count pictures of an album, embedded files, and other tracks.
	Covers, Attachments, Others int
}

// streams is how many tracks of all kinds there are.
func (s *Source) streams() int {
	return len(s.Video) + len(s.Audio) + len(s.Subtitles) + s.Covers + s.Attachments + s.Others
}

// Video is a track of pictures.
type Video struct {
	// Stream is the track's number in the file.
	Stream int
	// Codec and PixelFormat are ffmpeg's names.
	Codec, PixelFormat string
	// Width and Height are in pixels, as the picture is shown: upright, and with square pixels.
	Width, Height int
	// CodedWidth and CodedHeight are as stored. Rotation is how far it is turned for showing, in degrees clockwise.
	CodedWidth, CodedHeight, Rotation int
	// Rate is how many pictures a second it has, on average when Variable.
	Rate     Rate
	Variable bool
	// HDR is "PQ" or "HLG" for a high dynamic range, else "".
	HDR        string
	Interlaced bool
	Times
}

// Audio is a track of sound.
type Audio struct {
	Stream     int
	Codec      string
	Channels   int
	SampleRate int
	Tags
	Times
}

// Subtitle is a track of captions.
type Subtitle struct {
	Stream int
	Codec  string
	Tags
}

// Tags are what a track says about itself.
type Tags struct {
	// Language is a BCP 47 tag, or "".
	Language string
	// Title is one line, as the author wrote it.
	Title string
	// Default, Forced, Impaired (for people who do not hear, or do not see) are dispositions.
	Default, Forced, Impaired bool
}

// Times are when a track begins and ends, counted from the beginning of the file's first track.
type Times struct{ Start, End time.Duration }

// Rate is a number of pictures a second, as a fraction.
type Rate struct{ Num, Den int64 }

// Float returns the rate as a number; zero for no rate.
func (r Rate) Float() float64 {
	if r.Den == 0 {
		return 0
	}
	return float64(r.Num) / float64(r.Den)
}

// String writes the rate as ffmpeg reads it.
func (r Rate) String() string { return fmt.Sprintf("%d/%d", r.Num, r.Den) }

// half is every second picture.
func (r Rate) half() Rate {
	if r.Num%2 == 0 {
		return Rate{r.Num / 2, r.Den}
	}
	return Rate{r.Num, r.Den * 2}
}

// time is how long so many pictures last.
func (r Rate) time(pictures int64) time.Duration {
	if r.Num == 0 {
		return 0
	}
	return time.Duration(math.Round(float64(pictures) * float64(r.Den) / float64(r.Num) * float64(time.Second)))
}

// parseRate reads "30000/1001"; what makes no sense is no rate.
func parseRate(s string) Rate {
	num, den, _ := strings.Cut(s, "/")
	n, errN := strconv.ParseInt(num, 10, 64)
	d, errD := strconv.ParseInt(den, 10, 64)
	if errN != nil || errD != nil || n <= 0 || d <= 0 {
		return Rate{}
	}
	return Rate{n, d}
}

// standardRates are what cameras and editors make.
var standardRates = []Rate{
	{1, 1}, {2, 1}, {3, 1}, {5, 1}, {6, 1}, {8, 1}, {10, 1}, {12, 1}, {12500, 1000}, {15000, 1001}, {15, 1}, {20, 1},
	{24000, 1001}, {24, 1}, {25, 1}, {30000, 1001}, {30, 1}, {48, 1}, {50, 1}, {60000, 1001}, {60, 1},
}

// standard returns the standard rate within a thousandth of f, the nearest, or false.
func standard(f float64) (Rate, bool) {
	var best Rate
	for _, r := range standardRates {
		if best.Den == 0 || math.Abs(r.Float()-f) < math.Abs(best.Float()-f) {
			best = r
		}
	}
	return best, math.Abs(best.Float()-f) <= f/1000
}

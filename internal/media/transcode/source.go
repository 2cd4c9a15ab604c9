package transcode

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Source is what a file holds. It is plain data, and can be kept as JSON.
type Source struct {
	// Container is the name of the demuxer: "mov", "matroska", "mp3", "aac", "ogg", "wav" or "flac".
	Container string `json:"container"`
	Bytes     int64  `json:"bytes"`
	// Duration is when the last picture or sound ends, counted from the first.
	Duration time.Duration `json:"duration"`
	// Claimed is the duration that the file's header gives, zero for none.
	Claimed   time.Duration `json:"claimed"`
	Video     []Video       `json:"video,omitempty"`
	Audio     []Audio       `json:"audio,omitempty"`
	Subtitles []Subtitle    `json:"subtitles,omitempty"`
	// Covers, Attachments and Others count pictures of an album, embedded files, and other tracks.
	Covers      int `json:"covers,omitempty"`
	Attachments int `json:"attachments,omitempty"`
	Others      int `json:"others,omitempty"`
}

// streams is how many tracks of all kinds there are.
func (s *Source) streams() int {
	return len(s.Video) + len(s.Audio) + len(s.Subtitles) + s.Covers + s.Attachments + s.Others
}

// Video is a track of pictures.
type Video struct {
	Times

	// Stream is the track's number in the file.
	Stream int `json:"stream"`
	// Codec and PixelFormat are ffmpeg's names.
	Codec       string `json:"codec"`
	PixelFormat string `json:"pixelFormat"`
	// Width and Height are in pixels, as the picture is shown: upright, and with square pixels.
	Width  int `json:"width"`
	Height int `json:"height"`
	// CodedWidth and CodedHeight are as stored. Rotation is how far it is turned for showing, in degrees clockwise.
	CodedWidth  int `json:"codedWidth"`
	CodedHeight int `json:"codedHeight"`
	Rotation    int `json:"rotation,omitempty"`
	// Rate is how many pictures a second it has, on average when Variable.
	Rate     Rate `json:"rate"`
	Variable bool `json:"variable,omitempty"`
	// HDR is "PQ" or "HLG" for a high dynamic range, else "".
	HDR        string `json:"hdr,omitempty"`
	Interlaced bool   `json:"interlaced,omitempty"`
}

// Audio is a track of sound.
type Audio struct {
	Tags
	Times

	Stream     int    `json:"stream"`
	Codec      string `json:"codec"`
	Channels   int    `json:"channels"`
	SampleRate int    `json:"sampleRate"`
}

// Subtitle is a track of captions.
type Subtitle struct {
	Tags

	Stream int    `json:"stream"`
	Codec  string `json:"codec"`
}

// Tags are what a track says about itself.
type Tags struct {
	// Language is a BCP 47 tag, or "".
	Language string `json:"language,omitempty"`
	// Title is one line, as the author wrote it.
	Title string `json:"title,omitempty"`
	// Default, Forced, Impaired (for people who do not hear, or do not see) are dispositions.
	Default  bool `json:"default,omitempty"`
	Forced   bool `json:"forced,omitempty"`
	Impaired bool `json:"impaired,omitempty"`
}

// Times are when a track begins and ends, counted from the beginning of the file's first track.
type Times struct {
	Start time.Duration `json:"start"`
	End   time.Duration `json:"end"`
}

// Rate is a number of pictures a second, as a fraction.
type Rate struct {
	Num int64 `json:"num"`
	Den int64 `json:"den"`
}

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
	{1, 1},
	{2, 1},
	{3, 1},
	{5, 1},
	{6, 1},
	{8, 1},
	{10, 1},
	{12, 1},
	{12500, 1000},
	{15000, 1001},
	{15, 1},
	{20, 1},
	{24000, 1001},
	{24, 1},
	{25, 1},
	{30000, 1001},
	{30, 1},
	{48, 1},
	{50, 1},
	{60000, 1001},
	{60, 1},
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

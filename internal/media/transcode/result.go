package transcode

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"lyceum/internal/media/transcode/hls"
)

// Result is what was made of a source. It is plain data: keep it as JSON, and later captions can be added to it
// without converting again (see WithCaptions). Paths are not kept.
type Result struct {
	// Files are all that was made, sorted by name. They belong under one prefix, under these names.
	Files []File `json:"files"`
	// Play names the file that a player opens: the master playlist, or the film itself when it was passed through.
	Play string `json:"play"`
	// PassedThrough says that nothing was converted: there is one rendition, and it may not play everywhere.
	PassedThrough bool `json:"passedThrough,omitempty"`
	// Unplayable says why browsers will not play a film that was passed through; FastStart, that they can begin
	// before they have all of it.
	Unplayable string `json:"unplayable,omitempty"`
	FastStart  bool   `json:"fastStart,omitempty"`
	// Duration is in nanoseconds in JSON.
	Duration time.Duration `json:"duration"`
	// Segment is how long a media segment lasts.
	Segment time.Duration `json:"segment,omitempty"`
	// Video is ordered from the smallest to the largest.
	Video    []Rendition    `json:"video,omitempty"`
	Audio    []Rendition    `json:"audio,omitempty"`
	Captions []CaptionTrack `json:"captions,omitempty"`
	// Poster and Thumbnail name pictures: up to 1280, and up to 320 pixels long.
	Poster     string `json:"poster,omitempty"`
	Thumbnail  string `json:"thumbnail,omitempty"`
	Storyboard string `json:"storyboard,omitempty"`
	// Notes are sentences about what was left out.
	Notes []string `json:"notes,omitempty"`
}

// File is one file.
type File struct {
	// Name is relative, with slashes: lower-case letters, digits, '.', '-' and '_' between them.
	Name        string `json:"name"`
	ContentType string `json:"contentType"`
	Bytes       int64  `json:"bytes"`
	// SHA256 is in hex.
	SHA256 string `json:"sha256"`
	// Path is where the file lies on this machine, until its job's directory is removed.
	Path string `json:"-"`
}

// Rendition is one version of the picture or of the sound.
type Rendition struct {
	// Name is the directory of the rendition's files.
	Name     string `json:"name"`
	Playlist string `json:"playlist"`
	// Codec is as RFC 6381 writes it.
	Codec string `json:"codec"`
	// Peak and Average are in bits a second.
	Peak     int64         `json:"peak"`
	Average  int64         `json:"average"`
	Duration time.Duration `json:"duration"`

	// Width, Height and FrameRate are of a picture.
	Width     int     `json:"width,omitempty"`
	Height    int     `json:"height,omitempty"`
	FrameRate float64 `json:"frameRate,omitempty"`

	// The rest is of a sound. Label is what a menu shows, Language a BCP 47 tag or "".
	Channels  int    `json:"channels,omitempty"`
	Label     string `json:"label,omitempty"`
	Language  string `json:"language,omitempty"`
	Default   bool   `json:"default,omitempty"`
	Describes bool   `json:"describes,omitempty"`
}

// contentTypes are those of the files that are made, by extension.
var contentTypes = map[string]string{
	".m3u8": "application/vnd.apple.mpegurl", ".mp4": "video/mp4", ".m4s": "video/iso.segment", ".vtt": "text/vtt",
	".jpg": "image/jpeg",
}

// masterName is the playlist that names all others.
const masterName = "master.m3u8"

// Characteristics of renditions, as RFC 8216bis and Apple name them.
const (
	describesVideo = "public.accessibility.describes-video"
	describesSound = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"
)

// Master writes the master playlist: the same result always gives the same bytes.
func (r *Result) Master() []byte {
	var m hls.Master
	var loudest Rendition
	for _, a := range r.Audio {
		rendition := hls.Rendition{Name: a.Label, Language: a.Language, URI: a.Playlist, Default: a.Default, Channels: a.Channels}
		if a.Describes {
			rendition.Characteristics = describesVideo
		}
		m.Audio = append(m.Audio, rendition)
		loudest.Peak, loudest.Average = max(loudest.Peak, a.Peak), max(loudest.Average, a.Average)
	}
	for _, c := range r.Captions {
		rendition := hls.Rendition{Name: c.Label, Language: c.Language, URI: c.Playlist, Default: c.Default, Forced: c.Forced}
		if c.Impaired {
			rendition.Characteristics = describesSound
		}
		m.Subtitles = append(m.Subtitles, rendition)
	}
	for _, v := range r.Video {
		codecs := []string{v.Codec}
		if len(r.Audio) > 0 {
			codecs = append(codecs, r.Audio[0].Codec)
		}
		m.Variants = append(m.Variants, hls.Variant{
			URI: v.Playlist, Peak: v.Peak + loudest.Peak, Average: v.Average + loudest.Average, Codecs: codecs,
			Width: v.Width, Height: v.Height, FrameRate: v.FrameRate,
		})
	}
	if a, ok := r.defaultAudio(); ok {
		// Sound alone, for a connection that carries no picture.
		m.Variants = append(m.Variants, hls.Variant{
			URI: a.Playlist, Peak: loudest.Peak, Average: loudest.Average, Codecs: []string{a.Codec},
		})
	}
	return m.Bytes()
}

func (r *Result) defaultAudio() (Rendition, bool) {
	if len(r.Audio) == 0 {
		return Rendition{}, false
	}
	return r.Audio[max(0, slices.IndexFunc(r.Audio, func(a Rendition) bool { return a.Default }))], true
}

// sortFiles orders files by name.
func sortFiles(files []File) {
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
}

// contentType is that of a file that was made.
func contentType(name string) string {
	if strings.HasPrefix(name, "a") && path.Ext(name) == ".mp4" {
		return "audio/mp4"
	}
	return contentTypes[path.Ext(name)]
}

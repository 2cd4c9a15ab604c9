// Package rendition holds the shape of a JSON column: what there is to play of an asset.
package rendition

import "time"

// Summary is what was made of a film or a sound, without the list of its files. Files are named relative to the set.
type Summary struct {
	// Set names the directory of the files under the asset's prefix; "" when the upload itself is played.
	Set string `json:"set,omitempty"`
	// Play names the master playlist, Poster a picture, Storyboard the WebVTT of the pictures along the film.
	Play       string `json:"play,omitempty"`
	Poster     string `json:"poster,omitempty"`
	Storyboard string `json:"storyboard,omitempty"`
	// DurationMs is in milliseconds; Width and Height, of the largest picture, in pixels. Zero is unknown or none.
	DurationMs int `json:"durationMs,omitempty"`
	Width      int `json:"width,omitempty"`
	Height     int `json:"height,omitempty"`
	// Renditions are the pictures from the smallest to the largest, and then the sounds.
	Renditions []Rendition `json:"renditions,omitempty"`
	Captions   []Caption   `json:"captions,omitempty"`
	// Notes are sentences about what was left out, for authors.
	Notes []string `json:"notes,omitempty"`
}

// Rendition is one version of the picture or of the sound.
type Rendition struct {
	Name string `json:"name"`
	// Codec is as RFC 6381 writes it.
	Codec string `json:"codec"`
	// Bitrate is the highest, in bits a second.
	Bitrate int `json:"bitrate,omitempty"`
	// Width and Height are of a picture, Channels and Language of a sound. Language is a BCP 47 tag or "".
	Width    int    `json:"width,omitempty"`
	Height   int    `json:"height,omitempty"`
	Channels int    `json:"channels,omitempty"`
	Language string `json:"language,omitempty"`
}

// Caption is a track of captions that belongs to the set.
type Caption struct {
	// Locale is a BCP 47 tag or "", Label what a menu shows.
	Locale string `json:"locale,omitempty"`
	Label  string `json:"label"`
	// File names the whole track as WebVTT.
	File    string `json:"file"`
	Default bool   `json:"default,omitempty"`
}

// Playback is where a film or a sound is streamed from, for a while. Addresses that there are none of are "".
type Playback struct {
	HLSURL, PosterURL, StoryboardURL string
	Captions                         []Track
	ExpiresAt                        time.Time
}

// Track is where one track of captions can be read.
type Track struct {
	Caption

	URL string
}

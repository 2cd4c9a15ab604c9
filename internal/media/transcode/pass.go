package transcode

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"lyceum/internal/media/transcode/mp4"
)

// originalName is what a film that was passed through is called.
const originalName = "original.mp4"

// PassThrough makes a result of the source itself, for machines without ffmpeg: an MP4 that browsers fetch in
// ranges. It checks what can be checked without a decoder, and says in Unplayable why browsers will not show it.
// The error is a fault.BadInput for a file that is no MP4.
func PassThrough(ctx context.Context, path, contentType string, l Limits) (*Result, error) {
	if err := Look(path, contentType, l); err != nil {
		return nil, err
	}
	if claims[contentType] != "mov" {
		return nil, refuse("Without ffmpeg on the server only MP4 can be shown. Export the file as MP4.")
	}
	result := &Result{PassedThrough: true, Play: originalName}
	if err := readFile(path, result.examine); err != nil {
		if errors.Is(err, mp4.ErrMalformed) {
			return nil, refuse(unreadable).Because(err)
		}
		return nil, err
	}
	if result.Duration > l.Duration {
		return nil, refuse(tooLong(l))
	}
	size, sum, err := digest(ctx, path)
	if err != nil {
		return nil, err
	}
	shown := "video/mp4"
	if len(result.Video) == 0 {
		shown = "audio/mp4"
	}
	result.Files = []File{{Name: originalName, ContentType: shown, Bytes: size, SHA256: sum, Path: path}}
	result.Notes = result.passNotes()
	return result, nil
}

// examine reads the index of the film.
func (r *Result) examine(file *os.File, size int64) error {
	layout, err := mp4.Scan(file, size)
	if err != nil {
		return err
	}
	movie, err := mp4.ReadMovie(file, size)
	if err != nil {
		return err
	}
	r.Duration, r.FastStart = movie.Duration, layout.FastStart()
	for _, t := range movie.Tracks {
		made := Rendition{Playlist: originalName, Codec: t.Codec, Duration: movie.Duration, Width: t.Width, Height: t.Height, Channels: t.Channels}
		switch t.Handler {
		case "vide":
			r.Video = append(r.Video, made)
		case "soun":
			r.Audio = append(r.Audio, made)
		}
	}
	r.Unplayable = unplayable(r.Video, r.Audio)
	return nil
}

// played are the codecs of MP4 that every current browser decodes.
var played = []string{"avc1", "avc3", "mp4a", ".mp3", "Opus", "fLaC", "av01", "vp09"}

// unplayable is a sentence about why browsers will not show the tracks, or "".
func unplayable(video, audio []Rendition) string {
	if len(video)+len(audio) == 0 {
		return "The file holds no picture and no sound."
	}
	for _, t := range slices.Concat(video, audio) {
		code, _, _ := strings.Cut(t.Codec, ".")
		if !slices.Contains(played, code) && !slices.Contains(played, t.Codec) {
			return fmt.Sprintf("Not every browser plays the format %q. Export the film with H.264 and AAC.", t.Codec)
		}
	}
	return ""
}

func (r *Result) passNotes() []string {
	notes := []string{"The film was not converted: everybody gets the file as it was uploaded."}
	if !r.FastStart {
		notes = append(notes, "The index stands at the end of the file, so that playing begins late. Export it for the web (\"fast start\").")
	}
	return notes
}

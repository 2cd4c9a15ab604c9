//go:build attack

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/media"
	"lyceum/internal/media/transcode"
)

// markedConverter makes of a film as many files as the real one, with the film's own marker in them: what is made of a
// tenant's film is the tenant's.
type markedConverter struct{}

// Convert implements media.Converter.
func (markedConverter) Convert(_ context.Context, work media.Work) (*transcode.Result, error) {
	film, err := os.ReadFile(work.Source)
	if err != nil {
		return nil, fmt.Errorf("read film: %w", err)
	}
	marker := string(film[strings.LastIndex(string(film), "free")+len("free"):])
	work.Progress(50)
	result := &transcode.Result{
		Play: "master.m3u8", Poster: "poster.jpg", Storyboard: "storyboard.vtt", Duration: time.Minute, Notes: []string{"Note " + marker},
		Video:    []transcode.Rendition{{Name: "v180", Codec: "avc1.42c00d", Peak: 300_000, Width: 320, Height: 180}},
		Audio:    []transcode.Rendition{{Name: "a0", Codec: "mp4a.40.2", Peak: 96_000, Channels: 2, Language: "en"}},
		Captions: []transcode.CaptionTrack{{Language: "en", Label: "Captions " + marker, File: "captions/0-en.vtt"}},
	}
	if err := os.MkdirAll(work.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	for i, name := range []string{"captions/0-en.vtt", "master.m3u8", "poster.jpg", "storyboard.vtt"} {
		content := name + " " + marker
		path := filepath.Join(work.Dir, strconv.Itoa(i))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return nil, fmt.Errorf("write file: %w", err)
		}
		sum := sha256.Sum256([]byte(content))
		result.Files = append(result.Files, transcode.File{
			Name: name, ContentType: "text/plain", Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), Path: path,
		})
	}
	return result, nil
}

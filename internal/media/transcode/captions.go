package transcode

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/author/caption"
	"lyceum/internal/fault"
	"lyceum/internal/media/transcode/hls"
)

// Caption is a caption file that belongs to a source.
type Caption struct {
	// Language is a BCP 47 tag, Label what a menu shows: the language's own name when empty.
	Language, Label string
	// Data is SubRip or WebVTT.
	Data []byte
	// Default is shown unless the learner chooses otherwise, Forced belongs to the film, Impaired describes
	// sounds too.
	Default, Forced, Impaired bool
}

// CaptionTrack is a track of captions of a result.
type CaptionTrack struct {
	// Language is a BCP 47 tag, or "".
	Language string `json:"language,omitempty"`
	Label    string `json:"label"`
	// File is the whole track as WebVTT, Playlist the same in segments for HLS.
	File     string `json:"file"`
	Playlist string `json:"playlist"`
	Default  bool   `json:"default,omitempty"`
	Forced   bool   `json:"forced,omitempty"`
	Impaired bool   `json:"impaired,omitempty"`
	// Cues is how many there are, Skipped how many could not be read.
	Cues    int `json:"cues"`
	Skipped int `json:"skipped,omitempty"`
}

// Content is a file that was made in memory.
type Content struct {
	File

	Data []byte
}

// captionSegments is how many media segments one segment of captions covers: they are small.
const captionSegments = 10

// parsed is a caption that can be read.
type parsed struct {
	Caption

	track *caption.Track
}

// parseCaptions reads the captions. The error is a fault.BadInput that names the one that cannot be read.
func parseCaptions(captions []Caption) ([]parsed, error) {
	var all []parsed
	for i, c := range captions {
		track, err := caption.Parse(c.Data)
		if err != nil {
			if f, ok := errors.AsType[*fault.Error](err); ok {
				return nil, fault.Invalid("captions."+strconv.Itoa(i), f.Message)
			}
			return nil, fmt.Errorf("read captions: %w", err)
		}
		c.Language = parseLanguage(c.Language)
		c.Label = label(Tags{Language: c.Language, Title: cleanLine(c.Label)}, "Captions", i)
		all = append(all, parsed{Caption: c, track: track})
	}
	return all, nil
}

// layCaptions makes the files of the tracks: each whole, and in segments with a playlist.
func layCaptions(captions []parsed, duration, segment time.Duration) ([]CaptionTrack, []Content) {
	var tracks []CaptionTrack
	var contents []Content
	labels := map[string]int{}
	chosen := false
	for i, c := range captions {
		name := "captions/" + strconv.Itoa(i)
		if c.Language != "" {
			name += "-" + strings.ToLower(c.Language)
		}
		if labels[c.Label]++; labels[c.Label] > 1 {
			c.Label = fmt.Sprintf("%s (%d)", c.Label, labels[c.Label])
		}
		cues := clip(c.track.Cues, duration)
		t := CaptionTrack{
			Language: c.Language, Label: c.Label, File: name + ".vtt", Playlist: name + "/" + playlistName,
			// HLS allows one default in a group.
			Default: c.Default && !chosen, Forced: c.Forced, Impaired: c.Impaired, Cues: len(cues), Skipped: c.track.Skipped,
		}
		chosen = chosen || t.Default
		tracks = append(tracks, t)
		contents = append(contents, content(t.File, (&caption.Track{Cues: cues}).VTT()))
		contents = append(contents, laySegments(name, cues, duration, captionSegments*segment)...)
	}
	return tracks, contents
}

// clip ends all cues with the film, and leaves out those that would begin after it.
func clip(cues []caption.Cue, duration time.Duration) []caption.Cue {
	kept := slices.Clone(trim(cues, 0, duration))
	for i := range kept {
		kept[i].End = min(kept[i].End, duration)
	}
	return kept
}

// trim keeps the cues that are on screen between two times.
func trim(cues []caption.Cue, from, to time.Duration) []caption.Cue {
	var kept []caption.Cue
	for _, c := range cues {
		if c.Start < to && c.End > from {
			kept = append(kept, c)
		}
	}
	return kept
}

// laySegments cuts the cues into segments. A cue that reaches into the next segment stands in both, with its
// own times, as RFC 8216 §3.5 asks.
func laySegments(dir string, cues []caption.Cue, duration, each time.Duration) []Content {
	var list hls.Media
	var contents []Content
	if each <= 0 {
		each = duration
	}
	for from := time.Duration(0); from < duration; from += each {
		to := min(from+each, duration)
		vtt := (&caption.Track{Cues: trim(cues, from, to)}).VTT()
		// The media's clock begins at zero, as that of the cues does.
		vtt = bytes.Replace(vtt, []byte("WEBVTT\n"), []byte("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n"), 1)
		name := fmt.Sprintf("%05d.vtt", len(list.Segments))
		list.Segments = append(list.Segments, hls.Segment{URI: name, Duration: (to - from).Round(time.Microsecond)})
		contents = append(contents, content(path.Join(dir, name), vtt))
	}
	return append(contents, content(path.Join(dir, playlistName), list.Bytes()))
}

func content(name string, data []byte) Content {
	sum := sha256.Sum256(data)
	return Content{
		File: File{Name: name, ContentType: contentType(name), Bytes: int64(len(data)), SHA256: hex.EncodeToString(sum[:])},
		Data: data,
	}
}

// WithCaptions returns the result with these captions in the place of all that it had, and the files that must
// be written for it: the captions' and the master playlist, which must come last. Nothing is converted, and
// nothing is read: this is how captions are edited after the film was converted. The error is a fault.BadInput
// that names the caption that cannot be read.
func (r *Result) WithCaptions(captions []Caption) (*Result, []Content, error) {
	if r.PassedThrough {
		return nil, nil, fault.New(fault.Conflict, "This film was not converted, and has no playlists.")
	}
	all, err := parseCaptions(captions)
	if err != nil {
		return nil, nil, err
	}
	changed := *r
	var contents []Content
	changed.Captions, contents = layCaptions(all, r.Duration, r.Segment)
	contents = append(contents, content(masterName, changed.Master()))
	changed.Files = slices.DeleteFunc(slices.Clone(r.Files), func(f File) bool {
		return f.Name == masterName || strings.HasPrefix(f.Name, "captions/")
	})
	for _, c := range contents {
		changed.Files = append(changed.Files, c.File)
	}
	sortFiles(changed.Files)
	return &changed, contents, nil
}

// Revision is other captions for a result, in files that belong beside its own: those stay as they are, for whoever
// plays them.
type Revision struct {
	// Name is the directory of the captions. It follows from them.
	Name string
	// Play names the master playlist that has these captions.
	Play     string
	Captions []CaptionTrack
	// Contents are the files; the master playlist comes last.
	Contents []Content
}

// Revise returns the files with which the result has these captions in the place of all that it had. The error is that
// of WithCaptions.
func (r *Result) Revise(captions []Caption) (*Revision, error) {
	changed, contents, err := r.WithCaptions(captions)
	if err != nil {
		return nil, err
	}
	contents = contents[:len(contents)-1] // the master playlist is another one
	made := &Revision{Name: revisionName(changed.Captions, contents)}
	made.Play = made.Name + ".m3u8"
	for i := range changed.Captions {
		t := &changed.Captions[i]
		t.File, t.Playlist = made.Name+"/"+t.File, made.Name+"/"+t.Playlist
	}
	made.Captions = changed.Captions
	for _, c := range contents {
		c.Name = made.Name + "/" + c.Name
		made.Contents = append(made.Contents, c)
	}
	made.Contents = append(made.Contents, content(made.Play, changed.Master()))
	return made, nil
}

// LayBeside lays captions out for a film that is played as it was uploaded: one file each, and no playlist. The error is
// a fault.BadInput that names the caption that cannot be read.
func LayBeside(captions []Caption) (*Revision, error) {
	all, err := parseCaptions(captions)
	if err != nil {
		return nil, err
	}
	made := &Revision{}
	for i, c := range all {
		t := CaptionTrack{
			Language: c.Language, Label: c.Label, File: strconv.Itoa(i) + "-" + strings.ToLower(c.Language) + ".vtt",
			Default: c.Default, Forced: c.Forced, Impaired: c.Impaired, Cues: len(c.track.Cues), Skipped: c.track.Skipped,
		}
		made.Captions = append(made.Captions, t)
		made.Contents = append(made.Contents, content(t.File, c.track.VTT()))
	}
	made.Name = revisionName(made.Captions, made.Contents)
	for i := range made.Captions {
		made.Captions[i].File = made.Name + "/" + made.Captions[i].File
		made.Contents[i].Name = made.Name + "/" + made.Contents[i].Name
	}
	return made, nil
}

// revisionName follows from what menus show and from the files.
func revisionName(tracks []CaptionTrack, contents []Content) string {
	hash := sha256.New()
	for _, t := range tracks {
		_, _ = fmt.Fprintf(hash, "%q %q %t %t %t\n", t.Language, t.Label, t.Default, t.Forced, t.Impaired)
	}
	for _, c := range contents {
		_, _ = fmt.Fprintf(hash, "%s %s\n", c.Name, c.SHA256)
	}
	const enough = 12
	return "c-" + hex.EncodeToString(hash.Sum(nil)[:enough])
}

// captionsMade is what the captions step remembers.
type captionsMade struct {
	Tracks []CaptionTrack `json:"tracks"`
	Notes  []string       `json:"notes,omitempty"`
}

// makeCaptions takes the captions out of the source and lays them beside those that were given.
func (r *run) makeCaptions(ctx context.Context, s *stage, given []parsed) (any, error) {
	own, notes, err := r.extract(ctx, s, given)
	if err != nil {
		return nil, err
	}
	tracks, contents := layCaptions(slices.Concat(given, own), r.ladder.Duration, r.ladder.Segment)
	for _, c := range contents {
		if err := s.write(c.Name, c.Data); err != nil {
			return nil, err
		}
	}
	return captionsMade{Tracks: tracks, Notes: notes}, nil
}

// extract reads the source's own captions, but for languages that were given.
func (r *run) extract(ctx context.Context, s *stage, given []parsed) (own []parsed, notes []string, err error) {
	var wanted []TextTrack
	for _, t := range r.ladder.Texts {
		if !slices.ContainsFunc(given, func(c parsed) bool { return t.Language != "" && c.Language == t.Language }) {
			wanted = append(wanted, t)
		}
	}
	if len(wanted) == 0 {
		return nil, nil, nil
	}
	args, err := r.fromSource()
	if err != nil {
		return nil, nil, err
	}
	for i, t := range wanted {
		args = append(args, "-map", "0:"+strconv.Itoa(t.Stream), "-map_metadata", "-1", "-c:s", "webvtt", "-f", "webvtt", strconv.Itoa(i)+".vtt")
	}
	if err := s.newScratch(); err != nil {
		return nil, nil, err
	}
	names, err := r.ffmpeg(ctx, s, args, r.ladder.Duration)
	if err != nil {
		return nil, nil, err
	}
	for i, t := range wanted {
		name := strconv.Itoa(i) + ".vtt"
		if !slices.Contains(names, name) {
			return nil, nil, damaged("ffmpeg wrote %q", names)
		}
		track, err := readCaptions(s.scratch(name))
		if fault.CodeOf(err) == fault.BadInput {
			notes = append(notes, fmt.Sprintf("The captions %q inside the file cannot be read.", t.Label))
			continue
		} else if err != nil {
			return nil, nil, err
		}
		own = append(own, parsed{track: track, Caption: Caption{
			Language: t.Language, Label: t.Label, Default: t.Default, Forced: t.Forced, Impaired: t.Impaired,
		}})
	}
	return own, notes, nil
}

// readCaptions reads a file that ffmpeg wrote.
func readCaptions(file string) (*caption.Track, error) {
	info, err := os.Lstat(file)
	if err != nil {
		return nil, fmt.Errorf("read captions: %w", err)
	}
	if info.Size() > caption.MaxBytes {
		return nil, refuse("The captions are too long.")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read captions: %w", err)
	}
	track, err := caption.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read captions: %w", err)
	}
	return track, nil
}

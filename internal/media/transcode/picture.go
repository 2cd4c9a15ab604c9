package transcode

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"lyceum/internal/media/transcode/hls"
)

// Pictures are made from the renditions, not from the source: those are upright, even and known to be sound.

// The boxes of the poster and of its small copy, and their names.
var (
	posterSize    = size{long: 1280, short: 720}
	thumbnailSize = size{long: 320, short: 180}
)

const (
	posterName    = "poster.jpg"
	thumbnailName = "thumbnail.jpg"
	boardDir      = "storyboard"
	boardName     = boardDir + "/index.vtt"
	sheetName     = "%03d.jpg"
	// jpegQuality is mjpeg's scale: 2 is the best, 31 the worst.
	jpegQuality = "4"
	// joinedName is the part of a rendition that pictures are taken from, as one file.
	joinedName = "in.mp4"
)

// makePoster takes the most typical picture of the segment that is on a tenth into the film: the beginning is
// often black.
func (r *run) makePoster(ctx context.Context, s *stage) (any, error) {
	rung := r.ladder.Rungs[len(r.ladder.Rungs)-1]
	m := r.done["rung-"+rung.Name]
	list, err := m.playlist(rung.Name)
	if err != nil {
		return nil, err
	}
	if err := s.join(ctx, m, rung.Name, list, []int{segmentAt(list, r.ladder.Duration/10)}); err != nil {
		return nil, err
	}
	width, height := fit(rung.Width, rung.Height, posterSize)
	small, low := fit(rung.Width, rung.Height, thumbnailSize)
	graph := fmt.Sprintf(
		"[0:v]select='not(mod(n,%d))',thumbnail=12,split[a][b];[a]scale=%d:%d,format=yuvj420p[p];[b]scale=%d:%d,format=yuvj420p[t]",
		max(1, rung.Group/4), width, height, small, low)
	names, err := r.ffmpeg(ctx, s, slices.Concat(
		confined("mov"), []string{"-i", "file:" + joinedName, "-filter_complex", graph},
		pictureArgs("[p]", posterName), pictureArgs("[t]", thumbnailName),
	), r.ladder.Segment)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, posterName) || !slices.Contains(names, thumbnailName) {
		return nil, damaged("ffmpeg wrote %q", names)
	}
	return nil, errors.Join(s.keep(posterName, posterName), s.keep(thumbnailName, thumbnailName))
}

func pictureArgs(pad, name string) []string {
	return slices.Concat([]string{"-map", pad}, bare, []string{
		"-frames:v", "1", "-c:v", "mjpeg", "-q:v", jpegQuality, "-flags:v", "+bitexact", "-f", "image2", "-update", "1", name,
	})
}

// segmentAt is the number of the segment that is on at a time.
func segmentAt(list hls.Media, at time.Duration) int {
	for i, s := range list.Segments {
		if at -= s.Duration; at < 0 {
			return i
		}
	}
	return len(list.Segments) - 1
}

// makeStoryboard takes a picture every few seconds from the smallest rung: only those that decode alone, which is
// fast, and which are two seconds apart.
func (r *run) makeStoryboard(ctx context.Context, s *stage) (any, error) {
	rung, board := r.ladder.Rungs[0], r.ladder.Board
	m := r.done["rung-"+rung.Name]
	list, err := m.playlist(rung.Name)
	if err != nil {
		return nil, err
	}
	var all []int
	for i := range list.Segments {
		all = append(all, i)
	}
	if err := s.join(ctx, m, rung.Name, list, all); err != nil {
		return nil, err
	}
	// Sheets are numbered like pictures of a film with 25 a second, so that none is doubled or dropped.
	chain := fmt.Sprintf("select='not(mod(n,%d))',scale=%d:%d,tile=%dx%d,settb=1/25,setpts=N,format=yuvj420p",
		board.Every, board.Width, board.Height, board.Columns, board.Rows)
	names, err := r.ffmpeg(ctx, s, slices.Concat(
		[]string{"-skip_frame", "nokey"}, confined("mov"), []string{"-i", "file:" + joinedName, "-an"}, bare,
		[]string{
			"-vf", chain, "-r", "25", "-c:v", "mjpeg", "-q:v", jpegQuality, "-flags:v", "+bitexact",
			"-f", "image2", "-start_number", "0", sheetName,
		},
	), r.ladder.Duration)
	if err != nil {
		return nil, err
	}
	tiles := int((list.Duration() + board.Interval - 1) / board.Interval)
	sheets := (tiles + board.Columns*board.Rows - 1) / (board.Columns * board.Rows)
	for i := range sheets {
		name := fmt.Sprintf(sheetName, i)
		if !slices.Contains(names, name) {
			return nil, damaged("%d sheets were due, ffmpeg wrote %q", sheets, names)
		}
		if err := s.keep(name, boardDir+"/"+name); err != nil {
			return nil, err
		}
	}
	return nil, s.write(boardName, board.vtt(tiles, r.ladder.Duration))
}

// vtt says which tile of which sheet belongs to which time, in the way that players have settled on: a WebVTT
// whose cues are addresses with a media fragment.
func (b *Board) vtt(tiles int, duration time.Duration) []byte {
	var out bytes.Buffer
	out.WriteString("WEBVTT\n")
	for i := range tiles {
		from := time.Duration(i) * b.Interval
		to := min(from+b.Interval, duration)
		if to <= from {
			break
		}
		cell := i % (b.Columns * b.Rows)
		fmt.Fprintf(&out, "\n%s --> %s\n"+sheetName+"#xywh=%d,%d,%d,%d\n", stamp(from), stamp(to),
			i/(b.Columns*b.Rows), cell%b.Columns*b.Width, cell/b.Columns*b.Height, b.Width, b.Height)
	}
	return out.Bytes()
}

// stamp writes hh:mm:ss.mmm.
func stamp(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

// playlist reads the playlist of the rendition that a step made.
func (m manifest) playlist(dir string) (hls.Media, error) {
	for _, f := range m.Files {
		if f.Name == dir+"/"+playlistName {
			data, err := os.ReadFile(f.Path)
			if err != nil {
				return hls.Media{}, fmt.Errorf("read playlist: %w", err)
			}
			return hls.ParseMedia(data)
		}
	}
	return hls.Media{}, damaged("step %s has no playlist", m.Step)
}

// join writes the initialisation section and some segments of a rendition as one file into the scratch directory.
func (s *stage) join(ctx context.Context, m manifest, dir string, list hls.Media, segments []int) (err error) {
	if err := s.newScratch(); err != nil {
		return err
	}
	joined, err := os.OpenFile(s.scratch(joinedName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("join segments: %w", err)
	}
	defer func() { err = errors.Join(err, joined.Close()) }()
	root := s.workspace.path("steps", m.Step, "files", dir)
	names := []string{list.Init}
	for _, i := range segments {
		names = append(names, list.Segments[i].URI)
	}
	for _, name := range names {
		if err := appendFile(ctx, joined, filepath.Join(root, name)); err != nil {
			return err
		}
	}
	return s.workspace.share(joined.Name(), 0o640)
}

func appendFile(ctx context.Context, to io.Writer, path string) (err error) {
	file, _, err := open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return readAll(ctx, to, file)
}

// makePackage writes the master playlist, last of all files.
func (r *run) makePackage(_ context.Context, s *stage) (any, error) {
	result, err := r.gather()
	if err != nil {
		return nil, err
	}
	return result, s.write(masterName, result.Master())
}

// gather is the result as the finished steps have it, without its files.
func (r *run) gather() (*Result, error) {
	result := &Result{Play: masterName, Duration: r.ladder.Duration, Segment: r.ladder.Segment}
	for _, rung := range r.ladder.Rungs {
		var made Rendition
		if err := json.Unmarshal(r.done["rung-"+rung.Name].Data, &made); err != nil {
			return nil, fmt.Errorf("read rung %s: %w", rung.Name, err)
		}
		result.Video = append(result.Video, made)
	}
	for _, track := range r.ladder.Audio {
		var made Rendition
		if err := json.Unmarshal(r.done["audio-"+track.Name].Data, &made); err != nil {
			return nil, fmt.Errorf("read audio %s: %w", track.Name, err)
		}
		result.Audio = append(result.Audio, made)
	}
	if m, ok := r.done["captions"]; ok {
		var made captionsMade
		if err := json.Unmarshal(m.Data, &made); err != nil {
			return nil, fmt.Errorf("read captions: %w", err)
		}
		result.Captions, result.Notes = made.Tracks, made.Notes
	}
	if len(result.Video) > 0 {
		result.Poster, result.Thumbnail, result.Storyboard = posterName, thumbnailName, boardName
	}
	result.Notes = append(result.Notes, r.notes()...)
	return result, nil
}

// notes say what of the source was left out.
func (r *run) notes() []string {
	var notes []string
	if n := r.ladder.Pictured; n > 0 {
		notes = append(notes, strconv.Itoa(n)+" tracks of captions inside the file are pictures, not text, and were left out.")
	}
	if len(r.source.Video) > 1 {
		notes = append(notes, "The file has several pictures; the first is shown.")
	}
	if len(r.source.Audio) > len(r.ladder.Audio) {
		notes = append(notes, fmt.Sprintf("Of %d tracks of sound, %d were converted.", len(r.source.Audio), len(r.ladder.Audio)))
	}
	if len(r.source.Video) > 0 && r.source.Video[0].HDR != "" && !r.Runner.Tools.ToneMap {
		notes = append(notes, "The film has a high dynamic range, which this ffmpeg cannot bring down: its colours look pale.")
	}
	return notes
}

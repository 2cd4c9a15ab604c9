package transcode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/media/transcode/hls"
)

// verify reads everything back that the steps made, and keeps the result when it is right: every file is what its
// manifest says, every address leads to a file and every file has an address, and what the playlists promise is
// in the segments. A step whose files are damaged is forgotten, so that the next run does it again.
func (r *run) verify(ctx context.Context, _ *stage) (any, error) {
	if err := r.checkFiles(ctx); err != nil {
		return nil, err
	}
	result, err := r.gather()
	if err != nil {
		return nil, err
	}
	if err := r.checkReferences(result); err != nil {
		return nil, err
	}
	if err := r.checkRenditions(ctx, result); err != nil {
		return nil, err
	}
	for _, f := range r.paths() {
		result.Files = append(result.Files, f)
	}
	sortFiles(result.Files)
	return result, nil
}

// checkFiles compares the files with their manifests.
func (r *run) checkFiles(ctx context.Context) error {
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(r.done)) {
		found, err := list(ctx, r.workspace.path("steps", name, "files"))
		if err != nil {
			return err
		}
		same := slices.EqualFunc(found, r.done[name].Files, func(a, b File) bool {
			return a.Name == b.Name && a.Bytes == b.Bytes && a.SHA256 == b.SHA256
		})
		if !same {
			return errors.Join(damaged("the files of step %s have changed", name), os.RemoveAll(r.workspace.path("steps", name)))
		}
		for _, f := range found {
			if other, twice := seen[f.Name]; twice {
				return fmt.Errorf("steps %s and %s both made %s", other, name, f.Name)
			}
			seen[f.Name] = name
		}
	}
	return nil
}

// checkReferences follows all addresses from the result: they must lead to the files that were made, and to all
// of them.
func (r *run) checkReferences(result *Result) error {
	files := r.paths()
	reached := map[string]bool{result.Play: true}
	master, err := readPlaylist(files, result.Play, hls.ParseMaster)
	if err != nil {
		return err
	}
	for _, uri := range master.References() {
		reached[uri] = true
		media, err := readPlaylist(files, uri, hls.ParseMedia)
		if err != nil {
			return err
		}
		for _, name := range media.References() {
			reached[path.Join(path.Dir(uri), name)] = true
		}
	}
	for _, c := range result.Captions {
		reached[c.File] = true
	}
	if err := reachPictures(files, result, reached); err != nil {
		return err
	}
	want, got := slices.Sorted(maps.Keys(files)), slices.Sorted(maps.Keys(reached))
	if !slices.Equal(want, got) {
		return damaged("made and named differ: %q", difference(want, got))
	}
	return nil
}

func readPlaylist[T any](files map[string]File, name string, parse func([]byte) (T, error)) (T, error) {
	var none T
	data, err := os.ReadFile(files[name].Path)
	if err != nil {
		return none, fmt.Errorf("read playlist %s: %w", name, err)
	}
	list, err := parse(data)
	if err != nil {
		return none, fmt.Errorf("read playlist %s: %w", name, err)
	}
	return list, nil
}

// reachPictures follows the poster and the storyboard.
func reachPictures(files map[string]File, result *Result, reached map[string]bool) error {
	if result.Poster == "" {
		return nil
	}
	reached[result.Poster], reached[result.Thumbnail], reached[result.Storyboard] = true, true, true
	data, err := os.ReadFile(files[result.Storyboard].Path)
	if err != nil {
		return fmt.Errorf("read storyboard: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if name, _, found := strings.Cut(line, "#xywh="); found {
			reached[path.Join(path.Dir(result.Storyboard), name)] = true
		}
	}
	return nil
}

// difference is what only one of two lists has.
func difference(a, b []string) []string {
	var only []string
	for _, s := range slices.Concat(a, b) {
		if slices.Contains(a, s) != slices.Contains(b, s) {
			only = append(only, s)
		}
	}
	return only
}

// checkRenditions reads all segments and compares them with the playlists, and the rungs with each other.
func (r *run) checkRenditions(ctx context.Context, result *Result) error {
	var first *read
	for i, v := range result.Video {
		made, err := r.checkRendition(ctx, v, "vide")
		if err != nil {
			return err
		}
		if first == nil {
			first = &made
		} else if err := aligned(first, &made); err != nil {
			return damaged("rungs %s and %s: %w", result.Video[0].Name, v.Name, err)
		}
		r.advance(float64(i+1) / float64(len(result.Video)+len(result.Audio)))
	}
	for _, a := range result.Audio {
		if _, err := r.checkRendition(ctx, a, "soun"); err != nil {
			return err
		}
	}
	return nil
}

// slack is how much renditions may differ in length: a picture or two, or some frames of sound.
func (r *run) slack(v Rendition) time.Duration {
	const sound = 100 * time.Millisecond
	if v.FrameRate > 0 {
		return max(sound, time.Duration(2*float64(time.Second)/v.FrameRate))
	}
	return sound
}

// checkRendition compares a rendition's segments with its playlist and with what the result says of it.
func (r *run) checkRendition(ctx context.Context, v Rendition, handler string) (read, error) {
	step := "rung-" + v.Name
	if handler == "soun" {
		step = "audio-" + v.Name
	}
	list, err := r.done[step].playlist(v.Name)
	if err != nil {
		return read{}, err
	}
	made, err := readRendition(r.workspace.path("steps", step, "files", v.Name), len(list.Segments), handler)
	if err != nil {
		return read{}, damaged("rendition %s: %w", v.Name, err)
	}
	switch {
	case made.Codec != v.Codec || made.Width != v.Width || made.Height != v.Height || made.Channels != v.Channels:
		return read{}, damaged("rendition %s is %s, %d by %d", v.Name, made.Codec, made.Width, made.Height)
	case made.Peak != v.Peak || made.Average != v.Average:
		return read{}, damaged("rendition %s has another bit rate", v.Name)
	case !slices.Equal(list.Segments, made.playlist().Segments):
		return read{}, damaged("the playlist of %s does not say what its segments hold", v.Name)
	case (made.Duration - r.ladder.Duration).Abs() > r.slack(v):
		return read{}, refuse(fmt.Sprintf("The file is damaged: of %s, %s can be converted.",
			r.ladder.Duration.Round(time.Second), made.Duration.Round(time.Second)))
	}
	if err := made.continuous(); err != nil {
		return read{}, damaged("rendition %s: %w", v.Name, err)
	}
	return made, r.probeRendition(ctx, step, v, made)
}

// continuous checks that the segments follow each other from zero on, and that each can be decoded alone.
func (m *read) continuous() error {
	var at int64
	for i, s := range m.segments {
		if s.Decode != at || !s.KeyFirst {
			return fmt.Errorf("segment %d begins at %d instead of %d, or in the middle of a group", i, s.Decode, at)
		}
		if i == 0 && s.Present != 0 {
			return fmt.Errorf("it begins at %d", s.Present)
		}
		at += s.Duration
	}
	return nil
}

// aligned checks that a player can change from one rung to the other wherever a segment begins, and wherever a
// group does.
func aligned(a, b *read) error {
	if len(a.segments) != len(b.segments) {
		return fmt.Errorf("%d and %d segments", len(a.segments), len(b.segments))
	}
	for i := range a.segments {
		left, right := a.keys(i), b.keys(i)
		if !slices.EqualFunc(left, right, func(x, y time.Duration) bool { return (x - y).Abs() <= time.Millisecond }) {
			return fmt.Errorf("in segment %d groups begin at %v and %v", i, left, right)
		}
	}
	return nil
}

// keys are the times in a segment that a decoder can begin at.
func (m *read) keys(segment int) []time.Duration {
	var all []time.Duration
	for _, k := range m.segments[segment].Keys {
		all = append(all, m.track.Seconds(k))
	}
	return all
}

// probeRendition lets ffprobe read the rendition as a player would.
func (r *run) probeRendition(ctx context.Context, step string, v Rendition, made read) error {
	args := slices.Concat(
		[]string{
			"-v", "error", "-hide_banner", "-protocol_whitelist", "file", "-format_whitelist", "hls,mov",
			"-codec_whitelist", "h264,aac", "-f", "hls", "-count_packets",
			"-show_entries", "stream=codec_name,width,height,nb_read_packets", "-of", "json",
		}, input(r.workspace.path("steps", step, "files", filepath.FromSlash(v.Playlist))),
	)
	out := &limited{most: maxProbe}
	wall := r.Runner.Limits.wall(r.ladder.Duration)
	if err := r.Runner.run(ctx, process{tool: r.Runner.Tools.FFprobe, args: args, wall: wall, out: out}); err != nil {
		return fmt.Errorf("probe rendition %s: %w", v.Name, err)
	}
	var found struct {
		Streams []struct {
			Codec   string `json:"codec_name"`
			Width   int    `json:"width"`
			Height  int    `json:"height"`
			Packets string `json:"nb_read_packets"`
		} `json:"streams"`
	}
	if err := json.Unmarshal(out.Bytes(), &found); err != nil || len(found.Streams) != 1 {
		return damaged("rendition %s: ffprobe says %s", v.Name, out.String())
	}
	samples := 0
	for _, s := range made.segments {
		samples += s.Samples
	}
	s := found.Streams[0]
	if codec := map[string]string{"h264": "avc1", "aac": "mp4a"}[s.Codec]; codec == "" || !strings.HasPrefix(v.Codec, codec) ||
		s.Width != v.Width || s.Height != v.Height || s.Packets != strconv.Itoa(samples) {
		return damaged("rendition %s with %d samples: ffprobe says %+v", v.Name, samples, s)
	}
	return nil
}

package transcode

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/media/transcode/hls"
	"lyceum/internal/media/transcode/mp4"
)

// The names inside a rendition's directory.
const (
	playlistName = "index.m3u8"
	initName     = "init.mp4"
	segmentName  = "%05d.m4s"
)

// quality is x264's constant rate factor: what the picture is worth where the bit rate allows it. Slides stay far
// below their rung's bit rate.
const quality = "22"

// preset is libx264's trade of time for size.
func (r *Runner) preset() string {
	if r.Preset == "" {
		return "veryfast"
	}
	return r.Preset
}

// bare leaves out what an output should not have: other tracks, tags (with places and names in them), chapters,
// and what would differ from build to build.
var bare = []string{"-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"}

// makeRung makes one rendition of the picture.
func (r *run) makeRung(ctx context.Context, s *stage, rung Rung) (any, error) {
	source, err := r.fromSource()
	if err != nil {
		return nil, err
	}
	args := slices.Concat(source, rungArgs(rung, r.ladder, r.Runner), segmentArgs(r.ladder))
	if err := s.newScratch(); err != nil {
		return nil, err
	}
	names, err := r.ffmpeg(ctx, s, args, r.ladder.Duration)
	if err != nil {
		return nil, err
	}
	made, err := s.keepRendition(names, rung.Name, "vide")
	if err != nil {
		return nil, err
	}
	made.FrameRate = rung.Rate.Float()
	if made.Width != rung.Width || made.Height != rung.Height {
		return nil, damaged("rung %s has %d by %d pixels", rung.Name, made.Width, made.Height)
	}
	return made, nil
}

// rungArgs are the options of the picture's encoder.
func rungArgs(rung Rung, p Ladder, r *Runner) []string {
	group := strconv.Itoa(rung.Group)
	return slices.Concat(
		[]string{"-map", "0:" + strconv.Itoa(rung.Stream), "-an"}, bare,
		[]string{
			"-t", seconds(p.Duration), "-vf", filters(rung, r.Tools.ToneMap),
			"-c:v", "libx264", "-preset", r.preset(), "-profile:v", "high", "-threads", strconv.Itoa(r.threads()), "-flags:v", "+bitexact",
			"-crf", quality, "-maxrate", strconv.FormatInt(rung.Bits, 10), "-bufsize", strconv.FormatInt(2*rung.Bits, 10),
			// Groups of one length, each closed: players change between rungs where a group begins.
			"-g", group, "-keyint_min", group, "-sc_threshold", "0", "-x264-params", "open-gop=0",
		},
	)
}

// filters turn decoded pictures into even, upright, progressive ones of the rung's size. ffmpeg has rotated them
// already.
func filters(rung Rung, toneMap bool) string {
	var chain []string
	if rung.Weave {
		chain = append(chain, "yadif=deint=interlaced")
	}
	chain = append(chain, "fps="+rung.Rate.String()+":start_time=0")
	if rung.Pad > 0 {
		chain = append(chain, "tpad=stop_mode=clone:stop_duration="+seconds(rung.Pad+time.Second))
	}
	chain = append(chain, fmt.Sprintf("scale=%d:%d", rung.Width, rung.Height), "setsar=1")
	if rung.ToneMap && toneMap {
		chain = append(chain,
			"zscale=transfer=linear:npl=100", "format=gbrpf32le", "zscale=primaries=bt709", "tonemap=hable:desat=0",
			"zscale=transfer=bt709:matrix=bt709:range=tv")
	}
	return strings.Join(append(chain, "format=yuv420p"), ",")
}

// segmentArgs cut an output into segments of fragmented MP4. Times begin at zero without an edit list: not all
// players read one.
func segmentArgs(p Ladder) []string {
	return []string{
		"-f", "hls", "-hls_time", seconds(p.Segment), "-hls_list_size", "0", "-hls_segment_type", "fmp4",
		"-hls_segment_options", "movflags=+negative_cts_offsets:use_editlist=0",
		"-hls_fmp4_init_filename", initName, "-hls_segment_filename", segmentName, playlistName,
	}
}

// seconds writes a time as ffmpeg reads it, rounded down to microseconds: a segment must not be due a moment
// after the picture that it begins with.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%d.%06d", d/time.Second, d%time.Second/time.Microsecond)
}

// makeAudio makes one rendition of the sound.
func (r *run) makeAudio(ctx context.Context, s *stage, track AudioTrack) (any, error) {
	source, err := r.fromSource()
	if err != nil {
		return nil, err
	}
	args := slices.Concat(source, audioArgs(track, r.ladder), segmentArgs(r.ladder))
	if err := s.newScratch(); err != nil {
		return nil, err
	}
	names, err := r.ffmpeg(ctx, s, args, r.ladder.Duration)
	if err != nil {
		return nil, err
	}
	made, err := s.keepRendition(names, track.Name, "soun")
	if err != nil {
		return nil, err
	}
	made.Label, made.Language, made.Default, made.Describes = track.Label, track.Language, track.Default, track.Describes
	return made, nil
}

// audioRate is the sound's, in samples a second.
const audioRate = 48_000

// audioArgs are the options of the sound's encoder. Gaps are filled and the end is, so that the sound keeps step
// with the picture.
func audioArgs(track AudioTrack, p Ladder) []string {
	layout := "stereo"
	if track.Channels == 1 {
		layout = "mono"
	}
	chain := fmt.Sprintf("aresample=%d:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=%s,apad=whole_dur=%s",
		audioRate, layout, seconds(p.Duration))
	return slices.Concat(
		[]string{"-map", "0:" + strconv.Itoa(track.Stream), "-vn"}, bare,
		[]string{
			"-t", seconds(p.Duration), "-af", chain, "-c:a", "aac", "-profile:a", "aac_low", "-b:a", strconv.FormatInt(track.Bits, 10),
			"-flags:a", "+bitexact",
		},
	)
}

// parseProgress reads a line of ffmpeg's -progress: how much of the output is made.
func parseProgress(line string) (time.Duration, bool) {
	value, ok := strings.CutPrefix(line, "out_time_us=")
	if !ok {
		return 0, false
	}
	us, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	const century = 100 * 365 * 24 * 3600 * 1_000_000
	if err != nil || us < 0 || us > century {
		return 0, false
	}
	return time.Duration(us) * time.Microsecond, true
}

// keepRendition moves what ffmpeg wrote to its place, and writes the playlist from what the segments hold.
func (s *stage) keepRendition(names []string, dir, handler string) (Rendition, error) {
	count := len(names) - 1
	if slices.Contains(names, playlistName) {
		count-- // ffmpeg's playlist is not kept: ours says how long segments are from what they hold
	}
	if count < 1 || !slices.Contains(names, initName) {
		return Rendition{}, refuse("The file holds nothing that could be converted.").Because(fmt.Errorf("ffmpeg wrote %q", names))
	}
	if err := s.keep(initName, dir+"/"+initName); err != nil {
		return Rendition{}, err
	}
	for i := range count {
		name := fmt.Sprintf(segmentName, i)
		if err := s.keep(name, dir+"/"+name); err != nil {
			return Rendition{}, err
		}
	}
	made, err := readRendition(s.file(dir), count, handler)
	if err != nil {
		return Rendition{}, err
	}
	made.Name, made.Playlist = dir, dir+"/"+playlistName
	return made.Rendition, s.write(made.Playlist, made.playlist().Bytes())
}

// read is a rendition as its files show it.
type read struct {
	Rendition

	track    mp4.Track
	segments []mp4.Segment
	sizes    []int64
}

// readRendition reads the initialisation section and the segments in a directory.
func readRendition(dir string, count int, handler string) (read, error) {
	made := read{}
	err := readFile(filepath.Join(dir, initName), func(f *os.File, size int64) error {
		movie, err := mp4.ReadMovie(f, size)
		if err != nil {
			return err
		}
		made.track, err = movie.Track(handler)
		return err
	})
	if err != nil {
		return read{}, err
	}
	for i := range count {
		err := readFile(filepath.Join(dir, fmt.Sprintf(segmentName, i)), func(f *os.File, size int64) error {
			segment, err := made.track.ReadSegment(f)
			made.segments, made.sizes = append(made.segments, segment), append(made.sizes, size)
			return err
		})
		if err != nil {
			return read{}, err
		}
	}
	made.Codec, made.Width, made.Height, made.Channels = made.track.Codec, made.track.Width, made.track.Height, made.track.Channels
	list := made.playlist()
	made.Duration = list.Duration()
	made.Peak, made.Average = bitRates(list.Segments, made.sizes)
	return made, nil
}

func readFile(path string, read func(f *os.File, size int64) error) (err error) {
	file, info, err := open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := read(file, info.Size()); err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	return nil
}

// playlist lists the segments with the times that they hold.
func (m *read) playlist() hls.Media {
	list := hls.Media{Init: initName}
	for i, segment := range m.segments {
		list.Segments = append(list.Segments, hls.Segment{
			URI: fmt.Sprintf(segmentName, i), Duration: m.track.Seconds(segment.Duration).Round(time.Microsecond),
		})
	}
	return list
}

// bitRates are the highest over any run of segments of half to one and a half times the target duration
// (RFC 8216 §4.1), and that over all of them, in bits a second, rounded up.
func bitRates(segments []hls.Segment, sizes []int64) (peak, average int64) {
	var longest, all time.Duration
	var bytes int64
	for i, s := range segments {
		longest, all, bytes = max(longest, s.Duration), all+s.Duration, bytes+sizes[i]
	}
	average = bitRate(bytes, all)
	for i := range segments {
		var length time.Duration
		var sum int64
		for k := i; k < len(segments) && length+segments[k].Duration <= longest*3/2; k++ {
			length, sum = length+segments[k].Duration, sum+sizes[k]
			if length >= longest/2 {
				peak = max(peak, bitRate(sum, length))
			}
		}
	}
	return max(peak, average), average
}

func bitRate(bytes int64, d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return int64(float64(bytes)*8/d.Seconds()) + 1
}

package transcode

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"
)

// containers are the demuxers that may look at a file. None of them opens another file: playlists (hls, dash,
// concat, sdp), scripts and devices are not among them.
var containers = []string{"mov", "matroska", "mp3", "aac", "ogg", "wav", "flac"}

// decoders are what cameras, phones, browsers, editors and conferences write. Most of ffmpeg's holes were in others.
var decoders = []string{
	"h264", "hevc", "vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d", "libaom-av1", "mpeg4", "mpeg2video",
	"mpeg1video", "h263", "prores", "dnxhd", "mjpeg", "png", "theora", "qtrle",
	"aac", "aac_fixed", "aac_latm", "mp2", "mp2float", "mp3", "mp3float", "dca", "ac3", "ac3_fixed", "eac3", "opus", "libopus",
	"vorbis", "libvorbis", "flac", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be",
	"pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_u8", "pcm_s8", "pcm_alaw", "pcm_mulaw", "adpcm_ms", "adpcm_ima_wav",
	"adpcm_ima_qt",
	"mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text",
	// Captions that are pictures are left out, but ffprobe opens their decoders.
	"dvdsub", "pgssub", "dvbsub",
}

// confined are the options of an input: only files, only known formats and decoders, no other file than this one.
func confined(format string) []string {
	args := []string{
		"-protocol_whitelist", "file", "-format_whitelist", cmp.Or(format, strings.Join(containers, ",")),
		"-codec_whitelist", strings.Join(decoders, ","),
	}
	if format != "" {
		args = append(args, "-f", format)
	}
	if format == "mov" {
		args = append(args, "-enable_drefs", "0", "-use_absolute_path", "0")
	}
	return args
}

// input names a local file so that nothing in its name means anything.
func input(path string) []string { return []string{"-i", "file:" + path} }

// probed is what ffprobe prints.
type probed struct {
	Streams []probedStream `json:"streams"`
	Format  struct {
		Name     string `json:"format_name"`
		Start    string `json:"start_time"`
		Duration string `json:"duration"`
		Size     string `json:"size"`
	} `json:"format"`
}

type probedStream struct {
	Index       int               `json:"index"`
	Kind        string            `json:"codec_type"`
	Codec       string            `json:"codec_name"`
	PixelFormat string            `json:"pix_fmt"`
	Width       int               `json:"width"`
	Height      int               `json:"height"`
	PixelAspect string            `json:"sample_aspect_ratio"`
	FieldOrder  string            `json:"field_order"`
	Transfer    string            `json:"color_transfer"`
	BaseRate    string            `json:"r_frame_rate"`
	AverageRate string            `json:"avg_frame_rate"`
	SampleRate  string            `json:"sample_rate"`
	Channels    int               `json:"channels"`
	Start       string            `json:"start_time"`
	Duration    string            `json:"duration"`
	Tags        map[string]string `json:"tags"`
	Disposition map[string]int    `json:"disposition"`
	SideData    []probedSideData  `json:"side_data_list"`
}

type probedSideData struct {
	Rotation float64 `json:"rotation"`
}

// probeEntries are the fields of probed, so that tags of megabytes are not printed.
const probeEntries = "format=format_name,start_time,duration,size" +
	":stream=index,codec_type,codec_name,pix_fmt,width,height,sample_aspect_ratio,field_order,color_transfer," +
	"r_frame_rate,avg_frame_rate,sample_rate,channels,start_time,duration" +
	":stream_tags=language,title,rotate,handler_name:stream_disposition=default,forced,hearing_impaired,visual_impaired,attached_pic" +
	":stream_side_data=rotation"

const maxProbe = 1 << 20

// unreadable is the verdict on what ffprobe cannot read.
const unreadable = "The file is not a film or a sound that can be read."

// Probe asks ffprobe what the file's header says. Nothing is decided on it: see Accept. The error is a
// fault.BadInput for a file that cannot be read.
func (r *Runner) Probe(ctx context.Context, path string) (*Source, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	args := slices.Concat(
		[]string{"-v", "error", "-hide_banner", "-threads", strconv.Itoa(r.threads()), "-max_streams", strconv.Itoa(r.Limits.Streams)},
		confined(""),
		[]string{"-show_entries", probeEntries, "-of", "json"}, input(path),
	)
	out := &limited{most: maxProbe}
	err = r.run(ctx, process{tool: r.Tools.FFprobe, args: args, wall: probeTime, out: out})
	if err != nil {
		return nil, verdict(err, unreadableBecause(err))
	}
	return parseProbe(out.Bytes())
}

// rare is how ffprobe complains about a decoder that it may not use.
var rare = regexp.MustCompile(`Codec \(([0-9a-z_-]{1,30})\) not on whitelist`)

// unreadableBecause is the sentence about a file that ffprobe cannot read.
func unreadableBecause(err error) string {
	if f, ok := errors.AsType[*failure](err); ok {
		if found := rare.FindStringSubmatch(f.complaint); found != nil {
			return fmt.Sprintf("The file uses the format %q, which cannot be converted.", found[1])
		}
	}
	return unreadable
}

// probeTime is how long a look at a header may take on a busy machine.
const probeTime = time.Minute

// parseProbe reads what ffprobe printed.
func parseProbe(data []byte) (*Source, error) {
	var p probed
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, refuse(unreadable).Because(err)
	}
	s := &Source{Claimed: parseSeconds(p.Format.Duration)}
	s.Container = container(p.Format.Name)
	s.Bytes, _ = strconv.ParseInt(p.Format.Size, 10, 64) // none: zero, which Accept refuses
	origin := parseSeconds(p.Format.Start)
	for i := range p.Streams {
		s.add(&p.Streams[i], origin, s.Claimed)
	}
	s.Duration = s.end()
	return s, nil
}

// container is the name that this package uses for a demuxer, which may have several: "mov,mp4,m4a,3gp,3g2,mj2".
func container(names string) string {
	for name := range strings.SplitSeq(names, ",") {
		if slices.Contains(containers, name) {
			return name
		}
	}
	return names
}

func (s *Source) add(p *probedStream, origin, claimed time.Duration) {
	switch {
	case p.Kind == "video" && p.Disposition["attached_pic"] == 1:
		s.Covers++
	case p.Kind == "video":
		s.Video = append(s.Video, p.video(origin, claimed))
	case p.Kind == "audio":
		rate, _ := strconv.Atoi(p.SampleRate) // none: zero, which Accept refuses
		s.Audio = append(s.Audio, Audio{
			Stream: p.Index, Codec: p.Codec, Channels: p.Channels, SampleRate: rate, Tags: p.tags(), Times: p.times(origin, claimed),
		})
	case p.Kind == "subtitle":
		s.Subtitles = append(s.Subtitles, Subtitle{Stream: p.Index, Codec: p.Codec, Tags: p.tags()})
	case p.Kind == "attachment":
		s.Attachments++
	default:
		s.Others++
	}
}

func (p *probedStream) video(origin, claimed time.Duration) Video {
	v := Video{
		Stream: p.Index, Codec: p.Codec, PixelFormat: p.PixelFormat, CodedWidth: p.Width, CodedHeight: p.Height,
		Rotation: p.rotation(), Times: p.times(origin, claimed),
	}
	base, average := parseRate(p.BaseRate), parseRate(p.AverageRate)
	v.Rate = average
	if v.Rate.Den == 0 {
		v.Rate = base
	}
	v.Variable = base.Den != 0 && math.Abs(base.Float()-v.Rate.Float()) > v.Rate.Float()/100
	switch p.Transfer {
	case "smpte2084":
		v.HDR = "PQ"
	case "arib-std-b67":
		v.HDR = "HLG"
	}
	v.Interlaced = slices.Contains([]string{"tt", "bb", "tb", "bt"}, p.FieldOrder)
	v.Width, v.Height = shown(p.Width, p.Height, p.PixelAspect, v.Rotation)
	return v
}

// rotation is in degrees clockwise: 0, 90, 180 or 270. ffprobe gives the display matrix's, counter-clockwise.
func (p *probedStream) rotation() int {
	degrees := 0.0
	if tag, err := strconv.ParseFloat(p.Tags["rotate"], 64); err == nil {
		degrees = tag
	}
	for _, side := range p.SideData {
		if side.Rotation != 0 {
			degrees = -side.Rotation
		}
	}
	if math.IsNaN(degrees) || math.Abs(degrees) > 1e6 {
		return 0
	}
	return (int(math.Round(degrees/90))*90%360 + 360) % 360
}

// shown is the size of the upright picture with square pixels: its lines stay, their length changes.
func shown(width, height int, pixelAspect string, rotation int) (w, h int) {
	num, den, _ := strings.Cut(pixelAspect, ":")
	aspect := parseRate(num + "/" + den)
	w, h = width, height
	if aspect.Den != 0 && aspect.Num != aspect.Den {
		wide := float64(width) * aspect.Float()
		if wide <= math.MaxInt32 {
			w = int(math.Round(wide))
		} else {
			w = math.MaxInt32
		}
	}
	if rotation == 90 || rotation == 270 {
		return h, w
	}
	return w, h
}

func (p *probedStream) times(origin, claimed time.Duration) Times {
	t := Times{Start: max(0, parseSeconds(p.Start)-origin)}
	if d := parseSeconds(p.Duration); d > 0 {
		t.End = t.Start + d
	} else {
		t.End = claimed
	}
	return t
}

func (p *probedStream) tags() Tags {
	return Tags{
		Language: parseLanguage(p.Tags["language"]),
		Title:    cleanLine(p.Tags["title"]),
		Default:  p.Disposition["default"] == 1,
		Forced:   p.Disposition["forced"] == 1,
		Impaired: p.Disposition["hearing_impaired"] == 1 || p.Disposition["visual_impaired"] == 1,
	}
}

// parseLanguage reads what containers hold (ISO 639-2, "eng", or BCP 47) as BCP 47 in its shortest form.
func parseLanguage(s string) string {
	tag, err := language.Parse(s)
	if err != nil || tag == language.Und || len(s) > 35 {
		return ""
	}
	return tag.String()
}

// maxTitle is the longest title of a track, in characters.
const maxTitle = 60

// cleanLine keeps what can be printed of a text, in one line.
func cleanLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '"', r == unicode.ReplacementChar, !unicode.IsPrint(r):
			return -1
		default:
			return r
		}
	}, s)
	letters := []rune(strings.Join(strings.Fields(s), " "))
	return strings.TrimSpace(string(letters[:min(len(letters), maxTitle)]))
}

// parseSeconds reads "12.345678"; what is none is zero, and what is beyond counting is a century.
func parseSeconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) {
		return 0
	}
	const century = 100 * 365 * 24 * 3600
	return time.Duration(math.Round(max(-century, min(f, century))*1e6)) * time.Microsecond
}

// end is when the last picture or sound ends.
func (s *Source) end() time.Duration {
	var end time.Duration
	for _, v := range s.Video {
		end = max(end, v.End)
	}
	for _, a := range s.Audio {
		end = max(end, a.End)
	}
	return end
}

// measured is what the packets of one track say.
type measured struct {
	begun       bool
	start, end  time.Duration
	times       []time.Duration // of each picture, for video only
	wantsTimes  bool
	packetCount int
}

// scan is a reading of a whole file, packet by packet.
type scan struct {
	tracks  map[int]*measured
	packets int
	limits  Limits
}

// errLong is a source that goes on after its time.
var errLong = errors.New("it goes on for longer than allowed")

// Measure reads the whole file, without decoding it, and replaces what its header claims by what there is: how
// long each track lasts, and whether the pictures come at even times. The error is a fault.BadInput for a file
// that is longer than allowed, or that cannot be read.
func (r *Runner) Measure(ctx context.Context, path string, s *Source) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	args := slices.Concat(
		[]string{"-v", "error", "-hide_banner", "-threads", strconv.Itoa(r.threads()), "-max_streams", strconv.Itoa(r.Limits.Streams)},
		confined(s.Container),
		[]string{"-show_entries", "packet=stream_index,pts_time,dts_time,duration_time", "-of", "compact=p=0"},
		input(path),
	)
	reading := newScan(s, r.Limits)
	// A disk that is shared gives some ten megabytes a second at least.
	wall := r.Limits.Allowance + time.Duration(s.Bytes>>20)*100*time.Millisecond
	err = r.run(ctx, process{tool: r.Tools.FFprobe, args: args, wall: wall, out: &lineWriter{each: reading.line}})
	if errors.Is(err, errLong) {
		return refuse(tooLong(r.Limits)).Because(err)
	}
	if err != nil {
		return verdict(err, unreadable)
	}
	reading.settle(s)
	return nil
}

func newScan(s *Source, l Limits) *scan {
	reading := &scan{tracks: map[int]*measured{}, limits: l}
	for _, v := range s.Video {
		reading.tracks[v.Stream] = &measured{wantsTimes: true}
	}
	for _, a := range s.Audio {
		reading.tracks[a.Stream] = &measured{}
	}
	return reading
}

// line reads "stream_index=0|pts_time=0.000000|dts_time=0.000000|duration_time=0.033367".
func (s *scan) line(line string) error {
	s.packets++
	if s.packets > s.limits.Packets {
		return errLong
	}
	values := map[string]string{}
	for field := range strings.SplitSeq(line, "|") {
		name, value, _ := strings.Cut(field, "=")
		values[name] = value
	}
	stream, err := strconv.Atoi(values["stream_index"])
	track := s.tracks[stream]
	if err != nil || track == nil {
		return nil //nolint:nilerr // Side data of a packet, or a track of no interest.
	}
	at := values["pts_time"]
	if at == "" || at == "N/A" {
		at = values["dts_time"]
	}
	if at == "" || at == "N/A" {
		return nil
	}
	return track.add(parseSeconds(at), parseSeconds(values["duration_time"]), s.limits.Duration)
}

func (m *measured) add(at, lasts, longest time.Duration) error {
	if !m.begun {
		m.start, m.begun = at, true
	}
	m.start, m.end = min(m.start, at), max(m.end, at+max(0, lasts))
	m.packetCount++
	if m.wantsTimes {
		m.times = append(m.times, at)
	}
	if m.end-m.start > longest {
		return errLong
	}
	return nil
}

// settle writes what was measured into the source. A track without packets ends where it starts.
func (s *scan) settle(source *Source) {
	origin := time.Duration(math.MaxInt64)
	for _, track := range s.tracks {
		if track.begun {
			origin = min(origin, track.start)
		}
	}
	for i := range source.Video {
		v := &source.Video[i]
		track := s.tracks[v.Stream]
		v.Times = track.span(origin)
		v.evenness(track.times)
	}
	for i := range source.Audio {
		a := &source.Audio[i]
		a.Times = s.tracks[a.Stream].span(origin)
	}
	source.Duration = source.end()
}

func (m *measured) span(origin time.Duration) Times {
	if !m.begun {
		return Times{}
	}
	return Times{Start: m.start - origin, End: m.end - origin}
}

// evenness finds out whether the pictures come at even times, and how many a second. One picture in fifty may be
// late, as cameras drop some.
func (v *Video) evenness(times []time.Duration) {
	slices.Sort(times)
	times = slices.Compact(times)
	if len(times) < 3 {
		return
	}
	gaps := make([]time.Duration, len(times)-1)
	for i := range gaps {
		gaps[i] = times[i+1] - times[i]
	}
	slices.Sort(gaps)
	median, odd := gaps[len(gaps)/2], 0
	for _, gap := range gaps {
		if (gap - median).Abs() > median/10+2*time.Millisecond {
			odd++
		}
	}
	v.Variable = odd*50 > len(gaps)
	last := times[len(times)-1]
	average := float64(len(gaps)) / (last - times[0]).Seconds()
	if rate, ok := standard(average); ok {
		v.Rate = rate
		return
	}
	if v.Rate.Den == 0 || math.Abs(v.Rate.Float()-average) > average/100 {
		v.Rate = Rate{int64(math.Round(average * 1000)), 1000}
	}
}

// open opens a local regular file to read. The error is a fault.BadInput for everything else: a link, a pipe,
// a device, a directory.
func open(path string) (file *os.File, info os.FileInfo, err error) {
	file, err = os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		if before, failed := os.Lstat(path); failed == nil && !before.Mode().IsRegular() {
			return nil, nil, refuse("The source is not a regular file.").Because(err)
		}
		return nil, nil, fmt.Errorf("open source: %w", err)
	}
	info, err = file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = refuse("The source is not a regular file.")
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, info, nil
}

// readAll gives the reader's bytes to a hash or the like; the context can end it.
func readAll(ctx context.Context, to io.Writer, from io.Reader) error {
	_, err := io.Copy(to, readerFunc(func(b []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return from.Read(b)
	}))
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return nil
}

type readerFunc func([]byte) (int, error)

// Read implements io.Reader.
func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

package transcode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// film is a source with one picture.
func film(width, height int, rate Rate, length time.Duration, change ...func(s *Source)) *Source {
	s := &Source{
		Container: "mov", Bytes: 1 << 20, Duration: length, Claimed: length,
		Video: []Video{{
			Codec: "h264", Width: width, Height: height, CodedWidth: width, CodedHeight: height, Rate: rate, Times: Times{End: length},
		}},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func withAudio(tracks ...Audio) func(s *Source) {
	return func(s *Source) {
		for i, a := range tracks {
			a.Stream, a.Codec, a.SampleRate = 1+i, "aac", 48000
			a.End = s.Duration
			s.Audio = append(s.Audio, a)
		}
	}
}

// rungLine writes a rung in one line.
func rungLine(r Rung) string {
	return fmt.Sprintf("%s %dx%d %s/%d %dk", r.Name, r.Width, r.Height, r.Rate, r.Group, r.Bits/1000)
}

func TestPlanRungs(t *testing.T) {
	t.Parallel()
	ntsc := Rate{30000, 1001}
	full := []string{
		"v360 640x360 25/1/50 365k", "v432 768x432 25/1/50 1100k", "v540 960x540 25/1/50 2000k", "v720 1280x720 25/1/50 3000k",
		"v1080 1920x1080 25/1/50 6000k",
	}
	for name, tt := range map[string]struct {
		source  *Source
		want    []string
		segment time.Duration
	}{
		"1080p":             {film(1920, 1080, Rate{25, 1}, time.Hour), full, 6 * time.Second},
		"4K is not kept":    {film(3840, 2160, Rate{25, 1}, time.Hour), full, 6 * time.Second},
		"three hours, 720p": {film(1280, 720, Rate{25, 1}, 3*time.Hour), full[:4], 6 * time.Second},
		"ten seconds, 360p": {film(640, 360, ntsc, 10*time.Second), []string{"v360 640x360 30000/1001/60 365k"}, 6006 * time.Millisecond},
		"film rate": {
			film(960, 540, Rate{24000, 1001}, time.Minute),
			[]string{"v360 640x360 24000/1001/48 365k", "v432 768x432 24000/1001/48 1100k", "v540 960x540 24000/1001/48 2000k"},
			6006 * time.Millisecond,
		},
		"50 pictures a second": {
			film(1280, 720, Rate{50, 1}, time.Minute),
			[]string{"v360 640x360 25/1/50 365k", "v432 768x432 25/1/50 1100k", "v540 960x540 50/1/100 2000k", "v720 1280x720 50/1/100 3000k"},
			6 * time.Second,
		},
		"59.94": {
			film(768, 432, Rate{60000, 1001}, time.Minute),
			[]string{"v360 640x360 30000/1001/60 365k", "v432 768x432 30000/1001/60 1100k"},
			6006 * time.Millisecond,
		},
		"120 are halved, and again": {film(320, 180, Rate{240, 1}, time.Minute), []string{"v180 320x180 30/1/60 365k"}, 6 * time.Second},
		"portrait": {
			film(1080, 1920, Rate{30, 1}, time.Minute),
			[]string{
				"v360 360x640 30/1/60 365k", "v432 432x768 30/1/60 1100k", "v540 540x960 30/1/60 2000k", "v720 720x1280 30/1/60 3000k",
				"v1080 1080x1920 30/1/60 6000k",
			},
			6 * time.Second,
		},
		"small is not enlarged": {film(161, 121, Rate{15, 1}, time.Minute), []string{"v120 160x120 15/1/30 365k"}, 6 * time.Second},
		"scope": {
			film(1920, 800, Rate{24, 1}, time.Minute),
			[]string{
				"v266 640x266 24/1/48 365k", "v320 768x320 24/1/48 1100k", "v400 960x400 24/1/48 2000k", "v532 1280x532 24/1/48 3000k",
				"v800 1920x800 24/1/48 6000k",
			},
			6 * time.Second,
		},
		"between two rungs": {
			film(854, 480, Rate{30, 1}, time.Minute),
			[]string{"v360 640x360 30/1/60 365k", "v480 854x480 30/1/60 2000k"},
			6 * time.Second,
		},
		"just above a rung": {
			film(1300, 732, Rate{30, 1}, time.Minute),
			[]string{
				"v360 638x360 30/1/60 365k", "v432 766x432 30/1/60 1100k", "v540 958x540 30/1/60 2000k", "v732 1300x732 30/1/60 6000k",
			},
			6 * time.Second,
		},
		"a square": {
			film(600, 600, Rate{30, 1}, time.Minute),
			[]string{"v360 360x360 30/1/60 365k", "v432 432x432 30/1/60 1100k", "v600 600x600 30/1/60 3000k"},
			6 * time.Second,
		},
		"one picture a second": {film(320, 180, Rate{1, 1}, 20*time.Minute), []string{"v180 320x180 1/1/2 365k"}, 6 * time.Second},
		"one in ten seconds":   {film(320, 180, Rate{1, 10}, 20*time.Minute), []string{"v180 320x180 1/1/2 365k"}, 6 * time.Second},
		"seven a second":       {film(320, 180, Rate{7, 1}, time.Minute), []string{"v180 320x180 7/1/14 365k"}, 6 * time.Second},
		"uneven": {
			film(320, 180, Rate{17, 1}, time.Minute, func(s *Source) { s.Video[0].Variable = true }),
			[]string{"v180 320x180 30/1/60 365k"},
			6 * time.Second,
		},
		"uneven and fast": {
			film(1280, 720, Rate{47, 1}, time.Minute, func(s *Source) { s.Video[0].Variable = true }),
			[]string{"v360 640x360 30/1/60 365k", "v432 768x432 30/1/60 1100k", "v540 960x540 60/1/120 2000k", "v720 1280x720 60/1/120 3000k"},
			6 * time.Second,
		},
		"no rate": {film(320, 180, Rate{}, time.Minute), []string{"v180 320x180 30/1/60 365k"}, 6 * time.Second},
	} {
		p := Plan(tt.source, DefaultLimits())
		var got []string
		for _, r := range p.Rungs {
			got = append(got, rungLine(r))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if p.Segment != tt.segment {
			t.Errorf("%s: segments of %v, want %v", name, p.Segment, tt.segment)
		}
	}
}

// TestPlanHolds checks what must be true of any ladder.
func TestPlanHolds(t *testing.T) {
	t.Parallel()
	rates := []Rate{{1, 1}, {7, 1}, {24000, 1001}, {25, 1}, {299, 10}, {30000, 1001}, {48, 1}, {50, 1}, {60000, 1001}, {144, 1}}
	for width := 16; width <= 4096; width += 97 {
		for height := max(16, width/8); height <= min(4096, 8*width); height += 101 {
			rate := rates[(width+height)%len(rates)]
			p := Plan(film(width, height, rate, time.Hour), DefaultLimits())
			names := map[string]bool{}
			for i, r := range p.Rungs {
				if r.Width > width || r.Height > height || r.Width%2+r.Height%2 > 0 || names[r.Name] || r.Rate.Float() > 60 {
					t.Fatalf("%dx%d at %s: rung %s", width, height, rate, rungLine(r))
				}
				if i > 0 && (r.Bits <= p.Rungs[i-1].Bits || r.Width*r.Height <= p.Rungs[i-1].Width*p.Rungs[i-1].Height) {
					t.Fatalf("%dx%d: %s is no step above %s", width, height, rungLine(r), rungLine(p.Rungs[i-1]))
				}
				if a, b := r.Rate.time(int64(r.Group)), p.Rungs[0].Rate.time(int64(p.Rungs[0].Group)); a != b {
					t.Fatalf("%dx%d at %s: groups of %v and %v", width, height, rate, a, b)
				}
				names[r.Name] = true
			}
		}
	}
}

func TestPlanTracks(t *testing.T) {
	t.Parallel()
	german := Audio{Channels: 6, Tags: Tags{Language: "de", Default: true}}
	s := film(640, 360, Rate{25, 1}, time.Minute,
		withAudio(Audio{Channels: 2, Tags: Tags{Language: "en"}}, german, german, Audio{Channels: 1, Tags: Tags{Title: "Beschreibung", Impaired: true}}, Audio{Channels: 2}),
		func(s *Source) {
			s.Subtitles = []Subtitle{
				{Stream: 7, Codec: "mov_text", Tags: Tags{Language: "pt-BR", Forced: true}},
				{Stream: 8, Codec: "hdmv_pgs_subtitle"},
				{Stream: 9, Codec: "subrip", Tags: Tags{Default: true}},
			}
		})
	p := Plan(s, DefaultLimits())
	want := []AudioTrack{
		{Name: "a0", Stream: 1, Label: "English", Language: "en", Channels: 2, Bits: 128_000},
		{Name: "a1", Stream: 2, Label: "Deutsch", Language: "de", Channels: 2, Bits: 128_000, Default: true},
		{Name: "a2", Stream: 3, Label: "Deutsch (2)", Language: "de", Channels: 2, Bits: 128_000},
		{Name: "a3", Stream: 4, Label: "Beschreibung", Channels: 1, Bits: 64_000, Describes: true},
		{Name: "a4", Stream: 5, Label: "Audio 5", Channels: 2, Bits: 128_000},
	}
	if diff := cmp.Diff(want, p.Audio); diff != "" {
		t.Errorf("sounds (-want +got):\n%s", diff)
	}
	texts := []TextTrack{
		{Stream: 7, Label: "Português", Language: "pt-BR", Forced: true},
		{Stream: 9, Label: "Captions 2", Default: true},
	}
	if diff := cmp.Diff(texts, p.Texts); diff != "" || p.Pictured != 1 {
		t.Errorf("captions (%d of pictures, -want +got):\n%s", p.Pictured, diff)
	}
	limits := DefaultLimits()
	limits.Tracks = 1
	if p := Plan(s, limits); len(p.Audio) != 1 || len(p.Texts) != 1 || !p.Audio[0].Default {
		t.Errorf("one track of each: %+v, %+v", p.Audio, p.Texts)
	}
}

func TestPlanWithoutPicture(t *testing.T) {
	t.Parallel()
	s := &Source{Container: "mp3", Duration: time.Minute}
	withAudio(Audio{Channels: 2})(s)
	p := Plan(s, DefaultLimits())
	if len(p.Rungs) != 0 || p.Board != nil || len(p.Audio) != 1 || p.Segment != 6*time.Second || !p.Audio[0].Default {
		t.Errorf("a sound: %+v", p)
	}
}

func TestPlanPadsThePicture(t *testing.T) {
	t.Parallel()
	s := film(640, 360, Rate{25, 1}, time.Minute)
	s.Duration = 70 * time.Second
	if p := Plan(s, DefaultLimits()); p.Rungs[0].Pad != 10*time.Second || p.Duration != 70*time.Second {
		t.Errorf("a sound that is 10 s longer: %+v", p.Rungs[0])
	}
}

func TestBoard(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		source *Source
		want   Board
	}{
		"three seconds":   {film(640, 360, Rate{25, 1}, 3*time.Second), Board{Every: 1, Interval: 2 * time.Second, Width: 160, Height: 90, Columns: 2, Rows: 1}},
		"half a minute":   {film(640, 360, Rate{25, 1}, 30*time.Second), Board{Every: 1, Interval: 2 * time.Second, Width: 160, Height: 90, Columns: 10, Rows: 2}},
		"quarter an hour": {film(640, 360, Rate{25, 1}, 15*time.Minute), Board{Every: 3, Interval: 6 * time.Second, Width: 160, Height: 90, Columns: 10, Rows: 10}},
		"three hours":     {film(640, 360, Rate{25, 1}, 3*time.Hour), Board{Every: 5, Interval: 10 * time.Second, Width: 160, Height: 90, Columns: 10, Rows: 10}},
		"portrait":        {film(360, 640, Rate{25, 1}, time.Second), Board{Every: 1, Interval: 2 * time.Second, Width: 90, Height: 160, Columns: 1, Rows: 1}},
		"tiny":            {film(64, 64, Rate{25, 1}, time.Second), Board{Every: 1, Interval: 2 * time.Second, Width: 64, Height: 64, Columns: 1, Rows: 1}},
	} {
		if diff := cmp.Diff(&tt.want, Plan(tt.source, DefaultLimits()).Board); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	b := Board{Interval: 2 * time.Second, Width: 160, Height: 90, Columns: 2, Rows: 1}
	want := `WEBVTT

00:00:00.000 --> 00:00:02.000
000.jpg#xywh=0,0,160,90

00:00:02.000 --> 00:00:04.000
000.jpg#xywh=160,0,160,90

00:00:04.000 --> 00:00:05.500
001.jpg#xywh=0,0,160,90
`
	if diff := cmp.Diff(want, string(b.vtt(4, 5500*time.Millisecond))); diff != "" {
		t.Errorf("storyboard (-want +got):\n%s", diff)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	r := Rung{Width: 640, Height: 360, Rate: Rate{25, 1}}
	if got, want := filters(r, true), "fps=25/1:start_time=0,scale=640:360,setsar=1,format=yuv420p"; got != want {
		t.Errorf("plain: %s", got)
	}
	r.ToneMap, r.Weave, r.Pad = true, true, 1500*time.Millisecond
	got := filters(r, true)
	for _, part := range []string{"yadif=deint=interlaced,fps", "tpad=stop_mode=clone:stop_duration=2.500000,scale", "tonemap=hable", ",format=yuv420p"} {
		if !strings.Contains(got, part) {
			t.Errorf("%s has no %s", got, part)
		}
	}
	if strings.Contains(filters(r, false), "tonemap") {
		t.Error("a filter that is not there is used")
	}
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0.000000", 6006 * time.Millisecond: "6.006000", 1999999999: "1.999999", time.Hour + time.Microsecond: "3600.000001",
	} {
		if got := seconds(d); got != want {
			t.Errorf("%d ns: %s, want %s", d, got, want)
		}
	}
}

func TestParseProgress(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]time.Duration{
		"out_time_us=1500000": 1500 * time.Millisecond, "out_time_us=0": 0, "out_time_us=N/A": -1, "out_time_us=-5": -1,
		"out_time_ms=1500000": -1, "progress=end": -1, "": -1, "out_time_us=9223372036854775807": -1,
	} {
		got, ok := parseProgress(line)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v, %v", line, got, ok)
		}
	}
}

package transcode

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/fault"
)

func TestParseProbe(t *testing.T) {
	t.Parallel()
	const text = `{"streams":[
		{"index":0,"codec_type":"video","codec_name":"hevc","pix_fmt":"yuv420p10le","width":720,"height":576,"sample_aspect_ratio":"16:15",
		 "field_order":"tt","color_transfer":"smpte2084","r_frame_rate":"30/1","avg_frame_rate":"1501/60","start_time":"1.500000","duration":"10.0",
		 "side_data_list":[{"rotation":-90}],"tags":{"language":"und"}},
		{"index":1,"codec_type":"audio","codec_name":"ac3","channels":6,"sample_rate":"48000","start_time":"1.400000",
		 "tags":{"language":"ger","title":"Die \"Stimme\"\n"},"disposition":{"default":1,"visual_impaired":1}},
		{"index":2,"codec_type":"subtitle","codec_name":"mov_text","tags":{"language":"por"},"disposition":{"forced":1,"hearing_impaired":1}},
		{"index":3,"codec_type":"video","codec_name":"mjpeg","disposition":{"attached_pic":1}},
		{"index":4,"codec_type":"attachment","codec_name":"ttf"},
		{"index":5,"codec_type":"data","codec_name":"bin_data"}],
		"format":{"format_name":"mov,mp4,m4a,3gp,3g2,mj2","start_time":"1.400000","duration":"12.500000","size":"1234"}}`
	got, err := parseProbe([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &Source{
		Container: "mov", Bytes: 1234, Duration: 12500 * time.Millisecond, Claimed: 12500 * time.Millisecond,
		Video: []Video{{
			Codec: "hevc", PixelFormat: "yuv420p10le", Width: 576, Height: 768, CodedWidth: 720, CodedHeight: 576, Rotation: 90,
			Rate: Rate{1501, 60}, Variable: true, HDR: "PQ", Interlaced: true,
			Times: Times{Start: 100 * time.Millisecond, End: 10100 * time.Millisecond},
		}},
		Audio: []Audio{{
			Stream: 1, Codec: "ac3", Channels: 6, SampleRate: 48000, Times: Times{End: 12500 * time.Millisecond},
			Tags: Tags{Language: "de", Title: "Die Stimme", Default: true, Impaired: true},
		}},
		Subtitles: []Subtitle{{Stream: 2, Codec: "mov_text", Tags: Tags{Language: "pt", Forced: true, Impaired: true}}},
		Covers:    1, Attachments: 1, Others: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
	if got.streams() != 6 {
		t.Errorf("%d tracks", got.streams())
	}
	if _, err := parseProbe([]byte("{")); fault.CodeOf(err) != fault.BadInput {
		t.Errorf("no JSON: %v", err)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		stream probedStream
		want   int
	}{
		"none":            {probedStream{}, 0},
		"side data":       {probedStream{SideData: []probedSideData{{Rotation: 90}}}, 270},
		"upside down":     {probedStream{SideData: []probedSideData{{Rotation: -180}}}, 180},
		"a tag":           {probedStream{Tags: map[string]string{"rotate": "90"}}, 90},
		"the tag is old":  {probedStream{Tags: map[string]string{"rotate": "90"}, SideData: []probedSideData{{Rotation: 180}}}, 180},
		"nearly":          {probedStream{SideData: []probedSideData{{Rotation: -89.6}}}, 90},
		"round and round": {probedStream{Tags: map[string]string{"rotate": "-810"}}, 270},
		"nonsense":        {probedStream{Tags: map[string]string{"rotate": "NaN"}}, 0},
		"absurd":          {probedStream{Tags: map[string]string{"rotate": "1e300"}}, 0},
	} {
		if got := tt.stream.rotation(); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		width, height int
		aspect        string
		rotation      int
		w, h          int
	}{
		"square":       {640, 360, "1:1", 0, 640, 360},
		"unknown":      {640, 360, "0:1", 0, 640, 360},
		"none":         {640, 360, "", 180, 640, 360},
		"anamorphic":   {720, 480, "32:27", 0, 853, 480},
		"narrow":       {1440, 1080, "4:3", 270, 1080, 1920},
		"past numbers": {4096, 100, "9000000000000:1", 0, 1<<31 - 1, 100},
	} {
		if w, h := shown(tt.width, tt.height, tt.aspect, tt.rotation); w != tt.w || h != tt.h {
			t.Errorf("%s: %dx%d, want %dx%d", name, w, h, tt.w, tt.h)
		}
	}
}

func TestParsers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"eng": "en", "en": "en", "ger": "de", "deu": "de", "pt-BR": "pt-BR", "und": "", "": "", "xx-nonsense-xx": "", "zxx": "zxx",
		strings.Repeat("a-", 40): "",
	} {
		if got := parseLanguage(in); got != want {
			t.Errorf("language %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"\u00a0a\tb\n c": "a b c", "a\"b": "ab", "\x00\x1b[31mred": "[31mred", strings.Repeat("ü", 99): strings.Repeat("ü", 60), "\u202eevil": "evil",
	} {
		if got := cleanLine(in); got != want {
			t.Errorf("line %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]time.Duration{
		"12.345678": 12345678 * time.Microsecond, "-0.5": -500 * time.Millisecond, "N/A": 0, "": 0, "NaN": 0, "1e300": 100 * 365 * 24 * time.Hour,
	} {
		if got := parseSeconds(in); got != want {
			t.Errorf("seconds %q: %v, want %v", in, got, want)
		}
	}
	for in, want := range map[string]Rate{
		"30000/1001": {30000, 1001}, "0/0": {}, "25": {}, "-1/1": {}, "1/0": {}, "9223372036854775808/1": {},
	} {
		if got := parseRate(in); got != want {
			t.Errorf("rate %q: %v, want %v", in, got, want)
		}
	}
	for in, want := range map[string]string{"mov,mp4,m4a": "mov", "matroska,webm": "matroska", "hls": "hls"} {
		if got := container(in); got != want {
			t.Errorf("container %q: %q, want %q", in, got, want)
		}
	}
	if (Rate{}).Float() != 0 || (Rate{25, 1}).half() != (Rate{25, 2}) || (Rate{60000, 1001}).half() != (Rate{30000, 1001}) || (Rate{}).time(5) != 0 {
		t.Error("rates")
	}
}

// scanned reads packets of one picture track at the given milliseconds, each lasting 40.
func scanned(t *testing.T, s *Source, l Limits, milliseconds ...int) error {
	t.Helper()
	reading := newScan(s, l)
	for _, ms := range milliseconds {
		at := strconv.FormatFloat(float64(ms)/1000, 'f', 6, 64)
		if err := reading.line("stream_index=0|pts_time=" + at + "|dts_time=N/A|duration_time=0.040000"); err != nil {
			return err
		}
	}
	for _, other := range []string{"", "side_data_type=Skip Samples", "stream_index=9|pts_time=99999", "stream_index=0|pts_time=N/A|dts_time=N/A"} {
		if err := reading.line(other); err != nil {
			return err
		}
	}
	reading.settle(s)
	return nil
}

func TestScan(t *testing.T) {
	t.Parallel()
	even := make([]int, 100)
	for i := range even {
		even[i] = 1400 + 40*i
	}
	even[50], even[51] = even[51], even[50] // pictures are stored in the order in which they are decoded
	s := film(640, 360, Rate{24, 1}, time.Hour)
	if err := scanned(t, s, DefaultLimits(), even...); err != nil {
		t.Fatal(err)
	}
	if v := s.Video[0]; s.Duration != 4*time.Second || v.Variable || v.Rate != (Rate{25, 1}) || v.Start != 0 {
		t.Errorf("even: %+v, %v", v, s.Duration)
	}
	uneven := []int{0}
	for i := range 50 {
		uneven = append(uneven, uneven[i]+20+17*(i%5))
	}
	s = film(640, 360, Rate{24, 1}, time.Hour)
	if err := scanned(t, s, DefaultLimits(), uneven...); err != nil || !s.Video[0].Variable {
		t.Errorf("uneven: %+v (%v)", s.Video[0], err)
	}
	s = film(640, 360, Rate{24, 1}, time.Hour)
	if err := scanned(t, s, DefaultLimits()); err != nil || s.Duration != 0 {
		t.Errorf("no packets: %v (%v)", s.Duration, err)
	}
	short := DefaultLimits()
	short.Duration = 3 * time.Second
	if err := scanned(t, film(640, 360, Rate{24, 1}, time.Hour), short, even...); !errors.Is(err, errLong) {
		t.Errorf("longer than allowed: %v", err)
	}
	few := DefaultLimits()
	few.Packets = 99
	if err := scanned(t, film(640, 360, Rate{24, 1}, time.Hour), few, even...); !errors.Is(err, errLong) {
		t.Errorf("more packets than allowed: %v", err)
	}
}

package hls_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/media/transcode/hls"
)

var media = hls.Media{Init: "init.mp4", Segments: []hls.Segment{
	{URI: "00000.m4s", Duration: 6006 * time.Millisecond},
	{URI: "00001.m4s", Duration: 1501500 * time.Microsecond},
}}

const mediaText = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
#EXTINF:6.006000,
00000.m4s
#EXTINF:1.501500,
00001.m4s
#EXT-X-ENDLIST
`

var master = hls.Master{
	Audio: []hls.Rendition{
		{Name: "English", Language: "en", URI: "a0/index.m3u8", Default: true, Channels: 2},
		{Name: "Described", Language: "en", URI: "a1/index.m3u8", Channels: 1, Characteristics: "public.accessibility.describes-video"},
	},
	Subtitles: []hls.Rendition{{Name: "Signs", Language: "de", URI: "captions/0-de/index.m3u8", Forced: true}},
	Variants: []hls.Variant{
		{URI: "v360/index.m3u8", Peak: 500_000, Average: 400_000, Codecs: []string{"avc1.64001e", "mp4a.40.2"}, Width: 640, Height: 360, FrameRate: 30000.0 / 1001},
		{URI: "a0/index.m3u8", Peak: 130_000, Average: 128_000, Codecs: []string{"mp4a.40.2"}},
	},
}

const masterText = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="a0/index.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Described",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="1",CHARACTERISTICS="public.accessibility.describes-video",URI="a1/index.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="Signs",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,FORCED=YES,URI="captions/0-de/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=500000,AVERAGE-BANDWIDTH=400000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO="audio",SUBTITLES="subtitles",CLOSED-CAPTIONS=NONE
v360/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2",AUDIO="audio",SUBTITLES="subtitles"
a0/index.m3u8
`

func TestMedia(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(mediaText, string(media.Bytes())); diff != "" {
		t.Errorf("playlist (-want +got):\n%s", diff)
	}
	got, err := hls.ParseMedia([]byte(mediaText))
	if diff := cmp.Diff(media, got); diff != "" || err != nil {
		t.Errorf("read back (%v, -want +got):\n%s", err, diff)
	}
	if got.Duration() != 7507500*time.Microsecond || !cmp.Equal(got.References(), []string{"init.mp4", "00000.m4s", "00001.m4s"}) {
		t.Errorf("it lasts %v and names %q", got.Duration(), got.References())
	}
	short := hls.Media{Segments: []hls.Segment{{URI: "0.vtt", Duration: time.Millisecond}}}
	if text := string(short.Bytes()); !strings.Contains(text, "TARGETDURATION:1\n") || strings.Contains(text, "MAP") {
		t.Errorf("a short playlist without an initialisation section:\n%s", text)
	}
}

func TestMaster(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(masterText, string(master.Bytes())); diff != "" {
		t.Errorf("playlist (-want +got):\n%s", diff)
	}
	got, err := hls.ParseMaster([]byte(masterText))
	want := master
	want.Variants = append([]hls.Variant{}, master.Variants...)
	want.Variants[0].FrameRate = 29.97 // as written
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("read back (%v, -want +got):\n%s", err, diff)
	}
	refs := []string{"a0/index.m3u8", "a1/index.m3u8", "captions/0-de/index.m3u8", "v360/index.m3u8"}
	if diff := cmp.Diff(refs, got.References()); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
}

func TestNamesCannotEscapeTheirQuotes(t *testing.T) {
	t.Parallel()
	evil := hls.Master{Audio: []hls.Rendition{{Name: "a\"\n#EXT-X-STREAM-INF:X\r\x7f,URI=\"http://evil/", URI: "a0/index.m3u8"}}}
	text := string(evil.Bytes())
	if lines := strings.Split(strings.TrimSpace(text), "\n"); len(lines) != 4 || strings.Count(text, `"`) != 6 {
		t.Errorf("a name breaks out:\n%s", text)
	}
	got, err := hls.ParseMaster([]byte(text))
	if err != nil || len(got.Audio) != 1 || got.Audio[0].URI != "a0/index.m3u8" || len(got.Variants) != 0 {
		t.Errorf("read back: %+v (%v)", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":           "",
		"prose":             "Dear reader,\n",
		"an unknown tag":    strings.Replace(mediaText, "#EXT-X-MAP", "#EXT-X-KEY:METHOD=NONE\n#EXT-X-MAP", 1),
		"no end":            strings.TrimSuffix(mediaText, "#EXT-X-ENDLIST\n"),
		"other line ends":   strings.ReplaceAll(mediaText, "\n", "\r\n"),
		"an endless one":    strings.Replace(mediaText, "6.006000", "1e300", 1),
		"no duration":       strings.Replace(mediaText, "6.006000", "NaN", 1),
		"a wrong target":    strings.Replace(mediaText, "DURATION:6", "DURATION:5", 1),
		"a segment without": strings.Replace(mediaText, "#EXTINF:6.006000,\n", "", 1),
	} {
		if got, err := hls.ParseMedia([]byte(text)); !errors.Is(err, hls.ErrMalformed) {
			t.Errorf("media, %s: %+v (%v)", name, got, err)
		}
	}
	for name, text := range map[string]string{
		"nothing":               "",
		"a media playlist":      mediaText,
		"no bandwidth":          strings.Replace(masterText, "BANDWIDTH=500000,", "", 1),
		"channels are no count": strings.Replace(masterText, `CHANNELS="2"`, `CHANNELS="x"`, 1),
		"a size that is none":   strings.Replace(masterText, "640x360", "640", 1),
		"cut":                   masterText[:len(masterText)-5],
	} {
		if got, err := hls.ParseMaster([]byte(text)); !errors.Is(err, hls.ErrMalformed) {
			t.Errorf("master, %s: %+v (%v)", name, got, err)
		}
	}
}

// FuzzParse checks that whatever is read is written again as it was.
func FuzzParse(f *testing.F) {
	f.Add([]byte(mediaText))
	f.Add([]byte(masterText))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := hls.ParseMedia(data); err == nil && !bytes.Equal(m.Bytes(), data) {
			t.Fatalf("media playlist %q became %q", data, m.Bytes())
		}
		if m, err := hls.ParseMaster(data); err == nil && !bytes.Equal(m.Bytes(), data) {
			t.Fatalf("master playlist %q became %q", data, m.Bytes())
		}
	})
}

package transcode

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/fault"
	"lyceum/internal/media/transcode/hls"
)

const srt = "1\n00:00:01,000 --> 00:00:02,000\n<i>One</i> & <script>x</script>\n\n2\n00:00:59,000 --> 00:01:01,500\nTwo\n\n" +
	"3\n00:01:30,000 --> 00:01:40,000\nThree\n\n4\n00:02:00,000 --> 00:02:01,000\nToo late\n"

func TestLayCaptions(t *testing.T) {
	t.Parallel()
	all, err := parseCaptions([]Caption{
		{Language: "pt-br", Data: []byte(srt), Default: true},
		{Language: "pt-BR", Data: []byte("WEBVTT\n\n00:01.000 --> 00:02.000 line:0\nUm\n"), Default: true, Forced: true},
		{Label: "Signs \"x\"", Data: []byte(srt), Impaired: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	tracks, contents := layCaptions(all, 95*time.Second, 6*time.Second)
	want := []CaptionTrack{
		{Language: "pt-BR", Label: "Português", File: "captions/0-pt-br.vtt", Playlist: "captions/0-pt-br/index.m3u8", Default: true, Cues: 3},
		{Language: "pt-BR", Label: "Português (2)", File: "captions/1-pt-br.vtt", Playlist: "captions/1-pt-br/index.m3u8", Forced: true, Cues: 1},
		{Label: "Signs x", File: "captions/2.vtt", Playlist: "captions/2/index.m3u8", Impaired: true, Cues: 3},
	}
	if diff := cmp.Diff(want, tracks); diff != "" {
		t.Errorf("tracks (-want +got):\n%s", diff)
	}
	files := map[string]string{}
	for _, c := range contents {
		files[c.Name] = string(c.Data)
		if c.Bytes != int64(len(c.Data)) || len(c.SHA256) != 64 || c.ContentType == "" {
			t.Errorf("file %+v", c.File)
		}
	}
	const header = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n"
	const one, two, three = "\n00:00:01.000 --> 00:00:02.000\n<i>One</i> &amp; x\n", "\n00:00:59.000 --> 00:01:01.500\nTwo\n", "\n00:01:30.000 --> 00:01:35.000\nThree\n"
	for name, want := range map[string]string{
		"captions/2.vtt":       "WEBVTT\n" + one + two + three,
		"captions/2/00000.vtt": header + one + two,
		"captions/2/00001.vtt": header + two + three,
		"captions/2/index.m3u8": "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:60\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n" +
			"#EXTINF:60.000000,\n00000.vtt\n#EXTINF:35.000000,\n00001.vtt\n#EXT-X-ENDLIST\n",
	} {
		if diff := cmp.Diff(want, files[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if len(files) != 12 {
		t.Errorf("%d files", len(files))
	}
}

func TestParseCaptionsRefuses(t *testing.T) {
	t.Parallel()
	_, err := parseCaptions([]Caption{{Data: []byte(srt)}, {Data: []byte("prose")}})
	wantRefusal(t, "prose", err, "no cue")
	if err == nil || !strings.Contains(err.Error(), "BAD_USER_INPUT") {
		t.Errorf("%v", err)
	}
}

// made is a result as a job leaves it, after it was kept as JSON.
func made(t *testing.T) *Result {
	t.Helper()
	r := &Result{
		Play: masterName, Duration: 95 * time.Second, Segment: 6 * time.Second,
		Video: []Rendition{
			{Name: "v360", Playlist: "v360/index.m3u8", Codec: "avc1.64001e", Peak: 400_000, Average: 300_000, Width: 640, Height: 360, FrameRate: 25},
			{Name: "v720", Playlist: "v720/index.m3u8", Codec: "avc1.64001f", Peak: 4_000_000, Average: 3_000_000, Width: 1280, Height: 720, FrameRate: 25},
		},
		Audio: []Rendition{
			{Name: "a0", Playlist: "a0/index.m3u8", Codec: "mp4a.40.2", Peak: 130_000, Average: 128_000, Label: "English", Language: "en", Channels: 2},
			{Name: "a1", Playlist: "a1/index.m3u8", Codec: "mp4a.40.2", Peak: 70_000, Average: 64_000, Label: "Described", Default: true, Describes: true, Channels: 1},
		},
		Captions: []CaptionTrack{{Label: "Old", File: "captions/0.vtt", Playlist: "captions/0/index.m3u8"}},
		Files: []File{
			{Name: "captions/0.vtt"}, {Name: "captions/0/00000.vtt"}, {Name: "captions/0/index.m3u8"}, {Name: masterName}, {Name: "poster.jpg"},
		},
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Result
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, &back); diff != "" {
		t.Fatalf("kept as JSON it is another (-want +got):\n%s", diff)
	}
	return &back
}

func TestMaster(t *testing.T) {
	t.Parallel()
	got, err := hls.ParseMaster(made(t).Master())
	if err != nil {
		t.Fatal(err)
	}
	want := hls.Master{
		Audio: []hls.Rendition{
			{Name: "English", Language: "en", URI: "a0/index.m3u8", Channels: 2},
			{Name: "Described", URI: "a1/index.m3u8", Default: true, Channels: 1, Characteristics: "public.accessibility.describes-video"},
		},
		Subtitles: []hls.Rendition{{Name: "Old", URI: "captions/0/index.m3u8"}},
		Variants: []hls.Variant{
			{URI: "v360/index.m3u8", Peak: 530_000, Average: 428_000, Codecs: []string{"avc1.64001e", "mp4a.40.2"}, Width: 640, Height: 360, FrameRate: 25},
			{URI: "v720/index.m3u8", Peak: 4_130_000, Average: 3_128_000, Codecs: []string{"avc1.64001f", "mp4a.40.2"}, Width: 1280, Height: 720, FrameRate: 25},
			{URI: "a1/index.m3u8", Peak: 130_000, Average: 128_000, Codecs: []string{"mp4a.40.2"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("master (-want +got):\n%s", diff)
	}
	silent := &Result{Video: made(t).Video[:1]}
	if text := string(silent.Master()); strings.Contains(text, "AUDIO") || strings.Contains(text, "mp4a") || strings.Count(text, "STREAM-INF") != 1 {
		t.Errorf("a silent film:\n%s", text)
	}
}

func TestWithCaptions(t *testing.T) {
	t.Parallel()
	before := made(t)
	kept, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	after, contents, err := before.WithCaptions([]Caption{{Language: "de", Data: []byte(srt)}})
	if err != nil {
		t.Fatal(err)
	}
	if same, err := json.Marshal(before); err != nil || !bytes.Equal(same, kept) {
		t.Errorf("the old result was changed (%v)", err)
	}
	var names []string
	for _, f := range after.Files {
		names = append(names, f.Name)
	}
	want := []string{
		"captions/0-de.vtt", "captions/0-de/00000.vtt", "captions/0-de/00001.vtt", "captions/0-de/index.m3u8", masterName, "poster.jpg",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	last := contents[len(contents)-1]
	if last.Name != masterName || !bytes.Equal(last.Data, after.Master()) || !strings.Contains(string(last.Data), `URI="captions/0-de/index.m3u8"`) {
		t.Errorf("the last file is %s:\n%s", last.Name, last.Data)
	}
	none, contents, err := before.WithCaptions(nil)
	if err != nil || len(none.Captions) != 0 || len(contents) != 1 || len(none.Files) != 2 {
		t.Errorf("without captions: %+v, %d files to write (%v)", none, len(contents), err)
	}
	_, _, err = before.WithCaptions([]Caption{{Data: []byte("prose")}})
	wantRefusal(t, "prose", err, "no cue")
	if _, _, err := (&Result{PassedThrough: true}).WithCaptions(nil); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a film that was passed through: %v", err)
	}
}

// TestRevise: other captions lie beside the result's own files, and nothing of it changes.
func TestRevise(t *testing.T) {
	t.Parallel()
	before := made(t)
	kept, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	german := []Caption{{Language: "de", Data: []byte(srt)}}
	after, err := before.Revise(german)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := json.Marshal(before); err != nil || !bytes.Equal(same, kept) {
		t.Errorf("the old result was changed (%v)", err)
	}
	for _, c := range after.Contents {
		if !strings.HasPrefix(c.Name, after.Name+"/captions/") && c.Name != after.Play {
			t.Errorf("%s is not beside the result's files", c.Name)
		}
	}
	last := after.Contents[len(after.Contents)-1]
	if last.Name != after.Play || !strings.Contains(string(last.Data), `URI="`+after.Name+`/captions/0-de/index.m3u8"`) ||
		!strings.Contains(string(last.Data), before.Video[0].Playlist) || strings.Contains(string(last.Data), "..") {
		t.Errorf("the last file is %s:\n%s", last.Name, last.Data)
	}
	if after.Captions[0].File != after.Name+"/captions/0-de.vtt" {
		t.Errorf("tracks: %+v", after.Captions)
	}
	again, err := before.Revise(german)
	if err != nil || again.Name != after.Name {
		t.Errorf("the same captions are called %s and %s (%v)", after.Name, again.Name, err)
	}
	for name, other := range map[string]Caption{
		"language": {Language: "fr", Data: []byte(srt)}, "label": {Language: "de", Label: "D", Data: []byte(srt)},
		"text": {Language: "de", Data: []byte("WEBVTT\n\n00:01.000 --> 00:02.000\nother\n")}, "flag": {Language: "de", Data: []byte(srt), Impaired: true},
	} {
		if changed, err := before.Revise([]Caption{other}); err != nil || changed.Name == after.Name {
			t.Errorf("another %s has the same name (%v)", name, err)
		}
	}
	if none, err := before.Revise(nil); err != nil || len(none.Contents) != 1 || strings.Contains(string(none.Contents[0].Data), "SUBTITLES") {
		t.Errorf("without captions: %+v (%v)", none, err)
	}
	_, err = before.Revise([]Caption{{Data: []byte("prose")}})
	wantRefusal(t, "prose", err, "no cue")
}

func TestLayBeside(t *testing.T) {
	t.Parallel()
	laid, err := LayBeside([]Caption{{Language: "de", Data: []byte(srt)}, {Language: "pt-BR", Data: []byte(srt)}})
	if err != nil || len(laid.Contents) != 2 || laid.Play != "" {
		t.Fatalf("%+v (%v)", laid, err)
	}
	for i, file := range []string{"/0-de.vtt", "/1-pt-br.vtt"} {
		if laid.Captions[i].File != laid.Name+file || laid.Contents[i].Name != laid.Name+file || !bytes.HasPrefix(laid.Contents[i].Data, []byte("WEBVTT")) {
			t.Errorf("track %+v, file %s", laid.Captions[i], laid.Contents[i].Name)
		}
	}
	_, err = LayBeside([]Caption{{Data: []byte("prose")}})
	wantRefusal(t, "prose", err, "no cue")
}

func TestBitRates(t *testing.T) {
	t.Parallel()
	six, one := 6*time.Second, time.Second
	for name, tt := range map[string]struct {
		durations     []time.Duration
		sizes         []int64
		peak, average int64
	}{
		"even":                 {[]time.Duration{six, six}, []int64{6000, 6000}, 8001, 8001},
		"one is larger":        {[]time.Duration{six, six}, []int64{6000, 12000}, 16001, 12001},
		"a short one does not": {[]time.Duration{six, one}, []int64{6000, 6000}, 13715, 13715},
		"one alone":            {[]time.Duration{one}, []int64{1000}, 8001, 8001},
		"none":                 {nil, nil, 0, 0},
	} {
		var segments []hls.Segment
		for _, d := range tt.durations {
			segments = append(segments, hls.Segment{Duration: d})
		}
		if peak, average := bitRates(segments, tt.sizes); peak != tt.peak || average != tt.average {
			t.Errorf("%s: peak %d, average %d, want %d, %d", name, peak, average, tt.peak, tt.average)
		}
	}
}

package transcode

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestUnplayable(t *testing.T) {
	t.Parallel()
	video := func(codec string) []Rendition { return []Rendition{{Codec: codec}} }
	for name, tt := range map[string]struct {
		video, audio []Rendition
		words        string
	}{
		"H.264 and AAC": {video("avc1.64001f"), video("mp4a.40.2"), ""},
		"silent":        {video("avc1.64001f"), nil, ""},
		"only sound":    {nil, video("mp4a.40.2"), ""},
		"AV1 and Opus":  {video("av01"), video("Opus"), ""},
		"HEVC":          {video("hvc1"), video("mp4a.40.2"), `"hvc1"`},
		"ProRes":        {video("apcn"), nil, `"apcn"`},
		"AC-3":          {video("avc1.64001f"), video("ac-3"), `"ac-3"`},
		"nothing":       {nil, nil, "no picture"},
	} {
		got := unplayable(tt.video, tt.audio)
		if (got == "") != (tt.words == "") || !strings.Contains(got, tt.words) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestPassThroughRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	head := "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
	for name, tt := range map[string]struct{ data, kind, words string }{
		"empty":        {"", "video/mp4", "empty"},
		"no index":     {head + "\x00\x00\x00\x08mdat", "video/mp4", "can be read"},
		"cut off":      {head + "\x00\x00\x00\xffmoov", "video/mp4", "can be read"},
		"a playlist":   {"#EXTM3U\nhttp://127.0.0.1/\n", "video/mp4", "looks like"},
		"another kind": {strings.Repeat("\xff\xfb\x90\x00", 9), "audio/mpeg", "Without ffmpeg"},
	} {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := PassThrough(t.Context(), path, tt.kind, DefaultLimits())
		wantRefusal(t, name, err, tt.words)
	}
}

// TestPassThrough passes films through that ffmpeg has made.
func TestPassThrough(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	r := converter(t)
	for name, tt := range map[string]struct {
		args []string
		fast bool
		want string // Unplayable
	}{
		"for the web":      {[]string{"-c:v", "libx264", "-c:a", "aac", "-movflags", "+faststart"}, true, ""},
		"index at the end": {[]string{"-c:v", "libx264", "-c:a", "aac"}, false, ""},
		"an old codec":     {[]string{"-c:v", "mpeg4", "-c:a", "aac", "-movflags", "+faststart"}, true, "mp4v"},
		"fragmented":       {[]string{"-c:v", "libx264", "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"}, true, ""},
		"a sound":          {[]string{"-vn", "-c:a", "aac", "-movflags", "+faststart"}, true, ""},
	} {
		path := generate(t, r, "in.mp4", append([]string{
			"-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=1", "-f", "lavfi", "-i", "sine=d=1",
		}, tt.args...)...)
		got, err := PassThrough(t.Context(), path, "video/mp4", DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.FastStart != tt.fast || !strings.Contains(got.Unplayable, tt.want) || (got.Unplayable == "") != (tt.want == "") || !got.PassedThrough {
			t.Errorf("%s: fast start %v, unplayable %q", name, got.FastStart, got.Unplayable)
		}
		if name != "fragmented" && (got.Duration-time.Second).Abs() > 100*time.Millisecond {
			t.Errorf("%s: it lasts %v", name, got.Duration)
		}
		size, sum, err := digest(t.Context(), path)
		shown := "video/mp4"
		if name == "a sound" {
			shown = "audio/mp4"
		}
		want := []File{{Name: "original.mp4", ContentType: shown, Bytes: size, SHA256: sum, Path: path}}
		if diff := cmp.Diff(want, got.Files); diff != "" || err != nil || got.Play != "original.mp4" {
			t.Errorf("%s: files (%v, -want +got):\n%s", name, err, diff)
		}
		if len(got.Notes) != 1+map[bool]int{true: 0, false: 1}[tt.fast] {
			t.Errorf("%s: notes %q", name, got.Notes)
		}
	}
}

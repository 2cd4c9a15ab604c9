package transcode

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lyceum/internal/fault"
)

// wantRefusal checks that the error is a sentence for the owner of the file, and says something with the words.
func wantRefusal(t *testing.T, what string, err error, words string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != fault.BadInput || len(f.Violations) == 0 || !strings.HasSuffix(f.Message, ".") || !strings.Contains(f.Message, words) {
		t.Errorf("%s: %v, want a refusal with %q", what, err, words)
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	good := func() *Source {
		return film(1920, 1080, Rate{25, 1}, time.Hour, withAudio(Audio{Channels: 2}))
	}
	if err := Accept(good(), "video/mp4", DefaultLimits()); err != nil {
		t.Fatalf("a film: %v", err)
	}
	for name, tt := range map[string]struct {
		change func(s *Source)
		words  string
	}{
		"another container":   {func(s *Source) { s.Container = "matroska" }, "inside it is matroska"},
		"a playlist":          {func(s *Source) { s.Container = "hls" }, "inside it is hls"},
		"no bytes":            {func(s *Source) { s.Bytes = 0 }, "empty"},
		"no tracks":           {func(s *Source) { s.Video, s.Audio = nil, nil }, "no picture and no sound"},
		"only sound":          {func(s *Source) { s.Video = nil }, "as a sound"},
		"attachments":         {func(s *Source) { s.Attachments = 1 }, "attached"},
		"too many tracks":     {func(s *Source) { s.Others = 31 }, "more than 32 tracks"},
		"endless":             {func(s *Source) { s.Claimed = 7 * time.Hour }, "longer than 6h"},
		"60,000 by 1":         {func(s *Source) { s.Video[0].Width, s.Video[0].Height = 60000, 1 }, "larger than 4K"},
		"stored 60,000 wide":  {func(s *Source) { s.Video[0].CodedWidth = 60000 }, "larger than 4K"},
		"a large square":      {func(s *Source) { s.Video[0].Width, s.Video[0].Height = 4096, 4096 }, "larger than 4K"},
		"no size":             {func(s *Source) { s.Video[0].CodedWidth = 0 }, "no size"},
		"too small":           {func(s *Source) { s.Video[0].Height = 8 }, "too small"},
		"a stripe":            {func(s *Source) { s.Video[0].Width, s.Video[0].Height = 2000, 200 }, "8 times longer"},
		"a standing stripe":   {func(s *Source) { s.Video[0].Width, s.Video[0].Height = 200, 2000 }, "8 times longer"},
		"the second picture":  {func(s *Source) { s.Video = append(s.Video, Video{Codec: "h264"}) }, "no size"},
		"a rare codec":        {func(s *Source) { s.Video[0].Codec = "iff_ilbm" }, `"iff_ilbm"`},
		"an unknown codec":    {func(s *Source) { s.Video[0].Codec = "" }, "cannot be converted"},
		"a rare sound":        {func(s *Source) { s.Audio[0].Codec = "bink" }, `"bink"`},
		"no channels":         {func(s *Source) { s.Audio[0].Channels = 0 }, "0 channels"},
		"hundreds of them":    {func(s *Source) { s.Audio[0].Channels = 255 }, "255 channels"},
		"one sample a second": {func(s *Source) { s.Audio[0].SampleRate = 1 }, "1 samples"},
	} {
		s := good()
		tt.change(s)
		wantRefusal(t, name, Accept(s, "video/mp4", DefaultLimits()), tt.words)
	}
	wantRefusal(t, "a type that is none", Accept(good(), "text/html", DefaultLimits()), "text/html")
	sound := good()
	sound.Video = nil
	if err := Accept(sound, "audio/mp4", DefaultLimits()); err != nil {
		t.Errorf("a sound: %v", err)
	}
	portrait := good()
	portrait.Video[0].Width, portrait.Video[0].Height = 2160, 3840
	if err := Accept(portrait, "video/mp4", DefaultLimits()); err != nil {
		t.Errorf("4K, standing: %v", err)
	}
}

func TestAcceptMeasured(t *testing.T) {
	t.Parallel()
	wantRefusal(t, "no time", AcceptMeasured(&Source{Container: "mov"}, DefaultLimits()), "no time")
	wantRefusal(t, "too long", AcceptMeasured(&Source{Container: "mov", Duration: 7 * time.Hour}, DefaultLimits()), "longer")
	wantRefusal(t, "cut off", AcceptMeasured(&Source{Container: "mov", Claimed: time.Minute, Duration: 20 * time.Second}, DefaultLimits()),
		"should last 1m0s, and ends after 20s")
	for name, s := range map[string]*Source{
		"a little short":     {Container: "mov", Claimed: 10 * time.Second, Duration: 8500 * time.Millisecond},
		"a guess":            {Container: "mp3", Claimed: time.Minute, Duration: 20 * time.Second},
		"nothing is claimed": {Container: "matroska", Duration: 20 * time.Second},
	} {
		if err := AcceptMeasured(s, DefaultLimits()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, data string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	head := "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
	good := write("good.mp4", head+strings.Repeat("\x00", 100))
	if err := Look(good, "video/mp4", DefaultLimits()); err != nil {
		t.Fatalf("a film: %v", err)
	}
	link := filepath.Join(dir, "link.mp4")
	if err := os.Symlink(good, link); err != nil {
		t.Fatal(err)
	}
	small := DefaultLimits()
	small.Bytes = 10
	for name, tt := range map[string]struct {
		path  string
		kind  string
		limit Limits
		words string
	}{
		"a link":             {link, "video/mp4", DefaultLimits(), "regular"},
		"a directory":        {dir, "video/mp4", DefaultLimits(), "regular"},
		"an endless device":  {"/dev/zero", "video/mp4", DefaultLimits(), "regular"},
		"too large":          {good, "video/mp4", small, "more than 10 bytes"},
		"empty":              {write("empty.mp4", ""), "video/mp4", DefaultLimits(), "empty"},
		"another type":       {good, "audio/mpeg", DefaultLimits(), "looks like"},
		"a type that is no":  {good, "application/zip", DefaultLimits(), "not accepted"},
		"a playlist":         {write("list.mp4", "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.ts\n"), "video/mp4", DefaultLimits(), "looks like"},
		"a page in the head": {write("page.mp4", head+"<html><script>alert(1)</script>"), "video/mp4", DefaultLimits(), "active content"},
		"an archive at end":  {write("zip.mp4", head+"PK\x05\x06"+strings.Repeat("\x00", 18)), "video/mp4", DefaultLimits(), "second file"},
	} {
		wantRefusal(t, name, Look(tt.path, tt.kind, tt.limit), tt.words)
	}
	if err := Look(filepath.Join(dir, "none.mp4"), "video/mp4", DefaultLimits()); err == nil || fault.CodeOf(err) == fault.BadInput {
		t.Errorf("a file that is not there: %v, want an error that says nothing about the file", err)
	}
}

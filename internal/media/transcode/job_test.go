package transcode

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/fault"
	"lyceum/internal/media/transcode/hls"
)

// converter is a runner with the ffmpeg of this machine, in a hurry.
func converter(t *testing.T) *Runner {
	t.Helper()
	tools, err := Find(t.Context(), "", "")
	if errors.Is(err, ErrNoTools) {
		t.Skipf("films are not converted here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := tools.Usable(); err != nil {
		t.Skipf("films are not converted here: %v", err)
	}
	return &Runner{Tools: tools, Limits: DefaultLimits(), Threads: 2, Account: account(t), Preset: "ultrafast"}
}

// generate makes a source with ffmpeg.
func generate(t *testing.T, r *Runner, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(openDir(t), name)
	all := slices.Concat([]string{"-v", "error", "-nostdin", "-y"}, args, []string{"file:" + path})
	cmd := exec.CommandContext(t.Context(), r.Tools.FFmpeg, all...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v: %s", name, err, out)
	}
	return path
}

const quick = "-c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p -c:a aac"

func words(parts ...string) []string { return strings.Fields(strings.Join(parts, " ")) }

// textFile makes a file beside the sources.
func textFile(t *testing.T, name, data string) string {
	t.Helper()
	path := filepath.Join(openDir(t), name)
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// summary is a result in a few lines.
func summary(r *Result) []string {
	var all []string
	for _, v := range r.Video {
		all = append(all, fmt.Sprintf("%s %dx%d %.4g/s", v.Name, v.Width, v.Height, v.FrameRate))
	}
	for _, a := range r.Audio {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %d channels %s %s", a.Name, a.Channels, a.Label, a.Language)))
	}
	for _, c := range r.Captions {
		all = append(all, fmt.Sprintf("%s %s %d cues", c.File, c.Label, c.Cues))
	}
	return all
}

const twoCues = "1\n00:00:00,500 --> 00:00:01,000\nOne\n\n2\n00:00:01,500 --> 00:00:02,500\nTwo <b>bold</b>\n"

// TestJob converts one source of each kind. That rungs are aligned, that durations agree and that every file has
// an address and every address a file is checked by the job's own last step; the tests of verify show that it
// can fail.
func TestJob(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	r := converter(t)
	srt := textFile(t, "in.srt", twoCues)
	for name, tt := range map[string]struct { //nolint:paralleltest // One ffmpeg at a time.
		file, kind string
		args       []string
		captions   []Caption
		length     time.Duration
		want       []string
		board      bool
	}{
		"portrait and silent, with captions of its own": {
			file: "in.mp4", kind: "video/mp4", args: words("-f lavfi -i testsrc=s=90x160:r=25:d=3", quick),
			captions: []Caption{{Language: "en", Data: []byte(twoCues)}}, length: 3 * time.Second,
			want: []string{"v90 90x160 25/s", "captions/0-en.vtt English 2 cues"}, board: true,
		},
		"5.1, two languages, two tracks of captions": {
			file: "in.mp4", kind: "video/mp4",
			args: words("-f lavfi -i testsrc=s=128x72:r=25:d=3 -f lavfi -i anoisesrc=d=3:a=0.1,aformat=channel_layouts=5.1 -f lavfi -i sine=d=3:r=22050",
				"-i", srt, "-i", srt, "-map 0 -map 1 -map 2 -map 3 -map 4", quick, "-c:s mov_text",
				"-metadata:s:a:0 language=eng -metadata:s:a:1 language=ger -metadata:s:s:0 language=eng -metadata:s:s:1 language=fra"),
			captions: []Caption{{Language: "fr", Label: "Corrigé", Data: []byte(twoCues)}}, length: 3 * time.Second,
			want: []string{
				"v72 128x72 25/s", "a0 2 channels English en", "a1 1 channels Deutsch de", "captions/0-fr.vtt Corrigé 2 cues",
				"captions/1-en.vtt English 2 cues",
			}, board: true,
		},
		"50 pictures a second, two rungs": {
			file: "in.mov", kind: "video/quicktime", args: words("-f lavfi -i testsrc=s=854x480:r=50:d=7 -f lavfi -i sine=d=7", quick),
			length: 7 * time.Second, want: []string{"v360 640x360 25/s", "v480 854x480 50/s", "a0 1 channels Audio 1"}, board: true,
		},
		"uneven, in Matroska": {
			file: "in.mkv", kind: "video/x-matroska",
			args:   words("-f lavfi -i testsrc=s=128x72:r=30:d=4,select='if(lt(t\\,2)\\,1\\,not(mod(n\\,7)))' -vsync vfr", quick),
			length: 4 * time.Second, want: []string{"v72 128x72 30/s"}, board: true,
		},
		"odd sizes, recorded by a browser": {
			file: "in.webm", kind: "video/webm",
			args: words("-f lavfi -i testsrc=s=161x121:r=15:d=2 -f lavfi -i sine=d=2 -c:v libvpx -deadline realtime -cpu-used 8 -c:a libopus -f webm -live 1"),
			// Neither a duration nor an index.
			length: 2 * time.Second, want: []string{"v120 160x120 15/s", "a0 1 channels Audio 1"}, board: true,
		},
		"only sound": {
			file: "in.mp3", kind: "audio/mpeg", args: words("-f lavfi -i sine=d=8 -ac 2 -c:a libmp3lame"), length: 8 * time.Second,
			want: []string{"a0 2 channels Audio 1"},
		},
		"one picture": {
			file: "in.mp4", kind: "video/mp4", args: words("-f lavfi -i testsrc=s=64x64:r=25:d=0.04", quick), length: 40 * time.Millisecond,
			want: []string{"v64 64x64 25/s"}, board: true,
		},
		"a sound that is longer and begins later": {
			file: "in.mp4", kind: "video/mp4",
			args:   words("-f lavfi -i testsrc=s=64x64:r=25:d=1 -itsoffset 0.5 -f lavfi -i sine=d=2", quick),
			length: 2500 * time.Millisecond, want: []string{"v64 64x64 25/s", "a0 1 channels Audio 1"}, board: true,
		},
		"20 minutes": {
			file: "in.mp4", kind: "video/mp4", args: words("-f lavfi -i testsrc=s=64x36:r=1:d=1200", quick),
			length: 20 * time.Minute, want: []string{"v36 64x36 1/s"}, board: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			source := generate(t, r, tt.file, tt.args...)
			got := convert(t, &Job{Runner: r, Source: source, ContentType: tt.kind, Captions: tt.captions})
			if diff := cmp.Diff(tt.want, summary(got)); diff != "" {
				t.Errorf("renditions (-want +got):\n%s", diff)
			}
			if (got.Duration - tt.length).Abs() > 150*time.Millisecond {
				t.Errorf("it lasts %v, want %v", got.Duration, tt.length)
			}
			if (got.Storyboard != "") != tt.board || (got.Poster != "") != tt.board {
				t.Errorf("poster %q, storyboard %q", got.Poster, got.Storyboard)
			}
			play(t, r, got)
		})
	}
}

// TestRotatedFilm converts a film that is stored lying and shown standing.
func TestRotatedFilm(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	r := converter(t)
	lying := generate(t, r, "in.mp4", words("-f lavfi -i testsrc=s=160x90:r=25:d=1", quick)...)
	turned := generate(t, r, "turned.mp4", "-i", lying, "-c", "copy", "-metadata:s:v:0", "rotate=90")
	s, err := r.Admit(t.Context(), turned, "video/mp4")
	if err != nil || s.Video[0].Rotation == 0 || s.Video[0].Width != 90 || s.Video[0].CodedWidth != 160 {
		t.Fatalf("probe: %+v (%v)", s, err)
	}
	got := convert(t, &Job{Runner: r, Source: turned, ContentType: "video/mp4"})
	if diff := cmp.Diff([]string{"v90 90x160 25/s"}, summary(got)); diff != "" {
		t.Errorf("renditions (-want +got):\n%s", diff)
	}
	play(t, r, got)
}

// TestCaptionsThatArePictures takes a film whose captions say that they are those of a Blu-ray.
func TestCaptionsThatArePictures(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	r := converter(t)
	path := generate(t, r, "in.mkv", words("-f lavfi -i testsrc=s=64x36:r=10:d=3 -i", textFile(t, "in.srt", twoCues), quick, "-c:s subrip")...)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.Replace(data, []byte("S_TEXT/UTF8"), []byte("S_HDMV/PGS\x00"), 1)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	got := convert(t, &Job{Runner: r, Source: path, ContentType: "video/x-matroska"})
	if len(got.Captions) != 0 || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "pictures, not text") {
		t.Errorf("captions %+v, notes %q", got.Captions, got.Notes)
	}
}

// TestRealFilm converts the film of a real course.
func TestRealFilm(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	r := converter(t)
	data := os.Getenv("LYCEUM_TEST_DATA")
	if data == "" {
		data = "../../../../shared/data"
	}
	archive := filepath.Join(data, "olx", "open-edx-demo-course.tar.gz")
	if _, err := os.Stat(archive); err != nil {
		t.Skipf("no real course to take a film from: %v", err)
	}
	dir := openDir(t)
	cmd := exec.CommandContext(t.Context(), "tar", "-xzf", archive, "-C", dir, "course/static/Jellyfish_720_10s_2MB.mp4")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("unpack: %v: %s", err, out)
	}
	film := filepath.Join(dir, "course", "static", "Jellyfish_720_10s_2MB.mp4")
	s, err := r.Admit(t.Context(), film, "video/mp4")
	if err != nil {
		t.Fatal(err)
	}
	if v := s.Video[0]; v.Width != 1280 || v.Height != 720 || v.Rate != (Rate{30, 1}) || v.Variable || (s.Duration-10*time.Second).Abs() > 50*time.Millisecond {
		t.Errorf("source %+v, %v", v, s.Duration)
	}
	// Two seconds of it show what ten would.
	short := generate(t, r, "short.mp4", "-i", film, "-t", "2", "-c", "copy")
	got := convert(t, &Job{Runner: r, Source: short, ContentType: "video/mp4"})
	want := []string{"v360 640x360 30/s", "v432 768x432 30/s", "v540 960x540 30/s", "v720 1280x720 30/s"}
	if diff := cmp.Diff(want, summary(got)); diff != "" {
		t.Errorf("renditions (-want +got):\n%s", diff)
	}
	for i, v := range got.Video {
		// Apple's bound, "no more than 200 % of the average", which counts most in a film of two seconds.
		if limit := sizes[i].bits; v.Peak > 2*limit || v.Average < limit/10 {
			t.Errorf("%s: %d bits a second, at most %d; the rung has %d", v.Name, v.Average, v.Peak, limit)
		}
	}
	play(t, r, got)
}

// convert runs a job to its end in a directory of its own and checks what does not depend on the source.
func convert(t *testing.T, j *Job) *Result {
	t.Helper()
	j.Dir = filepath.Join(openDir(t), "job")
	var seen []Progress
	j.Progress = func(p Progress) { seen = append(seen, p) }
	got, err := j.Run(t.Context())
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	if first, last := seen[0], seen[len(seen)-1]; first.Percent != 0 || last.Percent != 100 {
		t.Errorf("progress goes from %+v to %+v", first, last)
	}
	if !slices.IsSortedFunc(seen, func(a, b Progress) int { return a.Percent - b.Percent }) {
		t.Errorf("progress falls: %v", seen)
	}
	wantTidy(t, j.Dir, got)
	return got
}

// wantTidy checks that the job's directory holds the files of the result, with their digests, and nothing else but
// what the job remembers.
func wantTidy(t *testing.T, dir string, got *Result) {
	t.Helper()
	paths := map[string]bool{filepath.Join(dir, "lock"): true}
	for _, f := range got.Files {
		size, sum, err := digest(t.Context(), f.Path)
		if err != nil || size != f.Bytes || sum != f.SHA256 || f.ContentType == "" || size == 0 {
			t.Errorf("file %+v: %d bytes (%v)", f, size, err)
		}
		if strings.Trim(f.Name, "abcdefghijklmnopqrstuvwxyz0123456789.-/") != "" {
			t.Errorf("a name that no store takes: %q", f.Name)
		}
		paths[f.Path] = true
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !paths[path] && filepath.Base(path) != manifestName {
			t.Errorf("a stray file: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// play puts the files where a browser would find them, and lets ffmpeg decode every variant from the master
// playlist: it must not complain.
func play(t *testing.T, r *Runner, got *Result) {
	t.Helper()
	root := t.TempDir()
	for _, f := range got.Files {
		path := filepath.Join(root, filepath.FromSlash(f.Name))
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Link(f.Path, path))
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "master.m3u8"))
	if err != nil {
		t.Fatal(err)
	}
	master, err := hls.ParseMaster(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, uri := range master.References() {
		if strings.HasPrefix(uri, "captions/") {
			continue
		}
		out, err := exec.CommandContext(t.Context(), r.Tools.FFmpeg, "-v", "warning", "-nostdin", "-xerror",
			"-i", filepath.Join(root, uri), "-f", "null", "-").CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("play %s: %v: %s", uri, err, out)
		}
	}
}

// TestReclaim leaves in a directory what only somebody who means harm would.
func TestReclaim(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(path string) error{
		"a link":      func(path string) error { return os.Symlink(filepath.Join(filepath.Dir(path), "a"), path) },
		"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"a name":      func(path string) error { return os.Link(filepath.Join(filepath.Dir(path), "a"), path) },
	} {
		dir := t.TempDir()
		err := errors.Join(os.WriteFile(filepath.Join(dir, "a"), nil, 0o600), leave(filepath.Join(dir, "b")))
		if err != nil {
			t.Fatal(err)
		}
		if names, err := (&workspace{}).reclaim(dir); err == nil {
			t.Errorf("%s: %q are taken back", name, names)
		}
	}
}

func TestSecondJobIsRefusedMeanwhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, err := openWorkspace(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openWorkspace(dir, nil); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second one: %v", err)
	}
	if err := w.close(); err != nil {
		t.Error(err)
	}
	again, err := openWorkspace(dir, nil)
	if err != nil {
		t.Fatalf("after the first: %v", err)
	}
	if err := again.close(); err != nil {
		t.Error(err)
	}
}

package transcode

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lyceum/internal/fault"
)

// TestVerify damages what a finished job has made, in ways that keep every manifest true, and wants the last step to
// notice: a check that cannot fail checks nothing.
func TestVerify(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	r := converter(t)
	source := generate(t, r, "in.mp4", words("-f lavfi -i testsrc=s=854x480:r=10:d=7 -f lavfi -i sine=d=7", quick)...)
	dir := filepath.Join(openDir(t), "job")
	job := &Job{Runner: r, Dir: dir, Source: source, ContentType: "video/mp4", Captions: []Caption{{Language: "en", Data: []byte(twoCues)}}}
	if _, err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	edit := func(step, name string, change func(data []byte) []byte) func(t *testing.T) {
		return func(t *testing.T) {
			t.Helper()
			path := filepath.Join(dir, "steps", step, "files", name)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			changed := change(bytes.Clone(data))
			if bytes.Equal(changed, data) {
				t.Fatalf("nothing changes in %s", name)
			}
			if err := os.WriteFile(path, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			makeTrue(t, dir, step)
		}
	}
	replace := func(from, to string) func([]byte) []byte {
		return func(data []byte) []byte { return bytes.Replace(data, []byte(from), []byte(to), 1) }
	}
	// later moves the decode time of a segment, which stands in its "tfdt" box.
	later := func(data []byte) []byte {
		at := bytes.Index(data, []byte("tfdt")) + 8
		binary.BigEndian.PutUint64(data[at:], binary.BigEndian.Uint64(data[at:])+512)
		return data
	}
	// unsynced makes the first picture of a segment one that needs others, by the flags in its "trun" box.
	unsynced := func(data []byte) []byte {
		at := bytes.Index(data, []byte("trun")) + 16
		binary.BigEndian.PutUint32(data[at:], 0x1010000)
		return data
	}
	// fewer takes the second picture that decodes alone for one that does not.
	fewer := func(data []byte) []byte {
		at := bytes.Index(data, []byte("trun")) + 24
		i := at + bytes.Index(data[at:], []byte("\x02\x00\x00\x00"))
		binary.BigEndian.PutUint32(data[i:], 0x1010000)
		return data
	}
	for name, tt := range map[string]struct { //nolint:paralleltest // One after the other damages the same job.
		damage func(t *testing.T)
		words  string
	}{
		"a byte of a segment": {func(t *testing.T) {
			t.Helper()
			path := filepath.Join(dir, "steps", "rung-v360", "files", "v360", "00000.m4s")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)-1] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "have changed"},
		"a stray file": {func(t *testing.T) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, "steps", "poster", "files", "stray.jpg"), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			makeTrue(t, dir, "poster")
		}, "stray.jpg"},
		"a segment that is not listed": {
			edit("captions", "captions/0-en/index.m3u8", func(data []byte) []byte {
				head, _, _ := bytes.Cut(data, []byte("#EXTINF"))
				return append(head, "#EXT-X-ENDLIST\n"...)
			}), "playlist",
		},
		"a playlist that lies":    {edit("rung-v360", "v360/index.m3u8", replace("6.000000", "5.900000")), "does not say"},
		"a playlist with a URL":   {edit("rung-v360", "v360/index.m3u8", replace("#EXT-X-ENDLIST", "#EXT-X-KEY:URI=\"http://x/\"\n#EXT-X-ENDLIST")), "playlist"},
		"a sheet that is missing": {edit("storyboard", "storyboard/index.vtt", replace("000.jpg", "001.jpg")), "001.jpg"},
		"another codec": {edit("rung-v360", "v360/init.mp4", func(data []byte) []byte {
			data[bytes.Index(data, []byte("avcC"))+7] ^= 1 // the level
			return data
		}), "is avc1."},
		"a segment too late":      {edit("rung-v360", "v360/00001.m4s", later), "begins at"},
		"a segment in the middle": {edit("rung-v360", "v360/00001.m4s", unsynced), "middle of a group"},
		"groups that differ":      {edit("rung-v480", "v480/00000.m4s", fewer), "groups begin"},
		"a master without a rung": {edit("package", "master.m3u8", func(data []byte) []byte {
			head, _, _ := bytes.Cut(data, []byte("#EXT-X-STREAM-INF"))
			_, rest, _ := bytes.Cut(data, []byte("v360/index.m3u8\n"))
			return slices.Concat(head, rest)
		}), "v360"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.RemoveAll(filepath.Join(dir, "steps", "verify")); err != nil {
				t.Fatal(err)
			}
			saved := t.TempDir()
			if err := os.CopyFS(saved, os.DirFS(filepath.Join(dir, "steps"))); err != nil {
				t.Fatal(err)
			}
			tt.damage(t)
			err := verifyOnly(t, job)
			if err == nil || !strings.Contains(err.Error(), tt.words) || fault.CodeOf(err) == fault.BadInput {
				t.Errorf("verify: %v, want an error of ours with %q", err, tt.words)
			}
			if err := os.RemoveAll(filepath.Join(dir, "steps")); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(filepath.Join(dir, "steps"), os.DirFS(saved)); err != nil {
				t.Fatal(err)
			}
		})
	}
	if err := verifyOnly(t, job); err != nil {
		t.Errorf("undamaged: %v", err)
	}
}

// makeTrue writes a step's manifest as its files are.
func makeTrue(t *testing.T, dir, step string) {
	t.Helper()
	m := load(t, dir, step)
	files, err := list(t.Context(), filepath.Join(dir, "steps", step, "files"))
	if err != nil {
		t.Fatal(err)
	}
	m.Files = files
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "steps", step, manifestName), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, dir, step string) manifest {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "steps", step, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for i := range m.Files {
		m.Files[i].Path = filepath.Join(dir, "steps", step, "files", m.Files[i].Name)
	}
	return m
}

// verifyOnly does the last step with the others as they are.
func verifyOnly(t *testing.T, job *Job) error {
	t.Helper()
	w, err := openWorkspace(job.Dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}()
	unconfined := *job
	runner := *job.Runner
	runner.Account = nil // the copies belong to us
	unconfined.Runner, unconfined.Progress = &runner, nil
	r := &run{Job: &unconfined, workspace: w, done: map[string]manifest{}, total: 1}
	var found probeResult
	if err := json.Unmarshal(load(t, job.Dir, "probe").Data, &found); err != nil {
		t.Fatal(err)
	}
	r.source, r.ladder = found.Source, Plan(found.Source, runner.Limits)
	for _, step := range []string{"rung-v360", "rung-v480", "audio-a0", "captions", "poster", "storyboard", "package"} {
		r.done[step] = load(t, job.Dir, step)
	}
	_, err = r.verify(t.Context(), nil)
	return err
}

package transcode

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/fault"
)

// helperVariable tells the test binary to be a worker: its value is a job.
const helperVariable = "TRANSCODE_TEST_JOB"

// helperJob is what a worker does until it is killed.
type helperJob struct {
	Runner      Runner
	Dir, Source string
	Step        string
	Middle      bool // whether the step must be under way, not only begun
	// Slow is an ffmpeg that takes its time, for that step.
	Slow string
	// Tool, if it is set, is run in the place of a job.
	Tool string
}

// TestHelperWorker is no test: it is the worker that TestParentIsKilled kills. It says "here" when it has come to the
// step, and goes no further.
func TestHelperWorker(t *testing.T) { //nolint:paralleltest // A process of its own.
	text := os.Getenv(helperVariable)
	if text == "" {
		t.Skip("this is the worker of TestParentIsKilled")
	}
	var h helperJob
	if err := json.Unmarshal([]byte(text), &h); err != nil { //nolint:musttag // Both ends are this test.
		t.Fatal(err)
	}
	if h.Tool != "" {
		fmt.Fprintln(os.Stdout, "here")
		fmt.Fprintln(os.Stdout, "ended", h.Runner.run(t.Context(), process{tool: h.Tool, wall: time.Hour, out: os.Stdout}))
		return
	}
	job := killedJob(&h.Runner, h.Dir, h.Source)
	job.Progress = once(h.Step, func() {
		if h.Middle {
			h.Runner.Tools.FFmpeg = h.Slow
			go func() {
				await(t, "ffmpeg is at work", func() bool { return len(children(t, os.Getpid())) > 0 })
				fmt.Fprintln(os.Stdout, "here")
			}()
			return
		}
		fmt.Fprintln(os.Stdout, "here")
		_, _ = io.Copy(io.Discard, os.Stdin) // which never ends
	})
	_, err := job.Run(t.Context())
	fmt.Fprintln(os.Stdout, "ended", err)
}

// once calls do when the step begins.
func once(step string, do func()) func(Progress) {
	begun := false
	return func(p Progress) {
		if p.Step == step && !begun {
			begun = true
			do()
		}
	}
}

// killedJob is the job that is killed at each of its steps.
func killedJob(r *Runner, dir, source string) *Job {
	return &Job{Runner: r, Dir: dir, Source: source, ContentType: "video/mp4", Captions: []Caption{{Language: "en", Data: []byte(twoCues)}}}
}

// slowly is ffmpeg in the time of a player, so that it can be met at work.
func slowly(t *testing.T, r *Runner) *Runner {
	t.Helper()
	slow := *r
	slow.Tools.FFmpeg = tool(t, `exec `+r.Tools.FFmpeg+` -re "$@"`)
	return &slow
}

// children are the ffmpeg processes that a process has started and that live.
func children(t *testing.T, parent int) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		name, after, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(after)
		if !strings.HasSuffix(name, "(ffmpeg") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(parent) && fields[0] != "Z" {
			found = append(found, pid)
		}
	}
	return found
}

// killSource has two rungs, a sound, and a track of captions inside.
func killSource(t *testing.T, r *Runner) string {
	t.Helper()
	return generate(t, r, "in.mp4", words("-f lavfi -i testsrc=s=854x480:r=10:d=3 -f lavfi -i sine=d=3",
		"-i", textFile(t, "in.srt", twoCues), "-map 0 -map 1 -map 2", quick, "-c:s mov_text -metadata:s:s:0 language=fra")...)
}

// withoutPaths is a result that can be compared with one of another directory.
func withoutPaths(r *Result) *Result {
	bare := *r
	bare.Files = slices.Clone(r.Files)
	for i := range bare.Files {
		bare.Files[i].Path = ""
	}
	return &bare
}

// killSteps are the steps of killSource, and whether ffmpeg works in them.
var killSteps = []struct {
	name   string
	ffmpeg bool
}{
	{"probe", false},
	{"rung-v360", true},
	{"rung-v480", true},
	{"audio-a0", true},
	{"captions", true},
	{"poster", true},
	{"storyboard", true},
	{"package", false},
	{"verify", false},
}

// TestParentIsKilled kills a worker with SIGKILL at each step, and lets another go on: in the end there are the
// files that an undisturbed worker makes, and nothing else; and no ffmpeg outlives its worker.
func TestParentIsKilled(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	if runtime.GOOS != "linux" {
		t.Skip("only Linux kills a child with its parent")
	}
	r := converter(t)
	source := killSource(t, r)
	want := convert(t, killedJob(r, "", source))
	dir := filepath.Join(openDir(t), "job")
	slow := slowly(t, r)
	for _, step := range killSteps {
		killWorker(t, helperJob{Runner: *r, Slow: slow.Tools.FFmpeg, Dir: dir, Source: source, Step: step.name, Middle: step.ffmpeg})
		if _, err := os.Stat(filepath.Join(dir, "steps", step.name)); err == nil {
			t.Errorf("step %s was killed and yet is finished", step.name)
		}
	}
	got, err := killedJob(r, dir, source).Run(t.Context())
	if err != nil {
		t.Fatalf("after all: %v", err)
	}
	if diff := cmp.Diff(withoutPaths(want), withoutPaths(got)); diff != "" {
		t.Errorf("undisturbed and killed differ (-want +got):\n%s", diff)
	}
	wantTidy(t, dir, got)
}

// TestChildDiesWithItsParent kills a worker whose child would go on for ever: it says nothing that nobody hears.
func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux kills a child with its parent")
	}
	worker, said := startWorker(t, helperJob{
		Runner: Runner{Limits: DefaultLimits(), Account: account(t)}, Tool: tool(t, "echo $$; exec sleep 1000"),
	})
	line, err := said.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || gone(pid) {
		t.Fatalf("the child said %q (%v)", line, err)
	}
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait() // it was killed
	await(t, "the child has died with its parent", func() bool { return gone(pid) })
	if !gone(pid) {
		_ = killGroup(pid)
	}
}

// startWorker starts a worker, which says "here" and then what it wants to say.
func startWorker(t *testing.T, h helperJob) (worker *exec.Cmd, said *bufio.Reader) {
	t.Helper()
	text, err := json.Marshal(h) //nolint:musttag // Both ends are this test.
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelperWorker$")
	cmd.Env = append(os.Environ(), helperVariable+"="+string(text))
	// It reads from this pipe, on which nothing comes, to wait.
	_, errIn := cmd.StdinPipe()
	stdout, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	said = bufio.NewReader(stdout)
	if line, err := said.ReadString('\n'); err != nil || line != "here\n" {
		t.Fatalf("step %s: the worker said %q (%v)", h.Step, line, err)
	}
	return cmd, said
}

// killWorker starts a worker, kills it when it has come to its step, and waits until its children are gone.
func killWorker(t *testing.T, h helperJob) {
	t.Helper()
	worker, _ := startWorker(t, h)
	orphans := children(t, worker.Process.Pid)
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait() // it was killed
	if h.Middle && len(orphans) == 0 {
		t.Errorf("step %s: no ffmpeg was at work, so that nothing is shown", h.Step)
	}
	for _, pid := range orphans {
		await(t, "ffmpeg has died with its worker", func() bool { return gone(pid) })
	}
}

// TestChildIsKilled kills ffmpeg at each step in which it works: the job fails without blaming the source, leaves
// nothing behind, and goes on when it is tried again. Then it is cancelled, which ffmpeg does not survive either.
func TestChildIsKilled(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	if runtime.GOOS != "linux" {
		t.Skip("processes are looked for in /proc, which only Linux has")
	}
	r := converter(t)
	source := killSource(t, r)
	dir := filepath.Join(openDir(t), "job")
	job := killedJob(slowly(t, r), dir, source)
	meet := func(step string, do func(pids []int)) error {
		met := make(chan struct{})
		job.Progress = once(step, func() {
			go func() {
				defer close(met)
				await(t, "ffmpeg is at work", func() bool { return len(children(t, os.Getpid())) > 0 })
				do(children(t, os.Getpid()))
			}()
		})
		_, err := job.Run(t.Context())
		<-met
		return err
	}
	for _, step := range killSteps {
		if !step.ffmpeg {
			continue
		}
		err := meet(step.name, func(pids []int) {
			if len(pids) != 1 {
				t.Errorf("step %s: %d processes at work, want 1", step.name, len(pids))
			}
			for _, pid := range pids {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Error(err)
				}
			}
		})
		if err == nil || fault.CodeOf(err) != fault.Internal {
			t.Errorf("step %s: %v, want an error that says nothing about the source", step.name, err)
		}
		if left, err := os.ReadDir(filepath.Join(dir, "tmp")); err != nil || len(left) > 0 {
			t.Errorf("step %s: %v is left (%v)", step.name, left, err)
		}
		// The next run finishes the step in the time of a machine, not of a player.
		job.Runner = r
		stop := errors.New("enough")
		if err := runTo(t, job, step.name, stop); !errors.Is(err, stop) {
			t.Fatalf("step %s again: %v", step.name, err)
		}
		job.Runner = slowly(t, r)
	}
	job.Runner, job.Progress = r, nil
	got, err := job.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantTidy(t, dir, got)
}

// runTo runs the job until the step after the named one begins.
func runTo(t *testing.T, job *Job, step string, cause error) error {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	seen := false
	job.Progress = func(p Progress) {
		if seen && p.Step != step {
			cancel(cause)
		}
		seen = seen || p.Step == step
	}
	_, err := job.Run(ctx)
	return err
}

// TestCancel ends the context of a job while ffmpeg works: it is gone when the job returns.
func TestCancel(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	if runtime.GOOS != "linux" {
		t.Skip("processes are looked for in /proc, which only Linux has")
	}
	r := converter(t)
	job := killedJob(slowly(t, r), filepath.Join(openDir(t), "job"), killSource(t, r))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var pids []int
	job.Progress = once("rung-v360", func() {
		go func() {
			defer cancel()
			await(t, "ffmpeg is at work", func() bool { return len(children(t, os.Getpid())) > 0 })
			pids = children(t, os.Getpid())
		}()
	})
	if _, err := job.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("run: %v", err)
	}
	if len(pids) != 1 || !gone(pids[0]) {
		t.Errorf("processes %v are left", pids)
	}
}

// TestFinishedJobDoesNothing runs a finished job again, also after its last step was lost, and after its files were
// damaged.
func TestFinishedJobDoesNothing(t *testing.T) { //nolint:paralleltest // One ffmpeg at a time.
	r := converter(t)
	dir := filepath.Join(openDir(t), "job")
	source := generate(t, r, "in.mp4", words("-f lavfi -i testsrc=s=64x36:r=10:d=1", quick)...)
	job := &Job{Runner: r, Dir: dir, Source: source, ContentType: "video/mp4"}
	want, err := job.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	broken := *r
	broken.Tools.FFmpeg, broken.Tools.FFprobe = "/bin/false", "/bin/false"
	job.Runner = &broken
	got, err := job.Run(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("again (%v, -want +got):\n%s", err, diff)
	}
	job.Runner = r
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	changes := map[string]func(path string) error{
		"cut":      func(path string) error { return os.Truncate(path, 10) },
		"removed":  os.Remove,
		"replaced": func(path string) error { return errors.Join(os.Remove(path), os.Symlink(other, path)) },
	}
	for name, change := range changes {
		i := slices.IndexFunc(got.Files, func(f File) bool { return f.Name == "v36/00000.m4s" })
		if err := change(got.Files[i].Path); err != nil {
			t.Fatal(err)
		}
		got, err := job.Run(t.Context())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("a file was %s (%v, -want +got):\n%s", name, err, diff)
		}
		wantTidy(t, dir, got)
	}
	job.Captions = []Caption{{Language: "en", Data: []byte(twoCues)}}
	job.Runner = &broken // captions need no ffmpeg, but the verification does
	if _, err := job.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "step verify") {
		t.Errorf("with captions: %v, want all but the verification done", err)
	}
}

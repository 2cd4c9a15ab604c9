package transcode

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"lyceum/internal/fault"
)

// tool is a shell script in the place of ffmpeg. Another process writes it: a file that this one has open for
// writing, or a child of it that is being started, cannot be run.
func tool(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(openDir(t), "tool")
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", `cat >"$1" && chmod 755 "$1"`, "sh", path)
	cmd.Stdin = strings.NewReader("#!/bin/sh\n" + body + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("write tool: %v: %s", err, out)
	}
	return path
}

// openDir is a directory for the test that every user may enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func account(t *testing.T) *Account {
	t.Helper()
	a, err := Unprivileged("nobody")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// isolated finds out whether this machine can take the network away.
func isolated(t *testing.T) bool {
	t.Helper()
	return Tools{FFmpeg: tool(t, "exit 0")}.canIsolate(t.Context())
}

func TestConfinement(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the limits are read from /proc, which only Linux has")
	}
	limits := DefaultLimits()
	limits.Memory, limits.File = 1<<30, 3<<20
	r := &Runner{Tools: Tools{Isolated: isolated(t)}, Limits: limits, Threads: 2, Nice: 10, Account: account(t)}
	out := &limited{most: 1 << 16}
	script := tool(t, `cat /proc/self/limits; echo "nice $(nice)"; echo "user $(id -u) $(id -G)"; echo "group $(ps -o pgid= -p $$) $$"
		env; pwd; echo "net $(readlink /proc/self/ns/net)"; for a; do echo "arg $a"; done`)
	evil := "$(touch /tmp/evil); -i `id`"
	if err := r.run(t.Context(), process{tool: script, args: []string{"-x", evil}, wall: 30 * time.Second, out: out}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	words := strings.Join(strings.Fields(text), " ")
	for _, want := range []string{
		"Max address space 1073741824 1073741824", "Max file size 3145728 3145728", "Max cpu time 93 93", "Max open files 256 256",
		"Max core file size 0 0", "nice 10", "arg -x", "arg " + evil, "PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "\n/\n",
	} {
		if !strings.Contains(text, want) && !strings.Contains(words, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if r.Account != nil && !strings.Contains(text, fmt.Sprintf("user %d %d\n", r.Account.UID, r.Account.GID)) {
		t.Errorf("it runs as another user, or with more groups:\n%s", text)
	}
	if r.Tools.Isolated {
		ours, err := os.Readlink("/proc/self/ns/net")
		if err != nil || strings.Contains(text, "net "+ours) || !strings.Contains(text, "net net:[") {
			t.Errorf("it has our network, %s (%v):\n%s", ours, err, text)
		}
	}
	if strings.Contains(text, "LYCEUM") || strings.Contains(text, "HOME="+os.Getenv("HOME")+"\n") {
		t.Errorf("our environment is there:\n%s", text)
	}
}

func TestLimitsHold(t *testing.T) {
	t.Parallel()
	limits := DefaultLimits()
	limits.File = 1 << 20
	r := &Runner{Limits: limits}
	dir := openDir(t)
	for name, tt := range map[string]struct {
		script string
		wall   time.Duration
		out    *limited
		want   error
		words  string // of the sentence, where the source is to blame
	}{
		"well":            {script: "exit 0"},
		"too slow":        {script: "exec sleep 60", wall: 100 * time.Millisecond, want: errSlow},
		"says too much":   {script: "exec yes", out: &limited{most: 1 << 10}, want: errOutput, words: "larger than allowed"},
		"a large file":    {script: "exec dd if=/dev/zero of=" + dir + "/large bs=65536 count=100", words: "larger than allowed"},
		"cannot read it":  {script: "echo Invalid data >&2; exit 1", words: "It is damaged."},
		"crashes":         {script: "kill -SEGV $$", words: "It is damaged."},
		"killed by other": {script: "kill -KILL $$"},
		"a full disk":     {script: "echo av_interleaved_write_frame: No space left on device >&2; exit 1"},
		"is not there":    {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := process{tool: filepath.Join(dir, "none"), wall: 30 * time.Second}
			if tt.script != "" {
				p.tool = tool(t, tt.script)
			}
			if tt.wall > 0 {
				p.wall = tt.wall
			}
			if tt.out != nil {
				p.out = tt.out
			}
			err := r.run(t.Context(), p)
			if (err == nil) != (name == "well") || tt.want != nil && !errors.Is(err, tt.want) {
				t.Fatalf("run: %v", err)
			}
			err = verdict(err, "It is damaged.")
			if tt.words != "" {
				wantRefusal(t, name, err, tt.words)
			} else if fault.CodeOf(err) == fault.BadInput {
				t.Errorf("the source is blamed: %v", err)
			}
			if name == "a large file" {
				if info, err := os.Stat(filepath.Join(dir, "large")); err != nil || info.Size() > limits.File {
					t.Errorf("the large file: %v (%v)", info, err)
				}
			}
			if (name == "a full disk" || name == "too slow") && fault.CodeOf(err) != fault.Unavailable {
				t.Errorf("no reason to try again: %v", err)
			}
		})
	}
}

// await waits until the condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Errorf("waited in vain: %s", what)
			return
		case <-tick.C:
		}
	}
}

// gone reports whether there is no process with the id, or only its remains.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(after, "Z")
}

func TestGroupDiesWithTheContext(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("processes are looked for in /proc, which only Linux has")
	}
	pids := make(chan int, 2)
	out := &lineWriter{each: func(line string) error {
		pid, err := strconv.Atoi(line)
		pids <- pid
		return err
	}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	script := tool(t, "sleep 1000 & echo $!; echo $$; wait")
	go func() {
		r := &Runner{Limits: DefaultLimits()}
		ended <- r.run(ctx, process{tool: script, wall: time.Minute, out: out})
	}()
	child, parent := <-pids, <-pids
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("run: %v", err)
	}
	await(t, "the process and its child are gone", func() bool { return gone(child) && gone(parent) })
}

func TestWriters(t *testing.T) {
	t.Parallel()
	var lines []string
	w := &lineWriter{each: func(line string) error {
		lines = append(lines, line)
		return nil
	}}
	for _, part := range []string{"a\nb", "c\n", "\nd"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("write %q: %d, %v", part, n, err)
		}
	}
	if strings.Join(lines, "|") != "a|bc|" {
		t.Errorf("lines %q", lines)
	}
	if _, err := w.Write(make([]byte, maxLine+1)); !errors.Is(err, errOutput) {
		t.Errorf("an endless line: %v", err)
	}
	kept := &tail{}
	for range 3000 {
		fmt.Fprintln(kept, "0123456789")
	}
	fmt.Fprintln(kept, "the end")
	if len(kept.kept) > maxComplaint || !strings.HasSuffix(kept.String(), "; the end") {
		t.Errorf("%d bytes kept", len(kept.kept))
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	closed := filepath.Join(dir, "closed")
	err := errors.Join(os.MkdirAll(filepath.Join(closed, "in"), 0o755), os.Chmod(closed, 0o700))
	if err != nil {
		t.Fatal(err)
	}
	stranger := &Account{UID: 54321, GID: 54321}
	if err := reachable(dir, stranger); err != nil {
		t.Errorf("an open directory: %v", err)
	}
	if err := reachable(filepath.Join(closed, "in"), nil); err != nil {
		t.Errorf("by ourselves: %v", err)
	}
	if err := reachable(filepath.Join(closed, "in"), stranger); err == nil || !strings.Contains(err.Error(), closed+":") {
		t.Errorf("a closed directory: %v", err)
	}
}

package e2e

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/e2e/stack"
)

// shared are the films that two workers share.
const shared = 6

// TestMediaWorkersElsewhere lets two processes that know Postgres and the blobs, and neither Redis nor search nor the
// server's keys, convert the films of a server that converts none itself. One is killed in the middle: each film is
// converted once all the same.
func TestMediaWorkersElsewhere(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("there is no ffmpeg on PATH: no films are converted")
	}
	server, err := stack.Start(t.Context(), running.Binary, filepath.Join(t.TempDir(), "home"), "LYCEUM_JOBS_QUEUES=default=4,search=1,mail=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	c := &campus{slug: "acme", tag: strings.ToLower(rand.Text()[:6]), instructor: server.SignIn(t, "acme", "instructor"), ids: map[string]string{}, at: server}
	m := maker{campus: c, ffmpeg: ffmpeg, dir: t.TempDir()}
	for i := range shared {
		m.bring(t, source{name: fmt.Sprint("film ", i), make: []string{
			"-f", "lavfi", "-i", fmt.Sprintf("testsrc=size=320x180:rate=25:duration=%d", 20+i), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
		}})
	}
	first, second := work(t, server), work(t, server)
	stack.Eventually(t, "both at work, and something done", 2*time.Minute, func() bool {
		return server.Count(t, `SELECT count(DISTINCT attempted_by[array_upper(attempted_by, 1)]) FROM river.river_job WHERE kind = 'media.convert'`) == 2 &&
			server.Count(t, `SELECT count(*) FROM assets WHERE conversion = 'DONE' AND created_at > now() - interval '1 hour'`) > 0
	})
	kill(t, first)
	// Two minutes of silence make a worker dead. They are over sooner here.
	server.Meddle(t, `UPDATE assets SET worked_at = now() - interval '3 minutes' WHERE conversion = 'RUNNING'`)
	stack.Eventually(t, "the other to finish", 4*time.Minute, func() bool {
		return server.Count(t, `SELECT count(*) FROM assets WHERE kind = 'VIDEO' AND conversion IN ('WAITING', 'RUNNING')`) == 0
	})
	for what, query := range map[string]string{
		"films converted":     `SELECT count(*) FROM assets WHERE file_name LIKE 'film-%' AND conversion = 'DONE'`,
		"sets":                `SELECT count(*) FROM rendition_sets s JOIN assets a ON a.id = s.asset_id WHERE file_name LIKE 'film-%' AND s.status = 'READY'`,
		"films with captions": `SELECT count(*) FROM assets WHERE file_name LIKE 'film-%' AND jsonb_array_length(playback->'captions') = 1`,
	} {
		stack.Eventually(t, what, time.Minute, func() bool { return server.Count(t, query) == shared })
	}
	if said := second.output.String(); strings.Contains(said, "ERROR") {
		t.Errorf("the worker says:\n%s", said)
	}
}

// worker is a process that works on films.
type worker struct {
	command *exec.Cmd
	output  *lines
	exited  chan struct{}
}

// work starts `lyceum work --queues=media` with the database and the blobs of a server, in a home of its own.
func work(t *testing.T, server *stack.Stack) *worker {
	t.Helper()
	home := t.TempDir()
	if err := os.Chmod(home, 0o711); err != nil { //nolint:gosec // whom ffmpeg runs as passes through it
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(server.Home, "blobs"), filepath.Join(home, "blobs")); err != nil {
		t.Fatal(err)
	}
	database, err := server.AppURL()
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{output: &lines{}, exited: make(chan struct{})}
	w.command = exec.Command(server.Binary, "work", "--queues=media=1")
	w.command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LYCEUM_HOME=" + home, "DATABASE_URL=" + database, "LYCEUM_HTTP_ADMIN_ADDR=127.0.0.1:0",
		"LYCEUM_SIGNING_KEYS=own=literal:" + rand.Text() + rand.Text(),
	}
	w.command.Stdout, w.command.Stderr = w.output, w.output
	if err := w.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = w.command.Wait() // it is killed
		close(w.exited)
	}()
	t.Cleanup(func() { kill(t, w) })
	return w
}

// kill ends the process as a power cut does, and waits until it is gone, which it may be already.
func kill(t *testing.T, w *worker) {
	t.Helper()
	_ = w.command.Process.Kill()
	select {
	case <-w.exited:
	case <-time.After(10 * time.Second):
		t.Error("a worker does not end")
	}
}

// lines is written by a process and read by the test.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns what was written so far.
func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// forceAfter is how long a process that was told to drop everything gets before it is killed.
const forceAfter = 3 * time.Second

// logLimit is the size at which a log file is set aside at the next start, in bytes.
const logLimit = 10 << 20

// process is a running service: a child, or one that was found running.
type process struct {
	pid  int
	done chan struct{} // closed when it has ended
	// release ends the watch over a process that is not a child.
	release func()
}

// spawn starts a child that dies with this process.
func spawn(cmd *exec.Cmd) (*process, error) {
	p := &process{done: make(chan struct{}), release: func() {}}
	started := make(chan error, 1)
	go func() {
		// Linux ties "when the parent dies" to the thread that started the child, so this one must stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		started <- nil
		_ = cmd.Wait() // How it ended is told by its log.
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// watch follows a process that is not our child.
func watch(pid int) *process {
	released := make(chan struct{})
	p := &process{pid: pid, done: make(chan struct{}), release: sync.OnceFunc(func() { close(released) })}
	go func() {
		tick := time.NewTicker(4 * pollEvery)
		defer tick.Stop()
		for alive(pid) {
			select {
			case <-released:
				return
			case <-tick.C:
			}
		}
		close(p.done)
	}()
	return p
}

// stop asks the process to end. When ctx ends first, force is sent, and at last it is killed with its group.
func (p *process) stop(ctx context.Context, ask, force syscall.Signal) error {
	defer p.release()
	if p.ended() {
		return nil
	}
	if err := send(p.pid, ask); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	if err := send(p.pid, force); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(forceAfter):
	}
	if err := sendGroup(p.pid, kill); err != nil {
		return err
	}
	<-p.done
	return nil
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// commandLine returns the words that a process was started with, "" when they cannot be read.
func commandLine(ctx context.Context, pid int) string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err == nil {
		return strings.ReplaceAll(string(text), "\x00", " ")
	}
	text, err = exec.CommandContext(ctx, "ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return string(text)
}

// openLog opens the log of a service for appending and returns where this start's part begins.
func openLog(home, name string) (*os.File, int64, error) {
	dir := filepath.Join(home, "logs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, 0, fmt.Errorf("make log directory: %w", err)
	}
	path := filepath.Join(dir, name+".log")
	if info, err := os.Stat(path); err == nil && info.Size() > logLimit {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, 0, fmt.Errorf("set log aside: %w", err)
		}
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open log: %w", err)
	}
	begin, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("find end of log: %w", err), file.Close())
	}
	return file, begin, nil
}

// readLog returns what a service has logged since begin, the last few kilobytes of it.
func readLog(path string, begin int64) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close() //nolint:errcheck // Only read from.
	info, err := file.Stat()
	if err != nil {
		return ""
	}
	const tail = 4 << 10
	begin = max(begin, info.Size()-tail)
	text, err := io.ReadAll(io.NewSectionReader(file, begin, tail))
	if err != nil && !errors.Is(err, fs.ErrClosed) {
		return ""
	}
	return strings.TrimSpace(string(text))
}

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// stop asks the process to end. When ctx ends first, or stopTimeout is over, force is sent, and at last it is
// killed with its group.
func (p *process) stop(ctx context.Context, ask, force syscall.Signal) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
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
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err == nil {
		return strings.ReplaceAll(string(text), "\x00", " ")
	}
	ps := exec.CommandContext(ctx, "ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)) //nolint:gosec // A number.
	text, err = ps.Output()
	if err != nil {
		return ""
	}
	return string(text)
}

// service is how to launch a server and to end it.
type service struct {
	home, name string
	cmd        *exec.Cmd
	// ready reports whether the server answers under this process id.
	ready func(ctx context.Context, pid int) bool
	// ask tells the server to end in good order, force to end at once.
	ask, force syscall.Signal
}

// failure is a launch that came to nothing, with what the server logged meanwhile.
type failure struct {
	cause     error
	log, said string
}

// Error tells the cause, and quotes the log.
func (f *failure) Error() string { return fmt.Sprintf("%v; %s says:\n%s", f.cause, f.log, f.said) }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.cause }

// saidWhy reports whether err is the failure of a server that logged the words.
func saidWhy(err error, words string) bool {
	var f *failure
	return errors.As(err, &f) && strings.Contains(f.said, words)
}

// launch starts the server as a child, logging to its file, and returns when it is ready. A server that does
// not get there is ended, and the error is a *failure.
func (s service) launch(ctx context.Context) (*process, error) {
	log, err := openLog(s.home, s.name)
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // The child has its own handle.
	begin, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("find end of log: %w", err)
	}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	p, err := spawn(s.cmd)
	if err != nil {
		return nil, err
	}
	err = p.await(ctx, s.ready)
	if err == nil {
		return p, nil
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forceAfter)
	defer cancel()
	cause := errors.Join(err, p.stop(stopCtx, s.ask, s.force))
	return nil, &failure{cause: cause, log: log.Name(), said: readLog(log.Name(), begin)}
}

// await returns when the server is ready, and fails when it ends or ctx does.
func (p *process) await(ctx context.Context, ready func(context.Context, int) bool) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !ready(ctx, p.pid) {
		select {
		case <-p.done:
			return errors.New("the server ended before it was ready")
		case <-ctx.Done():
			return fmt.Errorf("wait for the server: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
	return nil
}

// childEnv is the environment of a child: nothing of ours that could change what it does.
func childEnv() []string { return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"} }

// logPath names the log of a service.
func logPath(home, name string) string { return filepath.Join(home, "logs", name+".log") }

// openLog opens the log of a service for appending. A long one is set aside first.
func openLog(home, name string) (*os.File, error) {
	path := logPath(home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make log directory: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Size() > logLimit {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("set log aside: %w", err)
		}
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return file, nil
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
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

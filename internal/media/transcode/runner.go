package transcode

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"lyceum/internal/fault"
)

// Runner starts ffmpeg and ffprobe with everything taken away that they do not need.
//
// They see one local regular file by its absolute path behind "file:", so that no name is taken for an option, a
// protocol or a pattern; of formats and decoders those that schools use; no network where the kernel can take it
// away; no terminal; a short environment. They run with limits on memory, files, processor time and the clock,
// at low priority, in a process group that is killed with the context and, on Linux, with this program; and as
// another user when this program is root.
type Runner struct {
	Tools  Tools
	Limits Limits
	// Threads is how many threads a process uses. The same number always gives the same bytes.
	Threads int
	// Account is whom the processes run as; nil is the user of this program.
	Account *Account
	// Nice is how far the processes stand back for others, from 0 to 19.
	Nice int
	// Preset is libx264's trade of time for size: "veryfast" when empty.
	Preset string
}

// Account is an unprivileged user.
type Account struct{ UID, GID uint32 }

// Why a process was ended by us. They are causes, found with errors.Is.
var (
	errSlow   = errors.New("the time for it is over")
	errOutput = errors.New("it writes more than it may")
)

// The bounds of what a process may say.
const (
	maxComplaint = 4 << 10
	maxFiles     = 256
)

// process is one call of a tool.
type process struct {
	tool string
	args []string
	// dir is the working directory; "/" when empty.
	dir  string
	wall time.Duration
	out  io.Writer
}

// failure is a process that ended otherwise than well.
type failure struct {
	tool      string
	state     error // what the system says about its end
	complaint string
}

// Error quotes what the process complained about. It may name local paths, and is for the log.
func (f *failure) Error() string {
	return fmt.Sprintf("%s: %v: %s", filepath.Base(f.tool), f.state, f.complaint)
}

// Unwrap returns what the system says.
func (f *failure) Unwrap() error { return f.state }

// script sets the limits and becomes the program: the process id stays, so that signals reach it. A limit that
// cannot be set must already be there. The words of the program are arguments, never text of the script.
const script = `limit() { ulimit "$1" "$2" 2>/dev/null || [ "$(ulimit "$1")" != unlimited ] || exit 126; }
ulimit -c 0
[ "$1" = 0 ] || limit -v "$1"
limit -t "$2"
limit -f "$3"
limit -n "$4"
niceness=$5
shift 5
exec nice -n "$niceness" "$@"`

// run starts the process and waits for its end. The error is the context's, errSlow, what the writer of the
// output failed with, or a *failure.
func (r *Runner) run(ctx context.Context, p process) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, stop := context.WithTimeoutCause(ctx, p.wall, errSlow)
	defer stop()
	const blocks = 512 // the unit of ulimit -f
	args := append([]string{
		"-c", script, "sh", strconv.FormatInt(r.addressSpace()/1024, 10),
		strconv.FormatInt(int64(p.wall.Seconds()+1)*int64(r.threads()+1), 10),
		strconv.FormatInt(r.Limits.File/blocks, 10), strconv.Itoa(maxFiles), strconv.Itoa(r.Nice), p.tool,
	}, p.args...)
	cmd := exec.CommandContext(ctx, "/bin/sh", args...) //nolint:gosec // The script is ours, and words stay words.
	complaint := &tail{}
	cmd.Dir, cmd.Stderr = cmp.Or(p.dir, "/"), complaint
	cmd.Stdout = &guard{to: p.out, fail: cancel}
	cmd.Env = []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=/nonexistent", "AV_LOG_FORCE_NOCOLOR=1",
		// glibc reserves address space for each thread otherwise, which the limit counts.
		"MALLOC_ARENA_MAX=2",
	}
	cmd.SysProcAttr = attributes(r.Account, r.Tools.Isolated)
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	cmd.WaitDelay = 5 * time.Second
	err := runLocked(cmd)
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("run %s: %w", filepath.Base(p.tool), cause)
	}
	if err != nil {
		return &failure{tool: p.tool, state: err, complaint: complaint.String()}
	}
	return nil
}

// runLocked runs the command on a thread that stays: Linux ties "when the parent dies" to the thread that
// started the child.
func runLocked(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done <- cmd.Run()
	}()
	return <-done
}

// addressSpace is zero, for no limit, where the system cannot enforce one.
func (r *Runner) addressSpace() int64 {
	if runtime.GOOS != "linux" {
		return 0
	}
	return r.Limits.Memory
}

func (r *Runner) threads() int { return max(1, r.Threads) }

// guard ends the process when its output cannot be taken.
type guard struct {
	to   io.Writer
	fail context.CancelCauseFunc
}

// Write implements io.Writer.
func (g *guard) Write(b []byte) (int, error) {
	if g.to == nil {
		return len(b), nil
	}
	n, err := g.to.Write(b)
	if err != nil {
		g.fail(err)
	}
	return n, err
}

// tail keeps the last kilobytes of what is written.
type tail struct{ kept []byte }

// Write implements io.Writer; it never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - maxComplaint; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(b), nil
}

// String returns the complaint in one line.
func (t *tail) String() string {
	return strings.Join(strings.FieldsFunc(string(t.kept), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// limited keeps what is written, up to a bound.
type limited struct {
	bytes.Buffer

	most int
}

// Write implements io.Writer; beyond the bound it fails with errOutput.
func (l *limited) Write(b []byte) (int, error) {
	if l.Len()+len(b) > l.most {
		return 0, errOutput
	}
	return l.Buffer.Write(b) //nolint:wrapcheck // A buffer does not fail.
}

// lineWriter calls each for every line, and fails with what it fails with.
type lineWriter struct {
	rest []byte
	each func(line string) error
}

// maxLine is longer than any line that matters.
const maxLine = 16 << 10

// Write implements io.Writer.
func (w *lineWriter) Write(b []byte) (int, error) {
	w.rest = append(w.rest, b...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found {
			break
		}
		if err := w.each(string(line)); err != nil {
			return 0, err
		}
		w.rest = rest
	}
	if len(w.rest) > maxLine {
		return 0, errOutput
	}
	w.rest = bytes.Clone(w.rest)
	return len(b), nil
}

// verdict turns the end of a process into what the owner of the source is told, where it is the source's doing:
// no second try would help. Everything else is returned as it is, to be tried again.
func verdict(err error, sentence string) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, errSlow) {
		// The file may be to blame, or a machine that has too much to do.
		return fault.New(fault.Unavailable, "Converting the file took longer than allowed.").Because(err)
	}
	if errors.Is(err, errOutput) {
		return refuse("The file becomes larger than allowed when it is converted.").Because(err)
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		return err
	}
	if strings.Contains(f.complaint, "No space left on device") || strings.Contains(f.complaint, "Disk quota exceeded") {
		return fault.New(fault.Unavailable, "There is no room on the disk to convert the file.").Because(err)
	}
	switch signal := deadly(f.state); signal {
	case 0:
	case syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP:
		return err // by an operator, or by a system out of memory: not the source's doing
	case xfsz:
		return refuse("The file becomes larger than allowed when it is converted.").Because(err)
	default:
		return refuse(sentence).Because(err)
	}
	if exit, ok := errors.AsType[*exec.ExitError](f.state); !ok || exit.ExitCode() == 126 || exit.ExitCode() == 127 {
		return err // it was not started
	}
	return refuse(sentence).Because(err)
}

// deadly is the signal that ended a process, or 0.
func deadly(err error) syscall.Signal {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return 0
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return 0
	}
	return status.Signal()
}

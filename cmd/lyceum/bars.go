package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"lyceum/internal/author/push"
)

// shown is progress that somebody sees. Wait ends it.
type shown interface {
	push.Progress
	Wait()
}

// newProgress shows bars on a terminal, and lines elsewhere.
func newProgress(ctx context.Context) shown {
	if term.IsTerminal(int(os.Stderr.Fd())) {
		return newBars(ctx)
	}
	return newLines(os.Stderr)
}

// largeFile is the size from which a file has a bar, or lines, of its own: 8 MiB.
const largeFile = 8 << 20

// bars show how far a push is, on a terminal: one for each phase, and one for each large file under way.
type bars struct {
	progress *mpb.Progress

	mu      sync.Mutex
	byPhase map[string]*mpb.Bar
	byFile  map[string]*mpb.Bar
}

func newBars(ctx context.Context) *bars {
	return &bars{
		progress: mpb.NewWithContext(ctx, mpb.WithOutput(os.Stderr), mpb.WithAutoRefresh()),
		byPhase:  map[string]*mpb.Bar{},
		byFile:   map[string]*mpb.Bar{},
	}
}

// Begin implements push.Progress.
func (b *bars) Begin(phase string, steps int) {
	if steps == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.byPhase[phase] = b.progress.AddBar(int64(steps),
		mpb.PrependDecorators(decor.Name(phase, decor.WC{W: 9, C: decor.DindentRight})),
		mpb.AppendDecorators(decor.CountersNoUnit("%d / %d"), decor.Name("  "), decor.AverageETA(decor.ET_STYLE_GO)),
	)
}

// Step implements push.Progress.
func (b *bars) Step(phase, _ string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bar := b.byPhase[phase]; bar != nil {
		bar.Increment()
	}
}

// Sent implements push.Progress.
func (b *bars) Sent(file string, sent, size int64) {
	if size < largeFile {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	bar := b.byFile[file]
	if bar == nil {
		bar = b.progress.AddBar(size, mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(file)),
			mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f"), decor.Name("  "), decor.AverageETA(decor.ET_STYLE_GO)),
		)
		b.byFile[file] = bar
	}
	bar.SetCurrent(sent)
}

// Wait ends the bars, also those that did not get to their end.
func (b *bars) Wait() {
	b.mu.Lock()
	for _, all := range []map[string]*mpb.Bar{b.byPhase, b.byFile} {
		for _, bar := range all {
			bar.Abort(false)
		}
	}
	b.mu.Unlock()
	b.progress.Wait()
}

// lines say how far a push is where there is no terminal: one for each step, and one for each tenth of a large file.
type lines struct {
	out io.Writer

	mu     sync.Mutex
	tenths map[string]int64
}

func newLines(out io.Writer) *lines { return &lines{out: out, tenths: map[string]int64{}} }

// Begin implements push.Progress.
func (l *lines) Begin(phase string, steps int) {
	if steps > 0 {
		l.say("%s: %d\n", phase, steps)
	}
}

// Step implements push.Progress.
func (l *lines) Step(phase, what string) { l.say("%s: %s done\n", phase, what) }

// Sent implements push.Progress.
func (l *lines) Sent(file string, sent, size int64) {
	if size < largeFile {
		return
	}
	const tenths = 10
	reached := sent * tenths / size
	l.mu.Lock()
	before, begun := l.tenths[file]
	l.tenths[file] = max(before, reached)
	l.mu.Unlock()
	if !begun || reached > before {
		l.say("%s: %d %% of %.1f MiB\n", file, reached*tenths, float64(size)/(1<<20))
	}
}

// say writes a line. Nobody reads it where it cannot be written.
func (l *lines) say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.out, format, args...)
}

// Wait implements shown.
func (*lines) Wait() {}

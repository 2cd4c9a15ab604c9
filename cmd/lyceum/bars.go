package main

import (
	"context"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// bars show how far a push is, on a terminal.
type bars struct {
	progress *mpb.Progress
	byPhase  map[string]*mpb.Bar
}

func newBars(ctx context.Context) *bars {
	return &bars{
		progress: mpb.NewWithContext(ctx, mpb.WithOutput(os.Stderr), mpb.WithAutoRefresh()),
		byPhase:  map[string]*mpb.Bar{},
	}
}

// Begin implements push.Progress.
func (b *bars) Begin(phase string, steps int) {
	if steps == 0 {
		return
	}
	b.byPhase[phase] = b.progress.AddBar(int64(steps),
		mpb.PrependDecorators(decor.Name(phase, decor.WC{W: 9, C: decor.DindentRight})),
		mpb.AppendDecorators(decor.CountersNoUnit("%d / %d"), decor.Name("  "), decor.AverageETA(decor.ET_STYLE_GO)),
	)
}

// Step implements push.Progress.
func (b *bars) Step(phase, _ string) {
	if bar := b.byPhase[phase]; bar != nil {
		bar.Increment()
	}
}

// Wait ends the bars, also those that did not get to their end.
func (b *bars) Wait() {
	for _, bar := range b.byPhase {
		bar.Abort(false)
	}
	b.progress.Wait()
}

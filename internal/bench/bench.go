// Package bench measures Lyceum beside others on the same machine, the same rows and the same questions, in one run:
// only ratios of one run mean anything.
package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"lyceum/internal/bench/load"
	"lyceum/internal/bench/question"
	"lyceum/internal/bench/report"
)

// Options say how to measure.
type Options struct {
	Contenders []*Contender
	Questions  []question.Question
	// Rounds is how often each contender is asked each question, in turns; the median counts.
	Rounds int
	// Warm is how long to ask before it counts, For how long it counts.
	Warm, For time.Duration
	// Connections ask at the same time.
	Connections int
	// Database reads what Postgres used.
	Database *Database
	// Say is told what is being done.
	Say io.Writer
}

// Run checks that the contenders agree, measures, and returns the medians.
func Run(ctx context.Context, o Options) ([]report.Row, error) {
	var rows []report.Row
	for _, q := range o.Questions {
		asked := Asked(q, o.Contenders)
		if err := Agree(ctx, q, asked); err != nil {
			return nil, err
		}
		measured := map[string][]report.Measure{}
		for round := range o.Rounds {
			// Each is first in turn: who comes after somebody else finds another machine.
			for i := range asked {
				c := asked[(i+round)%len(asked)]
				m, err := o.measure(ctx, q, c)
				if err != nil {
					return nil, fmt.Errorf("%s of %s: %w", q.Name, c.Name(), err)
				}
				measured[c.Name()] = append(measured[c.Name()], m)
				_, _ = fmt.Fprintf(o.Say, "%s round %d/%d %-28s %9.0f requests/s, p50 %v, p99 %v, %d failed\n",
					q.Name, round+1, o.Rounds, c.Name(), m.PerSecond, m.P50, m.P99, m.Failed)
			}
		}
		for _, c := range asked {
			rows = append(rows, report.Row{Question: q.Name, About: q.About, Contender: c.Name(), Measure: report.Median(measured[c.Name()])})
		}
	}
	return rows, nil
}

// Questions are those that only names ("W1,W5"), or all when it is empty.
func Questions(only string) ([]question.Question, error) {
	all := question.All()
	if only == "" {
		return all, nil
	}
	names := strings.Split(strings.ToUpper(only), ",")
	chosen := slices.DeleteFunc(all, func(q question.Question) bool { return !slices.Contains(names, q.Name) })
	if len(chosen) != len(names) {
		return nil, fmt.Errorf("%s names questions that there are not: they are W1 to W7", only)
	}
	return chosen, nil
}

// Asked are the contenders that can be asked the question.
func Asked(q question.Question, contenders []*Contender) []*Contender {
	return slices.DeleteFunc(slices.Clone(contenders), func(c *Contender) bool {
		return c.Ask(q.Name, c.Visitors[0], 0) == nil
	})
}

// measure asks one contender one question, first without counting.
func (o Options) measure(ctx context.Context, q question.Question, c *Contender) (report.Measure, error) {
	ask := load.Options{
		Address: c.Process.Address, Connections: o.Connections, For: o.Warm, Accept: question.Accept, Next: c.next(q, o.Connections),
	}
	if o.Warm > 0 {
		if _, err := load.Run(ctx, ask); err != nil {
			return report.Measure{}, err
		}
	}
	before, err := o.used(ctx, c)
	if err != nil {
		return report.Measure{}, err
	}
	ask.For = o.For
	result, err := load.Run(ctx, ask)
	if err != nil {
		return report.Measure{}, err
	}
	after, err := o.used(ctx, c)
	if err != nil {
		return report.Measure{}, err
	}
	return after.since(before, result), nil
}

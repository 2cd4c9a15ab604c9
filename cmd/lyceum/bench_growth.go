package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"lyceum/internal/bench"
	"lyceum/internal/bench/dataset"
	workload "lyceum/internal/bench/question"
	"lyceum/internal/bench/report"
)

// growthFlags are the flags of `lyceum bench growth`.
type growthFlags struct {
	rigFlags

	report, only                  string
	rounds, connections, visitors int
	warm, duration                time.Duration
}

// growthLog bounds what Postgres writes besides the rows, so that the largest size takes less than 12 GB of the disk.
const growthLog = "3GB"

func newBenchGrowth() *cobra.Command {
	f := growthFlags{rigFlags: rigFlags{wal: growthLog}}
	var steps string
	command := &cobra.Command{
		Use:   "growth",
		Short: "Ask the same questions over more and more rows",
		Long: "Seeds one database after another, each with ten times the tenants and courses of the one before, asks Lyceum the same\n" +
			"of each, and writes how much dearer the answers get. The rows are deleted afterwards.",
		Args:    cobra.NoArgs,
		Example: "  lyceum bench growth --steps 1m,3m --rounds 1\n  lyceum bench growth --report bench/growth.json",
		RunE: func(command *cobra.Command, _ []string) error {
			sizes, err := dataset.GrowingByNames(steps)
			if err != nil {
				return err
			}
			_, err = f.run(command.Context(), command.OutOrStdout(), sizes)
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&steps, "steps", "", "the sizes, by their progress rows: 1m,3m,10m")
	flags.StringVar(&f.home, "home", ".lyceum/growth", "where the databases live meanwhile; about 10 GB")
	flags.StringVar(&f.report, "report", "", "write the report here as JSON, and beside it as Markdown")
	flags.StringVar(&f.only, "only", "W1,W2,W3,W4,W5,W6", "ask these questions alone")
	flags.IntVar(&f.rounds, "rounds", 3, "how often each is asked")
	flags.IntVar(&f.connections, "connections", 32, "how many ask at the same time")
	flags.IntVar(&f.visitors, "visitors", 500, "how many people ask")
	flags.DurationVar(&f.warm, "warm", 2*time.Second, "how long to ask before it counts")
	flags.DurationVar(&f.duration, "for", 4*time.Second, "how long it counts")
	return command
}

// run measures one size after the other.
func (f *growthFlags) run(ctx context.Context, out io.Writer, sizes []dataset.Size) (*report.Growth, error) {
	questions, err := bench.Questions(f.only)
	if err != nil {
		return nil, err
	}
	g := &report.Growth{
		At: time.Now().UTC(), Commit: version(), Rounds: f.rounds, Seconds: f.duration.Seconds(), Connections: f.connections,
	}
	for _, size := range sizes {
		if err := f.step(ctx, out, g, size, questions); err != nil {
			return nil, fmt.Errorf("size %s: %w", size.Name, err)
		}
	}
	table := g.Table()
	if _, err := io.WriteString(out, "\n"+table); err != nil {
		return nil, fmt.Errorf("print report: %w", err)
	}
	if f.report == "" {
		return g, nil
	}
	return g, keep(g, table, f.report)
}

// step seeds a size, measures it, and removes it.
func (f *growthFlags) step(ctx context.Context, out io.Writer, g *report.Growth, size dataset.Size, questions []workload.Question) (err error) {
	began := time.Now()
	m, err := f.openSize(ctx, out, size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.remove(context.WithoutCancel(ctx))) }()
	if err := bench.Index(ctx, m.rig, m.database.Conn); err != nil {
		return err
	}
	extent, err := dataset.Measure(ctx, m.database.Conn)
	if err != nil {
		return err
	}
	step := report.Step{Name: size.Name, Extent: extent, Seeding: time.Since(began)}
	visits, err := dataset.Visits(ctx, m.database.Conn, size, f.visitors)
	if err != nil {
		return err
	}
	entry, err := bench.Uncached(ctx, m.rig)
	if err != nil {
		return err
	}
	lyceum, err := entry.Start(ctx, m.rig, visits)
	if err != nil {
		return err
	}
	rows, err := bench.Run(ctx, bench.Options{
		Contenders: []*bench.Contender{lyceum}, Questions: questions, Rounds: f.rounds, Warm: f.warm, For: f.duration,
		Connections: f.connections, Database: m.database, Say: out,
	})
	if err != nil {
		return err
	}
	g.Machine = bench.ThisMachine(ctx, m.database.Conn)
	g.Add(step, rows)
	return nil
}

// remove closes what a measurement stood on, and deletes it.
func (m *measuring) remove(ctx context.Context) error {
	return errors.Join(m.database.Conn.Close(ctx), m.rig.Remove(ctx))
}

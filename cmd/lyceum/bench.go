package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lyceum/internal/bench"
	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/limit"
	"lyceum/internal/bench/report"
)

// benchFlags are the flags of `lyceum bench`.
type benchFlags struct {
	rigFlags

	report, only, against         string
	rounds, connections, visitors int
	warm, duration                time.Duration
	noCache                       bool
}

func newBench() *cobra.Command {
	var f benchFlags
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measure Lyceum beside PostGraphile and two limits",
		Long: "Seeds a database of its own, starts Lyceum in production settings, PostGraphile over the same rows, and a server\n" +
			"that shows what is possible, asks them the same questions in turns, and writes what each took.",
		Args:    cobra.NoArgs,
		Example: "  lyceum bench --size small --only W1,W2 --rounds 1\n  lyceum bench --size seed --report bench/report.json",
		RunE: func(command *cobra.Command, _ []string) error {
			return f.run(command.Context(), command.OutOrStdout())
		},
	}
	flags := command.Flags()
	f.register(flags, "small")
	flags.StringVar(&f.report, "report", "", "write the report here as JSON, and beside it as Markdown")
	flags.StringVar(&f.only, "only", "", "ask these questions alone: W1,W5")
	flags.StringVar(&f.against, "against", "", "measure these contenders alone, by parts of their names: lyceum,postgraphile")
	flags.BoolVar(&f.noCache, "no-cache", false, "measure Lyceum only as it is without its response cache")
	flags.IntVar(&f.rounds, "rounds", 3, "how often each is asked in turn")
	flags.IntVar(&f.connections, "connections", 32, "how many ask at the same time")
	flags.IntVar(&f.visitors, "visitors", 500, "how many people ask")
	flags.DurationVar(&f.warm, "warm", 2*time.Second, "how long to ask before it counts")
	flags.DurationVar(&f.duration, "for", 5*time.Second, "how long it counts")
	command.AddCommand(newBenchLimit(), newBenchLoad(), newBenchGrowth())
	return command
}

// newBenchLimit is the server that shows what is possible; it is a process of its own, as the others are.
func newBenchLimit() *cobra.Command {
	var address, bytes string
	command := &cobra.Command{
		Use: "limit", Hidden: true, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return limit.Serve(command.Context(), address, os.Getenv("DATABASE_URL"), bytes)
		},
	}
	command.Flags().StringVar(&address, "addr", "", "where to listen")
	command.Flags().StringVar(&bytes, "bytes", "", "the file to answer with")
	return command
}

func (f benchFlags) run(ctx context.Context, out io.Writer) (err error) {
	questions, err := bench.Questions(f.only)
	if err != nil {
		return err
	}
	m, err := f.open(ctx, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close(context.WithoutCancel(ctx))) }()
	if err := bench.Index(ctx, m.rig, m.database.Conn); err != nil {
		return err
	}
	contenders, err := f.contenders(ctx, m)
	if err != nil {
		return err
	}
	rows, err := bench.Run(ctx, bench.Options{
		Contenders: contenders, Questions: questions, Rounds: f.rounds, Warm: f.warm, For: f.duration,
		Connections: f.connections, Database: m.database, Say: out,
	})
	if err != nil {
		return err
	}
	return f.write(ctx, out, &report.Report{
		At: time.Now().UTC(), Commit: version(), Size: m.size.Name, Rounds: f.rounds, Seconds: f.duration.Seconds(),
		Connections: f.connections, Machine: bench.ThisMachine(ctx, m.database.Conn), Rows: rows,
	})
}

// contenders starts those that --against leaves, and gives each the same visitors.
func (f benchFlags) contenders(ctx context.Context, m *measuring) ([]*bench.Contender, error) {
	visits, err := dataset.Visits(ctx, m.database.Conn, m.size, f.visitors)
	if err != nil {
		return nil, err
	}
	lineup, err := bench.Lineup(ctx, m.rig, m.peer)
	if err != nil {
		return nil, err
	}
	var contenders []*bench.Contender
	for _, entry := range lineup {
		if !f.wanted(entry.Name()) || (f.noCache && entry.Keeps) {
			continue
		}
		contender, err := entry.Start(ctx, m.rig, visits)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, contender)
	}
	if len(contenders) == 0 {
		return nil, fmt.Errorf("--against=%s leaves nobody to measure", f.against)
	}
	return contenders, nil
}

func (f benchFlags) wanted(name string) bool {
	return f.against == "" || slices.ContainsFunc(strings.Split(f.against, ","), func(part string) bool {
		return strings.Contains(strings.ToLower(name), strings.ToLower(strings.TrimSpace(part)))
	})
}

// write prints the report, and keeps it where --report says.
func (f benchFlags) write(_ context.Context, out io.Writer, r *report.Report) error {
	r.Check(bench.Targets())
	table := r.Table()
	if _, err := io.WriteString(out, "\n"+table); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	if f.report == "" {
		return nil
	}
	return keep(r, table, f.report)
}

// keep writes a report to the path, and its table beside it.
func keep(r interface{ Save(path string) error }, table, path string) error {
	if err := r.Save(path); err != nil {
		return fmt.Errorf("keep report: %w", err)
	}
	page := strings.TrimSuffix(path, filepath.Ext(path)) + ".md"
	if err := os.WriteFile(page, []byte(table), 0o644); err != nil { //nolint:gosec // to be read by everybody
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

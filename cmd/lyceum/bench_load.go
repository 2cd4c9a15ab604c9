package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"lyceum/internal/bench"
	"lyceum/internal/bench/crowd"
	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/proc"
	"lyceum/internal/bench/report"
	"lyceum/internal/bench/rig"
)

// crowdFlags are the flags of `lyceum bench load`. What they default to is ten times what the platform is made for.
type crowdFlags struct {
	size, home, peer, report                        string
	learners, catalog, reports, signIns, publishing int
	ramp, duration                                  time.Duration
}

func newBenchLoad() *cobra.Command {
	var f crowdFlags
	command := &cobra.Command{
		Use:   "load",
		Short: "Let very many people in at once, and count what is slow, refused or lost",
		Long: "Seeds a database of its own, starts Lyceum in production settings, opens a stream for every learner, has all of them\n" +
			"report what they watch, and others read the catalog, sign in and publish. Everything runs on this machine, the crowd too.",
		Args:    cobra.NoArgs,
		Example: "  lyceum bench load --size small --learners 200 --for 30s\n  lyceum bench load --size seed",
		RunE: func(command *cobra.Command, _ []string) error {
			return f.run(command.Context(), command.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.StringVar(&f.size, "size", "seed", "how many rows: small, seed or large")
	flags.StringVar(&f.home, "home", ".lyceum/bench", "where the measured database lives, from one run to the next")
	flags.StringVar(&f.peer, "peer", "bench/peer", "the directory of PostGraphile; its functions belong to the seeded database")
	flags.StringVar(&f.report, "report", "", "write what came of it here as JSON")
	flags.IntVar(&f.learners, "learners", 8_000, "how many learners watch, with a stream each")
	flags.IntVar(&f.catalog, "catalog", 400_000, "reads of the catalog a minute")
	flags.IntVar(&f.reports, "reports", 20_000, "reports of progress a minute")
	flags.IntVar(&f.signIns, "sign-ins", 60, "sign-ins a minute")
	flags.IntVar(&f.publishing, "publishes", 12, "published courses a minute")
	flags.DurationVar(&f.ramp, "ramp", 40*time.Second, "how long the streams take to open")
	flags.DurationVar(&f.duration, "for", 2*time.Minute, "how long the crowd stays, at most "+crowd.MostFor.String())
	return command
}

// crowded is what came of a crowd, and what it took.
type crowded struct {
	crowd.Result

	At      time.Time      `json:"at"`
	Commit  string         `json:"commit"`
	Size    string         `json:"size"`
	Machine report.Machine `json:"machine"`
	// Server and Postgres are cores on average, Left the share of all cores that nobody used.
	Server   float64 `json:"server_cores"`
	Postgres float64 `json:"postgres_cores"`
	Left     float64 `json:"left"`
	// Resident is the memory of the server at the end, in bytes.
	Resident int64 `json:"resident_bytes"`
}

func (f crowdFlags) run(ctx context.Context, out io.Writer) (err error) {
	size, err := dataset.ByName(f.size)
	if err != nil {
		return err
	}
	peer, err := filepath.Abs(f.peer)
	if err != nil {
		return fmt.Errorf("find the peer: %w", err)
	}
	s, err := rig.Open(ctx, rig.Options{
		Home: f.home, Size: size, Peer: peer, Say: out,
		Migrate: func(ctx context.Context, url string) error { _, err := migrateUp(ctx, url); return err },
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	database, err := bench.OpenDatabase(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Conn.Close(context.WithoutCancel(ctx))) }()
	result, err := f.letIn(ctx, out, s, database, size)
	if err != nil {
		return err
	}
	result.Machine = bench.ThisMachine(ctx, database.Conn)
	return result.write(out, f.report)
}

// signers is how many different people sign in.
const signers = 200

// letIn runs the crowd, and measures what it takes from when it is complete.
func (f crowdFlags) letIn(
	ctx context.Context, out io.Writer, s *rig.Rig, database *bench.Database, size dataset.Size,
) (*crowded, error) {
	learners, err := dataset.People(ctx, database.Conn, size, f.learners)
	if err != nil {
		return nil, err
	}
	accounts, err := crowd.Accounts(ctx, database.Conn, learners[:min(signers, len(learners))])
	if err != nil {
		return nil, err
	}
	server, port, err := bench.Serve(ctx, s)
	if err != nil {
		return nil, err
	}
	c := &crowded{At: time.Now().UTC(), Commit: version(), Size: size.Name}
	meter := meter{server: server.PID(), postgres: database.PID}
	if err := meter.begin(); err != nil {
		return nil, err
	}
	c.Result, err = crowd.Run(ctx, database.Conn, crowd.Options{
		Address: server.Address, Port: port, Learners: learners, Accounts: accounts,
		Catalog: f.catalog, Reports: f.reports, SignIns: f.signIns, Publishes: f.publishing, Ramp: f.ramp, For: f.duration, Say: out,
		Complete: meter.begin, Leaving: func() error { return meter.end(c) },
	})
	return c, err
}

// meter reads what the machine does between two moments.
type meter struct {
	server, postgres int
	at               time.Time
	used             [2]proc.Usage
	machine          proc.Machine
}

func (m *meter) read() (used [2]proc.Usage, machine proc.Machine, err error) {
	for i, pid := range []int{m.server, m.postgres} {
		if used[i], err = proc.Of(pid); err != nil {
			return used, machine, fmt.Errorf("measure: %w", err)
		}
	}
	machine, err = proc.OfMachine()
	return used, machine, err
}

func (m *meter) begin() (err error) {
	m.at = time.Now()
	m.used, m.machine, err = m.read()
	return err
}

func (m *meter) end(c *crowded) error {
	used, machine, err := m.read()
	if err != nil {
		return err
	}
	cores := func(i int) float64 { return (used[i].CPU - m.used[i].CPU).Seconds() / time.Since(m.at).Seconds() }
	c.Server, c.Postgres, c.Left, c.Resident = cores(0), cores(1), machine.Left(m.machine), used[0].Resident
	return nil
}

// write prints what came of it, keeps it where report says, and fails when something was lost.
func (c *crowded) write(out io.Writer, path string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "\nwhat\twanted/min\tdone/min\tp50\tp99\tfailed\t")
	for _, d := range c.Doings {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%.0f\t%v\t%v\t%d\t\n", d.Name, d.Wanted, d.Done, d.P50.Round(10*time.Microsecond), d.P99.Round(10*time.Microsecond), d.Failed)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	_, _ = fmt.Fprintf(out, "\nstreams: %d open, %d broken, %d events\n", c.Streams, c.Broken, c.Events)
	_, _ = fmt.Fprintf(out, "watched and acknowledged: %v of %d learners; of %d of them some of it is missing\n", c.Acknowledged.Round(time.Second), c.Learners, c.Lost)
	_, _ = fmt.Fprintf(out, "cores: server %.2f, Postgres %.2f; %.0f %% of the machine was left; the server holds %d MiB\n", c.Server, c.Postgres, 100*c.Left, c.Resident>>20)
	for _, d := range c.Doings {
		if d.First != nil {
			_, _ = fmt.Fprintf(out, "first failure of %s: %v\n", d.Name, d.First)
		}
	}
	if c.FirstBroken != nil {
		_, _ = fmt.Fprintf(out, "first broken stream: %v\n", c.FirstBroken)
	}
	if path != "" {
		body, err := json.MarshalIndent(c, "", "\t")
		if err != nil {
			return fmt.Errorf("encode report: %w", err)
		}
		if err := os.WriteFile(path, append(body, '\n'), 0o644); err != nil { //nolint:gosec // to be read by everybody
			return fmt.Errorf("write report: %w", err)
		}
	}
	if c.Lost > 0 {
		return fmt.Errorf("of %d learners something was lost that had been acknowledged", c.Lost)
	}
	return nil
}

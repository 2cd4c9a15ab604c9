package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"lyceum/internal/platform/health"
	"lyceum/internal/platform/pg"
)

// Bounds of what doctor calls healthy.
const (
	maxClockSkew = 2 * time.Second
	maxQueueLag  = time.Minute
	maxBehind    = 30 * time.Second
)

// finding is one thing that doctor looked at.
type finding struct {
	name string
	// err is nil when all is well; a health.Worse error is a warning.
	err error
}

func newDoctor() *cobra.Command {
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Look whether everything is as it should be",
		Long: "Checks the configuration, every dependency, the database role, row-level security, the clock, the job\n" +
			"queue, the tools on PATH and how Postgres is doing, and shows the statements that took the most time.\n" +
			"The exit code is 0 when nothing is broken: fit for a monitor.",
		Args: cobra.NoArgs,
	}
	withApp(command, func(ctx context.Context, command *cobra.Command, a *app) error {
		statements, err := a.dearestStatementLines(ctx)
		findings := append(a.examine(ctx), examineDatabase(ctx, a.pool, healthyDatabase())...)
		findings = append(findings, finding{"statements are counted; those that took the most time", health.Worse(err)})
		err = printFindings(command, findings)
		for _, line := range statements {
			command.Printf("         %s\n", line)
		}
		return err
	})
	return command
}

// brokenError is what doctor ends with; the lines before say what.
type brokenError int

func (n brokenError) Error() string { return fmt.Sprintf("%d things are broken", int(n)) }

func printFindings(command *cobra.Command, findings []finding) error {
	broken := 0
	for _, f := range findings {
		switch {
		case f.err == nil:
			command.Printf("ok       %s\n", f.name)
		case health.IsWorse(f.err):
			command.Printf("warning  %s: %v\n", f.name, f.err)
		default:
			broken++
			command.Printf("BROKEN   %s: %v\n", f.name, f.err)
		}
	}
	if broken > 0 {
		return brokenError(broken)
	}
	return nil
}

func (a *app) examine(ctx context.Context) []finding {
	return []finding{
		{"Postgres answers", a.pool.Ping(ctx)},
		{"the database role is bound by row-level security", pg.CheckRole(ctx, a.pool)},
		{"every tenant table enforces row-level security", a.checkRowSecurity(ctx)},
		{"the standby follows", a.checkStandby(ctx)},
		{"the clock agrees with the database's", a.checkClock(ctx)},
		{"jobs do not wait", a.checkQueue(ctx)},
		{"Redis answers", a.probeRedis(ctx)},
		{"blob storage answers", a.probeBlobs(ctx)},
		{"search answers", a.services.Search.Ping(ctx)},
		{"mail is sent", a.checkMail()},
		{"ffmpeg converts films", probeConverter(ctx)},
		{"the home directory can be written", checkHome(a.config.Home)},
	}
}

func (a *app) checkRowSecurity(ctx context.Context) error {
	const open = `
		SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped
		WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'domains'
		  AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`
	var tables int
	if err := a.pool.QueryRow(ctx, open).Scan(&tables); err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	if tables > 0 {
		return fmt.Errorf("%d tables do not", tables)
	}
	return nil
}

// checkStandby warns: without a standby everything is read from the primary.
func (a *app) checkStandby(ctx context.Context) error {
	behind, followed, err := a.db.Behind(ctx)
	switch {
	case !followed:
		return nil
	case err != nil:
		return health.Worse(fmt.Errorf("it is not read from: %w", err))
	case behind > maxBehind:
		return health.Worse(fmt.Errorf("it is %s behind; few queries allow that", behind.Round(time.Second)))
	default:
		return nil
	}
}

func (a *app) checkClock(ctx context.Context) error {
	var now time.Time
	if err := a.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return fmt.Errorf("ask the time: %w", err)
	}
	if skew := time.Since(now).Abs(); skew > maxClockSkew {
		return fmt.Errorf("they differ by %s", skew.Round(time.Millisecond))
	}
	return nil
}

func (a *app) checkQueue(ctx context.Context) error {
	const oldest = `SELECT coalesce(extract(epoch FROM now() - min(scheduled_at)), 0) FROM river.river_job WHERE state = 'available'`
	var seconds float64
	if err := a.pool.QueryRow(ctx, oldest).Scan(&seconds); err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	if lag := time.Duration(seconds * float64(time.Second)); lag > maxQueueLag {
		return fmt.Errorf("the oldest has waited for %s: is a worker running?", lag.Round(time.Second))
	}
	return nil
}

func checkHome(home string) error {
	probe, err := os.CreateTemp(home, ".doctor-")
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := probe.Close(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := os.Remove(probe.Name()); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}

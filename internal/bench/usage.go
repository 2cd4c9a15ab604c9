package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/bench/load"
	"lyceum/internal/bench/proc"
	"lyceum/internal/bench/report"
)

// Database reads what Postgres did.
type Database struct {
	// Conn is a session of its own, of a role that may read everybody's statements.
	Conn *pgx.Conn
	// PID is the postmaster's process.
	PID int
	// Counts is set when pg_stat_statements is there.
	Counts bool
}

// used is what server and database used so far.
type used struct {
	server, postgres proc.Usage
	statements       int64
}

func (o Options) used(ctx context.Context, c *Contender) (used, error) {
	var u used
	var err error
	if u.server, err = proc.Of(c.Process.PID()); err != nil {
		return used{}, fmt.Errorf("measure %s: %w", c.Name(), err)
	}
	if u.postgres, err = proc.Of(o.Database.PID); err != nil {
		return used{}, fmt.Errorf("measure Postgres: %w", err)
	}
	u.statements, err = o.Database.statements(ctx)
	return u, err
}

// statements counts what was run in this database. Setting the tenant travels with a statement and is not one.
func (d *Database) statements(ctx context.Context) (int64, error) {
	if !d.Counts {
		return 0, nil
	}
	const count = `SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
		WHERE d.datname = current_database() AND query NOT LIKE '%set_config%' AND query NOT ILIKE '%pg_stat_statements%'`
	var n int64
	if err := d.Conn.QueryRow(ctx, count).Scan(&n); err != nil {
		return 0, fmt.Errorf("count statements: %w", err)
	}
	return n, nil
}

// since is what one request took on average.
func (u used) since(before used, r load.Result) report.Measure {
	n := max(r.Requests, 1)
	return report.Measure{
		PerSecond: r.PerSecond(), P50: r.P50, P99: r.P99, Bytes: r.Bytes, Failed: r.Failed,
		Statements:  float64(u.statements-before.statements) / float64(n),
		ServerCPU:   (u.server.CPU - before.server.CPU) / time.Duration(n),
		PostgresCPU: (u.postgres.CPU - before.postgres.CPU) / time.Duration(n),
		Resident:    u.server.Resident,
	}
}

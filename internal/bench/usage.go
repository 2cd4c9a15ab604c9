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

// counts are what pg_stat_statements counted: statements, the rows that they returned or changed, and the pages of
// 8 KiB that they touched, of which some were found in shared buffers.
type counts struct{ statements, rows, pages, found int64 }

// used is what server and database used so far.
type used struct {
	server, postgres proc.Usage
	counts           counts
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
	u.counts, err = o.Database.counts(ctx)
	return u, err
}

// counts counts what was run in this database. Setting the tenant travels with a statement and is not one.
func (d *Database) counts(ctx context.Context) (c counts, err error) {
	if !d.Counts {
		return counts{}, nil
	}
	const count = `SELECT coalesce(sum(calls), 0)::bigint, coalesce(sum(rows), 0)::bigint,
			coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint, coalesce(sum(shared_blks_hit), 0)::bigint
		FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
		WHERE d.datname = current_database() AND query NOT LIKE '%set_config%' AND query NOT ILIKE '%pg_stat_statements%'`
	if err := d.Conn.QueryRow(ctx, count).Scan(&c.statements, &c.rows, &c.pages, &c.found); err != nil {
		return counts{}, fmt.Errorf("count statements: %w", err)
	}
	return c, nil
}

// since is what one request took on average.
func (u used) since(before used, r load.Result) report.Measure {
	n := max(r.Requests, 1)
	each := func(after, before int64) float64 { return float64(after-before) / float64(n) }
	m := report.Measure{
		PerSecond: r.PerSecond(), P50: r.P50, P99: r.P99, Bytes: r.Bytes, Failed: r.Failed,
		Statements:  each(u.counts.statements, before.counts.statements),
		Rows:        each(u.counts.rows, before.counts.rows),
		Pages:       each(u.counts.pages, before.counts.pages),
		ServerCPU:   (u.server.CPU - before.server.CPU) / time.Duration(n),
		PostgresCPU: (u.postgres.CPU - before.postgres.CPU) / time.Duration(n),
		Resident:    u.server.Resident,
	}
	if m.Pages > 0 {
		m.Found = each(u.counts.found, before.counts.found) / m.Pages
	}
	return m
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/platform/health"
)

// databaseBounds are what doctor calls a healthy database.
type databaseBounds struct {
	// leastFound is the share of pages that should be found in shared buffers, once leastPages were asked for.
	leastFound float64
	leastPages int64
	// mostDead is the share of a table's rows that may be dead, once there are more than deadRows.
	mostDead float64
	deadRows int64
	// bigTable is the number of rows from which on an index should be used; scans says from how many scans on it counts.
	bigTable, scans int64
	// bigIndex is the size in bytes from which on an index that nobody uses is worth a word.
	bigIndex int64
	// longTransaction keeps what was deleted since from being cleared away.
	longTransaction time.Duration
	// mostAge is the age in transactions from which on vacuum does not keep up; Postgres stops at 2,147 million.
	mostAge int64
}

func healthyDatabase() databaseBounds {
	return databaseBounds{
		leastFound: 0.95, leastPages: 100_000, mostDead: 0.2, deadRows: 10_000, bigTable: 10_000, scans: 10,
		bigIndex: 10 << 20, longTransaction: 5 * time.Minute, mostAge: 1_000_000_000,
	}
}

// examineDatabase looks at Postgres's own statistics, with the rights of the pool's role. What it finds makes Lyceum slow
// rather than wrong: all of it is a warning.
func examineDatabase(ctx context.Context, pool *pgxpool.Pool, b databaseBounds) []finding {
	return []finding{
		checkMemory(ctx, pool, b),
		{"dead rows are cleared away", health.Worse(checkDead(ctx, pool, b))},
		{"large tables are read by an index", health.Worse(checkScans(ctx, pool, b))},
		{"large indexes are used", health.Worse(checkIndexes(ctx, pool, b))},
		checkTransactions(ctx, pool, b),
		checkAge(ctx, pool, b),
	}
}

func checkMemory(ctx context.Context, pool *pgxpool.Pool, b databaseBounds) finding {
	const ask = `SELECT blks_hit, blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()`
	const name = "pages are found in shared buffers"
	var hit, asked int64
	if err := pool.QueryRow(ctx, ask).Scan(&hit, &asked); err != nil {
		return unread(name, err)
	}
	if asked == 0 {
		return finding{name: name}
	}
	share := float64(hit) / float64(asked)
	f := finding{name: fmt.Sprintf("%s (%.1f %% of %d)", name, 100*share, asked)}
	if asked > b.leastPages && share < b.leastFound {
		f.err = health.Worse(fmt.Errorf("fewer than %.0f %%: raise shared_buffers, or look at the statements that read most", 100*b.leastFound))
	}
	return f
}

func checkDead(ctx context.Context, pool *pgxpool.Pool, b databaseBounds) error {
	const ask = `
		SELECT format('%s.%s (%s dead of %s, last vacuumed %s)', schemaname, relname, n_dead_tup, n_live_tup + n_dead_tup,
			coalesce(greatest(last_vacuum, last_autovacuum)::timestamp(0)::text, 'never'))
		FROM pg_stat_user_tables WHERE n_dead_tup > $1 AND n_dead_tup > $2::float8 * (n_live_tup + n_dead_tup)
		ORDER BY n_dead_tup DESC LIMIT 5`
	return none(ctx, pool, "run VACUUM (ANALYZE) on them, and lower autovacuum_vacuum_scale_factor where they come back", ask, b.deadRows, b.mostDead)
}

func checkScans(ctx context.Context, pool *pgxpool.Pool, b databaseBounds) error {
	const ask = `
		SELECT format('%s.%s (%s rows, read whole %s times, by an index %s times)', schemaname, relname, n_live_tup, seq_scan, coalesce(idx_scan, 0))
		FROM pg_stat_user_tables WHERE n_live_tup > $1 AND seq_scan >= $2 AND seq_scan > coalesce(idx_scan, 0)
		ORDER BY seq_tup_read DESC LIMIT 5`
	return none(ctx, pool, "run ANALYZE on them; where it goes on, EXPLAIN the statements that read them, for an index is missing",
		ask, b.bigTable, b.scans)
}

func checkIndexes(ctx context.Context, pool *pgxpool.Pool, b databaseBounds) error {
	// Indexes that keep values unique work without being read.
	const ask = `
		SELECT format('%s of %s (%s, not since %s)', i.indexrelname, i.relname, pg_size_pretty(pg_relation_size(i.indexrelid)),
			coalesce(d.stats_reset::timestamp(0)::text, 'the statistics began'))
		FROM pg_stat_user_indexes i JOIN pg_index x ON x.indexrelid = i.indexrelid
		JOIN pg_stat_database d ON d.datname = current_database()
		WHERE i.idx_scan = 0 AND NOT x.indisunique AND NOT x.indisexclusion AND pg_relation_size(i.indexrelid) > $1
		ORDER BY pg_relation_size(i.indexrelid) DESC LIMIT 5`
	return none(ctx, pool, "each costs every write; tell the developers, and look whether a replica reads them", ask, b.bigIndex)
}

func checkTransactions(ctx context.Context, pool *pgxpool.Pool, b databaseBounds) finding {
	// Postgres hides what other roles do from a role that may not read all statistics.
	const hidden = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = '<insufficient privilege>'`
	const ask = `
		SELECT format('process %s has one since %s (%s)', pid, xact_start::timestamp(0), state) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND clock_timestamp() - xact_start > make_interval(secs => $1)
		ORDER BY xact_start LIMIT 1`
	f := finding{name: "transactions are short"}
	var others int
	if err := pool.QueryRow(ctx, hidden).Scan(&others); err != nil {
		return unread(f.name, err)
	}
	if others > 0 {
		f.name += fmt.Sprintf(" (%d connections of other roles cannot be seen without GRANT pg_read_all_stats)", others)
	}
	f.err = health.Worse(none(ctx, pool, "find out who it is, and end it with pg_terminate_backend", ask, b.longTransaction.Seconds()))
	return f
}

func checkAge(ctx context.Context, pool *pgxpool.Pool, b databaseBounds) finding {
	const ask = `SELECT datname::text, age(datfrozenxid)::bigint FROM pg_database ORDER BY 2 DESC LIMIT 1`
	const name = "transaction ids do not run out"
	var database string
	var age int64
	if err := pool.QueryRow(ctx, ask).Scan(&database, &age); err != nil {
		return unread(name, err)
	}
	f := finding{name: fmt.Sprintf("%s (the oldest is %d old)", name, age)}
	if age > b.mostAge {
		f.err = health.Worse(fmt.Errorf("in %s: run VACUUM (FREEZE) there before 2,147 million, where Postgres stops writing", database))
	}
	return f
}

func unread(name string, err error) finding {
	return finding{name, health.Worse(fmt.Errorf("not readable by this role: %w", err))}
}

// none returns an error of the rows that the question finds, and of what to do about them.
func none(ctx context.Context, pool *pgxpool.Pool, remedy, question string, args ...any) error {
	rows, err := pool.Query(ctx, question, args...)
	if err != nil {
		return fmt.Errorf("not readable by this role: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("not readable by this role: %w", err)
	}
	if len(found) == 0 {
		return nil
	}
	return errors.New(strings.Join(found, "; ") + ": " + remedy)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"lyceum/internal/platform/health"
)

// Bounds of what doctor calls a healthy database.
const (
	// bigTable is from how many rows on it counts that a table is scanned; a table is read in one go below.
	bigTable = 10_000
	// leastFound is the share of pages that should be found in memory, once mostPages were read.
	leastFound = 0.95
	leastPages = 100_000
	// mostDead is the share of rows that may be dead before somebody should look at vacuum.
	mostDead = 0.2
	// longTransaction keeps what was deleted since from being cleared away.
	longTransaction = 5 * time.Minute
	// mostAge is the age in transactions from which on running out of numbers comes near; Postgres stops at 2,147 million.
	mostAge = 1_000_000_000
	// replicaLag is how far a replica may be behind.
	replicaLag = 30 * time.Second
)

// databaseFinding is a question to Postgres's own statistics, whose rows are what is not well.
type databaseFinding struct{ name, ask string }

// databaseFindings are asked as the application's role: it sees its own statements, and the figures of all tables.
func databaseFindings() []databaseFinding {
	return []databaseFinding{
		{"tables of many rows are not scanned", fmt.Sprintf(`
			SELECT relname || ' (' || n_live_tup || ' rows, ' || seq_scan || ' times)' FROM pg_stat_user_tables
			WHERE schemaname = 'public' AND n_live_tup > %d AND seq_scan > 10 AND seq_tup_read > seq_scan * n_live_tup / 2
			ORDER BY seq_tup_read DESC LIMIT 5`, bigTable)},
		{"dead rows are cleared away", fmt.Sprintf(`
			SELECT schemaname || '.' || relname || ' (' || n_dead_tup || ' dead of ' || n_live_tup + n_dead_tup
				|| ', last vacuumed ' || coalesce(greatest(last_vacuum, last_autovacuum)::timestamp(0)::text, 'never') || ')'
			FROM pg_stat_user_tables WHERE n_dead_tup > %d AND n_dead_tup > %g * (n_live_tup + n_dead_tup)
			ORDER BY n_dead_tup DESC LIMIT 5`, bigTable, mostDead)},
		{"every large index is used", `
			SELECT i.indexrelname || ' of ' || i.relname || ' (' || pg_size_pretty(pg_relation_size(i.indexrelid)) || ')'
			FROM pg_stat_user_indexes i JOIN pg_index x ON x.indexrelid = i.indexrelid
			JOIN pg_stat_database d ON d.datname = current_database()
			WHERE i.schemaname = 'public' AND i.idx_scan = 0 AND NOT x.indisunique AND pg_relation_size(i.indexrelid) > 100 * 1024 * 1024
				AND d.stats_reset < now() - interval '7 days'
			ORDER BY pg_relation_size(i.indexrelid) DESC LIMIT 5`},
		{"pages are found in memory", fmt.Sprintf(`
			SELECT round(100.0 * blks_hit / (blks_hit + blks_read), 1) || ' %% of ' || blks_hit + blks_read || ': shared_buffers is small for what is read'
			FROM pg_stat_database WHERE datname = current_database() AND blks_hit + blks_read > %d
				AND blks_hit < %g * (blks_hit + blks_read)`, leastPages, leastFound)},
		{"transactions are short", fmt.Sprintf(`
			SELECT 'process ' || pid || ' for ' || (now() - xact_start)::interval(0) || ' (' || state || ')' FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND now() - xact_start > interval '%d seconds'
			ORDER BY xact_start LIMIT 5`, int(longTransaction.Seconds()))},
		{"numbers of transactions are far from running out", fmt.Sprintf(`
			SELECT age(datfrozenxid) || ' are in use: vacuum does not keep up' FROM pg_database
			WHERE datname = current_database() AND age(datfrozenxid) > %d`, mostAge)},
		{"replicas follow", fmt.Sprintf(`
			SELECT coalesce(application_name, '') || ' is ' || replay_lag::interval(0) || ' behind' FROM pg_stat_replication
			WHERE replay_lag > interval '%d seconds' ORDER BY replay_lag DESC LIMIT 5`, int(replicaLag.Seconds()))},
	}
}

// examineDatabase looks at how Postgres is doing. What it finds makes Lyceum slow, not wrong: all of it is a warning.
func (a *app) examineDatabase(ctx context.Context) []finding {
	findings := []finding{{"statements are counted", health.Worse(a.checkCounting(ctx))}}
	if findings[0].err == nil {
		findings = append(findings, finding{"statements name their tenant", health.Worse(a.none(ctx, forgetful))})
	}
	for _, f := range databaseFindings() {
		findings = append(findings, finding{f.name, health.Worse(a.none(ctx, f.ask))})
	}
	return findings
}

// none returns an error of the rows that the question finds.
func (a *app) none(ctx context.Context, question string) error {
	rows, err := a.pool.Query(ctx, question)
	if err != nil {
		return fmt.Errorf("ask Postgres: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("ask Postgres: %w", err)
	}
	if len(found) > 0 {
		return errors.New(strings.Join(found, "; "))
	}
	return nil
}

// checkCounting says what to do where statements are not counted.
func (a *app) checkCounting(ctx context.Context) error {
	var made bool
	if err := a.pool.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_stat_statements')`).Scan(&made); err != nil {
		return fmt.Errorf("look for pg_stat_statements: %w", err)
	}
	if !made {
		return errors.New("as a superuser, run CREATE EXTENSION pg_stat_statements in this database, " +
			"with shared_preload_libraries = 'pg_stat_statements' in postgresql.conf")
	}
	var n int64
	if err := a.pool.QueryRow(ctx, `SELECT count(*) FROM pg_stat_statements`).Scan(&n); err != nil {
		return fmt.Errorf("put pg_stat_statements into shared_preload_libraries and restart Postgres: %w", err)
	}
	return nil
}

// forgetful are statements of the application that read or change a tenant's table and do not say whose rows; row-level
// security keeps them to the tenant's, and the planner may read all tenants' to find them.
const forgetful = `
	SELECT DISTINCT t.relname || ': ' || left(regexp_replace(s.query, '\s+', ' ', 'g'), 100) || ' (' || s.calls || ' times)'
	FROM pg_stat_statements s JOIN pg_class t ON s.query ~* ('(from|join|into|update)\s+(only\s+)?"?' || t.relname || '"?\M')
	WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND s.userid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
		AND t.relnamespace = 'public'::regnamespace AND t.relkind = 'r' AND t.relrowsecurity
		AND s.query !~* 'tenant_id' AND s.query !~* '\mWHERE\s+"?id"?\s+=' AND s.query !~* 'pg_stat_'
	LIMIT 5`

// dearest are the statements that took the most time.
const dearest = `
	SELECT round(total_exec_time)::bigint, round(mean_exec_time::numeric, 2)::float8, calls, rows,
		left(regexp_replace(query, '\s+', ' ', 'g'), 160)
	FROM pg_stat_statements
	WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query !~* 'pg_stat_|set_config'
		AND userid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
	ORDER BY total_exec_time DESC LIMIT $1`

// printStatements prints the n statements that took the most time in all, without what was asked for.
func (a *app) printStatements(ctx context.Context, command *cobra.Command, n int) error {
	if err := a.checkCounting(ctx); err != nil {
		return err
	}
	rows, err := a.pool.Query(ctx, dearest, n)
	if err != nil {
		return fmt.Errorf("read statements: %w", err)
	}
	var total, calls, touched int64
	var mean float64
	var query string
	command.Printf("\n%12s %10s %10s %10s  %s\n", "ms in all", "ms each", "calls", "rows", "statement")
	_, err = pgx.ForEachRow(rows, []any{&total, &mean, &calls, &touched, &query}, func() error {
		command.Printf("%12d %10.2f %10d %10d  %s\n", total, mean, calls, touched, query)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read statements: %w", err)
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// How many of the dearest statements doctor shows of each kind, and how much of each.
const (
	dearestStatements = 5
	statementLength   = 100
)

// The kinds of dearest statements, with the column that they are found by.
const (
	dearestInAll = "total_exec_time"
	dearestACall = "mean_exec_time"
)

// statistics returns the pool that reads what was asked of Postgres: the owner's, where the owner's URL is known, for the
// application's role may not read what others asked. Close it after use.
func (a *app) statistics(ctx context.Context) (pool *pgxpool.Pool, done func(), err error) {
	owner := a.config.Database.MigrateURL.Reveal()
	if owner == "" {
		return a.pool, func() {}, nil
	}
	pool, err = openPool(ctx, owner, quietPool)
	if err != nil {
		return nil, nil, fmt.Errorf("as the owner of the schema: %w", err)
	}
	return pool, pool.Close, nil
}

// dearestStatementLines returns what doctor prints of the statements that took the most time, as whoever may read them.
func (a *app) dearestStatementLines(ctx context.Context) ([]string, error) {
	pool, done, err := a.statistics(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return dearest(ctx, pool)
}

// dearest returns the statements of this database that took the most time since the counting began, a line for each,
// without what was asked for: first in all, then a call. Without pg_stat_statements the error says how to get it.
func dearest(ctx context.Context, pool *pgxpool.Pool) ([]string, error) {
	const find = `SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_stat_statements'`
	var schema string
	err := pool.QueryRow(ctx, find).Scan(&schema)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errors.New("pg_stat_statements is missing: set shared_preload_libraries = 'pg_stat_statements', restart Postgres, " +
			"and run CREATE EXTENSION pg_stat_statements in this database as a superuser, as docs/running.md says")
	}
	if err != nil {
		return nil, fmt.Errorf("look for pg_stat_statements: %w", err)
	}
	inAll, err := dearestBy(ctx, pool, schema, dearestInAll)
	if err != nil {
		return nil, err
	}
	aCall, err := dearestBy(ctx, pool, schema, dearestACall)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]string{"most time in all:"}, inAll, []string{"most time a call:"}, aCall), nil
}

func dearestBy(ctx context.Context, pool *pgxpool.Pool, schema, column string) ([]string, error) {
	rows, err := pool.Query(ctx, dearestIn(schema, column), statementLength, dearestStatements)
	if err != nil {
		return nil, fmt.Errorf("read pg_stat_statements: %w", err)
	}
	lines, err := pgx.CollectRows(rows, statementLine)
	if err != nil {
		return nil, fmt.Errorf("read pg_stat_statements: %w", err)
	}
	return lines, nil
}

// dearestIn asks the view in the schema, whose name Postgres has quoted. The view may keep a statement as it was sent, with
// what was asked for, when many come at once: what looks like a value is taken out again.
func dearestIn(schema, column string) string {
	return `
		SELECT s.calls, s.total_exec_time, s.mean_exec_time, s.rows, s.shared_blks_hit + s.shared_blks_read, r.rolname::text,
			left(regexp_replace(regexp_replace(regexp_replace(s.query, '''[^'']*''', '?', 'g'), '(?<![$\w])[0-9][0-9.]*', '?', 'g'), '\s+', ' ', 'g'), $1)
		FROM ` + schema + `.pg_stat_statements s LEFT JOIN pg_roles r ON r.oid = s.userid
		WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		ORDER BY s.` + column + ` DESC LIMIT $2`
}

func statementLine(row pgx.CollectableRow) (string, error) {
	var calls, touched, pages int64
	var total, mean float64
	var role, query *string
	if err := row.Scan(&calls, &total, &mean, &touched, &pages, &role, &query); err != nil {
		return "", fmt.Errorf("read statement: %w", err)
	}
	text := ""
	if query != nil {
		text = *query
	}
	if text == "<insufficient privilege>" && role != nil {
		text = "a statement of " + *role + ", hidden from this role without GRANT pg_read_all_stats"
	}
	each := func(n int64) float64 { return float64(n) / float64(max(calls, 1)) }
	return fmt.Sprintf("%d calls, %.0f ms in all; %.2f ms, %.1f rows and %.1f pages a call: %s", calls, total, mean, each(touched), each(pages), text), nil
}

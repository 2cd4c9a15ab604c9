package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// How many of the dearest statements doctor shows, and how much of each.
const (
	dearestStatements = 5
	statementLength   = 100
)

// dearest returns a line for each of the statements of this database that took the most time, in all since the counting
// began, without what was asked for. Without pg_stat_statements the error says how to get it.
func dearest(ctx context.Context, pool *pgxpool.Pool) ([]string, error) {
	const find = `SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_stat_statements'`
	var schema string
	err := pool.QueryRow(ctx, find).Scan(&schema)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errors.New("pg_stat_statements is missing: set shared_preload_libraries = 'pg_stat_statements', restart Postgres, " +
			"and run CREATE EXTENSION pg_stat_statements in this database as a superuser")
	}
	if err != nil {
		return nil, fmt.Errorf("look for pg_stat_statements: %w", err)
	}
	rows, err := pool.Query(ctx, dearestIn(schema), statementLength, dearestStatements)
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
func dearestIn(schema string) string {
	return `
		SELECT s.calls, s.mean_exec_time, s.rows, r.rolname::text,
			left(regexp_replace(regexp_replace(regexp_replace(s.query, '''[^'']*''', '?', 'g'), '(?<![$\w])[0-9][0-9.]*', '?', 'g'), '\s+', ' ', 'g'), $1)
		FROM ` + schema + `.pg_stat_statements s LEFT JOIN pg_roles r ON r.oid = s.userid
		WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		ORDER BY s.total_exec_time DESC LIMIT $2`
}

func statementLine(row pgx.CollectableRow) (string, error) {
	var calls, touched int64
	var mean float64
	var role, query *string
	if err := row.Scan(&calls, &mean, &touched, &role, &query); err != nil {
		return "", fmt.Errorf("read statement: %w", err)
	}
	text := ""
	if query != nil {
		text = *query
	}
	if text == "<insufficient privilege>" && role != nil {
		text = "a statement of " + *role + ", hidden from this role without GRANT pg_read_all_stats"
	}
	return fmt.Sprintf("%d calls, %.2f ms and %.1f rows a call: %s", calls, mean, float64(touched)/float64(max(calls, 1)), text), nil
}

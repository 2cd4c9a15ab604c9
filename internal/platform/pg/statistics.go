package pg

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ErrNotCounted is returned where Postgres does not count statements.
var ErrNotCounted = errors.New("this Postgres runs without pg_stat_statements")

// ShowStatements makes pg_stat_statements in the database that the superuser is connected to, in the schema "statistics",
// and lets the owner read it, with the statements of every role, and nobody else: the texts are of all tenants, so the
// application's role may not look into it. It may be run again, also where somebody made the extension elsewhere.
func ShowStatements(ctx context.Context, superuser *pgx.Conn, owner string) error {
	const loaded = `SELECT current_setting('shared_preload_libraries') ~ '\mpg_stat_statements\M'
		AND EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_stat_statements')`
	var counts bool
	if err := superuser.QueryRow(ctx, loaded).Scan(&counts); err != nil {
		return fmt.Errorf("look for pg_stat_statements: %w", err)
	}
	if !counts {
		return ErrNotCounted
	}
	return makeStatistics(ctx, superuser, owner)
}

// makeStatistics needs the extension's files alone: the library is asked for when the view is read.
func makeStatistics(ctx context.Context, superuser *pgx.Conn, owner string) error {
	const statements = `
		CREATE SCHEMA IF NOT EXISTS statistics;
		CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA statistics;
		ALTER EXTENSION pg_stat_statements SET SCHEMA statistics;
		REVOKE ALL ON SCHEMA statistics FROM PUBLIC;
		REVOKE ALL ON ALL TABLES IN SCHEMA statistics FROM PUBLIC;
		REVOKE ALL ON ALL FUNCTIONS IN SCHEMA statistics FROM PUBLIC;
		GRANT USAGE ON SCHEMA statistics TO OWNER_ROLE;
		GRANT SELECT ON ALL TABLES IN SCHEMA statistics TO OWNER_ROLE;
		GRANT EXECUTE ON FUNCTION statistics.pg_stat_statements(boolean) TO OWNER_ROLE;
		GRANT pg_read_all_stats TO OWNER_ROLE`
	if _, err := superuser.Exec(ctx, strings.ReplaceAll(statements, "OWNER_ROLE", pgx.Identifier{owner}.Sanitize())); err != nil {
		return fmt.Errorf("make pg_stat_statements: %w", err)
	}
	return nil
}

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/platform/health"
	"lyceum/internal/platform/pgtest"
)

// warnings returns what doctor says of the database, by the start of the check's name.
func warnings(t *testing.T, pool *pgxpool.Pool, b databaseBounds) map[string]string {
	t.Helper()
	said := map[string]string{}
	for _, f := range examineDatabase(t.Context(), pool, b) {
		if f.err == nil {
			continue
		}
		if !health.IsWorse(f.err) {
			t.Errorf("%s is broken, not a warning: %v", f.name, f.err)
		}
		name, _, _ := strings.Cut(f.name, " (")
		said[name] = f.err.Error()
	}
	return said
}

func execute(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestDoctorFindsNothingInAHealthyDatabase(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	pgtest.NewTenant(t, d, "alpha")
	if said := warnings(t, pgtest.Pool(t, d.URL), healthyDatabase()); len(said) > 0 {
		t.Errorf("a new database: %v", said)
	}
}

func TestDoctorFindsDeadRowsAndScans(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	conn := pgtest.Superuser(t, d)
	execute(
		t, conn,
		`CREATE TABLE planted (id int, word text) WITH (autovacuum_enabled = false)`,
		`INSERT INTO planted SELECT n, 'word' FROM generate_series(1, 30000) n`,
		`DELETE FROM planted WHERE id <= 12000`,
	)
	for range 12 {
		execute(t, conn, `SELECT count(*) FROM planted`)
	}
	execute(t, conn, `SELECT pg_stat_force_next_flush()`)
	said := warnings(t, pgtest.Pool(t, d.URL), healthyDatabase())
	if got := said["dead rows are cleared away"]; !strings.Contains(got, "public.planted (12000 dead of 30000, last vacuumed never)") {
		t.Errorf("dead rows: %q", got)
	}
	if got := said["large tables are read by an index"]; !strings.Contains(got, "public.planted (18000 rows, read whole 13 times") {
		t.Errorf("scans: %q", got)
	}
	if len(said) != 2 {
		t.Errorf("more than what was planted: %v", said)
	}
}

func TestDoctorFindsIndexesNobodyUses(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	conn := pgtest.Superuser(t, d)
	execute(
		t, conn,
		`CREATE TABLE planted (id int PRIMARY KEY, word text)`,
		`INSERT INTO planted SELECT n, md5(n::text) FROM generate_series(1, 40000) n`,
		`CREATE INDEX planted_word ON planted (word, id) WITH (fillfactor = 10)`,
	)
	got := warnings(t, pgtest.Pool(t, d.URL), healthyDatabase())["large indexes are used"]
	if !strings.Contains(got, "planted_word of planted (") || !strings.Contains(got, "not since ") || strings.Contains(got, "pkey") {
		t.Errorf("the index: %q", got)
	}
}

func TestDoctorFindsLongTransactions(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	pool := pgtest.Pool(t, d.URL)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := healthyDatabase()
	if got := warnings(t, pool, b)["transactions are short"]; got != "" {
		t.Errorf("a young one: %q", got)
	}
	b.longTransaction = 0
	want := fmt.Sprintf("process %d has one since", tx.Conn().PgConn().PID())
	if got := warnings(t, pool, b)["transactions are short"]; !strings.Contains(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := warnings(t, pool, b)["transactions are short"]; got != "" {
		t.Errorf("none is open any more: %q", got)
	}
}

// What cannot be planted in the time of a test is asked with another bound.
func TestDoctorFindsSmallBuffersAndOldTransactions(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	b := healthyDatabase()
	b.leastPages, b.leastFound, b.mostAge = 0, 1.1, -1
	conn := pgtest.Superuser(t, d)
	execute(t, conn, `SELECT count(*) FROM pg_class`, `SELECT pg_stat_force_next_flush()`)
	said := warnings(t, pgtest.Pool(t, d.URL), b)
	if got := said["pages are found in shared buffers"]; !strings.Contains(got, "raise shared_buffers") {
		t.Errorf("buffers: %q", got)
	}
	if got := said["transaction ids do not run out"]; !strings.Contains(got, "VACUUM (FREEZE)") {
		t.Errorf("age: %q", got)
	}
}

func TestDoctorSaysWhatItMayNotSee(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	pgtest.Superuser(t, d)
	for _, f := range examineDatabase(t.Context(), pgtest.Pool(t, d.URL), healthyDatabase()) {
		if strings.HasPrefix(f.name, "transactions are short") && !strings.Contains(f.name, "1 connections of other roles cannot be seen") {
			t.Errorf("%q", f.name)
		}
	}
}

func TestDoctorShowsTheDearestStatements(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	pool := pgtest.Pool(t, d.URL)
	conn := pgtest.Superuser(t, d)
	var preloaded string
	if err := conn.QueryRow(t.Context(), `SHOW shared_preload_libraries`).Scan(&preloaded); err != nil {
		t.Fatal(err)
	}
	execute(t, conn, `DROP EXTENSION IF EXISTS pg_stat_statements`)
	if _, err := dearest(t.Context(), pool); err == nil || !strings.Contains(err.Error(), "CREATE EXTENSION pg_stat_statements") {
		t.Errorf("without the extension: %v", err)
	}
	execute(t, conn, `CREATE SCHEMA "odd place"`, `CREATE EXTENSION pg_stat_statements SCHEMA "odd place"`)
	if _, err := dearest(t.Context(), pool); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("in a schema that the role may not use: %v", err)
	}
	execute(t, conn, `GRANT USAGE ON SCHEMA "odd place" TO PUBLIC`)
	const slow = "SELECT pg_sleep(0.2), 'canary',\n\n 4711 AS number"
	for range 2 {
		if _, err := pool.Exec(t.Context(), slow, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := dearest(t.Context(), pool)
	if !strings.Contains(preloaded, "pg_stat_statements") {
		if err == nil || !strings.Contains(err.Error(), "shared_preload_libraries") {
			t.Errorf("the library is not loaded: %v", err)
		}
		return
	}
	if err != nil || len(lines) < 4 || len(lines) > 2+2*dearestStatements {
		t.Fatalf("%q, %v", lines, err)
	}
	all := strings.Join(lines, "\n")
	inAll, aCall, _ := strings.Cut(all, "most time a call:")
	const slept = "1.0 rows and 0.0 pages a call: SELECT pg_sleep("
	if !strings.Contains(inAll, "2 calls, ") || !strings.Contains(inAll, slept) || !strings.Contains(aCall, slept) || strings.Contains(all, "canary") ||
		strings.Contains(all, "4711") {
		t.Errorf("the statements:\n%s", all)
	}
}

// Postgres keeps a statement as it was sent when it has to forget too many at once; a view that says the same stands in.
func TestDoctorTakesValuesOutOfStatements(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	conn := pgtest.Superuser(t, d)
	execute(
		t, conn,
		`CREATE SCHEMA planted`, `GRANT USAGE ON SCHEMA planted TO PUBLIC`,
		`CREATE VIEW planted.pg_stat_statements AS SELECT 2::int8 AS calls, 1.5::float8 AS mean_exec_time, 3::int8 AS rows,
			7::int8 AS shared_blks_hit, 2::int8 AS shared_blks_read, d.oid AS dbid, r.oid AS userid,
			v.total_exec_time, v.query FROM pg_database d, pg_roles r, (VALUES
				(2.0::float8, E'SELECT t2.a,\n\t$1 FROM t2 WHERE b = ''it''''s a canary'' AND c > 4711.5 ' || repeat('x', 200)),
				(1.0, '<insufficient privilege>')) v (total_exec_time, query)
			WHERE d.datname = current_database() AND r.rolname = 'lyceum_owner'`,
		`GRANT SELECT ON planted.pg_stat_statements TO PUBLIC`,
	)
	rows, err := pgtest.Pool(t, d.URL).Query(t.Context(), dearestIn("planted", dearestInAll), statementLength, dearestStatements)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, statementLine)
	if err != nil || len(lines) != 2 {
		t.Fatalf("%q, %v", lines, err)
	}
	const figures = "1.50 ms, 1.5 rows and 4.5 pages a call: "
	text := "SELECT t2.a, $1 FROM t2 WHERE b = ?? AND c > ? "
	if want := "2 calls, 2 ms in all; " + figures + text + strings.Repeat("x", statementLength-len(text)); lines[0] != want {
		t.Errorf("%q, want %q", lines[0], want)
	}
	if want := "2 calls, 1 ms in all; " + figures + "a statement of lyceum_owner, hidden from this role without GRANT pg_read_all_stats"; lines[1] != want {
		t.Errorf("%q, want %q", lines[1], want)
	}
}

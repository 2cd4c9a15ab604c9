package pg_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// counting makes the extension, and skips where Postgres does not count.
func counting(t *testing.T, superuser *pgx.Conn) {
	t.Helper()
	err := pg.ShowStatements(t.Context(), superuser, "lyceum_owner")
	if errors.Is(err, pg.ErrNotCounted) {
		var loaded string
		if err := superuser.QueryRow(t.Context(), "SHOW shared_preload_libraries").Scan(&loaded); err != nil || strings.Contains(loaded, "pg_stat_statements") {
			t.Fatalf("%q are loaded, %v, and yet not counted", loaded, err)
		}
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestStatementsAreShownToTheOwnerAlone(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	superuser := pgtest.Superuser(t, d)
	// Somebody followed an older page, and made it where everybody may look.
	if _, err := superuser.Exec(t.Context(), `CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public`); err != nil {
		t.Skipf("no such extension: %v", err)
	}
	counting(t, superuser)
	counting(t, superuser) // A second start finds all as it is.

	app, owner := pgtest.Pool(t, d.URL), pgtest.Pool(t, d.OwnerURL)
	if _, err := app.Exec(t.Context(), `SELECT 4711 AS canary`); err != nil {
		t.Fatal(err)
	}
	var read int
	const canaries = `SELECT count(*) FROM statistics.pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
		WHERE r.rolname = 'lyceum_app' AND query LIKE '%AS canary%' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`
	if err := owner.QueryRow(t.Context(), canaries).Scan(&read); err != nil || read != 1 {
		t.Errorf("the owner reads %d statements of the application's role, %v", read, err)
	}
	for _, attempt := range []string{
		`SELECT query FROM statistics.pg_stat_statements`, `SELECT * FROM statistics.pg_stat_statements_info`,
		`SELECT * FROM statistics.pg_stat_statements(true)`, `SELECT statistics.pg_stat_statements_reset()`,
	} {
		if _, err := app.Exec(t.Context(), attempt); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s, as the application's role: %v", attempt, err)
		}
	}
	pgtest.Empty(t) // Sets the roles' passwords.
	var kept string
	const passwords = `SELECT coalesce(string_agg(query, E'\n'), '') FROM statistics.pg_stat_statements WHERE query ~ '^(ALTER|CREATE) ROLE "?lyceum_(app|owner)'`
	if err := superuser.QueryRow(t.Context(), passwords).Scan(&kept); err != nil || kept != "" {
		t.Errorf("passwords are kept: %s, %v", kept, err)
	}
	if _, err := owner.Exec(t.Context(), `SELECT statistics.pg_stat_statements_reset()`); err == nil {
		t.Error("the owner can have everything forgotten")
	}
}

// TestAttackCatalogWithStatistics looks at the catalog of a database whose statements are shown: what is found besides is
// the owner's, who may read every table anyway.
func TestAttackCatalogWithStatistics(t *testing.T) {
	t.Parallel()
	conn := migrated(t)
	look := func() []finding {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(t.Context()) }()
		return findings(readCatalog(t, tx))
	}
	before := look()
	counting(t, conn)
	added := slices.DeleteFunc(look(), func(f finding) bool { return slices.Contains(before, f) })
	want := []finding{
		"extension: pg_stat_statements",
		// The views read memory, not tables, and only the owner has the right to.
		"granted: lyceum_owner SELECT on statistics.pg_stat_statements",
		"granted: lyceum_owner SELECT on statistics.pg_stat_statements_info",
		"granted: lyceum_owner USAGE on schema statistics",
		"view that sees as its owner: statistics.pg_stat_statements",
		"view that sees as its owner: statistics.pg_stat_statements_info",
	}
	if diff := cmp.Diff(want, added); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

package rig_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/ent/migrate"
	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/rig"
	"lyceum/internal/platform/pg"
)

// TestOldRowsAreMadeAnew measures nothing: it looks at what a second run finds of the first one's rows.
func TestOldRowsAreMadeAnew(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a cluster again and again")
	}
	home := t.TempDir()
	first := open(t, home, "first")
	exec(t, first, `UPDATE tenants SET name = 'Touched'`)
	leave(t, first)

	same := open(t, home, "first")
	if n := ask(t, same, `SELECT count(*) FROM tenants WHERE name = 'Touched'`); n != 2 {
		t.Errorf("the same rows were made twice: %d are left of the first", n)
	}
	// A run that was killed while it seeded has said nothing.
	exec(t, same, `COMMENT ON DATABASE bench_tiny IS NULL`)
	leave(t, same)

	anew := open(t, home, "first")
	if n := ask(t, anew, `SELECT count(*) FROM tenants WHERE name = 'Touched'`); n != 0 {
		t.Errorf("%d rows of a database are left that was seeded in part", n)
	}
	exec(t, anew, `UPDATE tenants SET name = 'Touched'`)
	leave(t, anew)

	other := open(t, home, "second")
	if n := ask(t, other, `SELECT count(*) FROM tenants WHERE name = 'Touched'`); n != 0 {
		t.Errorf("%d rows are left that were seeded under another schema", n)
	}
	leave(t, other)
}

func open(t *testing.T, home, schema string) *rig.Rig {
	t.Helper()
	var said bytes.Buffer
	r, err := rig.Open(t.Context(), rig.Options{
		Home: home, Schema: schema, WAL: "1GB", Say: &said,
		Size: dataset.Size{Name: "tiny", Tenants: 2, Users: 20, Courses: 8, Modules: 1, Lessons: 2, Enrollments: 40, Progress: 40},
		Migrate: func(ctx context.Context, url string) error {
			pool, err := pgxpool.New(ctx, url)
			if err != nil {
				return err
			}
			defer pool.Close()
			_, err = pg.Migrate(ctx, pool, migrate.Files)
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if anew := strings.Contains(said.String(), "12/12 statistics"); !anew && said.Len() > 0 {
		t.Errorf("it said %s", said.String())
	}
	return r
}

func leave(t *testing.T, r *rig.Rig) {
	t.Helper()
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, r *rig.Rig) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), r.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func exec(t *testing.T, r *rig.Rig, statement string) {
	t.Helper()
	conn := connect(t, r)
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, r *rig.Rig, query string) (n int) {
	t.Helper()
	conn := connect(t, r)
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

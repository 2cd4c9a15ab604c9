package main

import (
	"testing"

	"lyceum/internal/bench/dataset"
)

// TestOldRowsAreMadeAnew measures nothing: it looks at what a run finds of the one before.
func TestOldRowsAreMadeAnew(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a cluster again and again")
	}
	home := t.TempDir()
	touch := func(m *measuring, statement string) {
		t.Helper()
		if _, err := m.database.Conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	// What is seeded is written once, and not into a log besides.
	first := openTiny(t, home)
	var level string
	if err := first.database.Conn.QueryRow(t.Context(), "SHOW wal_level").Scan(&level); err != nil || level != "minimal" {
		t.Errorf("wal_level is %q, %v", level, err)
	}
	shut(t, first)
	const mark = `UPDATE publications SET title = 'Touched'`
	for _, tt := range []struct {
		name, after string
		kept        bool
	}{
		{name: "the same rows", after: mark, kept: true},
		{name: "rows that were seeded in part", after: mark + `; COMMENT ON DATABASE bench_tiny IS NULL`},
		{name: "rows of another schema", after: mark + `; COMMENT ON DATABASE bench_tiny IS '0123456789abcdef'`},
	} {
		first := openTiny(t, home)
		touch(first, tt.after)
		shut(t, first)
		second := openTiny(t, home)
		var touched, all int
		const look = `SELECT count(*) FILTER (WHERE title = 'Touched'), count(*) FROM publications`
		if err := second.database.Conn.QueryRow(t.Context(), look).Scan(&touched, &all); err != nil {
			t.Fatal(err)
		}
		shut(t, second)
		if all == 0 || (touched == all) != tt.kept || (touched == 0) == tt.kept {
			t.Errorf("%s: %d of %d are those of the run before", tt.name, touched, all)
		}
	}
}

func openTiny(t *testing.T, home string) *measuring {
	t.Helper()
	f := rigFlags{home: home, wal: "1GB"}
	m, err := f.openSize(t.Context(), t.Output(), dataset.Size{
		Name: "tiny", Tenants: 2, Users: 20, Courses: 8, Modules: 1, Lessons: 2, Enrollments: 40, Progress: 40,
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func shut(t *testing.T, m *measuring) {
	t.Helper()
	if err := m.close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

package pg_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// slowPool logs what takes least or longer to the buffer.
func slowPool(t *testing.T, url string, least time.Duration) (*pgxpool.Pool, *bytes.Buffer) {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	config.MaxConns = 1
	config.AfterConnect = pg.Prepare
	config.ConnConfig.Tracer = &pg.SlowStatements{
		Log: slog.New(slog.NewJSONHandler(&said, nil)), Least: least,
		Operation: func(context.Context) string { return "Course" },
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if err := pool.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	said.Reset()
	return pool, &said
}

// slowLines returns what was logged of the statements that sleep.
func slowLines(t *testing.T, said *bytes.Buffer) []map[string]any {
	t.Helper()
	if strings.Contains(said.String(), "canary") {
		t.Errorf("arguments are logged: %s", said)
	}
	var lines []map[string]any
	for text := range strings.Lines(said.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if sql, ok := line["statement"].(string); ok && strings.Contains(sql, "pg_sleep") {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestSlowStatementsAreLogged(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	school := pgtest.NewTenant(t, d, "slow")
	pool, said := slowPool(t, d.URL, time.Millisecond)
	db := pg.Open(pool, pg.Hooks{})
	ctx := school.System(t.Context())
	for _, c := range []struct {
		name string
		run  func() error
		want map[string]any
	}{
		{"alone", func() error {
			_, err := pool.Exec(t.Context(), "SELECT pg_sleep(0.01),\n\t$1::text", "canary")
			return err
		}, map[string]any{"statement": "SELECT pg_sleep(0.01), $1::text", "rows": 1.0, "tenant_id": nil}},
		{"behind its tenant", func() error {
			_, err := db.Exec(ctx, "SELECT pg_sleep(0.01), $1::text FROM generate_series(1, 2)", "canary")
			return err
		}, map[string]any{"statement": "SELECT pg_sleep(0.01), $1::text FROM generate_series(1, 2)", "rows": 2.0, "tenant_id": school.ID.String()}},
		{"in a transaction", func() error {
			return db.Tx(ctx, func(tx *pg.Tx) error {
				_, err := tx.Exec(ctx, "SELECT pg_sleep(0.01), 'canary', $1::text", "canary")
				return err
			})
		}, map[string]any{"statement": "SELECT pg_sleep(0.01), ?, $1::text", "rows": 1.0, "tenant_id": school.ID.String()}},
		{"in a batch", func() error {
			batch := &pgx.Batch{}
			batch.Queue("SELECT $1::text", "canary")
			batch.Queue("SELECT pg_sleep(0.01)")
			return pool.SendBatch(t.Context(), batch).Close()
		}, map[string]any{"statement": "SELECT $1::text; SELECT pg_sleep(0.01)", "rows": 2.0, "code": nil}},
		{"long", func() error {
			_, err := pool.Exec(t.Context(), "SELECT pg_sleep(0.01)"+strings.Repeat(" ", 50)+"-- "+strings.Repeat("é", 400))
			return err
		}, map[string]any{"statement": "SELECT pg_sleep(0.01) -- " + strings.Repeat("é", 275) + "…"}},
	} {
		said.Reset()
		if err := c.run(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		lines := slowLines(t, said)
		if len(lines) != 1 {
			t.Errorf("%s: %d lines: %s", c.name, len(lines), said)
			continue
		}
		c.want["level"], c.want["msg"], c.want["operation"] = "WARN", "slow statement", "Course"
		for key, want := range c.want {
			if got := lines[0][key]; got != want {
				t.Errorf("%s: %s is %v, want %v", c.name, key, got, want)
			}
		}
		if ms, ok := lines[0]["ms"].(float64); !ok || ms < 10 {
			t.Errorf("%s: it took %v ms", c.name, lines[0]["ms"])
		}
	}
}

func TestSlowStatementsThatFailSayTheirCode(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	school := pgtest.NewTenant(t, d, "slow")
	pool, said := slowPool(t, d.URL, time.Millisecond)
	const fails = "SELECT pg_sleep(0.01), $1::text::int"
	if _, err := pool.Exec(t.Context(), fails, "canary"); err == nil {
		t.Fatal("it did not fail")
	}
	if _, err := pg.Open(pool, pg.Hooks{}).Exec(school.System(t.Context()), fails, "canary"); err == nil {
		t.Fatal("it did not fail behind its tenant")
	}
	lines := slowLines(t, said)
	if len(lines) != 2 || lines[0]["code"] != "22P02" || lines[1]["code"] != "22P02" || lines[0]["rows"] != nil {
		t.Errorf("%s", said)
	}
}

func TestFastStatementsAreNotLogged(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	school := pgtest.NewTenant(t, d, "fast")
	pool, said := slowPool(t, d.URL, time.Minute)
	if _, err := pg.Open(pool, pg.Hooks{}).Exec(school.System(t.Context()), "SELECT pg_sleep(0.01)"); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "SELECT pg_sleep(0.01)"); err != nil {
		t.Fatal(err)
	}
	if said.Len() > 0 {
		t.Errorf("%s", said)
	}
}

package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5" //nolint:depguard // a test looks at all tenants' rows from outside, past every policy
)

// OwnerURL connects as the owner of the tables, as operators' commands do.
func (s *Stack) OwnerURL() (string, error) {
	var kept struct {
		Password string `json:"owner_password"`
	}
	if err := readJSON(filepath.Join(s.Home, "secrets.json"), &kept); err != nil {
		return "", err
	}
	return s.databaseURL("lyceum_owner", kept.Password)
}

// AppURL connects as the server does.
func (s *Stack) AppURL() (string, error) {
	var kept struct {
		Password string `json:"app_password"`
	}
	if err := readJSON(filepath.Join(s.Home, "secrets.json"), &kept); err != nil {
		return "", err
	}
	return s.databaseURL("lyceum_app", kept.Password)
}

// Count runs a query for one number past every policy.
func (s *Stack) Count(t testing.TB, query string) (n int) {
	t.Helper()
	s.inside(t, func(conn *pgx.Conn) error { return conn.QueryRow(t.Context(), query).Scan(&n) })
	return n
}

// Meddle runs a statement past every policy.
func (s *Stack) Meddle(t testing.TB, statement string) {
	t.Helper()
	s.inside(t, func(conn *pgx.Conn) error {
		_, err := conn.Exec(t.Context(), statement)
		return err
	})
}

func (s *Stack) inside(t testing.TB, do func(*pgx.Conn) error) {
	t.Helper()
	address, err := s.superuserURL()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if err := do(conn); err != nil {
		t.Fatal(err)
	}
}

// superuserURL connects as a role that no row-level security binds.
func (s *Stack) superuserURL() (string, error) {
	var kept struct{ Password string }
	if err := readJSON(filepath.Join(s.Home, "postgres.json"), &kept); err != nil {
		return "", err
	}
	return s.databaseURL("postgres", kept.Password)
}

// databaseURL leads to the database in the private cluster.
func (s *Stack) databaseURL(user, password string) (string, error) {
	var kept struct{ Port int }
	if err := readJSON(filepath.Join(s.Home, "postgres.json"), &kept); err != nil {
		return "", err
	}
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(user, password), Host: fmt.Sprintf("127.0.0.1:%d", kept.Port),
		Path: "/lyceum", RawQuery: "sslmode=disable",
	}
	return u.String(), nil
}

func readJSON(path string, into any) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read what the stack keeps: %w", err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// Tables returns a hash of the rows of every table, of all tenants, and whether jobs are under way that may
// change them. What reading changes is left out: see noted.
func (s *Stack) Tables(ctx context.Context) (hashes map[string]string, busy bool, err error) {
	address, err := s.superuserURL()
	if err != nil {
		return nil, false, err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, false, fmt.Errorf("connect to the stack's database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	const jobs = `SELECT EXISTS (SELECT 1 FROM river.river_job WHERE state IN ('available', 'pending', 'retryable', 'running'))`
	if err := conn.QueryRow(ctx, jobs).Scan(&busy); err != nil {
		return nil, false, fmt.Errorf("look at the jobs: %w", err)
	}
	rows, err := conn.Query(ctx, `
		SELECT table_name FROM information_schema.tables
		WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'river%'`)
	if err != nil {
		return nil, false, fmt.Errorf("list tables: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, false, fmt.Errorf("list tables: %w", err)
	}
	hashes = map[string]string{}
	for _, name := range names {
		if hashes[name], err = hashTable(ctx, conn, name); err != nil {
			return nil, false, err
		}
	}
	return hashes, busy, nil
}

// hashTable returns a hash of the rows.
func hashTable(ctx context.Context, conn *pgx.Conn, name string) (hash string, err error) {
	hashed := `
		SELECT coalesce(md5(string_agg(line, '' ORDER BY line)), '')
		FROM (SELECT md5((to_jsonb(t) - $1::text[])::text) AS line FROM ` + pgx.Identifier{name}.Sanitize() + ` t) lines`
	if err := conn.QueryRow(ctx, hashed, noted(name)).Scan(&hash); err != nil {
		return "", fmt.Errorf("hash table %s: %w", name, err)
	}
	return hash, nil
}

// noted are the columns of a table in which is noted that somebody was there: they change by reading.
func noted(table string) []string {
	switch table {
	case "sessions":
		return []string{"last_seen_at", "updated_at"}
	case "api_keys":
		return []string{"last_used_at", "updated_at"}
	default:
		return []string{}
	}
}

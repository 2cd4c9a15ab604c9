package pg_test

import (
	stdsql "database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// read is a row as ent reads it.
type read struct {
	Text, Name, Number stdsql.NullString
	At                 stdsql.NullTime
	Small, Large       stdsql.NullInt64
	Yes                stdsql.NullBool
}

func (r *read) dest() []any {
	return []any{&r.Text, &r.Name, &r.Number, &r.At, &r.Small, &r.Large, &r.Yes}
}

// TestNullableTravel reads every kind of value, and null over each of them, as a connection that was taught nothing does.
func TestNullableTravel(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t).URL
	untaught, taught := connected(t, url), connected(t, url)
	if err := pg.TeachTypes(t.Context(), taught); err != nil {
		t.Fatal(err)
	}
	const columns = `SELECT x.t, x.v::varchar, x.n, x.at, x.i::int4, x.l::int8, x.b`
	for name, tt := range map[string]struct {
		from string
		mode pgx.QueryExecMode
		want bool
	}{
		"values":         {`VALUES ('é"\', 'v', 7::text, timestamptz '2026-02-03 04:05:06.789012+02', -7, 1 << 40, true)`, pgx.QueryExecModeCacheStatement, true},
		"empty ones":     {`VALUES ('', '', '', timestamptz 'epoch', 0, 0, false)`, pgx.QueryExecModeCacheStatement, true},
		"nulls":          {`VALUES (NULL::text, NULL, NULL::text, NULL::timestamptz, NULL::int, NULL::bigint, NULL::bool)`, pgx.QueryExecModeCacheStatement, true},
		"as text":        {`VALUES ('x', 'v', 'n', timestamptz '2026-02-03 04:05:06+00', -7, 7, true)`, pgx.QueryExecModeSimpleProtocol, true},
		"for ever":       {`VALUES ('x', 'v', 'n', timestamptz 'infinity', 1, 1, true)`, pgx.QueryExecModeCacheStatement, false},
		"since for ever": {`VALUES ('x', 'v', 'n', timestamptz '-infinity', 1, 1, true)`, pgx.QueryExecModeCacheStatement, false},
	} {
		query := columns + ` FROM (` + tt.from + `) x(t, v, n, at, i, l, b)`
		// What stood there before is overwritten.
		before := read{
			stdsql.NullString{String: "old", Valid: true},
			stdsql.NullString{String: "old", Valid: true},
			stdsql.NullString{String: "old", Valid: true},
			stdsql.NullTime{Time: time.Unix(1, 0), Valid: true},
			stdsql.NullInt64{Int64: 1, Valid: true},
			stdsql.NullInt64{Int64: 1, Valid: true},
			stdsql.NullBool{Bool: true, Valid: true},
		}
		want, got := before, before
		wantErr := untaught.QueryRow(t.Context(), query, tt.mode).Scan(want.dest()...)
		gotErr := taught.QueryRow(t.Context(), query, tt.mode).Scan(got.dest()...)
		if (wantErr == nil) != tt.want || (gotErr == nil) != tt.want {
			t.Errorf("%s: %v, and by a connection that was taught %v", name, wantErr, gotErr)
		}
		if diff := cmp.Diff(want, got); tt.want && diff != "" {
			t.Errorf("%s: -untaught +taught\n%s", name, diff)
		}
	}
	var number stdsql.NullInt64
	if err := taught.QueryRow(t.Context(), `SELECT 'seven'::text`).Scan(&number); err == nil {
		t.Error("a text passed for a number")
	}
}

func connected(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

package stack

import (
	"testing"
	"time"

	"lyceum/internal/platform/pgtest"
)

// TestHashTable rewrites rows: every change shows, but that a session was used.
func TestHashTable(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	tenant := pgtest.NewTenant(t, d, "acme")
	ctx := tenant.System(t.Context())
	d.Course.Create().SetSlug("knots").SetTitle("Knots").SetInstructorID(tenant.Instructor).ExecX(ctx)
	d.Session.Create().SetUserID(tenant.Learner).SetTokenHash([]byte("x")).SetLastSeenAt(time.Now()).
		SetExpiresAt(time.Now().Add(time.Hour)).ExecX(ctx)
	conn := pgtest.Superuser(t, d)
	hash := func(table string) string {
		t.Helper()
		got, err := hashTable(t.Context(), conn, table)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, tt := range []struct {
		table, change string
		shows         bool
	}{
		{"courses", `UPDATE courses SET title = title`, false},
		{"courses", `UPDATE courses SET updated_at = updated_at + interval '1 microsecond'`, true},
		{"sessions", `UPDATE sessions SET last_seen_at = now(), updated_at = now()`, false},
		{"sessions", `UPDATE sessions SET expires_at = now()`, true},
		{"sessions", `DELETE FROM sessions`, true},
	} {
		before := hash(tt.table)
		if _, err := conn.Exec(t.Context(), tt.change); err != nil {
			t.Fatal(err)
		}
		if shows := hash(tt.table) != before; shows != tt.shows {
			t.Errorf("%s: shows %t, want %t", tt.change, shows, tt.shows)
		}
	}
}

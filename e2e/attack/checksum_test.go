package attack_test

import (
	"context"
	"maps"
	"testing"

	"github.com/google/uuid"

	"lyceum/e2e/attack"
	"lyceum/internal/platform/pgtest"
)

// TestChecksums changes one value of one row, and one of another tenant's.
func TestChecksums(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	super := pgtest.Superuser(t, d)
	sums := func(tenant uuid.UUID) map[string]string {
		found, err := attack.Checksums(t.Context(), func(ctx context.Context, query string, args []any, into ...any) error {
			return super.QueryRow(ctx, query, args...).Scan(into...)
		}, tenant)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	change := func(statement string, args ...any) {
		if _, err := super.Exec(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	first := sums(acme.ID)
	if len(first) < 25 || first["users"] == "" || first["placements"] == "" || first["river_job"] == "" {
		t.Fatalf("%d tables: %v", len(first), first)
	}
	if again := sums(acme.ID); !maps.Equal(first, again) {
		t.Errorf("the same rows: %v", attack.Different(first, again))
	}
	change(`UPDATE users SET updated_at = updated_at + interval '1 microsecond' WHERE tenant_id = $1`, globex.ID)
	if again := sums(acme.ID); !maps.Equal(first, again) {
		t.Errorf("another tenant's rows: %v", attack.Different(first, again))
	}
	for table, statement := range map[string]string{
		"users":     `UPDATE users SET updated_at = updated_at + interval '1 microsecond' WHERE id = $1`,
		"sessions":  `INSERT INTO sessions (id, tenant_id, created_at, updated_at, user_id, token_hash, expires_at, last_seen_at, user_agent) SELECT id, tenant_id, now(), now(), id, '\x00', now(), now(), '' FROM users WHERE id = $1`,
		"river_job": `INSERT INTO river.river_job (kind, args, max_attempts, state, queue) SELECT 'x', jsonb_build_object('tenant_id', tenant_id), 1, 'available', 'default' FROM users WHERE id = $1`,
	} {
		before := sums(acme.ID)
		change(statement, acme.Learner)
		if got := attack.Different(before, sums(acme.ID)); len(got) != 1 || got[0][:len(table)] != table {
			t.Errorf("%s: %v", table, got)
		}
	}
	if got := attack.Different(map[string]string{"a": "1", "b": "1"}, map[string]string{"a": "1", "c": "1"}); len(got) != 2 {
		t.Errorf("a table less and a table more: %v", got)
	}
}

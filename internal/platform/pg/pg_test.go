package pg_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, db, "acme"), pgtest.NewTenant(t, db, "globex")

	if _, err := db.User.Get(acme.AsAdmin(t.Context()), globex.Learner); !ent.IsNotFound(err) {
		t.Errorf("a foreign user by id: %v, want not found", err)
	}
	if n := db.User.Query().CountX(acme.AsAdmin(t.Context())); n != 4 {
		t.Errorf("acme's admin sees %d users, want its own 4", n)
	}
	if _, err := db.User.Query().Count(t.Context()); !errors.Is(err, privacy.Deny) {
		t.Errorf("a query without a viewer: %v, want denied", err)
	}
	err := db.User.UpdateOneID(globex.Learner).SetName("Mallory").Exec(acme.AsAdmin(t.Context()))
	if !ent.IsNotFound(err) {
		t.Errorf("an update of a foreign user: %v, want not found", err)
	}
	err = db.User.UpdateOneID(globex.Learner).Exec(acme.AsAdmin(t.Context()))
	if !ent.IsNotFound(err) {
		t.Errorf("an empty update of a foreign user: %v, want not found", err)
	}
	err = db.Session.Create().SetUserID(globex.Learner).SetTokenHash([]byte("x")).SetExpiresAt(time.Now().Add(time.Hour)).Exec(acme.System(t.Context()))
	if !ent.IsConstraintError(err) {
		t.Errorf("a row that points at a foreign user: %v, want a constraint error", err)
	}
}

// TestRowLevelSecurityAlone runs raw SQL, which no policy of ours touches.
func TestRowLevelSecurityAlone(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, db, "acme"), pgtest.NewTenant(t, db, "globex")

	for name, tt := range map[string]struct {
		ctx  context.Context
		want int
	}{
		"acme":      {acme.System(t.Context()), 4},
		"globex":    {globex.System(t.Context()), 4},
		"no tenant": {t.Context(), 0},
	} {
		var n int
		if err := db.QueryRow(tt.ctx, `SELECT count(*) FROM users`).Scan(&n); err != nil || n != tt.want {
			t.Errorf("%s: %d users (%v), want %d", name, n, err, tt.want)
		}
	}
	n, err := db.Exec(acme.System(t.Context()), `UPDATE users SET name = 'Mallory' WHERE tenant_id = $1`, globex.ID)
	if err != nil || n != 0 {
		t.Errorf("an update without a tenant filter of ours touched %d rows (%v), want 0", n, err)
	}
}

func TestTxGuardsItsTenant(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, db, "acme"), pgtest.NewTenant(t, db, "globex")
	err := db.Tx(acme.System(t.Context()), func(tx *pg.Tx) error {
		_, err := tx.User.Query().All(globex.System(t.Context()))
		return err
	})
	if !errors.Is(err, pg.ErrOtherTenant) {
		t.Errorf("globex's statement in acme's transaction: %v, want ErrOtherTenant", err)
	}
}

func TestTxRollsBack(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	acme := pgtest.NewTenant(t, db, "acme")
	boom := errors.New("boom")
	committed := false
	err := db.Tx(acme.System(t.Context()), func(tx *pg.Tx) error {
		tx.AfterCommit(func() { committed = true })
		tx.User.UpdateOneID(acme.Learner).SetName("Changed").ExecX(acme.System(t.Context()))
		return boom
	})
	if !errors.Is(err, boom) || committed {
		t.Errorf("Tx: %v, after-commit ran: %t", err, committed)
	}
	if name := db.User.GetX(acme.System(t.Context()), acme.Learner).Name; name != "Learner" {
		t.Errorf("name after rollback: %q", name)
	}
}

func TestVersionsCannotBeChanged(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	acme := pgtest.NewTenant(t, db, "acme")
	for _, table := range []string{"course_versions", "lesson_versions", "question_versions", "audit_entries"} {
		if _, err := db.Exec(acme.System(t.Context()), `UPDATE `+table+` SET updated_at = now()`); err == nil {
			t.Errorf("%s can be updated by the application role", table)
		}
		if _, err := db.Exec(acme.System(t.Context()), `DELETE FROM `+table+` WHERE id = $1`, uuid.New()); err == nil {
			t.Errorf("%s can be deleted from by the application role", table)
		}
	}
}

package pg_test

import (
	"errors"
	"testing"

	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// TestGroupKeepsTenantsApart runs two tenants' statements in one transaction: each sees its own rows, also when
// they are sent at once, and a transaction is of no use when it is another one's turn.
func TestGroupKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	seen := map[string]int{}
	count := func(name string) pg.Statement {
		return pg.Statement{SQL: `SELECT id FROM users`, Read: func(rows pg.Rows) error {
			for rows.Next() {
				seen[name]++
			}
			return rows.Err()
		}}
	}
	rename := pg.Statement{SQL: `UPDATE users SET name = 'Renamed' WHERE id = $1`, Args: []any{globex.Learner}}
	after := 0
	err := d.Together(t.Context(), func(g *pg.Group) error {
		err := g.Send(t.Context(), []pg.Part{
			{Tenant: acme.ID, Statements: []pg.Statement{rename, count("acme")}},
			{Tenant: globex.ID, Statements: []pg.Statement{count("globex")}},
		})
		if err != nil {
			return err
		}
		first, second := g.As(acme.AsAdmin(t.Context())), g.As(globex.AsAdmin(t.Context()))
		first.AfterCommit(func() { after++ })
		for range 2 {
			for name, tt := range map[string]struct {
				tx   *pg.Tx
				ours pgtest.Tenant
				not  pgtest.Tenant
			}{"acme": {first, acme, globex}, "globex": {second, globex, acme}} {
				// Raw SQL, which no policy of ours narrows.
				var own, foreign int
				err := tt.tx.QueryRow(tt.ours.AsAdmin(t.Context()), `SELECT count(*) FILTER (WHERE tenant_id = $1), count(*) FILTER (WHERE tenant_id <> $1) FROM users`,
					tt.ours.ID).Scan(&own, &foreign)
				if err != nil || own != 4 || foreign != 0 {
					t.Errorf("%s in its turn sees %d users of its own and %d others (%v), want 4 and 0", name, own, foreign, err)
				}
				if _, err := tt.tx.User.Query().Count(tt.not.AsAdmin(t.Context())); !errors.Is(err, pg.ErrOtherTenant) {
					t.Errorf("another tenant's statement in %s's transaction: %v, want ErrOtherTenant", name, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen["acme"] != 4 || seen["globex"] != 4 || after != 1 {
		t.Errorf("seen %v, after the commit %d; want 4 of each, and once", seen, after)
	}
	if name := d.User.GetX(globex.AsAdmin(t.Context()), globex.Learner).Name; name != "Learner" {
		t.Errorf("acme's turn renamed globex's learner to %q", name)
	}
}

func TestGroupFailsWhole(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	rename := pg.Statement{SQL: `UPDATE users SET name = 'Renamed' WHERE id = $1`, Args: []any{acme.Learner}}
	for name, last := range map[string]pg.Statement{
		"a bad statement": {SQL: `SELECT nonsense`},
		"a bad reader":    {SQL: `SELECT 1`, Read: func(pg.Rows) error { return errOnPurpose }},
	} {
		err := d.Together(t.Context(), func(g *pg.Group) error {
			return g.Send(t.Context(), []pg.Part{{Tenant: acme.ID, Statements: []pg.Statement{rename, last}}})
		})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if name := d.User.GetX(acme.AsAdmin(t.Context()), acme.Learner).Name; name != "Learner" {
		t.Errorf("name after failures: %q", name)
	}
}

package pg_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// TestGroupKeepsTenantsApart runs two tenants' statements in one transaction: each sees its own rows, also when
// they are sent at once, and a transaction is of no use when it is another one's turn.
func TestGroupKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	seen, foreign := map[string]int{}, map[string]int{}
	count := func(name string, ours pgtest.Tenant) pg.Statement {
		return pg.Statement{SQL: `SELECT tenant_id FROM users`, Read: func(rows pg.Rows) error {
			for rows.Next() {
				var of uuid.UUID
				if err := rows.Scan(&of); err != nil {
					return err
				}
				seen[name]++
				if of != ours.ID {
					foreign[name]++
				}
			}
			return rows.Err()
		}}
	}
	rename := pg.Statement{SQL: `UPDATE users SET name = 'Renamed' WHERE id = $1`, Args: []any{globex.Learner}}
	after := 0
	err := d.Together(t.Context(), func(g *pg.Group) error {
		err := g.Send(t.Context(), []pg.Part{
			{Tenant: acme.ID, Statements: []pg.Statement{rename, count("acme", acme)}},
			{Tenant: globex.ID, Statements: []pg.Statement{count("globex", globex)}},
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
	if seen["acme"] != 4 || seen["globex"] != 4 || len(foreign) > 0 || after != 1 {
		t.Errorf("seen %v, of these %v of others, after the commit %d; want 4 of each, none of others, and once", seen, foreign, after)
	}
	if name := d.User.GetX(globex.AsAdmin(t.Context()), globex.Learner).Name; name != "Learner" {
		t.Errorf("acme's turn renamed globex's learner to %q", name)
	}
}

// TestGroupFinishes commits with the last statements: what hangs on the commit happens once, and the connection is as
// good as before.
func TestGroupFinishes(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	change := func(of pgtest.Tenant) pg.Part {
		return pg.Part{Tenant: of.ID, Statements: []pg.Statement{{SQL: `UPDATE users SET locale = 'eo' WHERE tenant_id = $1`, Args: []any{of.ID}}}}
	}
	after := 0
	for range 3 {
		err := d.Together(t.Context(), func(g *pg.Group) error {
			g.AfterCommit(func() { after++ })
			return g.Finish(t.Context(), []pg.Part{change(acme), change(globex)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, of := range []pgtest.Tenant{acme, globex} {
		if locale := d.User.GetX(of.AsAdmin(t.Context()), of.Learner).Locale; locale != "eo" {
			t.Errorf("%s: locale after the commit: %q", of.Slug, locale)
		}
	}
	if after != 3 {
		t.Errorf("%d times after three commits", after)
	}
}

func TestGroupFailsWhole(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	rename := pg.Statement{SQL: `UPDATE users SET name = 'Renamed' WHERE id = $1`, Args: []any{acme.Learner}}
	// A constraint that is looked at when the transaction commits.
	orphan := pg.Statement{SQL: `INSERT INTO late (parent) VALUES (1)`}
	late := pgtest.Superuser(t, d)
	const deferred = `CREATE TABLE parents (id int PRIMARY KEY); CREATE TABLE late (parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
		GRANT ALL ON late, parents TO lyceum_app`
	if _, err := late.Exec(t.Context(), deferred); err != nil {
		t.Fatal(err)
	}
	reader := pg.Statement{SQL: `SELECT 1`, Read: func(pg.Rows) error { return errOnPurpose }}
	for name, end := range map[string]func(g *pg.Group, s ...pg.Statement) error{
		"sent": func(g *pg.Group, s ...pg.Statement) error {
			return g.Send(t.Context(), []pg.Part{{Tenant: acme.ID, Statements: s}})
		},
		"finished": func(g *pg.Group, s ...pg.Statement) error {
			return g.Finish(t.Context(), []pg.Part{{Tenant: acme.ID, Statements: s}})
		},
	} {
		for why, last := range map[string]pg.Statement{
			"a bad statement": {SQL: `SELECT nonsense`}, "a bad reader": reader, "a commit that fails": orphan,
		} {
			err := d.Together(t.Context(), func(g *pg.Group) error {
				g.AfterCommit(func() { t.Errorf("%s, %s: something hangs on a commit that did not happen", name, why) })
				return end(g, rename, last)
			})
			if err == nil {
				t.Errorf("%s, %s: no error", name, why)
			}
		}
	}
	if name := d.User.GetX(acme.AsAdmin(t.Context()), acme.Learner).Name; name != "Learner" {
		t.Errorf("name after failures: %q", name)
	}
}

package pg_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// TestEventsAreToldLast: what a transaction enqueues is told once, all together, when everything else is done; never when
// the transaction has failed, and by each tenant for itself where several take turns.
func TestEventsAreToldLast(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	var told []string
	var refuse error
	db := pg.Open(d.Pool(), pg.Hooks{Announce: func(ctx context.Context, tx *pg.Tx, events []pg.Event) error {
		var sees string
		if err := tx.QueryRow(ctx, `SELECT locale FROM users WHERE id = ANY($1)`, []any{acme.Learner, globex.Learner}).Scan(&sees); err != nil {
			return err
		}
		of := map[bool]string{true: "acme", false: "globex"}[viewer.Tenant(ctx) == acme.ID]
		told = append(told, fmt.Sprintf("%s %d %s", of, len(events), sees))
		return refuse
	}})
	ctx, there := acme.System(t.Context()), globex.System(t.Context())
	say := func(ctx context.Context, tx *pg.Tx, locale string, events ...pg.Event) error {
		before := len(told)
		if err := tx.Enqueue(ctx, events...); err != nil {
			return err
		}
		if len(told) > before {
			t.Errorf("told while the transaction goes on: %v", told)
		}
		_, err := tx.Exec(ctx, `UPDATE users SET locale = $1`, locale)
		return err
	}
	for _, tt := range []struct {
		name string
		do   func() error
		want []string
		fail bool
	}{
		{"twice", func() error {
			return db.Tx(ctx, func(tx *pg.Tx) error {
				if err := say(ctx, tx, "eo", happened{}); err != nil {
					return err
				}
				return say(ctx, tx, "la", happened{}, happened{})
			})
		}, []string{"acme 3 la"}, false},
		{"nothing", func() error { return db.Tx(ctx, func(tx *pg.Tx) error { return tx.Enqueue(ctx) }) }, nil, false},
		{"a failure", func() error {
			return db.Tx(ctx, func(tx *pg.Tx) error {
				if err := say(ctx, tx, "eo", happened{}); err != nil {
					return err
				}
				return errOnPurpose
			})
		}, nil, true},
		{"tried again", func() error {
			tries := 0
			return db.Tx(ctx, func(tx *pg.Tx) error {
				if err := say(ctx, tx, "it", happened{}); err != nil {
					return err
				}
				if tries++; tries > 1 {
					return nil
				}
				_, err := tx.Exec(ctx, `DO $$ BEGIN RAISE EXCEPTION 'given up' USING ERRCODE = '40001'; END $$`)
				return err
			})
		}, []string{"acme 1 it"}, false},
		{"another tenant's", func() error { return db.Tx(ctx, func(tx *pg.Tx) error { return tx.Enqueue(there, happened{}) }) }, nil, true},
		{"in turns", func() error {
			return db.Together(t.Context(), func(g *pg.Group) error {
				if err := say(there, g.As(there), "fr", happened{}); err != nil {
					return err
				}
				return say(ctx, g.As(ctx), "de", happened{}, happened{})
			})
		}, []string{"globex 1 fr", "acme 2 de"}, false},
		{"in turns that finish", func() error {
			return db.Together(t.Context(), func(g *pg.Group) error {
				if err := say(there, g.As(there), "nl", happened{}); err != nil {
					return err
				}
				return g.Finish(t.Context(), []pg.Part{{Tenant: acme.ID, Statements: []pg.Statement{{SQL: `UPDATE users SET locale = 'nl'`}}}})
			})
		}, []string{"globex 1 nl"}, false},
	} {
		told = nil
		if err := tt.do(); (err != nil) != tt.fail || !slices.Equal(told, tt.want) {
			t.Errorf("%s: told %q, want %q; %v", tt.name, told, tt.want, err)
		}
	}
	refuse = errOnPurpose
	if err := db.Tx(ctx, func(tx *pg.Tx) error { return say(ctx, tx, "xx", happened{}) }); err == nil {
		t.Error("nobody could be told, and the transaction has committed")
	}
	if got := d.User.GetX(ctx, acme.Learner).Locale; got != "nl" {
		t.Errorf("locale %q after what could not be told", got)
	}
}

//go:build attack

package main

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"lyceum/e2e/attack"
	"lyceum/internal/policy"
)

// TestAttackBites breaks what the attacks rely on, and expects them to notice: an attacker who is the victim's own
// admin, and two walls that are down at the same time. What they find is named.
func TestAttackBites(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t, nothingKept...)
	w.attackPlan(t)
	t.Run("the victim's admin as an attacker", func(t *testing.T) {
		w.bitten(t, attackOptions{attackers: []attacker{{
			viewer: "victim's admin", token: w.victim.tokens["admin"], host: w.victim.host, home: w.victim,
		}}}, 0.85)
	})
	t.Run("all walls are up", func(t *testing.T) {
		if leaks := w.attackReads(t, attackOptions{grouped: true}); len(leaks) > 0 {
			t.Errorf("%d leaks: %v", len(leaks), leaks[0])
		}
	})
	t.Run("policies are down", func(t *testing.T) {
		w.fell(t)
		if leaks := w.attackReads(t, attackOptions{grouped: true, attackers: w.foreigners()}); len(leaks) > 0 {
			t.Errorf("%d leaks: %v", len(leaks), leaks[0])
		}
	})
	t.Run("both walls are down", func(t *testing.T) {
		w.fell(t)
		w.openTables(t)
		w.bitten(t, attackOptions{attackers: w.admins()}, 0.5)
		if leaks := w.attackReads(t, attackOptions{first: true, grouped: true, attackers: w.admins()}); len(leaks) == 0 {
			t.Error("the short attack finds nothing")
		}
	})
	t.Run("the walls are up again", func(t *testing.T) {
		if leaks := w.attackReads(t, attackOptions{grouped: true, attackers: w.admins()}); len(leaks) > 0 {
			t.Errorf("%d leaks: %v", len(leaks), leaks[0])
		}
	})
}

// fell lets no policy narrow or deny until the test ends.
func (w *attackWorld) fell(t *testing.T) {
	t.Helper()
	within := func(ctx context.Context) context.Context { return policy.Fell(ctx) }
	w.within.Store(&within)
	t.Cleanup(func() { w.within.Store(nil) })
}

// openTables switches row-level security off until the test ends.
func (w *attackWorld) openTables(t *testing.T) {
	t.Helper()
	tables, err := w.tenantTables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	protected := slices.DeleteFunc(tables, func(name string) bool { return name == "domains" })
	set := func(ctx context.Context, state string) {
		for _, table := range protected {
			if err := w.super(ctx, `ALTER TABLE `+pgx.Identifier{table}.Sanitize()+` `+state+` ROW LEVEL SECURITY`); err != nil {
				t.Error(err)
			}
		}
	}
	set(t.Context(), "DISABLE")
	t.Cleanup(func() { set(context.WithoutCancel(t.Context()), "ENABLE") })
}

// bitten attacks and fails unless at least the share of all pairs leaks, and among them those that matter most.
func (w *attackWorld) bitten(t *testing.T, o attackOptions, share float64) {
	t.Helper()
	leaked := map[attack.Pair]bool{}
	for _, l := range w.attackReads(t, o) {
		for _, pair := range l.pairs {
			leaked[pair] = true
		}
	}
	for _, pair := range []attack.Pair{{Type: "Course", Field: "title"}, {Type: "User", Field: "email"}, {Type: "Enrollment", Field: "state"}, {Type: "Attempt", Field: "score"}} {
		if !leaked[pair] {
			t.Errorf("%s does not leak", pair)
		}
	}
	var tight []string
	for _, o := range w.plan.reads {
		if pair := o.Pairs()[0]; !leaked[pair] {
			tight = append(tight, pair.String())
		}
	}
	t.Logf("%d of %d pairs leak", len(leaked), len(w.plan.reads))
	if float64(len(leaked)) < share*float64(len(w.plan.reads)) {
		t.Errorf("these do not: %v", tight)
	}
}

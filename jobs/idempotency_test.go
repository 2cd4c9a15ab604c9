package jobs_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"lyceum/internal/platform/idempotency"
	"lyceum/internal/platform/pgtest"
)

// TestSweepForgetsKeys sweeps the idempotency keys of every tenant whose day is over, and no others.
func TestSweepForgetsKeys(t *testing.T) {
	t.Parallel()
	f := setup(t)
	keys, err := idempotency.New(f.DB, time.Hour, slog.New(slog.DiscardHandler), []byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string) {
		for _, ctx := range []context.Context{f.acme.AsLearner(t.Context()), f.globex.AsLearner(t.Context())} {
			if _, _, err := keys.Claim(ctx, name, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	super := pgtest.Superuser(t, f.Database)
	claim("old")
	if _, err := super.Exec(t.Context(), `UPDATE idempotency_keys SET claimed_at = now() - interval '25 hours'`); err != nil {
		t.Fatal(err)
	}
	claim("young")
	f.work(t, services(f.db, f.store), options())
	eventually(t, "two keys left", func() bool {
		left := 0
		const count = `SELECT count(*) FROM idempotency_keys`
		if err := super.QueryRow(t.Context(), count).Scan(&left); err != nil {
			t.Fatal(err)
		}
		return left == 2
	})
	var young int
	const fresh = `SELECT count(*) FROM idempotency_keys WHERE claimed_at > now() - interval '1 hour'`
	if err := super.QueryRow(t.Context(), fresh).Scan(&young); err != nil || young != 2 {
		t.Errorf("%d young keys are left (%v), want both", young, err)
	}
}

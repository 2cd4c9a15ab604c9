package epoch_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/cache/cachetest"
	"lyceum/internal/platform/epoch"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// unconfirmed counts what a process was not told.
type unconfirmed struct{ used, refused atomic.Int64 }

func (u *unconfirmed) Unconfirmed(used bool) {
	if used {
		u.used.Add(1)
		return
	}
	u.refused.Add(1)
}

// process is what one process knows.
type process struct {
	*epoch.Epochs

	meter *unconfirmed
}

// newProcess starts a process over the database and, unless url is empty, Redis.
func newProcess(t *testing.T, d *pgtest.Database, url string) process {
	t.Helper()
	var client *cache.Client
	if url != "" {
		var err error
		if client, err = cache.Open(cache.Config{URL: url, Timeout: 5 * time.Second}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
	}
	hub := cache.NewHub(t.Context(), client, cache.HubConfig{})
	t.Cleanup(hub.Close)
	p := process{meter: &unconfirmed{}}
	var err error
	if p.Epochs, err = epoch.New(t.Context(), d.DB, hub, p.meter); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func (p process) of(t *testing.T, school uuid.UUID) int64 {
	t.Helper()
	number, err := p.Of(t.Context(), school)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// sees waits until the process knows another number than before, and returns how long that took.
func (p process) sees(t *testing.T, school uuid.UUID, before int64) time.Duration {
	t.Helper()
	const patience = 20 * time.Second
	began := time.Now()
	for p.of(t, school) == before {
		if time.Since(began) > patience {
			t.Fatalf("after %s the process still believes in %d", patience, before)
		}
	}
	return time.Since(began)
}

// rename changes what the tenant shows.
func rename(t *testing.T, d *pgtest.Database, school pgtest.Tenant) {
	t.Helper()
	d.Category.Create().SetSlug("c" + uuid.NewString()[:8]).SetName("New").SaveX(school.System(t.Context()))
}

// TestEpochsReachOtherProcesses: a change of one process is seen by another within a second, told over Redis or not, and
// by nobody else's tenant. A busy machine may be late with one change or another, so that the soonest counts.
func TestEpochsReachOtherProcesses(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	server := cachetest.Start(t)
	for name, url := range map[string]string{"with Redis": server.URL(), "without Redis": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			writer, reader := newProcess(t, d, url), newProcess(t, d, url)
			var took []time.Duration
			for range 3 {
				before, others := reader.of(t, acme.ID), reader.of(t, globex.ID)
				rename(t, d, acme)
				writer.Moved(t.Context(), acme.ID)
				took = append(took, reader.sees(t, acme.ID, before))
				if got := reader.of(t, globex.ID); got != others {
					t.Errorf("the other tenant's epoch went from %d to %d", others, got)
				}
			}
			if soonest := slices.Min(took); soonest > time.Second {
				t.Errorf("changes are seen after %s at the soonest", soonest)
			}
		})
	}
}

// TestEpochsAreToldOverRedis: who is told does not wait for the next look, which comes half a second after the one before. On a
// busy machine one message or another is late, so it goes on until some were not.
func TestEpochsAreToldOverRedis(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	server := cachetest.Start(t)
	writer, reader := newProcess(t, d, server.URL()), newProcess(t, d, server.URL())
	told := 0
	const rounds, enough = 30, 4
	for round := 0; round < rounds && told < enough; round++ {
		before := reader.of(t, acme.ID)
		began := time.Now()
		rename(t, d, acme)
		writer.Moved(t.Context(), acme.ID)
		if got := writer.of(t, acme.ID); got == before {
			t.Fatal("the process that changed something does not know")
		}
		reader.sees(t, acme.ID, before)
		if time.Since(began) < 250*time.Millisecond {
			told++
		}
	}
	if told < enough {
		t.Errorf("%d of %d changes were seen at once", told, rounds)
	}
}

// TestEpochsMoveWithTheirTransaction says what moves an epoch, and that what is rolled back does not.
func TestEpochsMoveWithTheirTransaction(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	ctx := acme.System(t.Context())
	number := func() int64 {
		t.Helper()
		var n int64
		if err := d.QueryRow(ctx, `SELECT coalesce(max(epoch), 0) FROM epochs WHERE tenant_id = $1`, acme.ID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	errBack := errors.New("back")
	for _, tt := range []struct {
		what  string
		moves int64
		do    func(tx *pg.Tx) error
	}{
		{"a category is made", 1, func(tx *pg.Tx) error {
			return tx.Category.Create().SetSlug("one").SetName("One").Exec(ctx)
		}},
		{"many rows in one transaction", 1, func(tx *pg.Tx) error {
			for _, slug := range []string{"two", "three", "four"} {
				if err := tx.Category.Create().SetSlug(slug).SetName(slug).Exec(ctx); err != nil {
					return err
				}
			}
			return tx.Tenant.Update().SetName("Another name").Exec(ctx)
		}},
		{"what is rolled back", 0, func(tx *pg.Tx) error {
			if err := tx.Category.Create().SetSlug("five").SetName("Five").Exec(ctx); err != nil {
				return err
			}
			return errBack
		}},
		{"a look is changed", 1, func(tx *pg.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE tenants SET branding = '{"accent": "#112233"}' WHERE tenant_id = $1`, acme.ID)
			return err
		}},
		{"a kind is changed", 1, func(tx *pg.Tx) error { return tx.Tenant.Update().SetKind(tenant.KindSCHOOL).Exec(ctx) }},
		{"what no visitor sees of a tenant", 0, func(tx *pg.Tx) error { return tx.Tenant.Update().SetCaptionsRequired(true).Exec(ctx) }},
		{"a name is changed", 1, func(tx *pg.Tx) error { return tx.User.UpdateOneID(acme.Instructor).SetName("Renamed").Exec(ctx) }},
		{"the same name again", 0, func(tx *pg.Tx) error { return tx.User.UpdateOneID(acme.Instructor).SetName("Renamed").Exec(ctx) }},
		{"a role is changed", 1, func(tx *pg.Tx) error {
			return tx.User.UpdateOneID(acme.Instructor).SetRole(viewer.TenantAdmin).Exec(ctx)
		}},
		{"what no visitor sees of a person", 0, func(tx *pg.Tx) error { return tx.User.UpdateOneID(acme.Instructor).SetLocale("de").Exec(ctx) }},
		{"somebody comes", 0, func(tx *pg.Tx) error {
			return tx.User.Create().SetEmail("new@acme.example").SetName("New").SetRole(viewer.Learner).Exec(ctx)
		}},
	} {
		before := number()
		if err := d.Tx(ctx, tt.do); err != nil && !errors.Is(err, errBack) {
			t.Fatalf("%s: %v", tt.what, err)
		}
		if got := number() - before; got != tt.moves {
			t.Errorf("%s moves the epoch by %d, want %d", tt.what, got, tt.moves)
		}
	}
}

// TestEpochsWhenPostgresIsAway: the last number is believed for a while, one that was never known is not made up.
func TestEpochsWhenPostgresIsAway(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	p := newProcess(t, d, "")
	before := p.of(t, acme.ID)
	d.Pool().Close()
	p.Moved(context.WithoutCancel(t.Context()), acme.ID)
	if got := p.of(t, acme.ID); got != before || p.meter.used.Load() != 1 {
		t.Errorf("epoch %d, used %d times unconfirmed; want %d and once", got, p.meter.used.Load(), before)
	}
	if got, err := p.Of(t.Context(), globex.ID); err == nil || p.meter.refused.Load() != 1 {
		t.Errorf("an epoch that was never known is %d", got)
	}
}

package tenancy_test

import (
	"sync/atomic"
	"testing"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/placement"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
)

// stoppedClock is a clock that goes on when it is told to.
type stoppedClock struct{ now atomic.Int64 }

func (c *stoppedClock) NowNano() int64                    { return c.now.Load() }
func (*stoppedClock) Tick(time.Duration) <-chan time.Time { return nil }
func (c *stoppedClock) wait(d time.Duration)              { c.now.Add(d.Nanoseconds()) }
func asOwner(t *testing.T, d *pgtest.Database) *pg.DB {
	t.Helper()
	return pg.Open(pgtest.Pool(t, d.OwnerURL), pg.Hooks{})
}

func TestByHost(t *testing.T) {
	t.Parallel()
	f := setup(t)
	closed := pgtest.NewTenant(t, f.Database, "closed")
	p := &tenancy.Provisioner{Owner: asOwner(t, f.Database), Hasher: f.s.Hasher}
	for host, tenant := range map[string]pgtest.Tenant{"learn.globex.example": f.globex, "closed.example": closed} {
		if err := p.AddDomain(t.Context(), tenant.ID, host); err != nil {
			t.Fatal(err)
		}
	}
	suspend(t, f.Database, "closed")
	d := tenancy.NewDirectory(f.DB, "lyceum.example", "acme")
	for host, want := range map[string]struct {
		slug  string
		named bool
	}{
		"acme.lyceum.example":          {"acme", true},
		"GLOBEX.lyceum.example:8080":   {"globex", true},
		"learn.globex.example":         {"globex", true},
		"Learn.Globex.Example.":        {"globex", true},
		"lyceum.example":               {"acme", false},
		"localhost:8080":               {"acme", false},
		"127.0.0.1:8080":               {"acme", false},
		"[::1]:8080":                   {"acme", false},
		"unknown.lyceum.example":       {},
		"closed.lyceum.example":        {},
		"closed.example":               {},
		"a.acme.lyceum.example":        {},
		"acme.lyceum.example.evil.com": {},
		"xlyceum.example":              {},
		"globex.localhost":             {},
		"":                             {},
		"acme.lyceum.example\x00":      {},
		"' OR 1=1 --":                  {},
	} {
		place, named, err := d.ByHost(t.Context(), host)
		if want.slug == "" {
			wantCode(t, host, err, fault.NotFound)
			continue
		}
		if err != nil || place.Slug != want.slug || named != want.named || place.Database != "default" {
			t.Errorf("%q: %+v, named %t (%v), want %+v", host, place, named, err, want)
		}
	}
}

func TestByHostWithoutDefault(t *testing.T) {
	t.Parallel()
	f := setup(t)
	d := tenancy.NewDirectory(f.DB, "localhost", "")
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]"} {
		_, _, err := d.ByHost(t.Context(), host)
		wantCode(t, host, err, fault.NotFound)
	}
	if place, named, err := d.ByHost(t.Context(), "acme.localhost"); err != nil || place.Tenant != f.acme.ID || !named {
		t.Errorf("acme.localhost: %+v %t (%v)", place, named, err)
	}
	suspend(t, f.Database, "globex")
	_, _, err := tenancy.NewDirectory(f.DB, "localhost", "globex").ByHost(t.Context(), "localhost")
	wantCode(t, "a default tenant that is suspended", err, fault.NotFound)
}

// TestDirectoryRemembers counts statements: names are looked up once, known and unknown ones alike, and what
// changes is felt when the memory is old.
func TestDirectoryRemembers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	clock := &stoppedClock{}
	d := tenancy.NewDirectoryAt(f.DB, "localhost", "", clock)
	ctx, statements := pg.CountStatements(t.Context())
	for range 3 {
		if _, err := d.BySlug(ctx, "acme"); err != nil {
			t.Fatal(err)
		}
		_, err := d.BySlug(ctx, "initech")
		wantCode(t, "initech", err, fault.NotFound)
		_, _, err = d.ByHost(ctx, "learn.initech.example")
		wantCode(t, "a host of nobody's", err, fault.NotFound)
	}
	// What exists takes two: where it is, and what kind of tenant.
	if n := statements.Load(); n != 4 {
		t.Errorf("%d statements for three names, want 4", n)
	}
	pgtest.NewTenant(t, f.Database, "initech")
	suspend(t, f.Database, "acme")
	if _, err := d.BySlug(ctx, "acme"); err != nil {
		t.Errorf("acme is remembered: %v", err)
	}
	clock.wait(tenancy.DirectoryTTL + time.Millisecond)
	_, err := d.BySlug(ctx, "acme")
	wantCode(t, "acme, suspended", err, fault.NotFound)
	if _, err := d.BySlug(ctx, "initech"); err != nil {
		t.Errorf("initech, made meanwhile: %v", err)
	}
}

func TestBySlugRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	d := tenancy.NewDirectory(f.DB, "localhost", "acme")
	ctx, statements := pg.CountStatements(t.Context())
	for _, slug := range []string{"", "ACME", "a.b", "-a", "a-", "a b", "a\x00", "acme.localhost"} {
		_, err := d.BySlug(ctx, slug)
		wantCode(t, slug, err, fault.NotFound)
	}
	if n := statements.Load(); n != 0 {
		t.Errorf("%d statements for what is no slug", n)
	}
}

func suspend(t *testing.T, d *pgtest.Database, slug string) {
	t.Helper()
	_, err := asOwner(t, d).Exec(t.Context(), `UPDATE placements SET status = $1 WHERE slug = $2`, placement.StatusSUSPENDED, slug)
	if err != nil {
		t.Fatal(err)
	}
}

package tenancy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/domain"
	"lyceum/internal/gen/ent/placement"
	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// directoryTTL is how long a host name's tenant is remembered; a suspension is felt within it.
const directoryTTL = 5 * time.Second

// directorySize bounds the remembered names, known and unknown ones alike.
const directorySize = 10_000

// Place says which tenant a name means and where its rows live.
type Place struct {
	Tenant uuid.UUID
	Slug   string
	// School says that the tenant is a K-12 school.
	School bool
	// Database is the name of the database that holds the tenant.
	Database string
	// Host is the host that named the tenant, in one spelling; "" when it was found otherwise.
	Host string
}

// Directory finds the tenant that a host name or slug means.
type Directory struct {
	db *pg.DB
	// base is the domain whose labels are tenants: "localhost" makes acme.localhost tenant acme.
	base string
	// fallback is the slug served on hosts that name no tenant; empty for none.
	fallback string
	// remembered maps "slug:…" and "host:…" to a place; a zero Place is a name that means nothing.
	remembered *otter.Cache[string, Place]
}

// NewDirectory returns a directory for the base domain, which serves the fallback tenant on hosts that name
// none.
func NewDirectory(db *pg.DB, base, fallback string) *Directory {
	return newDirectory(db, base, fallback, nil)
}

// newDirectory is NewDirectory with a clock; nil is the wall's.
func newDirectory(db *pg.DB, base, fallback string, clock otter.Clock) *Directory {
	return &Directory{
		db: db, base: base, fallback: fallback,
		remembered: otter.Must(&otter.Options[string, Place]{
			MaximumSize:      directorySize,
			ExpiryCalculator: otter.ExpiryWriting[string, Place](directoryTTL),
			Clock:            clock,
		}),
	}
}

// ByHost finds the tenant of a request's Host header. Named is false when the host names no tenant and the
// fallback was taken, if there is one. The error is a NotFound fault for a host that means nothing here.
func (d *Directory) ByHost(ctx context.Context, host string) (place Place, named bool, err error) {
	name, ok := cleanHost(host)
	if !ok {
		return Place{}, false, errNoTenant()
	}
	if slug, below := strings.CutSuffix(name, "."+d.base); below {
		place, err = d.BySlug(ctx, slug)
		place.Host = name
		return place, true, err
	}
	if name == d.base || name == "localhost" || isAddress(name) {
		if d.fallback == "" {
			return Place{}, false, errNoTenant()
		}
		place, err = d.BySlug(ctx, d.fallback)
		return place, false, err
	}
	place, err = d.find(ctx, "host:"+name)
	place.Host = name
	return place, true, err
}

// BySlug finds a tenant by its slug. The error is a NotFound fault when there is none.
func (d *Directory) BySlug(ctx context.Context, slug string) (Place, error) {
	if !isLabel(slug) {
		return Place{}, errNoTenant()
	}
	return d.find(ctx, "slug:"+slug)
}

func (d *Directory) find(ctx context.Context, key string) (Place, error) {
	place, err := d.remembered.Get(ctx, key, otter.LoaderFunc[string, Place](d.load))
	if err != nil {
		return Place{}, fmt.Errorf("find tenant: %w", err)
	}
	if place.Tenant == uuid.Nil {
		return Place{}, errNoTenant()
	}
	return place, nil
}

// load looks a name up for everybody who waits for it: the first one's going away is not the others' loss.
func (d *Directory) load(ctx context.Context, key string) (Place, error) {
	ctx = context.WithoutCancel(ctx)
	query := d.db.Placement.Query().Where(placement.StatusEQ(placement.StatusACTIVE))
	if slug, ok := strings.CutPrefix(key, "slug:"); ok {
		query = query.Where(placement.Slug(slug))
	} else {
		owner, err := d.db.Domain.Query().Where(domain.Host(strings.TrimPrefix(key, "host:"))).Only(ctx)
		if ent.IsNotFound(err) {
			return Place{}, nil
		} else if err != nil {
			return Place{}, fmt.Errorf("find domain: %w", err)
		}
		query = query.Where(placement.ID(owner.TenantID))
	}
	found, err := query.Only(ctx)
	if ent.IsNotFound(err) {
		return Place{}, nil
	} else if err != nil {
		return Place{}, fmt.Errorf("find placement: %w", err)
	}
	// What kind of tenant it is stands in the tenant's own row, behind its wall.
	kind, err := d.db.Tenant.Query().Where(tenant.ID(found.ID)).Only(viewer.With(ctx, viewer.Job(found.ID, "directory")))
	if ent.IsNotFound(err) {
		return Place{}, nil
	} else if err != nil {
		return Place{}, fmt.Errorf("find tenant of placement: %w", err)
	}
	return Place{
		Tenant: found.ID, Slug: found.Slug, School: kind.Kind == tenant.KindSCHOOL, Database: found.Database,
	}, nil
}

func errNoTenant() error { return fault.New(fault.NotFound, "There is no tenant at this address.") }

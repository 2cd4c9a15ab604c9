package loader

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/vikstrous/dataloadgen"

	"lyceum/internal/analytics"
	"lyceum/internal/assessment"
	"lyceum/internal/catalog"
	"lyceum/internal/enrollment"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pg"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// Sources are what the loaders read from.
type Sources struct {
	DB         *pg.DB
	Catalog    *catalog.Service
	Assessment *assessment.Service
	Enrollment *enrollment.Service
	Pathway    *pathway.Service
	Tenancy    *tenancy.Service
}

// Set is the loaders of one response. Each runs at most one statement for a level of the answer.
type Set struct {
	Catalog
	Authoring
	Learning
	Paths
	Groups

	// Report finds the reports of courses.
	Report *Loader[uuid.UUID, *analytics.Report]
	// Nodes are for `node` alone.
	Nodes Nodes
	// User finds people of the tenant by id.
	User *Loader[uuid.UUID, *ent.User]
	// Tenant finds the viewer's tenant by its id.
	Tenant *Loader[uuid.UUID, *ent.Tenant]

	owner viewer.Viewer
}

func newSet(s Sources) *Set {
	return &Set{
		Catalog:   newCatalog(s),
		Authoring: newAuthoring(s),
		Learning:  newLearning(s),
		Paths:     newPaths(s),
		Groups:    newGroups(s),
		Nodes:     newNodes(s),
		Report:    byID((&analytics.Dashboards{DB: s.DB}).Reports, func(r *analytics.Report) uuid.UUID { return r.Course }),
		User: byID(func(ctx context.Context, ids []uuid.UUID) ([]*ent.User, error) {
			return s.DB.User.Query().Where(user.IDIn(ids...)).All(ctx)
		}, func(u *ent.User) uuid.UUID { return u.ID }),
		Tenant: byID(func(ctx context.Context, ids []uuid.UUID) ([]*ent.Tenant, error) {
			return s.DB.Tenant.Query().Where(tenant.IDIn(ids...)).All(ctx)
		}, func(t *ent.Tenant) uuid.UUID { return t.ID }),
	}
}

// IsNotFound reports whether a loader found nothing for a key.
func IsNotFound(err error) bool { return errors.Is(err, dataloadgen.ErrNotFound) }

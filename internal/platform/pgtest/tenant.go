package pgtest

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/viewer"
)

// Tenant is a tenant with one user of each role.
type Tenant struct {
	ID                                  uuid.UUID
	Slug                                string
	Admin, Instructor, Learner, Support uuid.UUID
}

// NewTenant makes a tenant with the slug and its four users, "admin@<slug>.example" and so on.
func NewTenant(t testing.TB, d *Database, slug string) Tenant {
	t.Helper()
	tenant := Tenant{ID: uuid.Must(uuid.NewV7()), Slug: slug}
	owner, err := pgx.Connect(t.Context(), d.OwnerURL)
	if err != nil {
		t.Fatalf("connect as owner: %v", err)
	}
	defer func() { _ = owner.Close(context.WithoutCancel(t.Context())) }()
	const place = `INSERT INTO placements (id, slug, database, status, created_at) VALUES ($1, $2, 'default', 'ACTIVE', now())`
	if _, err := owner.Exec(t.Context(), place, tenant.ID, slug); err != nil {
		t.Fatalf("place tenant: %v", err)
	}
	ctx := tenant.System(t.Context())
	if err := d.Tenant.Create().SetID(tenant.ID).SetSlug(slug).SetName(strings.ToUpper(slug[:1]) + slug[1:]).Exec(ctx); err != nil {
		t.Fatalf("create tenant: %v", err)
	}
	tenant.Admin = NewUser(t, d, tenant, "admin", viewer.TenantAdmin)
	tenant.Instructor = NewUser(t, d, tenant, "instructor", viewer.Instructor)
	tenant.Learner = NewUser(t, d, tenant, "learner", viewer.Learner)
	tenant.Support = NewUser(t, d, tenant, "support", viewer.Support)
	return tenant
}

// NewUser adds a user called name to the tenant and returns its id.
func NewUser(t testing.TB, d *Database, tenant Tenant, name string, role viewer.Role) uuid.UUID {
	t.Helper()
	u, err := d.User.Create().
		SetEmail(name + "@" + tenant.Slug + ".example").
		SetName(strings.ToUpper(name[:1]) + name[1:]).
		SetRole(role).
		Save(tenant.System(t.Context()))
	if err != nil {
		t.Fatalf("create user %s: %v", name, err)
	}
	return u.ID
}

// System returns a context in which Lyceum itself works for the tenant.
func (tenant Tenant) System(ctx context.Context) context.Context {
	return viewer.With(ctx, viewer.Job(tenant.ID, "test"))
}

// Anonymous returns a context of a visitor of the tenant.
func (tenant Tenant) Anonymous(ctx context.Context) context.Context {
	return viewer.With(ctx, viewer.Of(tenant.ID))
}

// As returns a context of the user in the role.
func (tenant Tenant) As(ctx context.Context, userID uuid.UUID, role viewer.Role) context.Context {
	return viewer.With(ctx, viewer.Viewer{Tenant: tenant.ID, User: userID, Role: role})
}

// AsLearner returns a context of the tenant's learner.
func (tenant Tenant) AsLearner(ctx context.Context) context.Context {
	return tenant.As(ctx, tenant.Learner, viewer.Learner)
}

// AsInstructor returns a context of the tenant's instructor.
func (tenant Tenant) AsInstructor(ctx context.Context) context.Context {
	return tenant.As(ctx, tenant.Instructor, viewer.Instructor)
}

// AsAdmin returns a context of the tenant's admin.
func (tenant Tenant) AsAdmin(ctx context.Context) context.Context {
	return tenant.As(ctx, tenant.Admin, viewer.TenantAdmin)
}

// AsSupport returns a context of the tenant's support user while a grant is in force.
func (tenant Tenant) AsSupport(ctx context.Context) context.Context {
	return viewer.With(ctx, viewer.Viewer{Tenant: tenant.ID, User: tenant.Support, Role: viewer.Support, Grant: uuid.New()})
}

// AsUngranted returns a context of the tenant's support user without a grant.
func (tenant Tenant) AsUngranted(ctx context.Context) context.Context {
	return tenant.As(ctx, tenant.Support, viewer.Support)
}

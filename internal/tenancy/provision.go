package tenancy

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/pg"
	"lyceum/internal/tenancy/brand"
	"lyceum/internal/viewer"
)

// NewTenant is what a tenant is made with.
type NewTenant struct {
	Slug, Name string
	Kind       tenant.Kind
	// Locale is a BCP 47 tag.
	Locale   string
	Branding brand.Brand
	// Admin is the first person, who can add the others.
	Admin NewUser
}

func (n NewTenant) check() error {
	var c fault.Collector
	c.Check(validSlug(n.Slug), "slug", "A slug is one label of a host name: a to z, 0 to 9 and hyphens.")
	c.Check(n.Name != "" && len(n.Name) <= 200, "name", "A name is 1 to 200 characters.")
	c.Check(tenant.KindValidator(n.Kind) == nil, "kind", "Kinds are COMPANY and SCHOOL.")
	return c.Err()
}

// Provisioner makes tenants. It holds the connection of the owner of the tables, because the directory of
// tenants is written through nothing else.
type Provisioner struct {
	Owner  *pgxpool.Pool
	Hasher *auth.Hasher
	// Hooks are those of the server: what provisioning does is audited too.
	Hooks pg.Hooks
}

// Create makes the tenant with its first admin in one transaction and returns its id. A slug that is taken
// is a Conflict fault.
func (p *Provisioner) Create(ctx context.Context, n NewTenant) (uuid.UUID, error) {
	n.Admin.Role, n.Admin.Email = viewer.TenantAdmin, normalEmail(n.Admin.Email)
	if err := n.check(); err != nil {
		return uuid.Nil, err
	}
	if err := n.Admin.check(); err != nil {
		return uuid.Nil, err
	}
	hash, err := p.Hasher.Hash(ctx, n.Admin.Password)
	if err != nil {
		return uuid.Nil, fmt.Errorf("hash password: %w", err)
	}
	id := uuid.Must(uuid.NewV7())
	ctx = viewer.With(ctx, viewer.Operator(id, "tenant create"))
	err = pg.Open(p.Owner, p.Hooks).Tx(ctx, func(tx *pg.Tx) error {
		if err := tx.Placement.Create().SetID(id).SetSlug(n.Slug).Exec(viewer.AsPlatform(ctx)); err != nil {
			return fault.Newf(fault.Conflict, "There is a tenant called %s already.", n.Slug).Because(err)
		}
		made, err := tx.Tenant.Create().
			SetID(id).SetSlug(n.Slug).SetName(n.Name).SetKind(n.Kind).SetLocale(n.Locale).SetBranding(n.Branding).
			Save(ctx)
		if err != nil {
			return fmt.Errorf("keep tenant: %w", err)
		}
		err = tx.User.Create().
			SetEmail(n.Admin.Email).SetName(n.Admin.Name).SetRole(n.Admin.Role).SetPasswordHash(hash).
			Exec(ctx)
		if err != nil {
			return fmt.Errorf("keep admin: %w", err)
		}
		return tx.Record(ctx, pg.Entry{Action: "tenant.created", Subject: made.GlobalID().String()})
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("create tenant %s: %w", n.Slug, err)
	}
	return id, nil
}

// AddDomain lets the tenant be reached at a host name of its own.
func (p *Provisioner) AddDomain(ctx context.Context, tenantID uuid.UUID, host string) error {
	name, ok := cleanHost(host)
	if !ok {
		return fault.Invalid("host", "A host name looks like learn.example.com.")
	}
	ctx = viewer.AsPlatform(ctx)
	err := pg.Open(p.Owner, p.Hooks).Domain.Create().SetTenantID(tenantID).SetHost(name).Exec(ctx)
	if err != nil {
		return fault.Newf(fault.Conflict, "%s belongs to a tenant already.", name).Because(err)
	}
	return nil
}

// CreateStaff adds a person who runs the platform, or changes their password.
func (p *Provisioner) CreateStaff(ctx context.Context, email, name, password string) error {
	email = normalEmail(email)
	if !validEmail(email) {
		return fault.Invalid("email", "An address looks like name@example.com.")
	}
	if err := auth.CheckPassword("password", password); err != nil {
		return err
	}
	hash, err := p.Hasher.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	const save = `
		INSERT INTO staffs (id, email, name, role, password_hash, created_at)
		VALUES ($1, $2, $3, 'SUPER_ADMIN', $4, now())
		ON CONFLICT (email) DO UPDATE SET password_hash = EXCLUDED.password_hash`
	if _, err := p.Owner.Exec(ctx, save, uuid.Must(uuid.NewV7()), email, name, hash); err != nil {
		return fmt.Errorf("keep staff: %w", err)
	}
	return nil
}

// Tenants returns the id of every tenant by slug.
func (p *Provisioner) Tenants(ctx context.Context) (map[string]uuid.UUID, error) {
	rows, err := p.Owner.Query(ctx, `SELECT slug, id FROM placements`)
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	bySlug := map[string]uuid.UUID{}
	var (
		slug string
		id   uuid.UUID
	)
	_, err = pgx.ForEachRow(rows, []any{&slug, &id}, func() error {
		bySlug[slug] = id
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	return bySlug, nil
}

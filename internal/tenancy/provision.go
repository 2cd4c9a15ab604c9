package tenancy

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql/sqlgraph"
	"github.com/google/uuid"
	"golang.org/x/text/language"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/tenancy/brand"
	"lyceum/internal/viewer"
)

// NewTenant is what a tenant is made with.
type NewTenant struct {
	Slug, Name string
	Kind       tenant.Kind
	// Locale is a BCP 47 tag; empty is English.
	Locale   string
	Branding brand.Brand
	// Admin is the first person, who can add the others.
	Admin NewUser
}

// clean returns the tenant as kept, and what is wrong with it.
func (n NewTenant) clean() (NewTenant, error) {
	n.Name, n.Admin.Role = strings.TrimSpace(n.Name), viewer.TenantAdmin
	var c input.Checker
	c.Check(isLabel(n.Slug), "slug", "A slug is one label of a host name: a to z, 0 to 9 and hyphens.")
	c.Line("name", n.Name, 1, maxName)
	c.Check(tenant.KindValidator(n.Kind) == nil, "kind", "Kinds are COMPANY and SCHOOL.")
	locale, err := language.Parse(cmp.Or(n.Locale, language.English.String()))
	c.Check(err == nil, "locale", "A language is a BCP 47 tag, such as en or de-CH.")
	n.Locale = locale.String()
	if err := c.Err(); err != nil {
		return NewTenant{}, err
	}
	look := BrandingChange{Accent: &n.Branding.Accent, LogoURL: &n.Branding.LogoURL, Signatory: &n.Branding.Signatory}
	if err := look.check(); err != nil {
		return NewTenant{}, err
	}
	n.Admin, err = n.Admin.clean()
	return n, err
}

// Provisioner makes tenants. It is connected as the owner of the tables, because the directory of tenants is
// written through nothing else.
type Provisioner struct {
	Owner  *pg.DB
	Hasher *auth.Hasher
}

// Create makes the tenant with its first admin in one transaction and returns its id. A slug that is taken
// is a Conflict fault.
func (p *Provisioner) Create(ctx context.Context, n NewTenant) (uuid.UUID, error) {
	n, err := n.clean()
	if err != nil {
		return uuid.Nil, err
	}
	hash, err := p.Hasher.Hash(ctx, n.Admin.Password)
	if err != nil {
		return uuid.Nil, fmt.Errorf("hash password: %w", err)
	}
	id := uuid.Must(uuid.NewV7())
	ctx = viewer.With(ctx, viewer.Operator(id, "tenant create"))
	err = p.Owner.Tx(ctx, func(tx *pg.Tx) error { return create(ctx, tx, id, n, hash) })
	if err != nil {
		return uuid.Nil, fmt.Errorf("create tenant %s: %w", n.Slug, err)
	}
	return id, nil
}

func create(ctx context.Context, tx *pg.Tx, id uuid.UUID, n NewTenant, hash string) error {
	err := tx.Placement.Create().SetID(id).SetSlug(n.Slug).Exec(viewer.AsPlatform(ctx))
	if sqlgraph.IsUniqueConstraintError(err) {
		return fault.Newf(fault.Conflict, "There is a tenant called %s already.", n.Slug).Because(err)
	} else if err != nil {
		return fmt.Errorf("place tenant: %w", err)
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
}

// AddDomain lets the tenant be reached at a host name of its own.
func (p *Provisioner) AddDomain(ctx context.Context, tenantID uuid.UUID, host string) error {
	name, ok := cleanHost(host)
	if !ok || !strings.Contains(name, ".") || isAddress(name) {
		return fault.Invalid("host", "A host name looks like learn.example.com.")
	}
	err := p.Owner.Domain.Create().SetTenantID(tenantID).SetHost(name).Exec(viewer.AsPlatform(ctx))
	switch {
	case sqlgraph.IsUniqueConstraintError(err):
		return fault.Newf(fault.Conflict, "%s belongs to a tenant already.", name).Because(err)
	case sqlgraph.IsForeignKeyConstraintError(err):
		return fault.New(fault.NotFound, "There is no such tenant.").Because(err)
	case err != nil:
		return fmt.Errorf("keep domain: %w", err)
	}
	return nil
}

// CreateStaff adds a person who runs the platform, or changes their password and ends their sessions. It is
// plain SQL: upserts are off in ent, where they would overwrite rows that are not to be seen.
func (p *Provisioner) CreateStaff(ctx context.Context, email, name, password string) error {
	email, name = normalEmail(email), strings.TrimSpace(name)
	var c input.Checker
	c.Check(validEmail(email), "email", "An address looks like name@example.com and has at most 254 characters.")
	c.Line("name", name, 1, maxName)
	if err := c.Err(); err != nil {
		return err
	}
	if err := auth.CheckPassword("password", password); err != nil {
		return err
	}
	hash, err := p.Hasher.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	const save = `
		WITH saved AS (
			INSERT INTO staffs (id, email, name, role, password_hash, created_at)
			VALUES ($1, $2, $3, 'SUPER_ADMIN', $4, now())
			ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name, password_hash = EXCLUDED.password_hash
			RETURNING id)
		UPDATE staff_sessions s SET revoked_at = now() FROM saved WHERE s.staff_id = saved.id AND s.revoked_at IS NULL`
	err = p.Owner.Tx(ctx, func(tx *pg.Tx) error {
		if err := lockStaff(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, save, uuid.Must(uuid.NewV7()), email, name, hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep staff: %w", err)
	}
	return nil
}

// Tenants returns the id of every tenant by slug.
func (p *Provisioner) Tenants(ctx context.Context) (map[string]uuid.UUID, error) {
	placements, err := p.Owner.Placement.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	bySlug := make(map[string]uuid.UUID, len(placements))
	for _, p := range placements {
		bySlug[p.Slug] = p.ID
	}
	return bySlug, nil
}

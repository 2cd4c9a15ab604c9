package tenancy

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"unicode/utf8"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// BrandingChange names what to change; nil fields stay as they are.
type BrandingChange struct{ Accent, LogoURL, Signatory *string }

// The bounds of branding, in bytes and in characters.
const (
	maxLogo      = 500
	maxSignatory = 200
)

// colour is how a colour is written.
var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func (b BrandingChange) check() error {
	var c input.Checker
	if b.Accent != nil && *b.Accent != "" {
		c.Check(colour.MatchString(*b.Accent), "accent", "A colour looks like #1a2b3c.")
	}
	if b.LogoURL != nil && *b.LogoURL != "" {
		c.Check(isHTTPS(*b.LogoURL), "logoUrl", "A logo is an https address of at most 500 characters.")
	}
	if b.Signatory != nil {
		c.Line("signatory", *b.Signatory, 0, maxSignatory)
	}
	return c.Err()
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(s) <= maxLogo && utf8.ValidString(s)
}

// Tenant returns the viewer's tenant.
func (s *Service) Tenant(ctx context.Context) (*ent.Tenant, error) {
	found, err := s.DB.Tenant.Get(ctx, viewer.Tenant(ctx))
	if err != nil {
		return nil, fmt.Errorf("find tenant: %w", err)
	}
	return found, nil
}

// UpdateBranding changes how the tenant's pages and certificates look.
func (s *Service) UpdateBranding(ctx context.Context, change BrandingChange) (*ent.Tenant, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	if err := change.check(); err != nil {
		return nil, err
	}
	var changed *ent.Tenant
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		now, err := tx.Tenant.Query().ForUpdate().Only(ctx)
		if err != nil {
			return fmt.Errorf("lock tenant: %w", err)
		}
		look := now.Branding
		set(&look.Accent, change.Accent)
		set(&look.LogoURL, change.LogoURL)
		set(&look.Signatory, change.Signatory)
		changed, err = tx.Tenant.UpdateOne(now).SetBranding(look).Save(ctx)
		if err != nil {
			return fmt.Errorf("keep branding: %w", err)
		}
		return tx.Record(ctx, pg.Entry{Action: "tenant.branding_changed", Subject: changed.GlobalID().String()})
	})
	return changed, err
}

func set(field, value *string) {
	if value != nil {
		*field = *value
	}
}

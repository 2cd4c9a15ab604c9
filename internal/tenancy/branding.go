package tenancy

import (
	"context"
	"fmt"
	"net/url"
	"regexp"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// BrandingChange names what to change; nil fields stay as they are.
type BrandingChange struct{ Accent, LogoURL, Signatory *string }

func (b BrandingChange) check() error {
	var c fault.Collector
	if b.Accent != nil && *b.Accent != "" {
		c.Check(isColour(*b.Accent), "accent", "A colour looks like #1a2b3c.")
	}
	if b.LogoURL != nil && *b.LogoURL != "" {
		c.Check(isHTTPS(*b.LogoURL), "logoUrl", "A logo is an https address of at most 500 characters.")
	}
	if b.Signatory != nil {
		c.Check(len(*b.Signatory) <= 200, "signatory", "A signatory is at most 200 characters.")
	}
	return c.Err()
}

func isColour(s string) bool {
	ok, err := regexp.MatchString(`^#[0-9a-fA-F]{6}$`, s)
	return ok && err == nil
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(s) <= 500
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
		now, err := tx.Tenant.Get(ctx, viewer.Tenant(ctx))
		if err != nil {
			return fmt.Errorf("find tenant: %w", err)
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

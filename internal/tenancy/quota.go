package tenancy

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// AsSetting in a QuotaChange takes a bound of the tenant's own back.
const AsSetting int64 = -1

// Quota is what the files of a tenant, and the uploads of one of its people, may take in bytes; nil is the server's
// setting.
type Quota struct{ Storage, StorageUser *int64 }

// QuotaChange says in bytes what becomes of a tenant's own bounds, or AsSetting; nil leaves one as it is.
type QuotaChange struct{ Storage, StorageUser *int64 }

func (c QuotaChange) check() error {
	var check input.Checker
	for field, bound := range map[string]*int64{"storage": c.Storage, "storageUser": c.StorageUser} {
		check.Check(bound == nil || *bound >= AsSetting, field, "A bound is a number of bytes.")
	}
	return check.Err()
}

// apply puts the change into an update.
func (c QuotaChange) apply(update *ent.TenantUpdateOne) {
	switch {
	case c.Storage == nil:
	case *c.Storage == AsSetting:
		update.ClearStorageQuota()
	default:
		update.SetStorageQuota(*c.Storage)
	}
	switch {
	case c.StorageUser == nil:
	case *c.StorageUser == AsSetting:
		update.ClearStorageQuotaUser()
	default:
		update.SetStorageQuotaUser(*c.StorageUser)
	}
}

// Quota returns the tenant's own bounds.
func (p *Provisioner) Quota(ctx context.Context, tenantID uuid.UUID) (Quota, error) {
	t, err := p.Owner.Tenant.Get(viewer.With(ctx, viewer.Operator(tenantID, "tenant quota")), tenantID)
	if ent.IsNotFound(err) {
		return Quota{}, fault.New(fault.NotFound, "There is no such tenant.")
	} else if err != nil {
		return Quota{}, fmt.Errorf("read tenant: %w", err)
	}
	return Quota{Storage: t.StorageQuota, StorageUser: t.StorageQuotaUser}, nil
}

// SetQuota changes the tenant's own bounds and returns them. A bound below what is used already removes nothing: it keeps
// more from coming in.
func (p *Provisioner) SetQuota(ctx context.Context, tenantID uuid.UUID, c QuotaChange) (Quota, error) {
	if err := c.check(); err != nil {
		return Quota{}, err
	}
	ctx = viewer.With(ctx, viewer.Operator(tenantID, "tenant quota"))
	var changed *ent.Tenant
	err := p.Owner.Tx(ctx, func(tx *pg.Tx) error {
		update := tx.Tenant.UpdateOneID(tenantID)
		c.apply(update)
		var err error
		changed, err = update.Save(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "There is no such tenant.")
		} else if err != nil {
			return fmt.Errorf("keep bounds: %w", err)
		}
		return tx.Record(ctx, pg.Entry{
			Action: "tenant.quota_changed", Subject: changed.GlobalID().String(),
			Data: map[string]string{"storage": recorded(changed.StorageQuota), "storageUser": recorded(changed.StorageQuotaUser)},
		})
	})
	if err != nil {
		return Quota{}, fmt.Errorf("set quota: %w", err)
	}
	return Quota{Storage: changed.StorageQuota, StorageUser: changed.StorageQuotaUser}, nil
}

// recorded is a bound as the audit log has it: a number of bytes, or empty for the server's setting.
func recorded(bound *int64) string {
	if bound == nil {
		return ""
	}
	return strconv.FormatInt(*bound, 10)
}

package media

import (
	"context"
	"fmt"
	"math"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// lockQuota makes uploads of a tenant be announced one after the other: two that fit alone may not fit together, and
// neither would see the other's row.
const lockQuota = `SELECT pg_advisory_xact_lock(hashtextextended('storage ' || $1::text, 0))`

// inUse sums up what a tenant's files take, and the uploads of one person. An upload under way counts as if it had
// arrived.
const inUse = `
	SELECT coalesce(sum(size), 0)::bigint + (SELECT coalesce(sum(bytes), 0)::bigint FROM rendition_sets WHERE tenant_id = $1),
		coalesce(sum(size) FILTER (WHERE owner_id = $2), 0)::bigint
	FROM assets WHERE tenant_id = $1`

// allowance is what is used and what may be used, in bytes.
type allowance struct{ used, quota, mine, perUser int64 }

// allowance reads what the viewer and the viewer's tenant use and may use.
func (s *Service) allowance(ctx context.Context, tx *pg.Tx) (allowance, error) {
	v, _ := viewer.From(ctx)
	own, err := tx.Tenant.Query().Where(tenant.ID(v.Tenant)).Only(ctx)
	if err != nil {
		return allowance{}, fmt.Errorf("read tenant: %w", err)
	}
	a := allowance{quota: bound(own.StorageQuota, s.Quota), perUser: bound(own.StorageQuotaUser, s.QuotaPerUser)}
	if err := tx.QueryRow(ctx, inUse, v.Tenant, v.User).Scan(&a.used, &a.mine); err != nil {
		return allowance{}, fmt.Errorf("sum up files: %w", err)
	}
	return a, nil
}

// bound is the tenant's own bound, else the setting, where zero is none.
func bound(own *int64, setting int64) int64 {
	switch {
	case own != nil:
		return *own
	case setting > 0:
		return setting
	default:
		return math.MaxInt64
	}
}

// reserve returns nil when the viewer may upload a file of the size. Until the transaction ends nobody else of the
// tenant is asked: what it writes counts for the next.
func (s *Service) reserve(ctx context.Context, tx *pg.Tx, size int64) error {
	if err := s.queue(ctx, tx); err != nil {
		return err
	}
	a, err := s.allowance(ctx, tx)
	if err != nil {
		return err
	}
	return a.admit(size)
}

// queue waits until no one else of the tenant announces an upload.
func (*Service) queue(ctx context.Context, tx *pg.Tx) error {
	v, _ := viewer.From(ctx)
	if _, err := tx.Exec(ctx, lockQuota, v.Tenant); err != nil {
		return fmt.Errorf("lock storage of %s: %w", v.Tenant, err)
	}
	return nil
}

func (a allowance) admit(size int64) error {
	switch {
	case size > a.quota-a.used:
		return fault.Newf(fault.Conflict, "The storage is full: %s of %s are left, and the file has %s. Delete files, or ask for more.",
			amount(a.quota-a.used), amount(a.quota), amount(size))
	case size > a.perUser-a.mine:
		return fault.Newf(fault.Conflict, "You may upload %s more of %s, and the file has %s. Delete files of yours, or ask for more.",
			amount(a.perUser-a.mine), amount(a.perUser), amount(size))
	default:
		return nil
	}
}

// amount writes bytes for people; what is below zero is none.
func amount(bytes int64) string {
	const step = 1024
	units := []string{"KiB", "MiB", "GiB", "TiB"}
	if bytes < step {
		return fmt.Sprintf("%d bytes", max(bytes, 0))
	}
	value, unit := float64(bytes)/step, 0
	for value >= step && unit < len(units)-1 {
		value, unit = value/step, unit+1
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

package media

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/usage"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// How many months Usage returns.
const (
	usualMonths = 12
	mostMonths  = 36
)

// account writes down what came of the source, in the transaction of the effect. A source counts once for each kind,
// however often the effect is delivered: the caller holds the lock on the asset, and an index says the same.
func account(ctx context.Context, tx *pg.Tx, kind usage.Kind, source uuid.UUID, quantity int64) error {
	if quantity <= 0 {
		return nil
	}
	counted, err := tx.Usage.Query().Where(usage.KindEQ(kind), usage.SourceID(source)).Exist(viewer.WholeTenant(ctx))
	if err != nil {
		return fmt.Errorf("look into account: %w", err)
	}
	if counted {
		return nil
	}
	if err := tx.Usage.Create().SetKind(kind).SetSourceID(source).SetQuantity(quantity).Exec(ctx); err != nil {
		return fmt.Errorf("account for %s: %w", kind, err)
	}
	return nil
}

// accountRemoved takes back what was stored of the sources. What was never accounted for is not taken back.
func accountRemoved(ctx context.Context, tx *pg.Tx, sources ...uuid.UUID) error {
	stored, err := tx.Usage.Query().
		Where(usage.KindEQ(usage.KindBYTES_STORED), usage.SourceIDIn(sources...)).
		All(viewer.WholeTenant(ctx))
	if err != nil {
		return fmt.Errorf("look into account: %w", err)
	}
	for _, row := range stored {
		if err := account(ctx, tx, usage.KindBYTES_REMOVED, row.SourceID, row.Quantity); err != nil {
			return err
		}
	}
	return nil
}

// Usage is what a tenant's files take and may take, in bytes.
type Usage struct {
	Used, Quota, Mine, QuotaPerUser int64
	// Months are the latest first, without those in which nothing happened.
	Months []Month
}

// Month is what happened in one calendar month (UTC).
type Month struct {
	// Name is like "2026-11".
	Name            string
	Stored, Removed int64
	Transcoded      time.Duration
}

// monthly sums an account up.
const monthly = `
	SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, kind, sum(quantity)::bigint
	FROM usages
	WHERE tenant_id = $1 AND created_at >= date_trunc('month', now(), 'UTC') - make_interval(months => $2::int - 1)
	GROUP BY 1, 2 ORDER BY 1 DESC, 2`

// Usage returns what the viewer's tenant uses; nil months are twelve.
func (s *Service) Usage(ctx context.Context, months *int) (*Usage, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	wanted := usualMonths
	if months != nil {
		wanted = *months
	}
	var c input.Checker
	c.Between("months", wanted, 1, mostMonths)
	if err := c.Err(); err != nil {
		return nil, err
	}
	v, _ := viewer.From(ctx)
	found := &Usage{}
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		a, err := s.allowance(ctx, tx)
		if err != nil {
			return err
		}
		*found = Usage{Used: a.used, Quota: a.quota, Mine: a.mine, QuotaPerUser: a.perUser}
		rows, err := tx.Query(ctx, monthly, v.Tenant, wanted)
		if err != nil {
			return fmt.Errorf("read account: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var kind usage.Kind
			var quantity int64
			if err := rows.Scan(&name, &kind, &quantity); err != nil {
				return fmt.Errorf("read account: %w", err)
			}
			found.add(name, kind, quantity)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("sum up usage: %w", err)
	}
	return found, nil
}

// add puts a sum where it belongs; they come sorted by month.
func (u *Usage) add(name string, kind usage.Kind, quantity int64) {
	if n := len(u.Months); n == 0 || u.Months[n-1].Name != name {
		u.Months = append(u.Months, Month{Name: name})
	}
	month := &u.Months[len(u.Months)-1]
	switch kind {
	case usage.KindBYTES_STORED:
		month.Stored = quantity
	case usage.KindBYTES_REMOVED:
		month.Removed = quantity
	case usage.KindMS_TRANSCODED:
		month.Transcoded = time.Duration(quantity) * time.Millisecond
	}
}

// RemovedAt is when a deleted file is removed for good, nil for all others.
func RemovedAt(a *ent.Asset) *time.Time {
	if !deleted(a) {
		return nil
	}
	return a.ExpiresAt
}

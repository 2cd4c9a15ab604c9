package media

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/predicate"
	"lyceum/internal/platform/pg"
)

// sweepBatch is how many assets one sweep removes.
const sweepBatch = 100

// Sweep removes uploads that were abandoned, given up or rejected, and returns how many: in one piece two hours after they
// were announced, in parts 25 hours after their client last asked where to send some. Nothing refers to them: only ready
// assets are referred to.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	stale, err := s.DB.Asset.Query().
		Where(abandoned()).
		Order(asset.ByExpiresAt()).
		Limit(sweepBatch).
		IDs(ctx)
	if err != nil {
		return 0, fmt.Errorf("find abandoned uploads: %w", err)
	}
	return removeEach(ctx, "upload", stale, s.remove)
}

// abandoned are the uploads that Sweep removes.
func abandoned() predicate.Asset {
	return asset.And(
		asset.StatusNotIn(asset.StatusREADY, asset.StatusDELETED), asset.ExpiresAtLT(time.Now().Add(-uploadLife)),
	)
}

// removeEach removes things by their ids and returns how many: remove says whether it did. One that cannot be removed does
// not keep the others; one that is not found was removed by somebody else, or is wanted by now.
func removeEach(
	ctx context.Context, what string, ids []uuid.UUID, remove func(context.Context, uuid.UUID) (bool, error),
) (int, error) {
	removed := 0
	var failed []error
	for _, id := range ids {
		switch done, err := remove(ctx, id); {
		case ent.IsNotFound(err):
		case err != nil:
			failed = append(failed, fmt.Errorf("remove %s %s: %w", what, id, err))
		case done:
			removed++
		}
	}
	return removed, errors.Join(failed...)
}

// beingConverted reports whether a worker still writes files of the asset: whoever removes them now leaves some behind.
func beingConverted(a *ent.Asset) bool {
	return !over(a) && a.WorkedAt != nil && time.Since(*a.WorkedAt) < deadAfter
}

// remove deletes the asset with its bytes, unless a worker is at it: then the next sweep looks again. The lock keeps it from
// becoming ready or being renewed meanwhile; when the bytes cannot be deleted the row stays, and so does the memory of them.
func (s *Service) remove(ctx context.Context, id uuid.UUID) (done bool, err error) {
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		stale, err := tx.Asset.Query().
			Where(asset.ID(id), abandoned()).
			ForUpdate(sql.WithLockAction(sql.SkipLocked)).
			Only(ctx)
		if err != nil {
			return fmt.Errorf("lock asset: %w", err)
		}
		if done = !beingConverted(stale); !done {
			return nil
		}
		return s.erase(ctx, tx, stale)
	})
	return done, err
}

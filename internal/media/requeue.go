package media

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/renditionset"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pg"
)

// buildLife is how long a set may be under way: longer than any job takes.
const buildLife = 24 * time.Hour

// Requeue asks for the conversion of films whose worker vanished, and of those that nobody ever asked for, and
// returns how many. A worker that is alive and was only silent does no harm: of two that finish, one counts.
func (s *Service) Requeue(ctx context.Context) (int, error) {
	left := asset.Or(
		asset.And(asset.ConversionEQ(asset.ConversionRUNNING), asset.WorkedAtLT(time.Now().Add(-deadAfter))),
		asset.And(asset.ConversionEQ(asset.ConversionNONE), asset.KindIn(asset.KindVIDEO, asset.KindAUDIO), asset.StatusEQ(asset.StatusREADY)),
	)
	ids, err := s.DB.Asset.Query().Where(left).Order(asset.ByID()).Limit(sweepBatch).IDs(ctx)
	if err != nil {
		return 0, fmt.Errorf("find films left behind: %w", err)
	}
	asked := 0
	for _, id := range ids {
		err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
			a, err := tx.Asset.Query().Where(asset.ID(id), left).ForUpdate(sql.WithLockAction(sql.SkipLocked)).Only(ctx)
			if ent.IsNotFound(err) {
				return nil // somebody else asks, or works again
			} else if err != nil {
				return fmt.Errorf("lock asset: %w", err)
			}
			if err := tx.Asset.UpdateOne(a).SetConversion(asset.ConversionWAITING).ClearWorkedAt().Exec(ctx); err != nil {
				return fmt.Errorf("mark asset: %w", err)
			}
			asked++
			return ask(ctx, tx, a)
		})
		if err != nil {
			return asked, fmt.Errorf("ask again for %s: %w", id, err)
		}
	}
	return asked, nil
}

// SweepSets removes rendition sets that nobody finished, with their files, and returns how many.
func (s *Service) SweepSets(ctx context.Context) (int, error) {
	ids, err := s.DB.RenditionSet.Query().
		Where(renditionset.StatusEQ(renditionset.StatusBUILDING), renditionset.UpdatedAtLT(time.Now().Add(-buildLife))).
		Order(renditionset.ByUpdatedAt()).Limit(sweepBatch).IDs(ctx)
	if err != nil {
		return 0, fmt.Errorf("find abandoned sets: %w", err)
	}
	return removeEach(ctx, "set", ids, s.removeSet)
}

// removeSet deletes the set with its files. When they cannot be deleted the row stays, and so does the memory of them.
func (s *Service) removeSet(ctx context.Context, id uuid.UUID) error {
	return s.DB.Tx(ctx, func(tx *pg.Tx) error {
		set, err := tx.RenditionSet.Query().
			Where(renditionset.ID(id), renditionset.StatusEQ(renditionset.StatusBUILDING)).
			ForUpdate(sql.WithLockAction(sql.SkipLocked)).Only(ctx)
		if err != nil {
			return fmt.Errorf("lock set: %w", err)
		}
		prefix, err := blob.NewPrefix(set.TenantID, set.AssetID.String(), set.Name)
		if err != nil {
			return fmt.Errorf("make prefix: %w", err)
		}
		if err := tx.RenditionSet.DeleteOne(set).Exec(ctx); err != nil {
			return fmt.Errorf("forget set: %w", err)
		}
		if err := s.Blobs.DeletePrefix(ctx, prefix); err != nil {
			return fmt.Errorf("delete files: %w", err)
		}
		return nil
	})
}

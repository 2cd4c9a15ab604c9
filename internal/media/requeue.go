package media

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/predicate"
	"lyceum/internal/gen/ent/renditionset"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pg"
)

// buildLife is how long a set may be under way: longer than any job takes. It is also how long a retired one stays:
// longer than anybody plays a film, or keeps a playlist.
const buildLife = 24 * time.Hour

// left are the sets that nobody finishes or plays any more.
func left() predicate.RenditionSet {
	return renditionset.And(
		renditionset.StatusIn(renditionset.StatusBUILDING, renditionset.StatusRETIRED), renditionset.UpdatedAtLT(time.Now().Add(-buildLife)),
	)
}

// Requeue asks for the conversion of films whose worker vanished, and of those that nobody ever asked for, and
// returns how many. A worker that is alive and was only silent does no harm: of two that finish, one counts.
func (s *Service) Requeue(ctx context.Context) (int, error) {
	behind := asset.Or(
		asset.And(asset.ConversionEQ(asset.ConversionRUNNING), asset.WorkedAtLT(time.Now().Add(-deadAfter))),
		asset.And(asset.ConversionEQ(asset.ConversionNONE), asset.KindIn(asset.KindVIDEO, asset.KindAUDIO), asset.StatusEQ(asset.StatusREADY)),
	)
	ids, err := s.DB.Asset.Query().Where(behind).Order(asset.ByID()).Limit(sweepBatch).IDs(ctx)
	if err != nil {
		return 0, fmt.Errorf("find films left behind: %w", err)
	}
	asked := 0
	for _, id := range ids {
		err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
			a, err := tx.Asset.Query().Where(asset.ID(id), behind).ForUpdate(sql.WithLockAction(sql.SkipLocked)).Only(ctx)
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

// SweepSets removes rendition sets that nobody finished or plays any more, with their files, and returns how many.
func (s *Service) SweepSets(ctx context.Context) (int, error) {
	ids, err := s.DB.RenditionSet.Query().
		Where(left()).
		Order(renditionset.ByUpdatedAt()).Limit(sweepBatch).IDs(ctx)
	if err != nil {
		return 0, fmt.Errorf("find abandoned sets: %w", err)
	}
	return removeEach(ctx, "set", ids, s.removeSet)
}

// removeSet deletes the set with its files. When they cannot be deleted the row stays, and so does the memory of them.
func (s *Service) removeSet(ctx context.Context, id uuid.UUID) (done bool, err error) {
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		set, err := tx.RenditionSet.Query().
			Where(renditionset.ID(id), left()).
			ForUpdate(sql.WithLockAction(sql.SkipLocked)).Only(ctx)
		if err != nil {
			return fmt.Errorf("lock set: %w", err)
		}
		if err := accountRemoved(ctx, tx, set.ID); err != nil {
			return err
		}
		if err := tx.RenditionSet.DeleteOne(set).Exec(ctx); err != nil {
			return fmt.Errorf("forget set: %w", err)
		}
		return s.removeFiles(ctx, set)
	})
	return err == nil, err
}

// removeFiles deletes what lies under the set's name, and the playlist beside it that captions have.
func (s *Service) removeFiles(ctx context.Context, set *ent.RenditionSet) error {
	parts := append([]string{set.AssetID.String()}, strings.Split(set.Name, "/")...)
	prefix, err := blob.NewPrefix(set.TenantID, parts...)
	if err != nil {
		return fmt.Errorf("make prefix: %w", err)
	}
	parts[len(parts)-1] += ".m3u8"
	playlist, err := blob.NewKey(set.TenantID, parts...)
	if err != nil {
		return fmt.Errorf("make blob key: %w", err)
	}
	if err := errors.Join(s.Blobs.Delete(ctx, playlist), s.Blobs.DeletePrefix(ctx, prefix)); err != nil {
		return fmt.Errorf("delete files: %w", err)
	}
	return nil
}

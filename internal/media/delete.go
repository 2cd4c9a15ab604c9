package media

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/renditionset"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// givenUp is what the owner of an upload reads that was deleted before it was complete.
const givenUp = "The upload was given up."

func deleted(a *ent.Asset) bool { return a.Status == asset.StatusDELETED }

// Delete takes the file away from everybody. A ready one can be restored for a while, and is refused as long as a course
// uses it; any other is removed by one of the next sweeps. Asking again changes nothing.
func (s *Service) Delete(ctx context.Context, id uuid.UUID) (*ent.Asset, error) {
	return s.change(ctx, id, "asset.deleted", s.takeAway)
}

// Restore takes back that the file was deleted. Asking again changes nothing.
func (s *Service) Restore(ctx context.Context, id uuid.UUID) (*ent.Asset, error) {
	return s.change(ctx, id, "asset.restored", func(_ context.Context, tx *pg.Tx, a *ent.Asset) (*ent.AssetUpdateOne, error) {
		switch {
		case a.Status == asset.StatusREADY:
			return nil, nil
		case !deleted(a):
			return nil, fault.New(fault.Conflict, "This file was not deleted, and cannot be restored.")
		default:
			return tx.Asset.UpdateOne(a).SetStatus(asset.StatusREADY).ClearExpiresAt(), nil
		}
	})
}

// change writes what decide says of the asset, under its lock, and records it; nil is nothing.
func (s *Service) change(
	ctx context.Context, id uuid.UUID, action string, decide func(context.Context, *pg.Tx, *ent.Asset) (*ent.AssetUpdateOne, error),
) (*ent.Asset, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	var changed *ent.Asset
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		a, err := locked(ctx, tx, id)
		if err != nil {
			return err
		}
		changed = a
		update, err := decide(ctx, tx, a)
		if err != nil || update == nil {
			return err
		}
		if changed, err = update.Save(ctx); err != nil {
			return fmt.Errorf("change asset: %w", err)
		}
		s.wakeAfter(ctx, tx, changed)
		return tx.Record(ctx, pg.Entry{
			Action: action, Subject: changed.GlobalID().String(), Data: map[string]string{"status": string(changed.Status)},
		})
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	return changed, nil
}

func (s *Service) takeAway(ctx context.Context, tx *pg.Tx, a *ent.Asset) (*ent.AssetUpdateOne, error) {
	now := time.Now()
	switch a.Status {
	case asset.StatusDELETED, asset.StatusREJECTED:
		return nil, nil //nolint:nilnil // it is removed, or was never there
	case asset.StatusPENDING, asset.StatusCHECKING:
		return tx.Asset.UpdateOne(a).SetStatus(asset.StatusREJECTED).SetFailure(givenUp).SetExpiresAt(now), nil
	default:
	}
	if held, err := s.heldBy(ctx, tx, a.ID); err != nil {
		return nil, err
	} else if held != "" {
		return nil, fault.Newf(fault.Conflict, "The file is used by %s. Take it out there first.", held)
	}
	if a.Status == asset.StatusFAILED {
		return tx.Asset.UpdateOne(a).SetExpiresAt(now), nil
	}
	return tx.Asset.UpdateOne(a).SetStatus(asset.StatusDELETED).SetExpiresAt(now.Add(s.Grace)), nil
}

// heldBy names the courses that use the file, "" for none.
func (s *Service) heldBy(ctx context.Context, tx *pg.Tx, id uuid.UUID) (string, error) {
	if s.Holders == nil {
		return "", nil
	}
	titles, err := s.Holders.Holding(ctx, tx, id)
	if err != nil || len(titles) == 0 {
		return "", wrapped("ask who uses the file", err)
	}
	const named = 3
	quoted := make([]string, 0, named)
	for _, title := range titles[:min(len(titles), named)] {
		quoted = append(quoted, "“"+title+"”")
	}
	list := strings.Join(quoted, ", ")
	if more := len(titles) - named; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list, nil
}

// SweepDeleted removes deleted files for good whose time is over, and returns how many.
func (s *Service) SweepDeleted(ctx context.Context) (int, error) {
	ids, err := s.DB.Asset.Query().
		Where(asset.StatusEQ(asset.StatusDELETED), asset.ExpiresAtLT(time.Now())).
		Order(asset.ByExpiresAt()).Limit(sweepBatch).IDs(ctx)
	if err != nil {
		return 0, fmt.Errorf("find deleted files: %w", err)
	}
	return removeEach(ctx, "file", ids, s.purge)
}

// purge removes the asset with everything that was made of it, unless it is in use again or a worker is at it. The row goes
// last: whoever is killed before that leaves it for the next sweep, to which objects that are gone already are no news.
func (s *Service) purge(ctx context.Context, id uuid.UUID) (done bool, err error) {
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		done = false
		a, err := tx.Asset.Query().
			Where(asset.ID(id), asset.StatusEQ(asset.StatusDELETED), asset.ExpiresAtLT(time.Now())).
			ForUpdate(sql.WithLockAction(sql.SkipLocked)).
			Only(ctx)
		if err != nil {
			return fmt.Errorf("lock asset: %w", err)
		}
		held, err := s.heldBy(ctx, tx, id)
		if err != nil {
			return err
		}
		if held != "" { // it was put into a course at the moment when it was deleted
			s.log().WarnContext(ctx, "deleted file is in use, and was restored", "asset", id)
			return wrapped("keep asset", tx.Asset.UpdateOne(a).SetStatus(asset.StatusREADY).ClearExpiresAt().Exec(ctx))
		}
		if done = !beingConverted(a); !done {
			return nil // the next sweep looks again
		}
		return s.erase(ctx, tx, a)
	})
	return done, err
}

// erase removes the asset's row with its sets, its objects, and accounts for that. What is in the storage goes before
// the transaction ends, so that whatever goes wrong leaves the row as a memory of it.
func (s *Service) erase(ctx context.Context, tx *pg.Tx, a *ent.Asset) error {
	sets, err := tx.RenditionSet.Query().Where(renditionset.AssetID(a.ID)).All(ctx)
	if err != nil {
		return fmt.Errorf("find rendition sets: %w", err)
	}
	sources := []uuid.UUID{a.ID}
	for _, set := range sets {
		sources = append(sources, set.ID)
		if err := tx.RenditionSet.DeleteOne(set).Exec(ctx); err != nil {
			return fmt.Errorf("forget rendition set: %w", err)
		}
	}
	if err := accountRemoved(ctx, tx, slices.Clip(sources)...); err != nil {
		return err
	}
	if err := tx.Asset.DeleteOne(a).Exec(ctx); err != nil {
		return fmt.Errorf("forget asset: %w", err)
	}
	return s.eraseObjects(ctx, a)
}

func (s *Service) eraseObjects(ctx context.Context, a *ent.Asset) error {
	key, err := blob.ParseKey(a.BlobKey)
	if err != nil {
		return fmt.Errorf("read blob key: %w", err)
	}
	made, err := prefixOf(a)
	if err != nil {
		return err
	}
	if err := s.Blobs.AbortParts(ctx, key); err != nil {
		return fmt.Errorf("give up upload: %w", err)
	}
	if err := s.Blobs.DeletePrefix(ctx, made); err != nil {
		return fmt.Errorf("delete what was made of it: %w", err)
	}
	if err := s.Blobs.Delete(ctx, key); err != nil {
		return fmt.Errorf("delete bytes: %w", err)
	}
	return nil
}

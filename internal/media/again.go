package media

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// ConvertAgain asks for another conversion of a film or a sound. It plays on as it did, and what did not go well takes
// nothing away. While it is under way asking again changes nothing.
func (s *Service) ConvertAgain(ctx context.Context, id uuid.UUID) (*ent.Asset, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	var asked *ent.Asset
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		a, err := locked(ctx, tx, id)
		if err != nil {
			return err
		}
		if !convertible(a.Kind) {
			return fault.Invalid("assetId", "Films and sounds are converted, and no other files.")
		}
		if err := there(a); err != nil {
			return err
		}
		if !over(a) {
			asked = a
			return nil
		}
		asked, err = tx.Asset.UpdateOne(a).
			SetConversion(asset.ConversionWAITING).SetProgress(0).SetTries(0).SetFailure("").ClearWorkedAt().Save(ctx)
		if err != nil {
			return fmt.Errorf("mark asset: %w", err)
		}
		s.wakeAfter(ctx, tx, asked)
		if err := ask(ctx, tx, asked); err != nil {
			return err
		}
		return tx.Record(ctx, pg.Entry{
			Action: "asset.conversion_asked", Subject: asked.GlobalID().String(), Data: map[string]string{"before": string(a.Conversion)},
		})
	})
	if err != nil {
		return nil, fmt.Errorf("convert again: %w", err)
	}
	return asked, nil
}

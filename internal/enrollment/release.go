package enrollment

import (
	"context"
	"fmt"

	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// Release is Revoke for a reason that its learner gave up themself, such as a learning path that they left: the place is
// given up with the last of its reasons, and the learner may come back. A reason that the place never had is no error.
func (s *Service) Release(ctx context.Context, tx *pg.Tx, a Assignment) error {
	if err := policy.Require(ctx); err != nil {
		return err
	}
	d, place, err := deskFor(ctx, tx, a.entry(ctx))
	if err != nil || place == nil {
		return err
	}
	ended, left, err := d.end(ctx, place.ID, enrollmentgrant.EndedWhyWITHDRAWN,
		enrollmentgrant.SourceEQ(enrollmentgrant.Source(a.Source)), enrollmentgrant.Reference(a.Reference))
	if err != nil || ended == 0 || left > 0 || place.State == completed {
		return err
	}
	if _, err := d.leave(ctx, place, giveUp); err != nil {
		return fmt.Errorf("give place up: %w", err)
	}
	return nil
}

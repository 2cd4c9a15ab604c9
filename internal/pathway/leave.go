package pathway

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// Withdraw takes a learner off a path: learners themselves, staff anybody. Of each course the reason ends that the path
// gave; who has the place for another reason keeps it. Asking twice returns the same place. Faults: Unauthenticated and
// Forbidden; NotFound; Conflict when the path is completed, or the place was ended by staff.
func (s *Service) Withdraw(ctx context.Context, id uuid.UUID) (*ent.PathEnrollment, error) {
	if err := policy.Require(ctx, viewer.Learner, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	return s.leave(ctx, id, giveUp, "pathway.withdrawn", s.Places.Release)
}

// Revoke ends a learner's place on a path by staff: only staff open it again, and the places in courses that had no other
// reason. Completed stays completed. Faults: Unauthenticated and Forbidden; NotFound.
func (s *Service) Revoke(ctx context.Context, id uuid.UUID) (*ent.PathEnrollment, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	return s.leave(ctx, id, revoke, "pathway.revoked", s.Places.Revoke)
}

func (s *Service) leave(
	ctx context.Context, id uuid.UUID, a act, action string, end func(ctx context.Context, tx *pg.Tx, p Place) error,
) (*ent.PathEnrollment, error) {
	var place *ent.PathEnrollment
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		found, err := tx.PathEnrollment.Query().Where(pathenrollment.ID(id)).Only(ctx)
		if ent.IsNotFound(err) {
			return errNoPlace()
		} else if err != nil {
			return fmt.Errorf("find place in learning path: %w", err)
		}
		now, err := takeTurn(ctx, tx, found.LearnerID)
		if err != nil {
			return err
		}
		if place, err = tx.PathEnrollment.Query().Where(pathenrollment.ID(id)).ForUpdate().Only(ctx); err != nil {
			return fmt.Errorf("lock place in learning path: %w", err)
		}
		to, err := next(place.State, a)
		if err != nil || place.State == to {
			return err
		}
		if err := take(ctx, tx, place, end); err != nil {
			return err
		}
		if place, err = tx.PathEnrollment.UpdateOne(place).SetState(to).SetLeftAt(now).Save(ctx); err != nil {
			return fmt.Errorf("end place in learning path: %w", err)
		}
		if err := tx.Enqueue(ctx, left(place, now)); err != nil {
			return err
		}
		return recordOfOther(ctx, tx, action, place)
	})
	if err != nil {
		return nil, fmt.Errorf("leave learning path: %w", err)
	}
	return place, nil
}

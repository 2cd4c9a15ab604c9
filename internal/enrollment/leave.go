package enrollment

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// Withdraw gives a place up: a learner their own, staff anybody's. Progress is kept. Asking twice returns
// the same place. Faults: Unauthenticated and Forbidden; NotFound; Conflict when the course is completed.
func (s *Service) Withdraw(ctx context.Context, id uuid.UUID) (*ent.Enrollment, error) {
	if err := policy.Require(ctx, viewer.Learner, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	var place *ent.Enrollment
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		found, err := lock(ctx, tx, id)
		if err != nil {
			return err
		}
		to, err := next(found.State, giveUp)
		if err != nil {
			return err
		}
		place = found
		if found.State == to {
			return nil
		}
		place, err = leave(ctx, tx, found)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("withdraw: %w", err)
	}
	return place, nil
}

// leave gives the place up, and keeps a record when it is somebody else's.
func leave(ctx context.Context, tx *pg.Tx, place *ent.Enrollment) (*ent.Enrollment, error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return nil, err
	}
	place, err = tx.Enrollment.UpdateOne(place).SetState(enrollment.StateWITHDRAWN).SetWithdrawnAt(now).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("give place up: %w", err)
	}
	if err := tx.Enqueue(ctx, changed(place, now)); err != nil {
		return nil, fmt.Errorf("announce withdrawal: %w", err)
	}
	if who, _ := viewer.From(ctx); who.User == place.LearnerID {
		return place, nil
	}
	entry := pg.Entry{Action: "enrollment.withdrawn", Subject: place.GlobalID().String(), Data: data(place)}
	if err := tx.Record(ctx, entry); err != nil {
		return nil, fmt.Errorf("record withdrawal: %w", err)
	}
	return place, nil
}

// Complete says that the course was completed at that time. The job that hears learning.CourseCompleted
// calls it, in its own transaction and as the system; a second call changes nothing. Faults: NotFound.
func (s *Service) Complete(ctx context.Context, tx *pg.Tx, id uuid.UUID, at time.Time) error {
	if err := policy.Require(ctx); err != nil {
		return err
	}
	place, err := lock(ctx, tx, id)
	if err != nil {
		return err
	}
	to, err := next(place.State, complete)
	if err != nil || place.State == to {
		return err
	}
	err = tx.Enrollment.UpdateOne(place).SetState(to).SetCompletedAt(at).ClearWithdrawnAt().Exec(ctx)
	if err != nil {
		return fmt.Errorf("complete enrollment: %w", err)
	}
	if err := tx.Enqueue(ctx, changed(place, at)); err != nil {
		return fmt.Errorf("announce completion: %w", err)
	}
	return nil
}

// lock returns the place that the viewer may see, for changing.
func lock(ctx context.Context, tx *pg.Tx, id uuid.UUID) (*ent.Enrollment, error) {
	place, err := tx.Enrollment.Query().Where(enrollment.ID(id)).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoPlace()
	} else if err != nil {
		return nil, fmt.Errorf("find enrollment: %w", err)
	}
	return place, nil
}

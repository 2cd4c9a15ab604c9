package enrollment

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// Withdraw gives a place up: a learner their own, staff anybody's. Progress is kept, and what was paid stays paid.
// Asking twice returns the same place. Faults: Unauthenticated and Forbidden; NotFound; Conflict when the course is
// completed, or the place has ended anyhow.
func (s *Service) Withdraw(ctx context.Context, id uuid.UUID) (*ent.Enrollment, error) {
	if err := policy.Require(ctx, viewer.Learner, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	var place *ent.Enrollment
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		d, found, err := deskOf(ctx, tx, id)
		if err != nil {
			return err
		}
		place, err = d.withdraw(ctx, found, giveUp)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("withdraw: %w", err)
	}
	return place, nil
}

// withdraw gives the place up by the act, giveUp or decline, and keeps a record when it is somebody else's.
func (d *desk) withdraw(ctx context.Context, place *ent.Enrollment, a act) (*ent.Enrollment, error) {
	to, err := next(place.State, a)
	if err != nil || place.State == to {
		return place, err
	}
	why := enrollmentgrant.EndedWhyWITHDRAWN
	if a == decline {
		why = enrollmentgrant.EndedWhyDECLINED
	}
	if _, _, err := d.end(ctx, place.ID, why, enrollmentgrant.SourceNEQ(enrollmentgrant.SourcePURCHASE)); err != nil {
		return nil, err
	}
	place, err = d.leave(ctx, place, a)
	if err != nil {
		return nil, err
	}
	if who, _ := viewer.From(ctx); who.User == place.LearnerID {
		return place, nil
	}
	return place, d.record(ctx, "enrollment.withdrawn", place)
}

// leave takes the learner out of the course by the act, and lets the next one in.
func (d *desk) leave(ctx context.Context, place *ent.Enrollment, a act) (*ent.Enrollment, error) {
	to, err := next(place.State, a)
	if err != nil || place.State == to {
		return place, err
	}
	change := d.tx.Enrollment.UpdateOne(place).SetState(to).SetSeated(false).ClearTicket()
	if to == withdrawn {
		change.SetWithdrawnAt(d.now)
	}
	left, err := d.keep(ctx, change, a)
	if err != nil || !place.Seated {
		return left, err
	}
	return left, d.vacate(ctx)
}

// record appends to the audit log.
func (d *desk) record(ctx context.Context, action string, place *ent.Enrollment) error {
	entry := pg.Entry{Action: action, Subject: place.GlobalID().String(), Data: data(place)}
	if err := d.tx.Record(ctx, entry); err != nil {
		return fmt.Errorf("record %s: %w", action, err)
	}
	return nil
}

// Complete says that the course was completed at that time. The job that hears learning.CourseCompleted
// calls it, in its own transaction and as the system; a second call changes nothing. Faults: NotFound.
func (s *Service) Complete(ctx context.Context, tx *pg.Tx, id uuid.UUID, at time.Time) error {
	if err := policy.Require(ctx); err != nil {
		return err
	}
	d, place, err := deskOf(ctx, tx, id)
	if err != nil {
		return err
	}
	to, err := next(place.State, complete)
	if err != nil || place.State == to {
		return err
	}
	change := tx.Enrollment.UpdateOne(place).SetState(to).SetCompletedAt(at).ClearWithdrawnAt().ClearTicket()
	_, err = d.keep(ctx, change, complete)
	return err
}

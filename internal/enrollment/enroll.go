package enrollment

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// Enroll gives the viewer a place in the course, pinned to the version in force. Asking twice returns the
// same place. A course with a price makes the place wait for a payment, one whose seats are all taken puts it on the
// waiting list. Faults: Unauthenticated and Forbidden; NotFound when no course of that id is published; Conflict
// when it asks for courses that the viewer has not completed, or when staff ended the viewer's access.
func (s *Service) Enroll(ctx context.Context, course uuid.UUID) (*ent.Enrollment, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return nil, err
	}
	in := entry{course: course, learner: who.User, by: who.User, act: enroll, source: enrollment.SourceSELF}
	var place *ent.Enrollment
	err = s.settle(ctx, func(tx *pg.Tx) error {
		place, _, err = enter(ctx, tx, in)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("enroll: %w", err)
	}
	return place, nil
}

// AnswerInvitation takes up the place to which the viewer was invited, or declines it. Asking twice returns the
// same place. Faults: Unauthenticated and Forbidden; NotFound; Conflict when there is no invitation to answer.
func (s *Service) AnswerInvitation(ctx context.Context, id uuid.UUID, accept bool) (*ent.Enrollment, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return nil, err
	}
	var place *ent.Enrollment
	err = s.settle(ctx, func(tx *pg.Tx) error {
		d, found, err := deskOf(ctx, tx, id)
		switch {
		case err != nil:
			return err
		case found.LearnerID != who.User:
			return errNoPlace()
		case !accept:
			place, err = d.withdraw(ctx, found, decline)
			return err
		case found.State == invited:
			place, err = d.accept(ctx, found)
			return err
		case found.State == active || found.State == waitlisted || found.State == completed:
			place = found
			return nil
		default:
			return fault.New(fault.Conflict, refusal(found.State, decline))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("answer invitation: %w", err)
	}
	return place, nil
}

// accept takes an invitation up.
func (d *desk) accept(ctx context.Context, place *ent.Enrollment) (*ent.Enrollment, error) {
	in := entry{
		course: place.CourseID, learner: place.LearnerID, by: place.EnrolledBy, act: enroll, source: place.Source, dueAt: place.DueAt,
	}
	made, err := d.decide(ctx, in, place)
	if err != nil {
		return nil, err
	}
	return d.settle(ctx, in, place, made)
}

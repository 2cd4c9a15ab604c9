package enrollment

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// Assignment is a place that staff give to a learner.
type Assignment struct {
	Course, Learner uuid.UUID
	// DueAt is when the course should be completed; nil sets no date and changes none.
	DueAt *time.Time
}

// Assign gives the learner a place in the course. Staff decide about price and prerequisites themselves,
// so neither is in the way. A learner who has the place already keeps it, with the due date if there is
// one. Faults: Forbidden for learners; NotFound for a course that is not published or a user who does not
// exist; Conflict for a suspended user; BadInput for a due date that has passed or a user who cannot learn.
func (s *Service) Assign(ctx context.Context, a Assignment) (*ent.Enrollment, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	who, _ := viewer.From(ctx)
	in := entry{course: a.Course, learner: a.Learner, by: who.User, source: enrollment.SourceSTAFF, dueAt: a.DueAt}
	var place *ent.Enrollment
	err := s.settle(ctx, func(tx *pg.Tx) error {
		if err := checkAssignment(ctx, tx, a); err != nil {
			return err
		}
		found, changed, err := enter(ctx, tx, in)
		place = found
		if err != nil || !changed {
			return err
		}
		return tx.Record(ctx, pg.Entry{Action: "enrollment.assigned", Subject: place.GlobalID().String(), Data: data(place)})
	})
	if err != nil {
		return nil, fmt.Errorf("assign course: %w", err)
	}
	return place, nil
}

// checkAssignment holds the learner and the date against the rules.
func checkAssignment(ctx context.Context, tx *pg.Tx, a Assignment) error {
	learner, err := tx.User.Query().Where(user.ID(a.Learner)).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "There is no such user.").Because(err)
	} else if err != nil {
		return fmt.Errorf("find learner: %w", err)
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	return assignable(learner, a.DueAt, now)
}

// assignable says whether somebody can be given a course, due at the time, which is nil for none.
func assignable(learner *ent.User, dueAt *time.Time, now time.Time) error {
	switch {
	case dueAt != nil && !dueAt.After(now):
		return fault.Invalid("dueAt", "A due date lies in the future.")
	case learner.Role == viewer.Support:
		return fault.Invalid("learnerId", "Support reads and changes nothing, so it cannot take a course.")
	case learner.Status != user.StatusACTIVE:
		return fault.New(fault.Conflict, "This account is suspended; reinstate it first.")
	default:
		return nil
	}
}

// data is what the audit log keeps about a place.
func data(place *ent.Enrollment) map[string]string {
	kept := map[string]string{
		"course":  gid.New(ent.GIDCourse, place.CourseID).String(),
		"learner": gid.New(ent.GIDUser, place.LearnerID).String(),
	}
	if place.DueAt != nil {
		kept["due_at"] = place.DueAt.UTC().Format(time.RFC3339)
	}
	return kept
}

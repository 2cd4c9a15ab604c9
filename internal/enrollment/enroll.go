package enrollment

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// Enroll gives the viewer a place in the course, pinned to the version in force. Asking twice returns the
// same place. Faults: Unauthenticated and Forbidden; NotFound when no course of that id is published; Conflict when it
// has a price or asks for courses that the viewer has not completed.
func (s *Service) Enroll(ctx context.Context, course uuid.UUID) (*ent.Enrollment, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return nil, err
	}
	in := entry{course: course, learner: who.User, by: who.User, source: enrollment.SourceSELF, admit: admitSelf}
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

// entry is somebody's way into a course.
type entry struct {
	course, learner uuid.UUID
	// by is the user who acts, uuid.Nil for Lyceum itself.
	by     uuid.UUID
	source enrollment.Source
	// dueAt is nil when there is no date, or none to change.
	dueAt *time.Time
	// admit decides whether a place may be taken; nil lets everybody in.
	admit func(ctx context.Context, tx *pg.Tx, in entry, offer *ent.Publication) error
}

// enter finds or makes the place, and reports whether anything changed.
func enter(ctx context.Context, tx *pg.Tx, in entry) (place *ent.Enrollment, changed bool, err error) {
	place, err = find(ctx, tx, in)
	if err != nil {
		return nil, false, err
	}
	to, err := next(stateOf(place), take)
	if err != nil {
		return nil, false, err
	}
	if stateOf(place) == to {
		return postpone(ctx, tx, place, in.dueAt)
	}
	offer, err := offered(ctx, tx, in.course)
	if err != nil {
		return nil, false, err
	}
	if in.admit != nil {
		if err := in.admit(ctx, tx, in, offer); err != nil {
			return nil, false, err
		}
	}
	place, err = activate(ctx, tx, in, place, offer)
	return place, true, err
}

// find locks the learner's place in the course; it is nil when there is none.
func find(ctx context.Context, tx *pg.Tx, in entry) (*ent.Enrollment, error) {
	place, err := tx.Enrollment.Query().
		Where(enrollment.CourseID(in.course), enrollment.LearnerID(in.learner)).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // no place is an answer
	} else if err != nil {
		return nil, fmt.Errorf("find place: %w", err)
	}
	return place, nil
}

// offered returns the course's publication, if the viewer can see one.
func offered(ctx context.Context, tx *pg.Tx, course uuid.UUID) (*ent.Publication, error) {
	offer, err := tx.Publication.Query().Where(publication.CourseID(course)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "There is no such course.").Because(err)
	} else if err != nil {
		return nil, fmt.Errorf("find publication: %w", err)
	}
	return offer, nil
}

// activate makes the place, or opens it again, and announces it.
func activate(
	ctx context.Context, tx *pg.Tx, in entry, place *ent.Enrollment, offer *ent.Publication,
) (*ent.Enrollment, error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return nil, err
	}
	if place == nil {
		place, err = tx.Enrollment.Create().
			SetCourseID(in.course).SetLearnerID(in.learner).SetVersionID(offer.VersionID).
			SetSource(in.source).SetEnrolledBy(in.by).SetEnrolledAt(now).SetNillableDueAt(in.dueAt).
			Save(ctx)
	} else {
		// The pinned version stays, and with it the progress. It cannot have vanished: versions are never
		// deleted, and a foreign key holds this one.
		place, err = tx.Enrollment.UpdateOne(place).
			SetState(enrollment.StateACTIVE).ClearWithdrawnAt().
			SetSource(in.source).SetEnrolledBy(in.by).SetNillableDueAt(in.dueAt).
			Save(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("keep place: %w", err)
	}
	if err := tx.Enqueue(ctx, activated(place, now, in.source == enrollment.SourceSTAFF)); err != nil {
		return nil, fmt.Errorf("announce place: %w", err)
	}
	return place, nil
}

// postpone gives an active place another due date; nil leaves the one it has.
func postpone(ctx context.Context, tx *pg.Tx, place *ent.Enrollment, dueAt *time.Time) (*ent.Enrollment, bool, error) {
	if dueAt == nil || place.State != enrollment.StateACTIVE {
		return place, false, nil
	}
	place, err := tx.Enrollment.UpdateOne(place).SetDueAt(*dueAt).Save(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("change due date: %w", err)
	}
	if err := tx.Enqueue(ctx, changed(place, place.UpdatedAt)); err != nil {
		return nil, false, fmt.Errorf("announce due date: %w", err)
	}
	return place, true, nil
}

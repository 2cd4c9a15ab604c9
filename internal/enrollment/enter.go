package enrollment

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentchange"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/pg"
)

// entry is somebody's way into a course.
type entry struct {
	course, learner uuid.UUID
	// by is the user who acts, uuid.Nil for Lyceum itself.
	by uuid.UUID
	// act is enroll, admit or invite.
	act act
	// source and reference say why; reference is empty for people.
	source    enrollment.Source
	reference string
	// endsAt is when the reason ends, nil for never.
	endsAt *time.Time
	// dueAt is nil when there is no date, or none to change.
	dueAt *time.Time
}

// enter finds or makes the place, and reports whether anything changed.
func enter(ctx context.Context, tx *pg.Tx, in entry) (place *ent.Enrollment, changed bool, err error) {
	d, place, err := deskFor(ctx, tx, in)
	if err != nil {
		return nil, false, err
	}
	to, err := next(stateOf(place), in.act)
	if err != nil {
		return nil, false, err
	}
	if stateOf(place) == to {
		return d.again(ctx, in, place)
	}
	decided, err := d.decide(ctx, in, place)
	if err != nil {
		return nil, false, err
	}
	place, err = d.settle(ctx, in, place, decided)
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

// again is for somebody who has what is asked for. One more reason is kept, unless it is the learner's own; so is
// another due date.
func (d *desk) again(ctx context.Context, in entry, place *ent.Enrollment) (*ent.Enrollment, bool, error) {
	if in.act == enroll {
		return place, false, nil
	}
	fresh, err := d.grant(ctx, in, place)
	if err != nil {
		return nil, false, err
	}
	if in.dueAt == nil || place.State == completed {
		return place, fresh, nil
	}
	place, err = d.tx.Enrollment.UpdateOne(place).SetDueAt(*in.dueAt).Save(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("change due date: %w", err)
	}
	if err := d.tx.Enqueue(ctx, changed(place, d.now)); err != nil {
		return nil, false, fmt.Errorf("announce due date: %w", err)
	}
	return place, true, nil
}

// decision is how somebody gets in, or does not yet.
type decision struct {
	act act
	// version is what a new place is pinned to.
	version uuid.UUID
	// granted is whether a reason for the place is kept.
	granted bool
}

// decide holds the entry against the course: whether it is offered and open to the learner, whether it is to be paid
// for, and whether there is a seat, which is taken.
func (d *desk) decide(ctx context.Context, in entry, place *ent.Enrollment) (decision, error) {
	offer, err := offered(ctx, d.tx, in.course)
	if err != nil {
		return decision{}, err
	}
	made := decision{act: in.act, version: offer.VersionID, granted: true}
	if in.act == invite {
		return made, nil
	}
	if in.act == enroll && stateOf(place) == invited {
		// Who invited somebody has decided about price and prerequisites, and said why.
		made.granted = false
	} else if in.act == enroll {
		charged, err := d.admitSelf(ctx, in, place, offer)
		if err != nil {
			return decision{}, err
		}
		if charged {
			return decision{act: charge, version: offer.VersionID}, nil
		}
		// Who comes back to what they have paid for is in for that alone: a refund ends it.
		made.granted = offer.PriceAmount == 0
	}
	seated, err := d.seat(ctx)
	if err != nil {
		return decision{}, err
	}
	if !seated {
		made.act = queue
	}
	return made, nil
}

// offered returns the course's publication, if the viewer can see one.
func offered(ctx context.Context, tx *pg.Tx, course uuid.UUID) (*ent.Publication, error) {
	offer, err := tx.Publication.Query().Where(publication.CourseID(course)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoCourse().Because(err)
	} else if err != nil {
		return nil, fmt.Errorf("find publication: %w", err)
	}
	return offer, nil
}

// settle writes what was decided.
func (d *desk) settle(ctx context.Context, in entry, place *ent.Enrollment, made decision) (*ent.Enrollment, error) {
	to, err := next(stateOf(place), made.act)
	if err != nil {
		return nil, err
	}
	if stateOf(place) == to {
		return place, nil
	}
	var ticket *int
	if to == waitlisted {
		number, err := d.ticket(ctx)
		if err != nil {
			return nil, err
		}
		ticket = &number
	}
	due := saidDue(in, place)
	if to == active {
		due = d.due(due)
	}
	if place == nil {
		place, err = d.keep(ctx, d.tx.Enrollment.Create().
			SetCourseID(in.course).SetLearnerID(in.learner).SetVersionID(made.version).
			SetState(to).SetSeated(to == active).SetNillableTicket(ticket).
			SetSource(in.source).SetEnrolledBy(in.by).SetEnrolledAt(d.now).SetNillableDueAt(due), made.act)
	} else {
		// The pinned version stays, and with it the progress. It cannot have vanished: versions are never
		// deleted, and a foreign key holds this one.
		change := d.tx.Enrollment.UpdateOne(place).
			SetState(to).SetSeated(to == active).SetNillableTicket(ticket).ClearWithdrawnAt().
			SetSource(in.source).SetEnrolledBy(in.by).SetNillableDueAt(due)
		// Staff who say no date change none.
		if due == nil && in.act == enroll {
			change.ClearDueAt()
		}
		place, err = d.keep(ctx, change, made.act)
	}
	if err != nil || !made.granted {
		return place, err
	}
	_, err = d.grant(ctx, in, place)
	return place, err
}

// saidDue is the date that somebody says, or said for a learner who has not got in since. What was said for an earlier life
// of the place is over.
func saidDue(in entry, place *ent.Enrollment) *time.Time {
	if in.dueAt == nil && place != nil && (place.State == invited || place.State == waitlisted || place.State == pending) {
		return place.DueAt
	}
	return in.dueAt
}

// changeState is the state in the words of the history.
func changeState(state enrollment.State) enrollmentchange.State { return enrollmentchange.State(state) }

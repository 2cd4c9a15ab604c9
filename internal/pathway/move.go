package pathway

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/pg"
)

// move gives the learner places in the courses that are open, and completes the path when nothing more is asked for. Fresh
// is somebody who has just come: what the path gave once and was ended since is given again.
func (s *Service) move(ctx context.Context, tx *pg.Tx, w walk, place *ent.PathEnrollment, fresh bool) (*ent.PathEnrollment, error) {
	ctx = itself(ctx)
	found, err := standings(ctx, tx.Client, []*ent.PathEnrollment{place})
	if err != nil {
		return nil, err
	}
	standing := found[place.ID]
	if err := s.give(ctx, tx, place, standing, fresh); err != nil {
		return nil, err
	}
	if !standing.complete() {
		return place, nil
	}
	to, err := next(place.State, complete)
	if err != nil {
		return nil, err
	}
	done, err := tx.PathEnrollment.UpdateOne(place).SetState(to).SetCompletedAt(w.now).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("complete learning path: %w", err)
	}
	return done, tx.Enqueue(ctx, arrived(done, w.now))
}

// give gives places in the courses that are open, in the order of their ids: two who lock the same courses do not wait for
// each other.
func (s *Service) give(ctx context.Context, tx *pg.Tx, place *ent.PathEnrollment, standing *Standing, fresh bool) error {
	given, err := given(ctx, tx, place)
	if err != nil {
		return err
	}
	wanted := wantedOf(place, standing, given, fresh)
	if len(wanted) == 0 {
		return nil
	}
	if wanted, err = open(ctx, tx, wanted, place.ByStaff); err != nil {
		return err
	}
	for _, course := range wanted {
		err := s.Places.Give(ctx, tx, Place{Course: course, Learner: place.LearnerID, Reference: reference(place)})
		// Taken out of the catalog a moment ago: it is given when it is published again.
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return fmt.Errorf("give place: %w", err)
		}
	}
	return nil
}

// wantedOf are the courses that are open to the learner, still lead somewhere, and in which the path has given them no place
// yet.
func wantedOf(place *ent.PathEnrollment, standing *Standing, given []*ent.EnrollmentGrant, fresh bool) []uuid.UUID {
	had := map[uuid.UUID]bool{}
	for _, grant := range given {
		had[grant.EnrollmentID] = true
	}
	var wanted []uuid.UUID
	for _, step := range standing.Steps {
		// Who has arrived needs no further course of those that count.
		if step.State != Open || step.Required && standing.complete() {
			continue
		}
		if in := step.Place; in != nil {
			// Staff alone reopen a place that staff have ended: by putting the learner on the path again, too.
			shut := in.State == enrollment.StateREVOKED && (!fresh || !place.ByStaff)
			if shut || had[in.ID] && !fresh {
				continue
			}
		}
		wanted = append(wanted, step.Course)
	}
	return wanted
}

// given are the reasons for places that the path ever gave for the place's sake.
func given(ctx context.Context, tx *pg.Tx, place *ent.PathEnrollment) ([]*ent.EnrollmentGrant, error) {
	all, err := tx.EnrollmentGrant.Query().
		Where(enrollmentgrant.SourceEQ(enrollmentgrant.SourcePATH), enrollmentgrant.Reference(reference(place))).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what the path gave: %w", err)
	}
	return all, nil
}

// reference is what the reasons that the path gives for the place's sake are known by.
func reference(place *ent.PathEnrollment) string { return place.GlobalID().String() }

// open returns, by id, those of the courses that are offered: to learners who came by themselves those without a price.
func open(ctx context.Context, tx *pg.Tx, courses []uuid.UUID, priced bool) ([]uuid.UUID, error) {
	query := tx.Publication.Query().Where(publication.CourseIDIn(courses...))
	if !priced {
		query.Where(publication.PriceAmount(0))
	}
	offers, err := query.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read offers of courses: %w", err)
	}
	ids := make([]uuid.UUID, len(offers))
	for i, offer := range offers {
		ids[i] = offer.CourseID
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return ids, nil
}

// take ends what the path gave and still holds, and with it the places that have no other reason.
func take(ctx context.Context, tx *pg.Tx, place *ent.PathEnrollment, end func(ctx context.Context, tx *pg.Tx, p Place) error) error {
	ctx = itself(ctx)
	all, err := given(ctx, tx, place)
	if err != nil {
		return err
	}
	var places []uuid.UUID
	for _, grant := range all {
		if grant.EndedAt == nil {
			places = append(places, grant.EnrollmentID)
		}
	}
	var courses []uuid.UUID
	err = tx.Enrollment.Query().Where(enrollment.IDIn(places...)).Order(enrollment.ByCourseID()).
		Select(enrollment.FieldCourseID).Scan(ctx, &courses)
	if err != nil {
		return fmt.Errorf("read what the path gave places in: %w", err)
	}
	for _, course := range courses {
		if err := end(ctx, tx, Place{Course: course, Learner: place.LearnerID, Reference: reference(place)}); err != nil {
			return fmt.Errorf("take place: %w", err)
		}
	}
	return nil
}

// resume moves the place along if it is on the way, in a transaction of its own.
func (s *Service) resume(ctx context.Context, id uuid.UUID) error {
	return s.DB.Tx(ctx, func(tx *pg.Tx) error {
		place, err := tx.PathEnrollment.Query().Where(pathenrollment.ID(id)).Only(ctx)
		if ent.IsNotFound(err) {
			return errNoPlace()
		} else if err != nil {
			return fmt.Errorf("find place in learning path: %w", err)
		}
		now, err := takeTurn(ctx, tx, place.LearnerID)
		if err != nil {
			return err
		}
		path, err := lockPath(ctx, tx, place.PathID)
		if err != nil {
			return err
		}
		// Read again: it may have ended while one waited for the turn.
		place, err = tx.PathEnrollment.Query().Where(pathenrollment.ID(id)).ForUpdate().Only(ctx)
		if err != nil || place.State != active {
			return wrap("lock place in learning path", err)
		}
		_, err = s.move(ctx, tx, walk{path: path, now: now}, place, false)
		return err
	})
}

// wrap says what was done when it failed.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

package learning

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pg"
)

// appliedAtOnce is how many places one request goes through, at most.
const appliedAtOnce = 50

// Going says which places to go through.
type Going struct {
	// Number is the version whose rules count; nil is the one in force.
	Number *int
	// After is the place to go on behind; nil is the beginning.
	After *uuid.UUID
	// First is how many places to go through, 1 to 50; nil is 50.
	First *int
}

// Applied is what applying a version's rules did.
type Applied struct {
	// Examined places were gone through; Lessons and Courses were completed by it.
	Examined, Lessons, Courses int
	// Next is the place to go on behind; nil when all were gone through.
	Next *uuid.UUID
}

// Apply completes what the rules of a version complete now, also for places that are pinned to another one. It goes
// through the next places, each in a
// transaction of its own, so that it can be stopped and gone on with at any place. Nothing is ever taken back, and
// going through a place again changes nothing. Each place that it completes something for is in the audit log.
func (s *Service) Apply(ctx context.Context, courseID uuid.UUID, going Going) (*Applied, error) {
	who, err := deciding(ctx)
	if err != nil {
		return nil, err
	}
	first := appliedAtOnce
	if going.First != nil {
		first = *going.First
	}
	if first < 1 || first > appliedAtOnce {
		return nil, fault.Invalid("first", "From 1 to 50 places can be gone through at once.")
	}
	version, err := s.version(ctx, courseID, going.Number)
	if err != nil {
		return nil, err
	}
	query := s.taken(courseID)
	if going.After != nil {
		if err := s.inCourse(ctx, *going.After, courseID); err != nil {
			return nil, err
		}
		query.Where(enrollment.IDGT(*going.After))
	}
	places, err := query.Order(enrollment.ByID()).Limit(first).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("list places: %w", err)
	}
	under := decision{by: completion.ByREPORT, version: &version.ID, outline: &version.Outline, actor: &who.User}
	done := &Applied{}
	for _, place := range places {
		if err := s.applyTo(ctx, place, under, version.Number, done); err != nil {
			return nil, err
		}
	}
	if len(places) == first {
		done.Next = &places[len(places)-1]
	}
	return done, nil
}

// inCourse refuses what is no place in the course.
func (s *Service) inCourse(ctx context.Context, place, course uuid.UUID) error {
	known, err := s.DB.Enrollment.Query().Where(enrollment.ID(place), enrollment.CourseID(course)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("find place: %w", err)
	}
	if !known {
		return fault.New(fault.NotFound, "There is no such enrollment.")
	}
	return nil
}

// applyTo goes through one place.
func (s *Service) applyTo(ctx context.Context, id uuid.UUID, under decision, number int, done *Applied) error {
	var recorded *Recorded
	finished := false
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		place, err := tx.Enrollment.Query().Where(enrollment.ID(id)).Only(ctx)
		if err != nil {
			return fmt.Errorf("find enrollment: %w", err)
		}
		st, err := begin(ctx, tx, place)
		if err != nil {
			return err
		}
		st.under = under
		before := st.progress.CompletedAt
		if recorded, err = st.end(ctx, nil, tx.CourseProgress.UpdateOne(st.progress)); err != nil {
			return err
		}
		finished = before == nil && recorded.Progress.CompletedAt != nil
		if under.by != completion.ByREPORT || !finished && len(recorded.Completed) == 0 {
			return nil
		}
		return tx.Record(ctx, pg.Entry{
			Action: "learning.rules_applied", Subject: place.GlobalID().String(),
			Data: map[string]string{
				"version": strconv.Itoa(number), "lessons": strconv.Itoa(len(recorded.Completed)), "course": strconv.FormatBool(finished),
			},
		})
	})
	if err != nil {
		return fmt.Errorf("apply rules to a place: %w", err)
	}
	done.Examined++
	done.Lessons += len(recorded.Completed)
	if finished {
		done.Courses++
	}
	return nil
}

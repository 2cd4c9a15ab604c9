package learning

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pg"
)

// appliedAtOnce is how many places one request goes through.
const appliedAtOnce = 50

// Applied is what applying a version's rules did.
type Applied struct {
	// Examined places were gone through; Lessons and Courses were completed by it.
	Examined, Lessons, Courses int
	// Next is the place to go on behind; nil when all were gone through.
	Next *uuid.UUID
}

// Apply completes what the rules of a version complete now, also for places that are pinned to another one; a nil
// number is the version in force. It goes through the next places behind the one that is named, each in a
// transaction of its own, so that it can be stopped and gone on with at any place. Nothing is ever taken back, and
// going through a place again changes nothing. Each place that it completes something for is in the audit log.
func (s *Service) Apply(ctx context.Context, courseID uuid.UUID, number *int, after *uuid.UUID) (*Applied, error) {
	who, err := deciding(ctx)
	if err != nil {
		return nil, err
	}
	version, err := s.version(ctx, courseID, number)
	if err != nil {
		return nil, err
	}
	query := s.taken(courseID)
	if after != nil {
		query.Where(enrollment.IDGT(*after))
	}
	places, err := query.Order(enrollment.ByID()).Limit(appliedAtOnce).IDs(ctx)
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
	if len(places) == appliedAtOnce {
		done.Next = &places[len(places)-1]
	}
	return done, nil
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

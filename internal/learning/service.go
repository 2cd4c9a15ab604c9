// Package learning owns the evidence of learning: what was played, read and passed, and what that completes.
package learning

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/learning/rule"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// Service is the learning context.
type Service struct {
	DB *pg.DB
	// Meter hears how groups of batches are kept. It may be nil.
	Meter Meter
	// Feed is told when progress moves; nil when nobody watches.
	Feed *feed.Log
	// Drafts says how a course would be published, for previews.
	Drafts Drafts

	outlines outlines
	queue    queue
}

// Recorded is what evidence led to.
type Recorded struct {
	Progress *ent.CourseProgress
	// Completed are the lessons that this evidence completed, in the order of the course.
	Completed []uuid.UUID
}

// RecordProgress adds a batch to the viewer's own enrollment, together with what others send meanwhile, and returns
// when it is committed. Of what was played the union counts, so that a batch which comes twice, late or out of order
// changes nothing; a numbered one counts once in everything, and is answered as it was. The clock caps what is
// credited (see allowance). A video of known length is completed when enough of it has been watched; one of unknown
// length is not, and its learner completes it with CompleteLesson. Faults: Unauthenticated and Forbidden; NotFound
// for an enrollment or lesson that is not there; Conflict for a place that was given up; BadInput for segments
// that cannot be; Unavailable when there is more to keep than the database can take, and then nothing was kept.
func (s *Service) RecordProgress(ctx context.Context, enrollmentID uuid.UUID, batch Batch) (*Recorded, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return nil, err
	}
	if err := batch.check(); err != nil {
		return nil, err
	}
	one := &sent{ctx: context.WithoutCancel(ctx), who: who, place: enrollmentID, batch: batch}
	recorded, err := s.submit(ctx, one)
	if err != nil {
		return nil, fmt.Errorf("record progress: %w", err)
	}
	return recorded, nil
}

// CompleteLesson completes a lesson of the viewer's own enrollment on their word: an article, a file, a
// link, or a video of unknown length. A second time changes nothing. Faults: Unauthenticated and Forbidden;
// NotFound for an enrollment or lesson that is not there; Conflict for a place that was given up, and for
// a quiz or a video of known length, which are completed by evidence.
func (s *Service) CompleteLesson(ctx context.Context, enrollmentID, lessonID uuid.UUID) (*Recorded, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return nil, err
	}
	var recorded *Recorded
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		place, err := own(ctx, tx, who.User, enrollmentID)
		if err != nil {
			return err
		}
		st, err := begin(ctx, tx, place)
		if err != nil {
			return err
		}
		if err := onTheirWord(st.outline.Lesson(lessonID)); err != nil {
			return err
		}
		if err := st.declare(ctx, lessonID); err != nil {
			return err
		}
		recorded, err = st.end(ctx, []uuid.UUID{lessonID}, st.change(lessonID))
		if err != nil || len(recorded.Completed) > 0 {
			return err
		}
		// A rule may ask for more than the learner's word, which is evidence all the same.
		return s.Feed.Tell(ctx, tx, Moved(place.ID)...)
	})
	if err != nil {
		return nil, fmt.Errorf("complete lesson: %w", err)
	}
	return recorded, nil
}

// onTheirWord says whether a learner may declare the lesson completed; it is nil when there is none.
func onTheirWord(lesson *outline.Lesson) error {
	switch {
	case lesson == nil:
		return errNoLesson()
	case lesson.Completion != "":
		return asked(lesson)
	case lesson.Kind == outline.Quiz:
		return fault.New(fault.Conflict, "A quiz is completed by passing it.")
	case lesson.Kind == outline.Video && lesson.DurationMS > 0:
		return fault.New(fault.Conflict, "A video is completed by watching it.")
	default:
		return nil
	}
}

// asked says whether the lesson's rule asks for the learner's word.
func asked(lesson *outline.Lesson) error {
	r, err := rule.Of(lesson)
	if err != nil {
		return fmt.Errorf("read rule of lesson %s: %w", lesson.ID, err)
	}
	if !r.Declared() {
		return fault.New(fault.Conflict, "This lesson is completed by its rule, not by saying so.")
	}
	return nil
}

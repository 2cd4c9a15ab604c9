// Package learning owns the evidence of learning: what was played, read and passed, and what that completes.
package learning

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/learning/rule"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// Service is the learning context.
type Service struct {
	DB *pg.DB
	// Feed is told when progress moves; nil when nobody watches.
	Feed *feed.Log
	// Drafts says how a course would be published, for previews.
	Drafts Drafts
}

// Recorded is what evidence led to.
type Recorded struct {
	Progress *ent.CourseProgress
	// Completed are the lessons that this evidence completed, in the order of the course.
	Completed []uuid.UUID
}

// RecordProgress adds what was played of videos in the viewer's own enrollment. What counts is the union of
// all segments, so that a batch which comes twice, late or out of order changes nothing; the clock caps what
// is credited (see allowance). A video of known length is completed when 80 % of it has been watched; one
// of unknown length is not, and its learner completes it with CompleteLesson. Faults: Unauthenticated and
// Forbidden; NotFound for an enrollment or lesson that is not there; Conflict for a place that was given
// up; BadInput for lessons that are no videos and segments that cannot be.
func (s *Service) RecordProgress(ctx context.Context, enrollmentID uuid.UUID, batch []Played) (*Recorded, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(batch); err != nil {
		return nil, err
	}
	var recorded *Recorded
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		place, err := own(ctx, tx, who.User, enrollmentID)
		if err != nil {
			return err
		}
		if recorded, err = record(ctx, tx, place, batch); err != nil || len(recorded.Completed) > 0 {
			return err
		}
		return s.Feed.Tell(ctx, tx, Moved(place.ID)...)
	})
	if err != nil {
		return nil, fmt.Errorf("record progress: %w", err)
	}
	return recorded, nil
}

// record keeps a batch.
func record(ctx context.Context, tx *pg.Tx, place *ent.Enrollment, batch []Played) (*Recorded, error) {
	st, err := begin(ctx, tx, place)
	if err != nil {
		return nil, err
	}
	lessons, err := fold(st.outline, batch)
	if err != nil {
		return nil, err
	}
	allowed := allowance(st.progress.CreditMs, st.now.Sub(st.progress.CreditedAt))
	lengths, credited, err := st.watch(ctx, lessons, allowed)
	if err != nil {
		return nil, err
	}
	change := st.change(batch[len(batch)-1].Lesson).SetCreditMs(leftOver(allowed, credited)).SetCreditedAt(st.now)
	return st.end(ctx, st.earned(lengths), change)
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
		return err
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

// QuizGraded holds the grade of a quiz against the rules, in the transaction of the grade: by itself a passed quiz
// completes its lesson. Assessment calls it, as the learner or as the job that grades what was left lying; it knows
// whether the quiz was passed and in which enrollment. The lesson counts even if the place was given up meanwhile: it
// is there when the learner returns.
func (s *Service) QuizGraded(ctx context.Context, tx *pg.Tx, enrollmentID, lessonID uuid.UUID, passed bool) error {
	place, err := tx.Enrollment.Query().Where(enrollment.ID(enrollmentID)).Only(ctx)
	if err != nil {
		return fmt.Errorf("find enrollment of a graded quiz: %w", err)
	}
	st, err := begin(ctx, tx, place)
	if err != nil {
		return err
	}
	if st.outline.Lesson(lessonID) == nil {
		return errNoLesson()
	}
	var enough []uuid.UUID
	if passed {
		enough = []uuid.UUID{lessonID}
	}
	if _, err := st.end(ctx, enough, st.change(lessonID)); err != nil {
		return fmt.Errorf("complete quiz lesson: %w", err)
	}
	return nil
}

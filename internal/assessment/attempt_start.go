package assessment

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/attempt"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// StartAttempt starts an attempt at a quiz of the viewer's own enrollment, or returns the one that is open.
// Questions, their order and that of their choices are frozen, and the deadline is set by the database's
// clock. An open attempt whose time is up is graded first; one that was begun before the place moved to a version without
// the quiz goes on. Who completed the course may still take its
// quizzes. Faults: Unauthenticated and Forbidden; NotFound for an enrollment or lesson that is not there;
// BadInput for a lesson that is no quiz; Conflict for a place that was given up and when no attempt is left.
func (s *Service) StartAttempt(ctx context.Context, enrollmentID, lessonID uuid.UUID) (*ent.Attempt, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return nil, err
	}
	mix, err := newShuffle()
	if err != nil {
		return nil, err
	}
	var started *ent.Attempt
	err = s.settle(ctx, func(tx *pg.Tx) error {
		place, err := ownPlace(ctx, tx, who.User, enrollmentID)
		if err != nil {
			return err
		}
		seat := seat{place: place, lesson: lessonID, mix: mix}
		seat.settings, err = quizOf(ctx, tx, place.VersionID, lessonID)
		if fault.CodeOf(err) == fault.NotFound {
			started, err = begunBefore(ctx, tx, seat, err)
			return err
		} else if err != nil {
			return err
		}
		started, err = s.start(ctx, tx, seat)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("start attempt: %w", err)
	}
	return started, nil
}

// ownPlace returns the learner's own enrollment, if it is one to learn in.
func ownPlace(ctx context.Context, tx *pg.Tx, learner, id uuid.UUID) (*ent.Enrollment, error) {
	place, err := tx.Enrollment.Query().Where(enrollment.ID(id), enrollment.LearnerID(learner)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, fault.New(fault.NotFound, "There is no such enrollment.").Because(err)
	case err != nil:
		return nil, fmt.Errorf("find enrollment: %w", err)
	case place.State == enrollment.StateWITHDRAWN:
		return nil, errGivenUp()
	case place.State != enrollment.StateACTIVE && place.State != enrollment.StateCOMPLETED:
		return nil, fault.New(fault.Conflict, "This place is not open to you at present; the enrollment says why.")
	default:
		return place, nil
	}
}

// quizOf returns the settings of the quiz lesson in the course version.
func quizOf(ctx context.Context, tx *pg.Tx, version, lessonID uuid.UUID) (*outline.QuizSettings, error) {
	pinned, err := tx.CourseVersion.Query().
		Where(courseversion.ID(version)).Select(courseversion.FieldOutline).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("read outline: %w", err)
	}
	lesson := pinned.Outline.Lesson(lessonID)
	switch {
	case lesson == nil:
		return nil, fault.New(fault.NotFound, "There is no such lesson in the version you are enrolled in.")
	case lesson.Kind != outline.Quiz || lesson.Quiz == nil:
		return nil, fault.Invalid("lessonId", "This lesson is no quiz.")
	case len(lesson.Quiz.Questions) == 0:
		return nil, fault.New(fault.Conflict, "This quiz has no questions.")
	default:
		return lesson.Quiz, nil
	}
}

// seat is a learner before a quiz.
type seat struct {
	place    *ent.Enrollment
	lesson   uuid.UUID
	settings *outline.QuizSettings
	mix      shuffle
}

// start returns the open attempt, or makes the next one. Of several requests at once the unique index on
// open attempts lets one through, and the one on numbers keeps their count.
func (s *Service) start(ctx context.Context, tx *pg.Tx, at seat) (*ent.Attempt, error) {
	last, now, err := lastAttempt(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	number := 1
	if last != nil {
		if !Graded(last) && !overdue(last, now) {
			return last, nil
		}
		if !Graded(last) {
			if _, err := s.end(ctx, tx, last, now); err != nil {
				return nil, err
			}
		}
		number = last.Number + 1
	}
	if allowed := at.settings.AttemptsAllowed; allowed > 0 && number > allowed {
		return nil, fault.Newf(fault.Conflict, "All attempts at this quiz are used; there were %d.", allowed)
	}
	return create(ctx, tx, at, number, now)
}

// begunBefore returns the open attempt at a quiz that the place's version does not have: the place has moved since it was
// begun, and it is finished as it was. Without one it returns the fault.
func begunBefore(ctx context.Context, tx *pg.Tx, at seat, no error) (*ent.Attempt, error) {
	last, now, err := lastAttempt(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	if last == nil || Graded(last) || overdue(last, now) {
		return nil, no
	}
	return last, nil
}

// lastAttempt locks the learner's newest attempt at the quiz, nil when there is none, and returns what time it is behind
// the lock.
func lastAttempt(ctx context.Context, tx *pg.Tx, at seat) (last *ent.Attempt, now time.Time, err error) {
	last, err = tx.Attempt.Query().
		Where(attempt.EnrollmentID(at.place.ID), attempt.LessonID(at.lesson)).
		Order(attempt.ByNumber(sql.OrderDesc())).ForUpdate().First(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, time.Time{}, fmt.Errorf("find last attempt: %w", err)
	}
	now, err = tx.Now(ctx)
	return last, now, err
}

// create draws the questions and makes the attempt.
func create(ctx context.Context, tx *pg.Tx, at seat, number int, now time.Time) (*ent.Attempt, error) {
	questions, err := versions(ctx, tx.QuestionVersion, draw(at.settings, at.mix))
	if err != nil {
		return nil, err
	}
	picks, maxScore := frozen(questions, at.settings, at.mix)
	made := tx.Attempt.Create().
		SetEnrollmentID(at.place.ID).SetLearnerID(at.place.LearnerID).SetLessonID(at.lesson).
		SetVersionID(at.place.VersionID).SetNumber(number).SetPicks(picks).SetMaxScore(maxScore).
		SetPassMark(at.settings.PassMark).SetStartedAt(now)
	if limit := at.settings.TimeLimitSeconds; limit > 0 {
		made.SetDeadlineAt(now.Add(time.Duration(limit) * time.Second))
	}
	started, err := made.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("keep attempt: %w", err)
	}
	return started, nil
}

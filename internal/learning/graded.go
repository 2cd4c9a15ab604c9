package learning

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/learning/rule"
	"lyceum/internal/platform/pg"
)

// QuizGraded holds the grade of a quiz against the rules, in the transaction of the grade: by itself a passed quiz
// completes its lesson. Assessment calls it, as the learner or as the job that grades what was left lying; it knows
// whether the quiz was passed, in which enrollment, and in which version of the course the attempt was started. The lesson
// counts even if the place was given up meanwhile: it is there when the learner returns.
//
// If the place has moved to a version without the quiz since then, the one that it was mapped to is completed, as it would
// have been had the attempt ended before the move. If it was mapped to none, the grade stands and completes nothing.
func (s *Service) QuizGraded(ctx context.Context, tx *pg.Tx, enrollmentID, lessonID, versionID uuid.UUID, passed bool) error {
	place, err := tx.Enrollment.Query().Where(enrollment.ID(enrollmentID)).Only(ctx)
	if err != nil {
		return fmt.Errorf("find enrollment of a graded quiz: %w", err)
	}
	st := newStudy(tx, place)
	st.about = lessonID
	err = st.begin(ctx)
	if err == nil {
		err = st.graded(ctx, versionID, passed)
	}
	if fault.CodeOf(err) == fault.NotFound {
		// Nothing takes the place of the quiz. Refusing its grade would leave the attempt open.
		return nil
	}
	return err
}

// graded completes what the quiz leads to.
func (st *study) graded(ctx context.Context, version uuid.UUID, passed bool) error {
	lesson, err := st.counterpart(ctx)
	if err != nil {
		return err
	}
	if lesson != st.about {
		if passed, err = st.earnedBefore(ctx, version, passed); err != nil {
			return err
		}
		st.under.lesson = &lesson
	}
	var enough []uuid.UUID
	if passed {
		enough = []uuid.UUID{lesson}
	} else {
		st.under.lesson = nil
	}
	if _, err := st.end(ctx, enough, st.change(lesson)); err != nil {
		return fmt.Errorf("complete quiz lesson: %w", err)
	}
	return nil
}

// moves are those of the place to newer versions, first to last.
const moves = `
SELECT m.mapping, m.version_id FROM enrollment_changes c JOIN enrollment_migrations m ON m.tenant_id = c.tenant_id AND m.id = c.migration_id
WHERE c.tenant_id = $1 AND c.enrollment_id = $2 ORDER BY m.number, c.id`

// move is one of them: the version that the place moved to, and where the evidence of which lessons went.
type move struct {
	mapping map[uuid.UUID]uuid.UUID
	version uuid.UUID
}

func (st *study) moves(ctx context.Context) ([]move, error) {
	rows, err := st.tx.Query(ctx, moves, st.place.TenantID, st.place.ID)
	if err != nil {
		return nil, fmt.Errorf("read moves of place: %w", err)
	}
	var (
		all  []move
		text []byte
		to   uuid.UUID
	)
	err = pg.ForEach(rows, []any{&text, &to}, func() error {
		one := move{mapping: map[uuid.UUID]uuid.UUID{}, version: to}
		all = append(all, one)
		return json.Unmarshal(text, &one.mapping)
	})
	if err != nil {
		return nil, fmt.Errorf("read moves of place: %w", err)
	}
	return all, nil
}

// counterpart is the lesson that the evidence counts for: the one it is about, or where the place has moved to a version
// without it, the one that it was mapped to. The fault is NotFound.
func (st *study) counterpart(ctx context.Context) (uuid.UUID, error) {
	if st.outline.Lesson(st.about) != nil {
		return st.about, nil
	}
	all, err := st.moves(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	lesson := st.about
	for _, m := range all {
		if next, mapped := m.mapping[lesson]; mapped {
			lesson = next
		}
	}
	if st.outline.Lesson(lesson) == nil {
		return uuid.Nil, errNoLesson()
	}
	return lesson, nil
}

// earnedBefore says whether the grade completes the lesson that it is of by the version in which the attempt was started,
// and completes it if so: its counterpart in the pinned version has a rule of its own, which does not know the attempt.
func (st *study) earnedBefore(ctx context.Context, version uuid.UUID, passed bool) (bool, error) {
	started, err := st.tx.CourseVersion.Query().Where(courseversion.ID(version)).
		Select(courseversion.FieldID, courseversion.FieldOutline).Only(ctx)
	if err != nil {
		return false, fmt.Errorf("read outline of attempt: %w", err)
	}
	if lesson := started.Outline.Lesson(st.about); lesson != nil && lesson.Completion != "" {
		known, err := Find(ctx, st.tx.Client, st.now, []Sitting{{Place: st.place, Outline: &started.Outline}})
		if err != nil {
			return false, err
		}
		outcome, err := rule.Evaluate(&started.Outline, known[st.place.ID].Evidence)
		if err != nil {
			return false, fmt.Errorf("evaluate rules of attempt: %w", err)
		}
		passed = slices.ContainsFunc(outcome.Lessons, func(d rule.Done) bool { return d.Node == st.about })
	}
	if !passed {
		return false, nil
	}
	if _, err := st.cross(ctx, []uuid.UUID{st.about}); err != nil {
		return false, err
	}
	_, err = st.keep(ctx, []node{{st.about, completion.NodeLESSON, ""}})
	return err == nil, err
}

package assessment

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/attempt"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/questionversion"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// grace is how long after the deadline an answer or a submission is still taken: it was on its way.
const grace = 5 * time.Second

// Graded reports whether the attempt has ended. Before, nobody is told a score, staff included.
func Graded(a *ent.Attempt) bool { return a.State != attempt.StateIN_PROGRESS }

// Score returns the points of an attempt, nil until it is graded.
func Score(a *ent.Attempt) *float64 {
	if !Graded(a) {
		return nil
	}
	return &a.Score
}

// Passed returns whether an attempt was passed, nil until it is graded.
func Passed(a *ent.Attempt) *bool {
	if !Graded(a) {
		return nil
	}
	return &a.Passed
}

// overdue reports whether the attempt's time is up, and the grace too.
func overdue(a *ent.Attempt, now time.Time) bool {
	return a.DeadlineAt != nil && now.After(a.DeadlineAt.Add(grace))
}

// Attempt returns an attempt: the viewer's own, or for staff and support anybody's. The fault is NotFound.
func (s *Service) Attempt(ctx context.Context, id uuid.UUID) (*ent.Attempt, error) {
	found, err := s.DB.Attempt.Query().Where(attempt.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoAttempt(err)
	} else if err != nil {
		return nil, fmt.Errorf("find attempt: %w", err)
	}
	return found, nil
}

// lockOwn returns the learner's own attempt for changing. The lock puts answers and the end of an attempt
// in one order: no answer is kept that was not graded. Staff read everybody's attempts and take nobody's. An open
// attempt in a place that was given up is a Conflict: whoever was withdrawn finishes nothing.
func lockOwn(ctx context.Context, tx *pg.Tx, learner, id uuid.UUID) (*ent.Attempt, error) {
	own := tx.Attempt.Query().Where(attempt.ID(id), attempt.LearnerID(learner))
	found, err := own.Clone().Where(endedOrTaken).ForUpdate().Only(ctx)
	if !ent.IsNotFound(err) {
		return found, located(err)
	}
	// Only a refusal asks why.
	switch given, lookErr := own.Exist(ctx); {
	case lookErr != nil:
		return nil, located(lookErr)
	case given:
		return nil, errGivenUp()
	default:
		return nil, errNoAttempt(err)
	}
}

// endedOrTaken holds for attempts that have ended, and for those whose place is taken.
func endedOrTaken(s *sql.Selector) {
	places := sql.Table(enrollment.Table)
	taken := sql.Select(places.C(enrollment.FieldID)).From(places).Where(sql.And(
		sql.ColumnsEQ(places.C(enrollment.FieldTenantID), s.C(attempt.FieldTenantID)),
		sql.ColumnsEQ(places.C(enrollment.FieldID), s.C(attempt.FieldEnrollmentID)),
		sql.In(places.C(enrollment.FieldState), enrollment.StateACTIVE, enrollment.StateCOMPLETED),
	))
	s.Where(sql.Or(sql.NEQ(s.C(attempt.FieldState), attempt.StateIN_PROGRESS), sql.Exists(taken)))
}

func located(err error) error {
	if err != nil {
		return fmt.Errorf("lock attempt: %w", err)
	}
	return nil
}

func errGivenUp() error {
	return fault.New(fault.Conflict, "You gave this place up; enroll again to go on.")
}

func errNoAttempt(cause error) error {
	return fault.New(fault.NotFound, "There is no such attempt.").Because(cause)
}

// versionIDs are the ids of the question versions that were picked.
func versionIDs(picks []quiz.Pick) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, len(picks))
	for i, pick := range picks {
		id, err := uuid.Parse(pick.Question)
		if err != nil {
			return nil, fmt.Errorf("read pick: %w", err)
		}
		ids[i] = id
	}
	return ids, nil
}

// versions returns the question versions in the order of ids. A version never vanishes. Their keys lie in
// the same rows, so learners see none of them: whoever calls this has an attempt that asks them.
func versions(ctx context.Context, db *ent.QuestionVersionClient, ids []uuid.UUID) ([]*ent.QuestionVersion, error) {
	rows, err := db.Query().Where(questionversion.IDIn(ids...)).All(viewer.WholeTenant(ctx))
	if err != nil {
		return nil, fmt.Errorf("read questions: %w", err)
	}
	byID := make(map[uuid.UUID]*ent.QuestionVersion, len(rows))
	for _, row := range rows {
		byID[row.ID] = row
	}
	ordered := make([]*ent.QuestionVersion, len(ids))
	for i, id := range ids {
		if ordered[i] = byID[id]; ordered[i] == nil {
			return nil, fmt.Errorf("question version %s is missing", id)
		}
	}
	return ordered, nil
}

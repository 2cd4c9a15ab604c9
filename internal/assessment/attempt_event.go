package assessment

import (
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
)

// AttemptGraded says that an attempt at a quiz has ended and was graded.
type AttemptGraded struct {
	ID         uuid.UUID `json:"id"`
	Tenant     uuid.UUID `json:"tenant_id"`
	At         time.Time `json:"at"`
	Attempt    uuid.UUID `json:"attempt_id"`
	Enrollment uuid.UUID `json:"enrollment_id"`
	Learner    uuid.UUID `json:"learner_id"`
	Lesson     uuid.UUID `json:"lesson_id"`
	Passed     bool      `json:"passed"`
}

var _ pg.Single = AttemptGraded{}

// Kind implements pg.Event.
func (AttemptGraded) Kind() string { return "assessment.attempt_graded" }

// Once implements pg.Single.
func (e AttemptGraded) Once() string { return e.Attempt.String() }

func attemptGraded(a *ent.Attempt, at time.Time) AttemptGraded {
	return AttemptGraded{
		ID:         uuid.Must(uuid.NewV7()),
		Tenant:     a.TenantID,
		At:         at,
		Attempt:    a.ID,
		Enrollment: a.EnrollmentID,
		Learner:    a.LearnerID,
		Lesson:     a.LessonID,
		Passed:     a.Passed,
	}
}

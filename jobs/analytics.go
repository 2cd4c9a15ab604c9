package jobs

import (
	"context"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"lyceum/internal/analytics"
	"lyceum/internal/credential"
	"lyceum/internal/enrollment"
	"lyceum/internal/learning"
	"lyceum/internal/platform/eventlog"
	"lyceum/internal/platform/pg"
)

// CountFact counts the event among its course's numbers of the day.
type CountFact struct {
	Tenant uuid.UUID `json:"tenant_id"`
	Event  uuid.UUID `json:"event_id"`
}

// Kind implements river.JobArgs.
func (CountFact) Kind() string { return "analytics.count" }

func countFact(s Services) river.Worker[CountFact] {
	return effect[CountFact]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a CountFact) error {
		event, err := eventlog.Find(ctx, tx, a.Event)
		if err != nil {
			return err
		}
		return count(ctx, tx, s, event)
	}}
}

func count(ctx context.Context, tx *pg.Tx, s Services, event eventlog.Event) error {
	number, counted := numbers()[event.Kind]
	if !counted {
		return nil
	}
	var about struct {
		Course uuid.UUID `json:"course_id"`
	}
	if err := read(event, &about); err != nil {
		return err
	}
	return s.Analytics.Record(ctx, tx, analytics.Fact{Event: event.ID, Course: about.Course, At: event.At, Count: number})
}

// numbers says among which number of the day an event counts.
func numbers() map[string]analytics.Count {
	return map[string]analytics.Count{
		enrollment.EnrollmentActivated{}.Kind(): analytics.Enrollments,
		learning.LessonCompleted{}.Kind():       analytics.LessonCompletions,
		learning.CourseCompleted{}.Kind():       analytics.CourseCompletions,
		credential.CertificateIssued{}.Kind():   analytics.Certificates,
	}
}

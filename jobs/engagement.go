package jobs

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"lyceum/internal/assessment"
	"lyceum/internal/engagement"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/pointrule"
	"lyceum/internal/learning"
	"lyceum/internal/platform/eventlog"
	"lyceum/internal/platform/pg"
)

// CreditDeed gives a learner what the event earns: points, a day of learning, achievements.
type CreditDeed struct {
	Tenant uuid.UUID `json:"tenant_id"`
	Event  uuid.UUID `json:"event_id"`
}

// Kind implements river.JobArgs.
func (CreditDeed) Kind() string { return "engagement.credit" }

func creditDeed(s Services) river.Worker[CreditDeed] {
	return effect[CreditDeed]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a CreditDeed) error {
		event, err := eventlog.Find(ctx, tx, a.Event)
		if err != nil {
			return err
		}
		return credit(ctx, tx, s, event)
	}}
}

func credit(ctx context.Context, tx *pg.Tx, s Services, event eventlog.Event) error {
	deed, err := deedOf(ctx, tx, event)
	if err != nil || deed == nil {
		return err
	}
	return s.Engagement.Credit(ctx, tx, *deed)
}

// deedOf is what a learner did by the event, nil if it says of nothing that they did.
func deedOf(ctx context.Context, tx *pg.Tx, e eventlog.Event) (*engagement.Deed, error) {
	deed := &engagement.Deed{Event: e.ID, At: e.At}
	switch e.Kind {
	case learning.LessonCompleted{}.Kind():
		var told learning.LessonCompleted
		if err := read(e, &told); err != nil {
			return nil, err
		}
		deed.Learner, deed.Course, deed.Reason, deed.Subject = told.Learner, told.Course, pointrule.ReasonLESSON, told.Lesson
	case learning.CourseCompleted{}.Kind():
		var told learning.CourseCompleted
		if err := read(e, &told); err != nil {
			return nil, err
		}
		deed.Learner, deed.Course, deed.Reason, deed.Subject = told.Learner, told.Course, pointrule.ReasonCOURSE, told.Course
	case assessment.AttemptGraded{}.Kind():
		var told assessment.AttemptGraded
		if err := read(e, &told); err != nil {
			return nil, err
		}
		course, err := courseOf(ctx, tx, told.Enrollment)
		if err != nil {
			return nil, err
		}
		deed.Learner, deed.Course, deed.Subject = told.Learner, course, told.Lesson
		if told.Passed {
			deed.Reason = pointrule.ReasonQUIZ
		}
	default:
		return nil, nil //nolint:nilnil // the event earns nothing
	}
	return deed, nil
}

// courseOf is the course that the place is in.
func courseOf(ctx context.Context, tx *pg.Tx, place uuid.UUID) (uuid.UUID, error) {
	found, err := tx.Enrollment.Query().Where(enrollment.ID(place)).Select(enrollment.FieldCourseID).Only(ctx)
	if err != nil {
		return uuid.Nil, fmt.Errorf("find enrollment: %w", err)
	}
	return found.CourseID, nil
}

// read reads the event as its context announced it.
func read(e eventlog.Event, into any) error {
	if err := json.Unmarshal(e.Body, into); err != nil {
		return fmt.Errorf("read event %s: %w", e.Kind, err)
	}
	return nil
}

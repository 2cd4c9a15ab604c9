package jobs

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"lyceum/internal/platform/pg"
)

// FinishEnrollment marks the enrollment of a completed course as completed.
type FinishEnrollment struct {
	Tenant     uuid.UUID `json:"tenant_id"`
	Enrollment uuid.UUID `json:"enrollment_id"`
	At         time.Time `json:"at"`
}

// Kind implements river.JobArgs.
func (FinishEnrollment) Kind() string { return "enrollment.finish" }

func finishEnrollment(s Services) river.Worker[FinishEnrollment] {
	return effect[FinishEnrollment]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a FinishEnrollment) error {
		return s.Enrollment.Complete(ctx, tx, a.Enrollment, a.At)
	}}
}

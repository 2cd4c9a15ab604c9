package jobs

import (
	"context"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"lyceum/internal/platform/pg"
)

// NotifyAssigned tells a learner that staff gave them a course.
type NotifyAssigned struct {
	Tenant     uuid.UUID `json:"tenant_id"`
	Enrollment uuid.UUID `json:"enrollment_id"`
}

// Kind implements river.JobArgs.
func (NotifyAssigned) Kind() string { return "notify.assigned" }

// NotifyCompleted tells a learner that a course is completed.
type NotifyCompleted struct {
	Tenant     uuid.UUID `json:"tenant_id"`
	Enrollment uuid.UUID `json:"enrollment_id"`
}

// Kind implements river.JobArgs.
func (NotifyCompleted) Kind() string { return "notify.course_completed" }

// NotifyIssued tells a learner that a certificate was issued.
type NotifyIssued struct {
	Tenant      uuid.UUID `json:"tenant_id"`
	Certificate uuid.UUID `json:"certificate_id"`
}

// Kind implements river.JobArgs.
func (NotifyIssued) Kind() string { return "notify.certificate_issued" }

// NotifyRevoked tells a learner that a certificate was revoked.
type NotifyRevoked struct {
	Tenant      uuid.UUID `json:"tenant_id"`
	Certificate uuid.UUID `json:"certificate_id"`
}

// Kind implements river.JobArgs.
func (NotifyRevoked) Kind() string { return "notify.certificate_revoked" }

// NotifyPathAssigned tells a learner that staff put them on a learning path.
type NotifyPathAssigned struct {
	Tenant     uuid.UUID `json:"tenant_id"`
	Enrollment uuid.UUID `json:"path_enrollment_id"`
}

// Kind implements river.JobArgs.
func (NotifyPathAssigned) Kind() string { return "notify.path_assigned" }

// NotifyPathCompleted tells a learner that a learning path is completed.
type NotifyPathCompleted struct {
	Tenant     uuid.UUID `json:"tenant_id"`
	Enrollment uuid.UUID `json:"path_enrollment_id"`
}

// Kind implements river.JobArgs.
func (NotifyPathCompleted) Kind() string { return "notify.path_completed" }

func addNotifiers(workers *river.Workers, s Services) {
	river.AddWorker(workers, effect[NotifyAssigned]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a NotifyAssigned) error {
		return s.Notification.Assigned(ctx, tx, a.Enrollment)
	}})
	river.AddWorker(workers, effect[NotifyCompleted]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a NotifyCompleted) error {
		return s.Notification.CourseCompleted(ctx, tx, a.Enrollment)
	}})
	river.AddWorker(workers, effect[NotifyIssued]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a NotifyIssued) error {
		return s.Notification.CertificateIssued(ctx, tx, a.Certificate)
	}})
	river.AddWorker(workers, effect[NotifyRevoked]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a NotifyRevoked) error {
		return s.Notification.CertificateRevoked(ctx, tx, a.Certificate)
	}})
	river.AddWorker(workers, effect[NotifyPathAssigned]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a NotifyPathAssigned) error {
		return s.Notification.PathAssigned(ctx, tx, a.Enrollment)
	}})
	river.AddWorker(workers, effect[NotifyPathCompleted]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a NotifyPathCompleted) error {
		return s.Notification.PathCompleted(ctx, tx, a.Enrollment)
	}})
}

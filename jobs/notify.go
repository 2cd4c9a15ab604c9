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

// NotifyInvited tells a learner that they are invited to a course, once for each invitation.
type NotifyInvited struct {
	Tenant     uuid.UUID `json:"tenant_id"`
	Enrollment uuid.UUID `json:"enrollment_id"`
	Event      uuid.UUID `json:"event_id"`
}

// Kind implements river.JobArgs.
func (NotifyInvited) Kind() string { return "notify.invited" }

// NotifyPromoted tells a learner who waited that a seat became free for them, once for each time.
type NotifyPromoted struct {
	Tenant     uuid.UUID `json:"tenant_id"`
	Enrollment uuid.UUID `json:"enrollment_id"`
	Event      uuid.UUID `json:"event_id"`
}

// Kind implements river.JobArgs.
func (NotifyPromoted) Kind() string { return "notify.promoted" }

// NotifyAchieved tells a learner that they earned an achievement.
type NotifyAchieved struct {
	Tenant      uuid.UUID `json:"tenant_id"`
	Learner     uuid.UUID `json:"learner_id"`
	Achievement uuid.UUID `json:"achievement_id"`
}

// Kind implements river.JobArgs.
func (NotifyAchieved) Kind() string { return "notify.achieved" }

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
	river.AddWorker(workers, effect[NotifyInvited]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a NotifyInvited) error {
		return s.Notification.Invited(ctx, tx, a.Enrollment, a.Event)
	}})
	river.AddWorker(workers, effect[NotifyPromoted]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a NotifyPromoted) error {
		return s.Notification.Promoted(ctx, tx, a.Enrollment, a.Event)
	}})
	river.AddWorker(workers, effect[NotifyAchieved]{db: s.DB, do: func(ctx context.Context, tx *pg.Tx, a NotifyAchieved) error {
		return s.Notification.Achieved(ctx, tx, a.Learner, a.Achievement)
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

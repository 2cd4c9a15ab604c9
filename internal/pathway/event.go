package pathway

import (
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
)

// PathEnrolled says that a learner took up a path, for the first time or again.
type PathEnrolled struct {
	ID         uuid.UUID `json:"id"`
	Tenant     uuid.UUID `json:"tenant_id"`
	At         time.Time `json:"at"`
	Enrollment uuid.UUID `json:"path_enrollment_id"`
	Learner    uuid.UUID `json:"learner_id"`
	Path       uuid.UUID `json:"path_id"`
	// ByStaff is true when somebody else gave it to the learner.
	ByStaff bool `json:"by_staff"`
}

// PathLeft says that a learner left a path, or was taken off it.
type PathLeft struct {
	ID         uuid.UUID `json:"id"`
	Tenant     uuid.UUID `json:"tenant_id"`
	At         time.Time `json:"at"`
	Enrollment uuid.UUID `json:"path_enrollment_id"`
	Learner    uuid.UUID `json:"learner_id"`
	Path       uuid.UUID `json:"path_id"`
}

// PathCompleted says that a learner completed what a path requires. It is announced once for each place.
type PathCompleted struct {
	ID         uuid.UUID `json:"id"`
	Tenant     uuid.UUID `json:"tenant_id"`
	At         time.Time `json:"at"`
	Enrollment uuid.UUID `json:"path_enrollment_id"`
	Learner    uuid.UUID `json:"learner_id"`
	Path       uuid.UUID `json:"path_id"`
}

// PathChanged says that a path that learners may be on consists of something else now, or asks for something else.
type PathChanged struct {
	ID     uuid.UUID `json:"id"`
	Tenant uuid.UUID `json:"tenant_id"`
	At     time.Time `json:"at"`
	Path   uuid.UUID `json:"path_id"`
}

var (
	_ pg.Event  = PathEnrolled{}
	_ pg.Event  = PathLeft{}
	_ pg.Single = PathCompleted{}
	_ pg.Event  = PathChanged{}
)

// Kind implements pg.Event.
func (PathEnrolled) Kind() string { return "pathway.enrolled" }

// Kind implements pg.Event.
func (PathLeft) Kind() string { return "pathway.left" }

// Kind implements pg.Event.
func (PathCompleted) Kind() string { return "pathway.completed" }

// Kind implements pg.Event.
func (PathChanged) Kind() string { return "pathway.changed" }

// Once implements pg.Single: a place in a path is completed once, whatever the path asks for by then.
func (e PathCompleted) Once() string { return e.Enrollment.String() }

func enrolled(p *ent.PathEnrollment, at time.Time) PathEnrolled {
	return PathEnrolled{
		ID: uuid.Must(uuid.NewV7()), Tenant: p.TenantID, At: at, Enrollment: p.ID, Learner: p.LearnerID, Path: p.PathID, ByStaff: p.ByStaff,
	}
}

func left(p *ent.PathEnrollment, at time.Time) PathLeft {
	return PathLeft{ID: uuid.Must(uuid.NewV7()), Tenant: p.TenantID, At: at, Enrollment: p.ID, Learner: p.LearnerID, Path: p.PathID}
}

func arrived(p *ent.PathEnrollment, at time.Time) PathCompleted {
	return PathCompleted{ID: uuid.Must(uuid.NewV7()), Tenant: p.TenantID, At: at, Enrollment: p.ID, Learner: p.LearnerID, Path: p.PathID}
}

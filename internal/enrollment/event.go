package enrollment

import (
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pg"
)

// EnrollmentActivated says that a learner took up a place, for the first time or again.
type EnrollmentActivated struct {
	ID         uuid.UUID `json:"id"`
	Tenant     uuid.UUID `json:"tenant_id"`
	At         time.Time `json:"at"`
	Enrollment uuid.UUID `json:"enrollment_id"`
	Learner    uuid.UUID `json:"learner_id"`
	Course     uuid.UUID `json:"course_id"`
	// ByStaff is true when somebody else gave the learner the place.
	ByStaff bool `json:"by_staff"`
	// Promoted is true when a seat became free for who waited.
	Promoted bool `json:"promoted,omitempty"`
}

// EnrollmentChanged says that a place came into another state than ACTIVE, got another due date, or moved to a newer version.
type EnrollmentChanged struct {
	ID         uuid.UUID `json:"id"`
	Tenant     uuid.UUID `json:"tenant_id"`
	At         time.Time `json:"at"`
	Enrollment uuid.UUID `json:"enrollment_id"`
	Learner    uuid.UUID `json:"learner_id"`
	Course     uuid.UUID `json:"course_id"`
	// Completed is true when the place is COMPLETED.
	Completed bool `json:"completed"`
	// Invited is true when the learner was invited by it.
	Invited bool `json:"invited,omitempty"`
}

// TermsSaved says that something else may count as the course now.
type TermsSaved struct {
	ID     uuid.UUID `json:"id"`
	Tenant uuid.UUID `json:"tenant_id"`
	At     time.Time `json:"at"`
	Course uuid.UUID `json:"course_id"`
}

// MigrationStarted says that places of a course are to move to a newer version.
type MigrationStarted struct {
	ID        uuid.UUID `json:"id"`
	Tenant    uuid.UUID `json:"tenant_id"`
	At        time.Time `json:"at"`
	Migration uuid.UUID `json:"migration_id"`
	Course    uuid.UUID `json:"course_id"`
}

var (
	_ pg.Event = EnrollmentActivated{}
	_ pg.Event = EnrollmentChanged{}
	_ pg.Event = MigrationStarted{}
	_ pg.Event = TermsSaved{}
)

// Kind implements pg.Event.
func (EnrollmentActivated) Kind() string { return "enrollment.activated" }

// Kind implements pg.Event.
func (EnrollmentChanged) Kind() string { return "enrollment.changed" }

// Kind implements pg.Event.
func (MigrationStarted) Kind() string { return "enrollment.migration_started" }

// Kind implements pg.Event.
func (TermsSaved) Kind() string { return "enrollment.terms_saved" }

// announced is the event of an act by which the place came into its state.
func announced(place *ent.Enrollment, a act, at time.Time) pg.Event {
	if place.State != active || a == migrate {
		e := changed(place, at)
		e.Invited = a == invite
		return e
	}
	return EnrollmentActivated{
		ID:         uuid.Must(uuid.NewV7()),
		Tenant:     place.TenantID,
		At:         at,
		Enrollment: place.ID,
		Learner:    place.LearnerID,
		Course:     place.CourseID,
		// Of what a learning path gives it is told as of one thing, unless the learner has waited for a seat.
		ByStaff:  a != enroll && a != promote && place.Source != enrollment.SourcePATH,
		Promoted: a == promote,
	}
}

// changed says that something about the place is new; its history says what.
func changed(place *ent.Enrollment, at time.Time) EnrollmentChanged {
	return EnrollmentChanged{
		ID:         uuid.Must(uuid.NewV7()),
		Tenant:     place.TenantID,
		At:         at,
		Enrollment: place.ID,
		Learner:    place.LearnerID,
		Course:     place.CourseID,
		Completed:  place.State == completed,
	}
}

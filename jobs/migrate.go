package jobs

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"lyceum/internal/enrollment"
)

const (
	// migrateAtOnce is how many places one run of the job moves before others get their turn.
	migrateAtOnce = 100
	// patientTries is how often a place is tried before it is left where it is.
	patientTries = 3
)

// MigratePlaces moves the places of a course to a newer version. The migration itself says how far it has come, so that
// whoever goes on, after a kill or a pause, begins where it was left.
type MigratePlaces struct {
	Tenant    uuid.UUID `json:"tenant_id"`
	Migration uuid.UUID `json:"migration_id"`
}

// Kind implements river.JobArgs.
func (MigratePlaces) Kind() string { return "enrollment.migrate" }

// migrator works on MigratePlaces.
type migrator struct {
	river.WorkerDefaults[MigratePlaces]

	enrollment *enrollment.Service
}

func migratePlaces(s Services) river.Worker[MigratePlaces] { return migrator{enrollment: s.Enrollment} }

// Work implements river.Worker.
func (w migrator) Work(ctx context.Context, job *river.Job[MigratePlaces]) error {
	for range migrateAtOnce {
		more, err := w.enrollment.MigrateNext(ctx, job.Args.Migration, job.Attempt >= patientTries)
		if errors.Is(err, enrollment.ErrNotMoved) {
			// Whatever the place says: cancelled, the job would leave the migration running for ever, and no other could begin.
			return err
		}
		if err != nil || !more {
			return verdict(err)
		}
	}
	return river.JobSnooze(0) //nolint:wrapcheck // it is no error, but a verdict
}

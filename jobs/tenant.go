package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/placement"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

var (
	errNoTenant      = errors.New("jobs: the arguments name no tenant")
	errUnknownTenant = errors.New("jobs: there is no such tenant")
)

// suspendedFor is how long the job of a suspended tenant waits before it is looked at again. It is not lost, and
// uses no attempt.
const suspendedFor = time.Hour

// acrossTenants are the kinds that belong to no tenant. They do nothing but insert one job for each.
func acrossTenants(kind string) bool {
	return kind == SweepAll{}.Kind() || kind == CheckAllSearch{}.Kind()
}

// asTenant makes every job work as its own tenant. It cancels one that names none, or one that does not exist, and
// puts off one whose tenant is suspended.
type asTenant struct {
	river.MiddlewareDefaults

	// status finds the status of a tenant, or an error of ent's not found.
	status func(ctx context.Context, tenant uuid.UUID) (placement.Status, error)
}

// placed looks tenants up in the directory.
func placed(db *pg.DB) func(context.Context, uuid.UUID) (placement.Status, error) {
	return func(ctx context.Context, tenant uuid.UUID) (placement.Status, error) {
		place, err := db.Placement.Get(ctx, tenant)
		if err != nil {
			return "", fmt.Errorf("find tenant of job: %w", err)
		}
		return place.Status, nil
	}
}

// Work implements rivertype.WorkerMiddleware.
func (m *asTenant) Work(ctx context.Context, job *rivertype.JobRow, next func(context.Context) error) error {
	if acrossTenants(job.Kind) {
		return next(ctx)
	}
	var args struct {
		Tenant uuid.UUID `json:"tenant_id"`
	}
	if err := json.Unmarshal(job.EncodedArgs, &args); err != nil || args.Tenant == uuid.Nil {
		return river.JobCancel(errors.Join(errNoTenant, err))
	}
	switch status, err := m.status(ctx, args.Tenant); {
	case ent.IsNotFound(err):
		return river.JobCancel(errUnknownTenant)
	case err != nil:
		return err
	case status != placement.StatusACTIVE:
		return river.JobSnooze(suspendedFor) //nolint:wrapcheck // it is no error, but a verdict
	}
	return next(viewer.With(ctx, viewer.Job(args.Tenant, job.Kind)))
}

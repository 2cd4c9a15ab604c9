package jobs

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/viewer"
)

var errNoTenant = errors.New("jobs: the arguments name no tenant")

// acrossTenants are the kinds that belong to no tenant. They do nothing but insert one job for each.
func acrossTenants(kind string) bool {
	return kind == SweepAll{}.Kind() || kind == CheckAllSearch{}.Kind()
}

// asTenant makes every job work as its own tenant, and cancels one that names none.
type asTenant struct{ river.MiddlewareDefaults }

// Work implements rivertype.WorkerMiddleware.
func (*asTenant) Work(ctx context.Context, job *rivertype.JobRow, next func(context.Context) error) error {
	if acrossTenants(job.Kind) {
		return next(ctx)
	}
	var args struct {
		Tenant uuid.UUID `json:"tenant_id"`
	}
	if err := json.Unmarshal(job.EncodedArgs, &args); err != nil || args.Tenant == uuid.Nil {
		return river.JobCancel(errors.Join(errNoTenant, err))
	}
	return next(viewer.With(ctx, viewer.Job(args.Tenant, job.Kind)))
}

package jobs

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"lyceum/internal/media"
)

// checkTime bounds one attempt at checking an upload: all of it is read once.
const checkTime = time.Hour

// CheckUpload makes one file of an upload that has arrived in parts, and accepts or rejects it.
type CheckUpload struct {
	Tenant uuid.UUID `json:"tenant_id"`
	Asset  uuid.UUID `json:"asset_id"`
}

// Kind implements river.JobArgs.
func (CheckUpload) Kind() string { return "media.check" }

// uploadChecker works on CheckUpload. Whoever is killed is followed by another attempt, which finds what was done.
type uploadChecker struct {
	river.WorkerDefaults[CheckUpload]

	media *media.Service
}

func checkUpload(s Services) river.Worker[CheckUpload] { return uploadChecker{media: s.Media} }

// Timeout implements river.Worker.
func (uploadChecker) Timeout(*river.Job[CheckUpload]) time.Duration { return checkTime }

// Work implements river.Worker.
func (w uploadChecker) Work(ctx context.Context, job *river.Job[CheckUpload]) error {
	return verdict(w.media.Check(ctx, job.Args.Asset))
}

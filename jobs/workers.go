package jobs

import (
	"context"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"lyceum/internal/analytics"
	"lyceum/internal/assessment"
	"lyceum/internal/credential"
	"lyceum/internal/engagement"
	"lyceum/internal/enrollment"
	"lyceum/internal/learning"
	"lyceum/internal/media"
	"lyceum/internal/notification"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pg"
)

// Syncer brings the search engine up to date.
type Syncer interface {
	// SyncCourse does so with one course, SyncFilm with every course that shows a film, Repair with every course of the
	// tenant that differs, and says how many did.
	SyncCourse(ctx context.Context, course uuid.UUID) error
	SyncFilm(ctx context.Context, asset uuid.UUID) error
	Repair(ctx context.Context) (int, error)
}

// Services are what workers call.
type Services struct {
	DB           *pg.DB
	Enrollment   *enrollment.Service
	Pathway      *pathway.Service
	Learning     *learning.Service
	Assessment   *assessment.Service
	Credential   *credential.Service
	Notification *notification.Service
	Media        *media.Service
	Engagement   *engagement.Service
	Analytics    *analytics.Service
	Search       Syncer
}

// workers registers every kind.
func workers(s Services) *river.Workers {
	all := river.NewWorkers()
	river.AddWorker(all, issueCertificate(s))
	river.AddWorker(all, printCertificate(s))
	river.AddWorker(all, finishEnrollment(s))
	river.AddWorker(all, convertAsset(s))
	river.AddWorker(all, layCaptions(s))
	river.AddWorker(all, checkUpload(s))
	river.AddWorker(all, syncCourse(s))
	river.AddWorker(all, syncFilm(s))
	river.AddWorker(all, checkAllSearch(s))
	river.AddWorker(all, checkSearch(s))
	river.AddWorker(all, sweepAll(s))
	river.AddWorker(all, sweepTenant(s))
	river.AddWorker(all, mailNotification(s))
	river.AddWorker(all, creditDeed(s))
	river.AddWorker(all, countFact(s))
	addNotifiers(all, s)
	addPaths(all, s)
	return all
}

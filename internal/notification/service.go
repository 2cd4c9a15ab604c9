// Package notification owns inboxes: what people are told, in order and without gaps, as rows first and
// live second.
package notification

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// Bus wakes the streams of a user in every process. Waking is a hint: what is told is in the inbox, and a
// stream that missed a hint finds it there.
type Bus interface {
	// Wake tells all streams of the user that the inbox grew.
	Wake(ctx context.Context, tenant, user uuid.UUID)
	// Listen returns a channel that gets a value after each Wake, until ctx ends.
	Listen(ctx context.Context, tenant, user uuid.UUID) <-chan struct{}
}

// Gate says whether a viewer who was let in is still welcome.
type Gate interface {
	Still(ctx context.Context, v viewer.Viewer) (bool, error)
}

// Service is the notification context.
type Service struct {
	DB   *pg.DB
	Bus  Bus
	Gate Gate
	// Post is for Mail and for the links in mails.
	Post Post
	// Look is how often a stream looks into the inbox without being woken, and whether its viewer is still
	// welcome: a lost hint costs this much time, and so does a viewer who was shut out. Zero is three seconds.
	Look time.Duration
	// Log hears of streams that break; nil is the default logger.
	Log *slog.Logger
}

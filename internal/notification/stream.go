package notification

import (
	"context"
	"fmt"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/inbox"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/feed"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// batch is how many missed notifications are read at a time.
const batch = 100

// Stream sends the viewer's notifications with a number above after, oldest first, and then those that
// arrive, until ctx ends or the viewer's session does. With a nil after it starts with what is new. A negative
// after is a BadInput fault; one that was never given counts as the last that was. The inbox is kept for good, so
// nothing is ever too old to be told.
func (s *Service) Stream(ctx context.Context, after *int) (<-chan *ent.Notification, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	if after != nil && *after < 0 {
		return nil, fault.Invalid("after", "The number of a notification is not negative.")
	}
	watch := s.Feed.Watch(ctx, v, topic(v.User))
	seen, err := s.last(ctx, v)
	if err != nil {
		return nil, err
	}
	if after != nil {
		seen = min(seen, *after)
	}
	return feed.Follow(ctx, watch, int64(seen), s.behind), nil
}

// last is the number of the viewer's newest notification, 0 for none.
func (s *Service) last(ctx context.Context, v viewer.Viewer) (int, error) {
	box, err := s.DB.Inbox.Query().Where(inbox.UserID(v.User)).Only(ctx)
	if ent.IsNotFound(err) {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("find inbox: %w", err)
	}
	return box.LastSeq, nil
}

// behind implements feed.Reader for the viewer's inbox.
func (s *Service) behind(ctx context.Context, seen int64) ([]feed.Step[*ent.Notification], bool, error) {
	missed, err := s.DB.Notification.Query().
		Where(notification.SeqGT(int(seen))).Order(notification.BySeq()).Limit(batch).All(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("read inbox: %w", err)
	}
	steps := make([]feed.Step[*ent.Notification], len(missed))
	for i, n := range missed {
		steps[i] = feed.Step[*ent.Notification]{Seq: int64(n.Seq), Event: n}
	}
	return steps, len(missed) == batch, nil
}

package notification

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/inbox"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// lookEvery is how often a stream looks into the inbox without being woken, and whether its viewer is still
// welcome: a lost hint costs this much time, and so does a viewer who was shut out.
const lookEvery = 3 * time.Second

// batch is how many missed notifications are read at a time.
const batch = 100

// Stream sends the viewer's notifications with a number above after, oldest first, and then those that
// arrive, until ctx ends or the viewer's session does. With a nil after it starts with what is new.
func (s *Service) Stream(ctx context.Context, after *int) (<-chan *ent.Notification, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	// Listening begins before reading, so that nothing falls between.
	woken := s.Bus.Listen(ctx, v.Tenant, v.User)
	seen, err := s.from(ctx, v, after)
	if err != nil {
		return nil, err
	}
	out := make(chan *ent.Notification)
	go func() {
		defer close(out)
		if err := s.follow(ctx, v, seen, woken, out); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "notification stream ended", "err", err)
		}
	}()
	return out, nil
}

func (s *Service) from(ctx context.Context, v viewer.Viewer, after *int) (int, error) {
	if after != nil {
		return *after, nil
	}
	box, err := s.DB.Inbox.Query().Where(inbox.UserID(v.User)).Only(ctx)
	if ent.IsNotFound(err) {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("find inbox: %w", err)
	}
	return box.LastSeq, nil
}

// follow sends what is behind seen and waits for more.
func (s *Service) follow(
	ctx context.Context, v viewer.Viewer, seen int, woken <-chan struct{}, out chan<- *ent.Notification,
) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		var err error
		if seen, err = s.send(ctx, seen, out); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-woken:
		case <-look.C:
			welcome, err := s.Gate.Still(ctx, v)
			if err != nil || !welcome {
				return err
			}
		}
	}
}

// send sends everything behind seen and returns the number of the last one sent.
func (s *Service) send(ctx context.Context, seen int, out chan<- *ent.Notification) (int, error) {
	for {
		rows, err := s.DB.Notification.Query().
			Where(notification.SeqGT(seen)).Order(notification.BySeq()).Limit(batch).All(ctx)
		if err != nil {
			return seen, fmt.Errorf("read inbox: %w", err)
		}
		for _, n := range rows {
			select {
			case out <- n:
				seen = n.Seq
			case <-ctx.Done():
				return seen, ctx.Err()
			}
		}
		if len(rows) < batch {
			return seen, nil
		}
	}
}

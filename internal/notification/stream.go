package notification

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/inbox"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// lookEvery is how often a stream looks around when Service.Look says nothing.
const lookEvery = 3 * time.Second

// batch is how many missed notifications are read at a time.
const batch = 100

// Stream sends the viewer's notifications with a number above after, oldest first, and then those that
// arrive, until ctx ends or the viewer's session does. With a nil after it starts with what is new. A negative
// after is a BadInput fault; one that was never given counts as the last that was.
func (s *Service) Stream(ctx context.Context, after *int) (<-chan *ent.Notification, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	if after != nil && *after < 0 {
		return nil, fault.Invalid("after", "The number of a notification is not negative.")
	}
	// Listening begins before reading, so that nothing falls between.
	woken := s.Bus.Listen(ctx, v.Tenant, v.User)
	seen, err := s.last(ctx, v)
	if err != nil {
		return nil, err
	}
	if after != nil {
		seen = min(seen, *after)
	}
	out := make(chan *ent.Notification)
	go func() {
		defer close(out)
		f := follower{s: s, v: v, seen: seen, woken: woken, out: out, look: time.NewTicker(cmp.Or(s.Look, lookEvery))}
		defer f.look.Stop()
		if err := f.run(ctx); err != nil && ctx.Err() == nil {
			cmp.Or(s.Log, slog.Default()).ErrorContext(ctx, "notification stream ended", "err", err)
		}
	}()
	return out, nil
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

// follower sends one viewer's notifications.
type follower struct {
	s     *Service
	v     viewer.Viewer
	seen  int
	woken <-chan struct{}
	look  *time.Ticker
	out   chan<- *ent.Notification
}

// run sends what is behind seen and waits for more, until ctx ends or the viewer is shut out.
func (f *follower) run(ctx context.Context) error {
	for {
		missed, err := f.s.DB.Notification.Query().
			Where(notification.SeqGT(f.seen)).Order(notification.BySeq()).Limit(batch).All(ctx)
		if err != nil {
			return fmt.Errorf("read inbox: %w", err)
		}
		for _, n := range missed {
			if welcome, err := f.send(ctx, n); err != nil || !welcome {
				return err
			}
		}
		if len(missed) == batch {
			continue
		}
		if welcome, err := f.wait(ctx); err != nil || !welcome {
			return err
		}
	}
}

// send hands one notification over. A reader who takes their time is looked at meanwhile: it reports whether
// they are still welcome.
func (f *follower) send(ctx context.Context, n *ent.Notification) (bool, error) {
	for {
		select {
		case f.out <- n:
			f.seen = n.Seq
			return true, nil
		case <-f.look.C:
			if welcome, err := f.s.Gate.Still(ctx, f.v); err != nil || !welcome {
				return false, err
			}
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// wait returns when there may be more to send, and reports whether the viewer is still welcome.
func (f *follower) wait(ctx context.Context) (bool, error) {
	select {
	case _, open := <-f.woken:
		if !open {
			f.woken = nil // nobody wakes any more; looking goes on
		}
		return true, nil
	case <-f.look.C:
		return f.s.Gate.Still(ctx, f.v)
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

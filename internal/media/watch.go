package media

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// lookEvery is how often a watched asset is looked at without being woken when Service.Look says nothing.
const lookEvery = 3 * time.Second

func (s *Service) log() *slog.Logger { return cmp.Or(s.Log, slog.Default()) }

// wakeAfter wakes whoever watches the asset once the transaction has committed.
func (s *Service) wakeAfter(ctx context.Context, tx *pg.Tx, a *ent.Asset) {
	if s.Bus != nil {
		tx.AfterCommit(func() { s.Bus.Wake(ctx, a.TenantID, a.ID) })
	}
}

// Asset returns the file, or a fault.NotFound.
func (s *Service) Asset(ctx context.Context, id uuid.UUID) (*ent.Asset, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	a, err := s.DB.Asset.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "There is no such file.")
	} else if err != nil {
		return nil, fmt.Errorf("find asset: %w", err)
	}
	return a, nil
}

// Watch sends the asset as it is, and again when its conversion gets further, until that is over, ctx ends, or the
// viewer's session does.
func (s *Service) Watch(ctx context.Context, id uuid.UUID) (<-chan *ent.Asset, error) {
	v, _ := viewer.From(ctx)
	// Listening begins before reading, so that nothing falls between.
	woken := s.Bus.Listen(ctx, v.Tenant, id)
	now, err := s.Asset(ctx, id)
	if err != nil {
		return nil, err
	}
	out := make(chan *ent.Asset)
	go func() {
		defer close(out)
		f := watcher{s: s, woken: woken, gone: s.Gate.Gone(ctx, v), out: out, look: time.NewTicker(cmp.Or(s.Look, lookEvery))}
		defer f.look.Stop()
		if err := f.run(ctx, now); err != nil && ctx.Err() == nil {
			s.log().ErrorContext(ctx, "watching an asset ended", "asset", id, "err", err)
		}
	}()
	return out, nil
}

// watcher sends one viewer an asset.
type watcher struct {
	s     *Service
	woken <-chan struct{}
	// gone is closed when the viewer is not welcome any more.
	gone <-chan struct{}
	look *time.Ticker
	out  chan<- *ent.Asset
}

// run sends the asset whenever it differs from what was sent, until its conversion is over.
func (w *watcher) run(ctx context.Context, now *ent.Asset) error {
	for {
		if !w.send(ctx, now) || settled(now) {
			return nil
		}
		sent := now
		for sent.Status == now.Status && sent.Conversion == now.Conversion && sent.Progress == now.Progress {
			if !w.wait(ctx) {
				return nil
			}
			var err error
			if now, err = w.s.DB.Asset.Get(ctx, sent.ID); ent.IsNotFound(err) {
				return nil // it was swept
			} else if err != nil {
				return fmt.Errorf("read asset: %w", err)
			}
		}
	}
}

// settled reports whether the asset will not change any more by itself.
func settled(a *ent.Asset) bool {
	return a.Status != asset.StatusPENDING && a.Status != asset.StatusCHECKING && over(a)
}

// send hands the asset over, and reports whether the viewer is still welcome.
func (w *watcher) send(ctx context.Context, a *ent.Asset) bool {
	select {
	case w.out <- a:
		return true
	case <-w.gone:
		return false
	case <-ctx.Done():
		return false
	}
}

// wait returns when there may be more to send, and reports whether the viewer is still welcome.
func (w *watcher) wait(ctx context.Context) bool {
	select {
	case _, open := <-w.woken:
		if !open {
			w.woken = nil // nobody wakes any more; looking goes on
		}
		return true
	case <-w.look.C:
		return true
	case <-w.gone:
		return false
	case <-ctx.Done():
		return false
	}
}

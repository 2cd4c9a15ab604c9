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

// lookEvery is how often somebody who watches is looked after when Service.Look says nothing.
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
		f := watcher{s: s, v: v, woken: woken, out: out, look: time.NewTicker(cmp.Or(s.Look, lookEvery))}
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
	v     viewer.Viewer
	woken <-chan struct{}
	look  *time.Ticker
	out   chan<- *ent.Asset
}

// run sends the asset whenever it differs from what was sent, until its conversion is over.
func (w *watcher) run(ctx context.Context, now *ent.Asset) error {
	for {
		if welcome, err := w.send(ctx, now); err != nil || !welcome || settled(now) {
			return err
		}
		sent := now
		for sent.Status == now.Status && sent.Conversion == now.Conversion && sent.Progress == now.Progress {
			if welcome, err := w.wait(ctx); err != nil || !welcome {
				return err
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

// send hands the asset over. A reader who takes their time is looked at meanwhile: it reports whether they are still
// welcome.
func (w *watcher) send(ctx context.Context, a *ent.Asset) (bool, error) {
	for {
		select {
		case w.out <- a:
			return true, nil
		case <-w.look.C:
			if welcome, err := w.s.Gate.Still(ctx, w.v); err != nil || !welcome {
				return false, err
			}
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// wait returns when there may be more to send, and reports whether the viewer is still welcome.
func (w *watcher) wait(ctx context.Context) (bool, error) {
	select {
	case _, open := <-w.woken:
		if !open {
			w.woken = nil // nobody wakes any more; looking goes on
		}
		return true, nil
	case <-w.look.C:
		return w.s.Gate.Still(ctx, w.v)
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

package media

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/platform/pg"
)

// How progress is told.
const (
	// pulseEvery bounds how often it is written.
	pulseEvery = time.Second
	// aliveEvery is how often a worker says that it is alive when there is no progress, and deadAfter how long one
	// may say nothing before its work is given to another.
	aliveEvery = 15 * time.Second
	deadAfter  = 2 * time.Minute
	// convertShare is the part of the progress, in percent, that is spent before files are put in their place.
	convertShare = 95
)

// pulse writes how far a conversion is, and that somebody is at it.
type pulse struct {
	percent atomic.Int64
	end     context.CancelFunc
	done    sync.WaitGroup
}

// pulse begins to beat for the asset, until it is stopped.
func (s *Service) pulse(ctx context.Context, a *ent.Asset) *pulse {
	ctx, end := context.WithCancel(ctx)
	p := &pulse{end: end}
	p.percent.Store(int64(a.Progress))
	p.done.Go(func() {
		tick := time.NewTicker(pulseEvery)
		defer tick.Stop()
		written, at := int64(a.Progress), time.Now()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			now := p.percent.Load()
			if now == written && time.Since(at) < aliveEvery {
				continue
			}
			if err := s.beat(ctx, a, int(now)); err != nil {
				if ctx.Err() == nil {
					s.log().WarnContext(ctx, "progress not written", "asset", a.ID, "err", err)
				}
				continue
			}
			written, at = now, time.Now()
		}
	})
	return p
}

// at says how far the work is. It never falls.
func (p *pulse) at(percent int) {
	for {
		shown := p.percent.Load()
		if int64(percent) <= shown || p.percent.CompareAndSwap(shown, int64(percent)) {
			return
		}
	}
}

func (p *pulse) stop() {
	p.end()
	p.done.Wait()
}

// beat writes the progress, unless the conversion is over.
func (s *Service) beat(ctx context.Context, a *ent.Asset, percent int) error {
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		s.wakeAfter(ctx, tx, a)
		return tx.Asset.UpdateOneID(a.ID).Where(asset.ConversionEQ(asset.ConversionRUNNING)).
			SetProgress(min(percent, 99)).SetWorkedAt(time.Now()).Exec(ctx)
	})
	if err != nil && !ent.IsNotFound(err) {
		return fmt.Errorf("write progress: %w", err)
	}
	return nil
}

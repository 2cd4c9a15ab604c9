package main

import (
	"context"
	"fmt"
	"strings"

	kept "lyceum/graph/answer"
	"lyceum/internal/catalog"
	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/epoch"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// caches are what is kept between requests: published versions, and answers for all visitors.
type caches struct {
	versions *catalog.Kept // nil keeps none
	answers  *kept.Config  // nil keeps none
}

// openCaches makes the caches, and listens for changes of other processes.
func (a *app) openCaches(ctx context.Context) error {
	meters, err := a.metrics.NewCaches(func() bool { return a.bus.client == nil || a.bus.client.State() != cache.Up })
	if err != nil {
		return fmt.Errorf("measure caches: %w", err)
	}
	if a.config.Outline.Cache == "on" {
		if a.caches.versions, err = catalog.NewKept(a.config.Outline.CacheSize, a.bus.client, meters.Of("outlines")); err != nil {
			return fmt.Errorf("open outline cache: %w", err)
		}
	}
	if a.config.Response.Cache == "off" {
		return nil
	}
	epochs, err := epoch.New(ctx, a.db, a.bus.hub, meters)
	if err != nil {
		return fmt.Errorf("open response cache: %w", err)
	}
	a.onClose(func(context.Context) error { epochs.Close(); return nil })
	a.showing.epochs = epochs
	a.caches.answers = &kept.Config{
		Bytes: a.config.Response.CacheSize, Client: a.bus.client, Epochs: epochs, Generation: version(), Meter: meters.Of("answers"),
	}
	return nil
}

// showing hears of transactions after which visitors may be shown something else, and has the epoch looked at at once.
// What it does not hear of is seen by looking, within a second.
type showing struct{ epochs *epoch.Epochs }

// of wraps the hooks of transactions.
func (s *showing) of(hooks pg.Hooks) pg.Hooks {
	announce, record := hooks.Announce, hooks.Record
	return pg.Hooks{
		Announce: func(ctx context.Context, tx *pg.Tx, events []pg.Event) error {
			for _, event := range events {
				if strings.HasPrefix(event.Kind(), "catalog.") {
					s.after(ctx, tx)
				}
			}
			return announce(ctx, tx, events)
		},
		Record: func(ctx context.Context, tx *pg.Tx, entry pg.Entry) error {
			switch about, _, _ := strings.Cut(entry.Action, "."); about {
			case "category", "course", "tenant":
				s.after(ctx, tx)
			}
			return record(ctx, tx, entry)
		},
	}
}

// after says it once the transaction has committed.
func (s *showing) after(ctx context.Context, tx *pg.Tx) {
	tx.AfterCommit(func() {
		if s.epochs != nil {
			s.epochs.Moved(context.WithoutCancel(ctx), viewer.Tenant(ctx))
		}
	})
}

package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/platform/cache"
	"lyceum/internal/tenancy"
)

// rememberTokens has whom a token belongs to remembered for a moment, unless that is switched off. What one process
// changes the others hear over Redis; without it they find out when the moment is over.
func (a *app) rememberTokens(ctx context.Context, tenants *tenancy.Service) error {
	if a.config.Session.Remember == 0 {
		return nil
	}
	tenants.Memory, tenants.Herald = tenancy.NewMemory(a.config.Session.Remember), a.bus
	events, err := a.bus.hub.Subscribe(context.WithoutCancel(ctx), changedRights())
	if err != nil {
		return fmt.Errorf("listen for changed rights: %w", err)
	}
	go forget(tenants.Memory, events)
	return nil
}

// changedRights is where processes tell each other in which tenant somebody's rights have changed.
func changedRights() cache.Key { return cache.GlobalKey(cache.Cluster, "rights") }

// Forget implements tenancy.Herald.
func (b *bus) Forget(ctx context.Context, tenant uuid.UUID) {
	if err := b.hub.Publish(ctx, changedRights(), tenant[:]); err != nil {
		b.log.WarnContext(ctx, "other processes were not told of changed rights", "err", err)
	}
}

// forget forgets what it is told of, until the events end.
func forget(memory *tenancy.Memory, events <-chan cache.Event) {
	for event := range events {
		tenant, err := uuid.FromBytes(event.Payload)
		if event.Resync || err != nil {
			memory.ForgetAll()
			continue
		}
		memory.Forget(tenant)
	}
}

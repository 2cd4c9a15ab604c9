package main

import (
	"context"
	"errors"
	"fmt"

	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/health"
)

// checks are the dependencies of a process. Only Postgres is required: without the others everything that
// matters still works, and says that it works worse.
func (a *app) checks() *health.Health {
	checks := []health.Check{
		{Name: "postgres", Required: true, Probe: a.pool.Ping},
		{Name: "redis", Probe: a.probeRedis},
		{Name: "blobs", Probe: a.probeBlobs},
		{Name: "search", Probe: a.services.Search.Ping},
	}
	return health.New(checks...)
}

func (a *app) probeRedis(ctx context.Context) error {
	if a.bus.client == nil {
		return health.Worse(errors.New("no Redis is configured: streams and limits work in this process alone"))
	}
	if err := a.bus.client.Ping(ctx); err != nil {
		return health.Worse(err)
	}
	if a.bus.client.State() == cache.Down {
		return health.Worse(cache.ErrDown)
	}
	return nil
}

func (a *app) probeBlobs(ctx context.Context) error {
	pinger, ok := a.blobs.(interface {
		Ping(ctx context.Context) error
	})
	if !ok {
		return nil
	}
	if err := pinger.Ping(ctx); err != nil {
		return fmt.Errorf("ping blob storage: %w", err)
	}
	return nil
}

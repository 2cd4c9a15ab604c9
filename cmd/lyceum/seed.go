package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"lyceum/cmd/lyceum/demo"
	"lyceum/graph/transport"
	"lyceum/jobs"
)

// seed fills the demo tenants with what is missing of them.
func (a *app) seed(ctx context.Context, ownerURL string) error {
	owner, err := openPool(ctx, ownerURL, quietPool)
	if err != nil {
		return err
	}
	defer owner.Close()
	err = demo.Seed(ctx, demo.Services{
		Provisioner: a.provisioner(owner), Tenancy: a.services.Tenancy, DB: a.db,
		Origin: func(slug string) string { return a.page(slug, "") }, Base: a.config.Public.BaseDomain,
		Open: a.openForSeed, Log: a.log,
	})
	if err != nil {
		return fmt.Errorf("fill the demo tenants: %w", err)
	}
	a.seeded = true
	return nil
}

// openForSeed serves the API on a port of its own and works on the queues, before the world is let in.
func (a *app) openForSeed(ctx context.Context) (addr string, stop func(context.Context) error, err error) {
	worker, err := jobs.NewWorker(a.pool, a.log, a.workerServices(), a.working(a.config.Jobs.Queues))
	if err != nil {
		return "", nil, err
	}
	public, err := a.publicHandler(transport.NewStreams())
	if err != nil {
		return "", nil, err
	}
	server := a.server("127.0.0.1:0", public)
	listeners, err := listen(ctx, []*http.Server{server})
	if err != nil {
		return "", nil, err
	}
	if err := worker.Start(context.WithoutCancel(ctx)); err != nil {
		return "", nil, errors.Join(fmt.Errorf("start workers: %w", err), listeners[0].Close())
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listeners[0]) }()
	return listeners[0].Addr().String(), func(ctx context.Context) error {
		a.finishJobs(ctx)
		err := errors.Join(server.Close(), stopWorker(ctx, worker, a.config.Timeout.Drain))
		if end := <-served; !errors.Is(end, http.ErrServerClosed) && !errors.Is(end, net.ErrClosed) {
			err = errors.Join(err, end)
		}
		return err
	}, nil
}

// finishJobs waits until the workers have nothing left to do, so that what was seeded can also be found. Jobs
// that take longer are done by the workers of the server.
func (a *app) finishJobs(ctx context.Context) {
	const patience, lookEvery = 20 * time.Second, 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	open := river.NewJobListParams().States(rivertype.JobStateAvailable, rivertype.JobStateRunning).First(1)
	for {
		found, err := a.inserter.JobList(ctx, open)
		if err != nil {
			a.log.WarnContext(ctx, "jobs of the demo are not done yet", "err", err)
			return
		}
		if len(found.Jobs) == 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

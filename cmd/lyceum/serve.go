package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"lyceum/graph/transport"
	"lyceum/internal/platform/config"
	"lyceum/jobs"
)

func newServe() *cobra.Command {
	command := &cobra.Command{
		Use:     "serve",
		Short:   "Serve the API",
		Args:    cobra.NoArgs,
		Example: "  lyceum serve --http-addr=:8080",
	}
	withApp(command, func(ctx context.Context, _ *cobra.Command, a *app) error {
		return a.run(ctx, roles{serve: true}, nil)
	})
	return command
}

func newWork() *cobra.Command {
	command := &cobra.Command{
		Use:     "work",
		Short:   "Work on queues",
		Args:    cobra.NoArgs,
		Example: "  lyceum work\n  lyceum work --queues=media",
	}
	withApp(command, func(ctx context.Context, _ *cobra.Command, a *app) error {
		return a.run(ctx, roles{queues: a.config.Jobs.Queues}, nil)
	})
	return command
}

// roles say what a process does.
type roles struct {
	serve  bool
	queues config.Queues
}

// run does what the roles say until ctx ends, and then stops in order: first it says that it is not ready,
// then requests and jobs get time to finish, then streams are told to come back elsewhere. Ready, which may
// be nil, is called when the listeners are open.
func (a *app) run(ctx context.Context, r roles, ready func(context.Context)) error {
	streams := transport.NewStreams()
	var worker *jobs.Client
	if len(r.queues) > 0 {
		client, err := jobs.NewWorker(a.pool, a.log, a.workerServices(), a.working(r.queues))
		if err != nil {
			return err
		}
		worker = client
	}
	public, err := a.publicHandler(streams)
	if err != nil {
		return err
	}
	admin, err := a.adminHandler(ctx)
	if err != nil {
		return err
	}
	servers := []*http.Server{a.server(a.config.HTTP.AdminAddr, admin)}
	if r.serve {
		servers = append(servers, a.server(a.config.HTTP.Addr, public))
	}
	listeners, err := listen(ctx, servers)
	if err != nil {
		return err
	}
	if worker != nil {
		if err := worker.Start(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("start workers: %w", err)
		}
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for i, server := range servers {
		group.Go(func() error {
			if err := server.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve %s: %w", server.Addr, err)
			}
			return nil
		})
	}
	if ready != nil {
		go ready(groupCtx)
	}
	group.Go(func() error {
		<-groupCtx.Done()
		return a.stop(context.WithoutCancel(ctx), r, servers, streams, worker)
	})
	return group.Wait()
}

// working is how this process works on the queues.
func (a *app) working(queues config.Queues) jobs.Options {
	c := a.config.Jobs
	return jobs.Options{Queues: queues, Timeout: c.Timeout, RescueAfter: c.RescueAfter, Poll: c.Poll}
}

// server bounds how long one request holds its connection. Who announces a body and sends none would hold it for ever,
// also where nobody reads the body, and so would who takes no answer. Streams and transfers of files set the time that
// they need by themselves.
func (a *app) server(addr string, handler http.Handler) *http.Server {
	limits := a.config.Timeout
	return &http.Server{
		Addr: addr, Handler: handler,
		ReadHeaderTimeout: limits.ReadHeader,
		ReadTimeout:       limits.ReadHeader + limits.Request,
		WriteTimeout:      limits.ReadHeader + 2*limits.Request + limits.Idle,
		IdleTimeout:       limits.Idle,
		ErrorLog:          nil,
	}
}

func listen(ctx context.Context, servers []*http.Server) ([]net.Listener, error) {
	var open []net.Listener
	for _, server := range servers {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", server.Addr)
		if err != nil {
			for _, l := range open {
				_ = l.Close()
			}
			return nil, fmt.Errorf("listen: %w", err)
		}
		open = append(open, listener)
	}
	return open, nil
}

// stop ends a process within the drain time.
func (a *app) stop(ctx context.Context, r roles, servers []*http.Server, streams *transport.Streams, worker *jobs.Client) error {
	a.health.Drain()
	if r.serve {
		// Balancers need a moment to see it and send requests elsewhere.
		<-time.After(a.config.Timeout.Unready)
	}
	ctx, cancel := context.WithTimeout(ctx, a.config.Timeout.Drain)
	defer cancel()
	var errs []error
	errs = append(errs, streams.Close(ctx))
	for _, server := range servers {
		errs = append(errs, server.Shutdown(ctx))
	}
	if worker != nil {
		errs = append(errs, stopWorker(ctx, worker, a.config.Timeout.Drain))
	}
	return errors.Join(errs...)
}

// stopWorker lets jobs finish for most of the time, and then hands back those that did not.
func stopWorker(ctx context.Context, worker *jobs.Client, within time.Duration) error {
	soft, cancel := context.WithTimeout(ctx, within*4/5)
	defer cancel()
	if err := worker.Stop(soft); err == nil {
		return nil
	}
	if err := worker.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("stop workers: %w", err)
	}
	return nil
}

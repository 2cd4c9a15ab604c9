// Package jobs is where contexts meet: the table of who hears which event, and River's workers, one file a
// kind. A worker acts for the tenant named in its arguments and calls one method of one context.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"lyceum/internal/platform/pg"
)

// Client is River on pgx.
type Client = river.Client[pgx.Tx]

// The queues. Each can be worked by processes of its own: `lyceum work --queues=media`.
const (
	QueueDefault = river.QueueDefault
	QueueMedia   = "media"
	QueueMail    = "mail"
	QueueSearch  = "search"
)

// Queues lists them all.
func Queues() []string { return []string{QueueDefault, QueueMedia, QueueMail, QueueSearch} }

// Timing of the workers. A job of a killed process is taken up again after rescueAfter, so it bounds every
// kind's own timeout from above.
const (
	pollEvery     = time.Second
	rescueAfter   = 2 * time.Minute
	defaultLimit  = 30 * time.Second
	maxAttempts   = 12
	workersAQueue = 4
)

// NewInserter returns a client that only inserts, for processes and transactions that announce events.
func NewInserter(pool *pgxpool.Pool, logger *slog.Logger) (*Client, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Schema: pg.RiverSchema, Logger: logger})
	if err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return client, nil
}

// NewWorker returns a client that works on the queues once it is started.
func NewWorker(pool *pgxpool.Pool, logger *slog.Logger, services Services, queues []string) (*Client, error) {
	config := &river.Config{
		Schema:               pg.RiverSchema,
		Logger:               logger,
		Workers:              workers(services),
		Queues:               map[string]river.QueueConfig{},
		JobTimeout:           defaultLimit,
		MaxAttempts:          maxAttempts,
		RescueStuckJobsAfter: rescueAfter,
		FetchPollInterval:    pollEvery,
		ErrorHandler:         errorHandler{logger},
		WorkerMiddleware:     middleware(),
		PeriodicJobs:         periodic(),
	}
	for _, queue := range queues {
		config.Queues[queue] = river.QueueConfig{MaxWorkers: workersAQueue}
	}
	client, err := river.NewClient(riverpgxv5.New(pool), config)
	if err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return client, nil
}

// Announce returns the hook that inserts the jobs of an event's subscribers in the event's transaction.
func Announce(client *Client) func(ctx context.Context, tx *pg.Tx, events []pg.Event) error {
	return func(ctx context.Context, tx *pg.Tx, events []pg.Event) error {
		var params []river.InsertManyParams
		for _, event := range events {
			jobs, err := subscribers(event)
			if err != nil {
				return err
			}
			for _, job := range jobs {
				params = append(params, river.InsertManyParams{Args: job})
			}
		}
		if len(params) == 0 {
			return nil
		}
		if _, err := client.InsertManyTx(ctx, tx.Pgx(), params); err != nil {
			return fmt.Errorf("announce %d events: %w", len(events), err)
		}
		return nil
	}
}

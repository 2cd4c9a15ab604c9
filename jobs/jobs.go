// Package jobs is where contexts meet: the table of who hears which event, and River's workers, one file a
// kind. A worker acts for the tenant named in its arguments and calls one method of one context.
package jobs

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/platform/eventlog"
	"lyceum/internal/platform/feed"
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

// maxAttempts is how often a job is tried before it is given up, about eleven hours after the first time: it waits 1, 16, 81, …
// seconds, the fourth powers of 1 to 11.
const maxAttempts = 12

// Options say how a process works on jobs.
type Options struct {
	// Queues are those to work on, each with how many workers it gets.
	Queues map[string]int
	// Timeout bounds a job, RescueAfter is when the job of a process that vanished is given to another one: never
	// before the job's time is over.
	Timeout, RescueAfter time.Duration
	// Poll is how often a queue is looked at without being told.
	Poll time.Duration
}

// NewInserter returns a client that only inserts, for processes and transactions that announce events. A nil
// logger is the default one.
func NewInserter(pool *pgxpool.Pool, logger *slog.Logger) (*Client, error) {
	return newClient(pool, &river.Config{Logger: quiet(logger)})
}

// NewWorker returns a client that works on the queues once it is started. A nil logger is the default one.
func NewWorker(pool *pgxpool.Pool, logger *slog.Logger, services Services, o Options) (*Client, error) {
	config := &river.Config{
		Logger:               quiet(logger),
		Workers:              workers(services),
		Queues:               map[string]river.QueueConfig{},
		JobTimeout:           o.Timeout,
		RescueStuckJobsAfter: o.RescueAfter,
		FetchCooldown:        min(o.Poll, river.FetchCooldownDefault),
		FetchPollInterval:    o.Poll,
		ErrorHandler:         errorHandler{cmp.Or(logger, slog.Default())},
		Middleware:           []rivertype.Middleware{&asTenant{status: placed(services.DB)}},
		PeriodicJobs:         periodic(),
	}
	for queue, workers := range o.Queues {
		if !slices.Contains(Queues(), queue) {
			return nil, fmt.Errorf("there is no queue called %s: there are %s", queue, strings.Join(Queues(), ", "))
		}
		config.Queues[queue] = river.QueueConfig{MaxWorkers: workers}
	}
	return newClient(pool, config)
}

// newClient gives every client what they have in common: who inserts a job decides how often it is tried.
func newClient(pool *pgxpool.Pool, config *river.Config) (*Client, error) {
	config.Schema, config.MaxAttempts = pg.RiverSchema, maxAttempts
	client, err := river.NewClient(riverpgxv5.New(pool), config)
	if err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return client, nil
}

// Announce returns the hook that writes events down, inserts the jobs of their subscribers, and tells the live streams of
// what they changed, in the events' transaction. What has happened already, and happens once for ever, is told to nobody
// again. A nil log tells no streams.
func Announce(client *Client, log *feed.Log) func(ctx context.Context, tx *pg.Tx, events []pg.Event) error {
	return func(ctx context.Context, tx *pg.Tx, events []pg.Event) error {
		events, err := eventlog.Append(ctx, tx, events...)
		if err != nil {
			return err
		}
		var params []river.InsertManyParams
		var changed []feed.Change
		for _, event := range events {
			changed = append(changed, changes(event)...)
			jobs, err := subscribers(event)
			if err != nil {
				return err
			}
			for _, job := range jobs {
				params = append(params, river.InsertManyParams{Args: job})
			}
		}
		if len(params) > 0 {
			if _, err := client.InsertManyTx(ctx, tx.Pgx(), params); err != nil {
				return fmt.Errorf("announce %d events: %w", len(events), err)
			}
		}
		return log.Tell(ctx, tx, changed...)
	}
}

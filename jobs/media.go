package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"lyceum/internal/media"
	"lyceum/internal/platform/pg"
)

const (
	// convertTime bounds one attempt at a film. Nobody waits for that long when a worker vanishes: the sweep notices
	// that it says nothing, and puts in another job.
	convertTime = 6 * time.Hour
	// busyFor is how long a job waits while another one converts the same film on this machine.
	busyFor = time.Minute
	// Priorities in the queue: who edits captions does not wait behind films.
	soon, late = 1, 2
)

// ConvertAsset makes what people stream of a film or a sound.
type ConvertAsset struct {
	Tenant uuid.UUID `json:"tenant_id"`
	Asset  uuid.UUID `json:"asset_id"`
}

// Kind implements river.JobArgs.
func (ConvertAsset) Kind() string { return "media.convert" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (ConvertAsset) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueMedia, Priority: late}
}

// converter works on ConvertAsset. What it makes lies outside the database; that it is there is written in the
// transaction that completes the job.
type converter struct {
	river.WorkerDefaults[ConvertAsset]

	media *media.Service
}

func convertAsset(s Services) river.Worker[ConvertAsset] { return converter{media: s.Media} }

// Timeout implements river.Worker.
func (converter) Timeout(*river.Job[ConvertAsset]) time.Duration { return convertTime }

// Work implements river.Worker.
func (w converter) Work(ctx context.Context, job *river.Job[ConvertAsset]) error {
	err := w.media.Convert(ctx, job.Args.Asset, func(ctx context.Context, tx *pg.Tx) error {
		if _, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx.Pgx(), job); err != nil {
			return fmt.Errorf("complete job: %w", err)
		}
		return nil
	})
	if errors.Is(err, media.ErrBusy) {
		return river.JobSnooze(busyFor) //nolint:wrapcheck // it is no error, but a verdict
	}
	return verdict(err)
}

// LayCaptions puts the captions of a film that are in force where players find them.
type LayCaptions struct {
	Tenant uuid.UUID `json:"tenant_id"`
	Asset  uuid.UUID `json:"asset_id"`
}

// Kind implements river.JobArgs.
func (LayCaptions) Kind() string { return "media.lay_captions" }

// InsertOpts implements river.JobArgsWithInsertOpts: before films, which take longer.
func (LayCaptions) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueMedia, Priority: soon}
}

func layCaptions(s Services) river.Worker[LayCaptions] {
	return action[LayCaptions]{do: func(ctx context.Context, a LayCaptions) error { return s.Media.LayCaptions(ctx, a.Asset) }}
}

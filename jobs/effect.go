package jobs

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/fault"
	"lyceum/internal/platform/pg"
)

// effect is a worker whose whole effect lies in the database. The job is completed in the transaction of
// its effect, so that a process killed at any moment leaves both or neither.
type effect[A river.JobArgs] struct {
	river.WorkerDefaults[A]

	db *pg.DB
	do func(ctx context.Context, tx *pg.Tx, args A) error
}

// Work implements river.Worker.
func (e effect[A]) Work(ctx context.Context, job *river.Job[A]) error {
	err := e.db.Tx(ctx, func(tx *pg.Tx) error {
		if err := e.do(ctx, tx, job.Args); err != nil {
			return err
		}
		if _, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx.Pgx(), job); err != nil {
			return fmt.Errorf("complete job: %w", err)
		}
		return nil
	})
	return verdict(err)
}

// action is a worker whose effect lies outside the database too. What it does must be harmless to do twice.
type action[A river.JobArgs] struct {
	river.WorkerDefaults[A]

	do func(ctx context.Context, args A) error
}

// Work implements river.Worker.
func (a action[A]) Work(ctx context.Context, job *river.Job[A]) error {
	return verdict(a.do(ctx, job.Args))
}

// verdict cancels a job that cannot succeed: what it was about is gone, or says no for good. Everything
// else is tried again.
func verdict(err error) error {
	switch fault.CodeOf(err) {
	case fault.NotFound, fault.BadInput, fault.Forbidden, fault.Conflict:
		return river.JobCancel(err)
	default:
		return err
	}
}

// errorHandler logs failures once, and louder when a job is given up.
type errorHandler struct{ logger *slog.Logger }

// HandleError implements river.ErrorHandler.
func (h errorHandler) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	level := slog.LevelWarn
	if job.Attempt >= job.MaxAttempts {
		level = slog.LevelError
	}
	h.logger.Log(ctx, level, "job failed", "kind", job.Kind, "job", job.ID, "attempt", job.Attempt, "err", err)
	return nil
}

// HandlePanic implements river.ErrorHandler.
func (h errorHandler) HandlePanic(
	ctx context.Context, job *rivertype.JobRow, panicked any, trace string,
) *river.ErrorHandlerResult {
	h.logger.ErrorContext(ctx, "job panicked", "kind", job.Kind, "job", job.ID, "panic", panicked, "trace", trace)
	return nil
}

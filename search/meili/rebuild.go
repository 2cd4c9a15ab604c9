package meili

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/meilisearch/meilisearch-go"

	"lyceum/internal/platform/pg"
	"lyceum/search"
)

const (
	// drainTimeout bounds how long Meilisearch may take for what a rebuild gave it, drainPoll is how often it is
	// asked.
	drainTimeout = 2 * time.Hour
	drainPoll    = 200 * time.Millisecond
	// abandonedAfter is when a new index that never came into force was left behind by a rebuild that was killed.
	abandonedAfter = 24 * time.Hour
)

// Rebuild implements search.Remote. The new index gets the name of the old one in a single step, in the order
// of all that is put: what came before went to the old index, what comes after goes to the new one.
func (e *Engine) Rebuild(ctx context.Context, fill func(search.Engine) error) error {
	// There must be an index to change places with.
	if err := e.Ready(ctx); err != nil {
		return err
	}
	if err := e.sweep(ctx); err != nil {
		return err
	}
	fresh := e.index + "_rebuild_" + uuid.Must(uuid.NewV7()).String()
	err := e.build(ctx, fresh, fill)
	// Under this name there is now what was in force before, or what did not come so far.
	return errors.Join(err, e.remove(context.WithoutCancel(ctx), fresh))
}

func (e *Engine) build(ctx context.Context, fresh string, fill func(search.Engine) error) error {
	if err := e.prepare(ctx, fresh); err != nil {
		return err
	}
	if err := fill(writer{e, fresh}); err != nil {
		return err
	}
	if err := e.drain(ctx, fresh); err != nil {
		return err
	}
	task, err := e.client.SwapIndexesWithContext(ctx, []*meilisearch.SwapIndexesParams{{Indexes: []string{e.index, fresh}}})
	if err != nil {
		return failed("swap indexes", err)
	}
	return e.await(ctx, "swap indexes", task.TaskUID)
}

// writer puts documents into an index that is being built.
type writer struct {
	*Engine

	uid string
}

// Ready implements search.Engine.
func (writer) Ready(context.Context) error { return nil }

// Put implements search.Engine. Rebuild waits, once, for all that was put.
func (w writer) Put(ctx context.Context, _ *pg.Tx, course uuid.UUID, documents []search.Document) (search.Settle, error) {
	if len(documents) == 0 {
		return search.Settled, nil // a new index holds nothing to forget
	}
	if _, err := w.put(ctx, w.uid, course, documents); err != nil {
		return nil, err
	}
	return search.Settled, nil
}

// drain returns when all tasks of the index are done, with an error when one failed.
func (e *Engine) drain(ctx context.Context, uid string) error {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for {
		open, _, err := e.tasks(ctx, uid, meilisearch.TaskStatusEnqueued, meilisearch.TaskStatusProcessing)
		if err != nil {
			return err
		}
		if open == 0 {
			break
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d tasks: %w", open, ctx.Err())
		}
	}
	n, last, err := e.tasks(ctx, uid, meilisearch.TaskStatusFailed, meilisearch.TaskStatusCanceled)
	if err != nil || n == 0 {
		return err
	}
	return fmt.Errorf("fill index: %d tasks did not succeed, the last: %w", n, &refusal{Code: codeOf(last), Message: last.Error.Message})
}

// filling are the kinds of task that fill an index. A swap is a task of two indexes, which lists count but do
// not show.
var filling = []meilisearch.TaskType{
	meilisearch.TaskTypeDocumentAdditionOrUpdate, meilisearch.TaskTypeDocumentDeletion, meilisearch.TaskTypeSettingsUpdate,
}

// tasks counts the tasks that fill the index and are in these states, and returns the last of them.
func (e *Engine) tasks(ctx context.Context, uid string, states ...meilisearch.TaskStatus) (int64, *meilisearch.Task, error) {
	result, err := e.client.GetTasksWithContext(ctx, &meilisearch.TasksQuery{
		IndexUIDS: []string{uid}, Types: filling, Statuses: states, Limit: 1,
	})
	if err != nil {
		return 0, nil, failed("list tasks", err)
	}
	if len(result.Results) == 0 {
		return 0, nil, nil
	}
	return result.Total, &result.Results[0], nil
}

// remove deletes the index, if it is there.
func (e *Engine) remove(ctx context.Context, uid string) error {
	task, err := e.client.DeleteIndexWithContext(ctx, uid)
	if err != nil {
		return failed("delete index", err)
	}
	err = e.await(ctx, "delete index", task.TaskUID)
	if refusedWith(err, "index_not_found") {
		return nil
	}
	return err
}

// sweep deletes indexes that never came into force.
func (e *Engine) sweep(ctx context.Context) error {
	const most = 1000
	indexes, err := e.client.ListIndexesWithContext(ctx, &meilisearch.IndexesQuery{Limit: most})
	if err != nil {
		return failed("list indexes", err)
	}
	for _, index := range indexes.Results {
		id, ours := strings.CutPrefix(index.UID, e.index+"_rebuild_")
		if ours && uuid.Validate(id) == nil && time.Since(index.CreatedAt) > abandonedAfter {
			if err := e.remove(ctx, index.UID); err != nil {
				return err
			}
		}
	}
	return nil
}

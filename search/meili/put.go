package meili

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/meilisearch/meilisearch-go"

	"lyceum/internal/platform/pg"
	"lyceum/search"
)

// maxPayload bounds the texts of documents that are sent together, in bytes; Meilisearch takes 100 MB.
const maxPayload = 8 << 20

// Put implements search.Engine. Meilisearch only takes a note, and works notes off in the order in which it
// got them: the caller keeps what it puts of one course in order.
func (e *Engine) Put(ctx context.Context, _ *pg.Tx, course uuid.UUID, documents []search.Document) (search.Settle, error) {
	if err := e.Ready(ctx); err != nil {
		return nil, err
	}
	tasks, err := e.put(ctx, e.index, course, documents)
	if err != nil {
		e.prepared.Store(false)
		return nil, err
	}
	return func(ctx context.Context) error {
		err := e.await(ctx, "put documents", tasks...)
		if err != nil {
			e.prepared.Store(false)
		}
		return err
	}, nil
}

// put adds the documents, in place of those with the same ids, and then deletes what else there is of the
// course. The course can be found all the while. It returns the tasks.
func (e *Engine) put(ctx context.Context, uid string, course uuid.UUID, documents []search.Document) ([]int64, error) {
	tenant, err := tenantOf(ctx)
	if err != nil {
		return nil, err
	}
	made, edition, err := documentsOf(tenant, documents)
	if err != nil {
		return nil, err
	}
	var tasks []int64
	index, key := e.client.Index(uid), primaryKey
	for _, chunk := range chunks(made) {
		task, err := index.AddDocumentsWithContext(ctx, chunk, &meilisearch.DocumentOptions{PrimaryKey: &key})
		if err != nil {
			return nil, failed("add documents", err)
		}
		tasks = append(tasks, task.TaskUID)
	}
	stale := filter{is("tenant_id", tenant.String()), is("course_id", course.String())}
	if len(made) > 0 {
		stale = append(stale, isNot("edition", edition))
	}
	task, err := index.DeleteDocumentsByFilterWithContext(ctx, stale, nil)
	if err != nil {
		return nil, failed("delete documents", err)
	}
	return append(tasks, task.TaskUID), nil
}

func chunks(documents []document) [][]document {
	var (
		all  [][]document
		size = maxPayload
	)
	for _, d := range documents {
		length := len(d.Title) + len(d.Summary) + len(d.Body)
		if size += length; size > maxPayload {
			all, size = append(all, nil), length
		}
		all[len(all)-1] = append(all[len(all)-1], d)
	}
	return all
}

// await returns when the tasks are done, with an error when one failed or takes too long.
func (e *Engine) await(ctx context.Context, doing string, tasks ...int64) error {
	ctx, cancel := context.WithTimeout(ctx, taskTimeout)
	defer cancel()
	var errs []error
	for _, uid := range tasks {
		task, err := e.client.WaitForTaskWithContext(ctx, uid, taskPoll)
		if err != nil {
			return failed(doing, err)
		}
		// The client takes a failed task for an answer like any other.
		if task.Status != meilisearch.TaskStatusSucceeded {
			errs = append(errs, fmt.Errorf("%s: %w", doing, &refusal{Code: codeOf(task), Message: task.Error.Message}))
		}
	}
	return errors.Join(errs...)
}

func codeOf(task *meilisearch.Task) string {
	if task.Error.Code != "" {
		return task.Error.Code
	}
	return string(task.Status)
}

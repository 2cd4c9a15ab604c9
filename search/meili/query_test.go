package meili_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/meilisearch/meilisearch-go"

	"lyceum/search"
	"lyceum/search/meili"
	"lyceum/search/meilitest"
)

type indexConfig = meilisearch.IndexConfig

// impatient waits for an answer as briefly as a request does, and tries again soon.
func impatient(c *meili.Config) { c.QueryTimeout, c.Probe = 150*time.Millisecond, time.Second }

// TestDown checks that a server that does not answer is not waited for, and is found again.
func TestDown(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]meilitest.Mode{
		"refusing": meilitest.Refusing, "broken": meilitest.Broken, "garbage": meilitest.Garbage, "endless": meilitest.Endless,
		"hanging": meilitest.Hanging,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newDouble(t)
			ctx, course := as(t, uuid.New()), uuid.New()
			mustPut(t, ctx, in.open(t), course, lesson(course, "Light"))
			engine := in.open(t, impatient)
			q := search.Query{Text: "light", Limit: 10}

			in.double.Set(mode)
			for i := range 5 {
				began := time.Now()
				if _, err := engine.Query(ctx, q); err == nil || errors.Is(err, search.ErrDown) {
					t.Fatalf("question %d: %v, want an error", i, err)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("question %d took %s", i, took)
				}
			}
			before := in.double.Requests()
			if _, err := engine.Query(ctx, q); !errors.Is(err, search.ErrDown) {
				t.Errorf("the sixth question: %v, want ErrDown", err)
			}
			if asked := in.double.Requests() - before; asked != 0 {
				t.Errorf("the sixth question was asked %d times", asked)
			}

			if err := engine.Ping(ctx); err == nil {
				t.Error("Ping: no error")
			}

			in.double.Set(meilitest.Up)
			deadline := time.Now().Add(20 * time.Second)
			for {
				found, err := engine.Query(ctx, q)
				if err == nil && found.Total == 1 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("does not come back: %v", err)
				}
				<-time.After(10 * time.Millisecond)
			}
		})
	}
}

// TestCancelledQuestions checks that callers who go away do not make Meilisearch look down.
func TestCancelledQuestions(t *testing.T) {
	t.Parallel()
	in := newDouble(t)
	ctx, course := as(t, uuid.New()), uuid.New()
	engine := in.open(t)
	mustPut(t, ctx, engine, course, lesson(course, "Light"))
	gone, cancel := context.WithCancel(ctx)
	cancel()
	for range 20 {
		if _, err := engine.Query(gone, search.Query{Text: "light", Limit: 1}); !errors.Is(err, context.Canceled) {
			t.Fatalf("Query: %v, want that it was cancelled", err)
		}
	}
	if got := titles(t, ctx, engine, "light"); len(got) != 1 {
		t.Errorf("finds %v, want one", got)
	}
}

// TestPoisonedAnswer checks that a document that names none is no hit.
func TestPoisonedAnswer(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	tenant, course := uuid.New(), uuid.New()
	ctx, engine := as(t, tenant), in.open(t)
	mustPut(t, ctx, engine, course, lesson(course, "Light"))
	task, err := in.client().Index(in.index).AddDocuments([]map[string]any{{
		"id": "poison", "tenant_id": tenant, "visibility": "PUBLIC", "title": "Light", "document_id": "no id", "course_id": course,
	}}, nil)
	if err == nil {
		_, err = in.client().WaitForTask(task.TaskUID, 0)
	}
	if err != nil {
		t.Fatalf("add document: %v", err)
	}
	if found, err := engine.Query(ctx, search.Query{Text: "light", Limit: 10}); err == nil {
		t.Errorf("Query: %+v, want an error", found)
	}
}

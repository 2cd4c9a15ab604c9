package meili_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/meilisearch/meilisearch-go"

	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
	"lyceum/search"
	"lyceum/search/meili"
	"lyceum/search/meilitest"
	"lyceum/search/searchtest"
)

// instance is a Meilisearch and an index of the test's own: on the server that MEILI_URL names, else on a
// double.
type instance struct {
	url, masterKey, index string
	// double is nil when the server is real.
	double *meilitest.Server
}

func newInstance(t *testing.T) instance {
	t.Helper()
	in := instance{
		url: os.Getenv("MEILI_URL"), masterKey: os.Getenv("MEILI_MASTER_KEY"),
		index: "test_" + strings.ReplaceAll(uuid.NewString(), "-", ""),
	}
	if in.url == "" {
		return newDouble(t)
	}
	t.Cleanup(func() {
		if _, err := in.client().DeleteIndexWithContext(context.WithoutCancel(t.Context()), in.index); err != nil {
			t.Errorf("delete index: %v", err)
		}
	})
	return in
}

// newDouble is an instance that can be told to fail.
func newDouble(t *testing.T) instance {
	t.Helper()
	double := meilitest.New(t)
	return instance{url: double.URL, masterKey: double.MasterKey, index: "test", double: double}
}

// client speaks to the server as its operator does.
func (in instance) client() meilisearch.ServiceManager {
	return meilisearch.New(in.url, meilisearch.WithAPIKey(in.masterKey), meilisearch.DisableRetries())
}

// open returns an engine over the instance. It waits longer than a request would: the machine may be busy.
func (in instance) open(t *testing.T, change ...func(*meili.Config)) *meili.Engine {
	t.Helper()
	c := meili.Config{URL: in.url, MasterKey: in.masterKey, Index: in.index, QueryTimeout: 10 * time.Second}
	for _, f := range change {
		f(&c)
	}
	engine, err := meili.Open(c)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(engine.Close)
	return engine
}

func TestEngine(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	searchtest.Run(t, searchtest.Setup{
		DB: db.DB, Engine: newInstance(t).open(t),
		Tenant: func(t *testing.T) uuid.UUID {
			t.Helper()
			return pgtest.NewTenant(t, db, "t"+uuid.NewString()[:8]).ID
		},
		Course: func(*testing.T, uuid.UUID) uuid.UUID { return uuid.Must(uuid.NewV7()) },
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]meili.Config{
		"no address": {MasterKey: "x"}, "no key": {URL: "http://127.0.0.1:1"},
	} {
		if _, err := meili.Open(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// as is a context in which the system works for a tenant.
func as(t *testing.T, tenant uuid.UUID) context.Context {
	t.Helper()
	return viewer.With(t.Context(), viewer.Job(tenant, "test"))
}

// lesson is a public lesson with the title.
func lesson(course uuid.UUID, title string) search.Document {
	return search.Document{
		ID: uuid.Must(uuid.NewV7()), Course: course, Lesson: true, Version: 1, Title: title, CourseTitle: "A course",
		Body: "The whole text of a lesson.", Language: "en", Level: "ALL", Visibility: "PUBLIC", PublishedAt: time.Now(),
	}
}

// put puts and waits. Meilisearch takes no part in transactions.
func put(ctx context.Context, engine search.Engine, course uuid.UUID, documents ...search.Document) error {
	settle, err := engine.Put(ctx, nil, course, documents)
	if err != nil {
		return err
	}
	return settle(ctx)
}

func mustPut(t *testing.T, ctx context.Context, engine search.Engine, course uuid.UUID, documents ...search.Document) {
	t.Helper()
	if err := put(ctx, engine, course, documents...); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

// titles are what the query finds.
func titles(t *testing.T, ctx context.Context, engine search.Engine, text string) []string {
	t.Helper()
	found, err := engine.Query(ctx, search.Query{Text: text, Limit: 50, Members: true})
	if err != nil {
		t.Fatalf("Query %q: %v", text, err)
	}
	var all []string
	for _, hit := range found.Hits {
		all = append(all, hit.Title)
	}
	return all
}

// TestSameIDs puts documents with the same ids into two tenants: neither replaces the other's.
func TestSameIDs(t *testing.T) {
	t.Parallel()
	engine := newInstance(t).open(t)
	acme, globex := as(t, uuid.New()), as(t, uuid.New())
	course := uuid.New()
	ours := lesson(course, "Ours")
	theirs := ours
	theirs.Title = "Theirs"
	mustPut(t, acme, engine, course, ours)
	mustPut(t, globex, engine, course, theirs)
	if got := titles(t, acme, engine, "ours"); len(got) != 1 {
		t.Errorf("acme finds %v, want its own document", got)
	}
	mustPut(t, globex, engine, course)
	if got := titles(t, acme, engine, "ours"); len(got) != 1 {
		t.Errorf("after globex forgot its course, acme finds %v, want its own document", got)
	}
}

// TestFilterInjection tries what the service lets nobody ask.
func TestFilterInjection(t *testing.T) {
	t.Parallel()
	in := newDouble(t)
	engine := in.open(t)
	before := in.double.Requests()
	for _, value := range []string{"en' OR tenant_id EXISTS OR language = 'en", `en"`, "en\\", "a b", "é", strings.Repeat("a", 101), "'", "\n"} {
		for name, q := range map[string]search.Query{
			"language": {Language: value}, "level": {Level: value}, "category": {Category: value},
		} {
			q.Text, q.Limit = "x", 1
			if _, err := engine.Query(as(t, uuid.New()), q); err == nil || errors.Is(err, search.ErrDown) {
				t.Errorf("%s %q: %v, want an error", name, value, err)
			}
		}
	}
	if asked := in.double.Requests() - before; asked != 0 {
		t.Errorf("Meilisearch was asked %d times", asked)
	}
}

// TestSettings checks that settings are changed when they differ, and only then.
func TestSettings(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	ctx := as(t, uuid.New())
	course := uuid.New()
	changes := func() int64 {
		tasks, err := in.client().GetTasks(&meilisearch.TasksQuery{
			IndexUIDS: []string{in.index}, Types: []meilisearch.TaskType{meilisearch.TaskTypeSettingsUpdate},
		})
		if err != nil {
			t.Fatalf("list tasks: %v", err)
		}
		return tasks.Total
	}
	for range 3 {
		mustPut(t, ctx, in.open(t), course, lesson(course, "Light"))
	}
	if n := changes(); n != 1 {
		t.Errorf("three processes changed the settings %d times, want once", n)
	}
	task, err := in.client().Index(in.index).UpdateSettings(&meilisearch.Settings{FilterableAttributes: []string{"title"}})
	if err == nil {
		_, err = in.client().WaitForTask(task.TaskUID, 0)
	}
	if err != nil {
		t.Fatalf("change settings: %v", err)
	}
	engine := in.open(t)
	mustPut(t, ctx, engine, course, lesson(course, "Shade"))
	if n := changes(); n != 3 {
		t.Errorf("somebody else's settings stayed: %d changes, want 3", n)
	}
	if got := titles(t, ctx, engine, "shade"); len(got) != 1 {
		t.Errorf("finds %v, want one", got)
	}
}

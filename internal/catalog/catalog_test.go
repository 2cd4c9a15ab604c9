package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// desk is a service over a database of its own, with two tenants and stand-ins for the other contexts.
type desk struct {
	*catalog.Service

	db           *pgtest.Database
	acme, globex pgtest.Tenant
	questions    *questions
	files        *files
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	db := pgtest.New(t)
	d := &desk{
		db: db, acme: pgtest.NewTenant(t, db, "acme"), globex: pgtest.NewTenant(t, db, "globex"),
		questions: &questions{saved: map[uuid.UUID][]quiz.Draft{}}, files: &files{db: db.DB},
	}
	d.Service = &catalog.Service{DB: db.DB, Questions: d.questions, Files: d.files}
	return d
}

// questions stands in for the assessment context. It keeps drafts in memory; a version's id follows from
// the content.
type questions struct {
	mu    sync.Mutex
	saved map[uuid.UUID][]quiz.Draft
}

func (*questions) CheckQuestions(c *input.Checker, path string, drafts []quiz.Draft) {
	for i, q := range drafts {
		c.Check(q.Prompt != "", input.Path(path, i, "prompt"), "This must not be empty.")
	}
}

func (q *questions) SaveQuestions(_ context.Context, _ *pg.Tx, lesson uuid.UUID, drafts []quiz.Draft) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	changed := !slices.EqualFunc(q.saved[lesson], drafts, func(a, b quiz.Draft) bool { return a.Key == b.Key && a.Prompt == b.Prompt })
	q.saved[lesson] = drafts
	return changed, nil
}

func (q *questions) Pin(_ context.Context, _ *pg.Tx, lessons []uuid.UUID) (map[uuid.UUID]quiz.Pinned, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	pinned := map[uuid.UUID]quiz.Pinned{}
	for _, lesson := range lessons {
		for _, draft := range q.saved[lesson] {
			p := pinned[lesson]
			p.Versions = append(p.Versions, uuid.NewSHA1(lesson, []byte(draft.Key+"\n"+draft.Prompt)))
			p.Links = append(p.Links, draft.Prompt)
			pinned[lesson] = p
		}
	}
	return pinned, nil
}

func (q *questions) Drafted(ctx context.Context, lessons []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	pinned, err := q.Pin(ctx, nil, lessons)
	versions := map[uuid.UUID][]uuid.UUID{}
	for lesson, p := range pinned {
		versions[lesson] = p.Versions
	}
	return versions, err
}

// files stands in for the media context and counts how often it is asked.
type files struct {
	db    *pg.DB
	mu    sync.Mutex
	asked int
}

func (f *files) Addresses(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]catalog.Address, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	addresses := map[uuid.UUID]catalog.Address{}
	for _, id := range ids {
		addresses[id] = catalog.Address{
			Asset: &ent.Asset{ID: id}, URL: "https://files.example/" + id.String(), ExpiresAt: time.Unix(1, 0),
		}
	}
	return addresses, nil
}

// asset makes an uploaded file of the tenant.
func (d *desk) asset(t *testing.T, tenant pgtest.Tenant, kind asset.Kind, status asset.Status) uuid.UUID {
	t.Helper()
	return d.db.Asset.Create().
		SetOwnerID(tenant.Instructor).SetKind(kind).SetFileName("file").SetContentType("application/octet-stream").
		SetSize(1).SetSha256("00").SetBlobKey("key").SetStatus(status).
		SaveX(tenant.System(t.Context())).ID
}

// course makes acme's course with the slug, one module and as many articles as asked for.
func (d *desk) course(t *testing.T, slug string, articles int) *ent.Course {
	t.Helper()
	ctx := d.acme.AsInstructor(t.Context())
	course := must(d.SaveCourse(ctx, catalog.CourseInput{Slug: slug, Title: "About " + slug}))(t)
	must(d.SaveModule(ctx, course.ID, catalog.ModuleInput{Key: "m1", Title: "One"}))(t)
	for i := range articles {
		must(d.SaveLesson(ctx, course.ID, article("m1", fmt.Sprintf("a%d", i+1))))(t)
	}
	return must(d.Draft(ctx, course.ID))(t)
}

// published makes a course of n articles and publishes it.
func (d *desk) published(t *testing.T, slug string, articles int) *catalog.Published {
	t.Helper()
	course := d.course(t, slug, articles)
	return must(d.Publish(d.acme.AsInstructor(t.Context()), course.ID, catalog.PublishInput{}))(t)
}

func article(module, key string) catalog.LessonInput {
	return catalog.LessonInput{Module: module, Key: key, Title: "Article " + key, Kind: outline.Article, Body: "Words of " + key + "."}
}

// must returns what a call gave, and fails the test when it gave an error.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%T: %v", value, err)
		}
		return value
	}
}

// expect fails unless the error is a fault with the code, and every field has a violation.
func expect(t *testing.T, err error, code fault.Code, fields ...string) {
	t.Helper()
	if got := fault.CodeOf(err); got != code {
		t.Fatalf("code %q, want %q (error: %v)", got, code, err)
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		return
	}
	var got []string
	for _, v := range f.Violations {
		got = append(got, v.Field)
	}
	slices.Sort(got)
	slices.Sort(fields)
	if !slices.Equal(got, fields) {
		t.Errorf("violations of %v, want %v", f.Violations, fields)
	}
}

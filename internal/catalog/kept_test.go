package catalog_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/catalog"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/cache/cachetest"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// keeping is the desk's catalog as another process serves it, which keeps versions.
func (d *desk) keeping(t *testing.T, client *cache.Client) *catalog.Service {
	t.Helper()
	kept, err := catalog.NewKept(1<<20, client, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &catalog.Service{DB: d.DB, Questions: d.Questions, Files: d.Files, Kept: kept}
}

// read returns the versions in the order of their ids, and how many statements that took.
func read(t *testing.T, ctx context.Context, s *catalog.Service, ids ...uuid.UUID) ([]*catalog.Course, int64, error) {
	t.Helper()
	ctx, counter := pg.CountStatements(ctx)
	courses, err := s.Versions(ctx, ids)
	slices.SortFunc(courses, func(a, b *catalog.Course) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return courses, counter.Load(), err
}

// rendered is everything that a version says, with its modules and lessons.
func rendered(courses []*catalog.Course) []string {
	var said []string
	for _, c := range courses {
		row := *c.CourseVersion
		said = append(said, fmt.Sprintf("%s %s %+v %s", c.GlobalID(), row.CreatedAt.UTC().Format(time.RFC3339Nano), row.Outline, row.String()))
		for _, m := range c.Modules() {
			said = append(said, fmt.Sprintf("%s %+v", m.GlobalID(), *m.Module))
			for _, l := range m.Lessons() {
				said = append(said, fmt.Sprintf("%s %+v %t", l.GlobalID(), *l.Lesson, l.Course == c && m.Course == c))
			}
		}
	}
	return said
}

// TestKeptVersions: what was read once is not read again, from this process, from another one or from Redis, and says the
// same each time.
func TestKeptVersions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	url := cachetest.Start(t).URL()
	first, second := d.published(t, "one", 3).Version, d.published(t, "two", 2).Version
	ctx := d.acme.AsLearner(t.Context())
	plain, _, err := read(t, ctx, d.Service, first.ID, second.ID)
	if err != nil || len(plain) != 2 {
		t.Fatal(plain, err)
	}
	// The row as Postgres gives it is the measure: times in UTC, whatever the process's zone.
	want := rendered(normal(plain))
	here, elsewhere := d.keeping(t, open(t, url)), d.keeping(t, open(t, url))
	for i, tt := range []struct {
		what       string
		service    *catalog.Service
		statements int64
	}{
		{"read", here, 1}, {"kept here", here, 0}, {"kept in Redis", elsewhere, 0}, {"kept there", elsewhere, 0},
	} {
		got, statements, err := read(t, ctx, tt.service, first.ID, second.ID, first.ID)
		if err != nil || statements != tt.statements {
			t.Errorf("%d, %s: %d statements (%v), want %d", i, tt.what, statements, err, tt.statements)
		}
		if diff := cmp.Diff(want, rendered(normal(got))); diff != "" {
			t.Errorf("%s:\n%s", tt.what, diff)
		}
	}
	third := d.published(t, "three", 1).Version
	if got, statements, err := read(t, ctx, here, first.ID, third.ID); err != nil || len(got) != 2 || statements != 1 {
		t.Errorf("one of two is kept: %d found, %d statements (%v)", len(got), statements, err)
	}
	unknown := uuid.New()
	for i, want := range []int64{1, 0} {
		if got, statements, err := read(t, ctx, here, unknown); err != nil || len(got) != 0 || statements != want {
			t.Errorf("an unknown id, time %d: %v, %d statements (%v)", i+1, got, statements, err)
		}
	}
}

func open(t *testing.T, url string) *cache.Client {
	t.Helper()
	client, err := cache.Open(cache.Config{URL: url, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// normal has all times in UTC.
func normal(courses []*catalog.Course) []*catalog.Course {
	for i, c := range courses {
		row := *c.CourseVersion
		row.CreatedAt, row.UpdatedAt = row.CreatedAt.UTC(), row.UpdatedAt.UTC()
		copied := *c
		copied.CourseVersion = &row
		courses[i] = &copied
	}
	return courses
}

// TestKeptVersionsAskThePolicy: whatever others have warmed, everybody is told what they are told without a cache.
func TestKeptVersionsAskThePolicy(t *testing.T) {
	t.Parallel()
	d := newShop(t)
	ctx := d.acme.System(t.Context())
	var ids []uuid.UUID
	for _, tenant := range []context.Context{ctx, d.globex.System(t.Context())} {
		ids = append(ids, d.CourseVersion().IDsX(tenant)...)
	}
	support := viewer.Viewer{Tenant: d.acme.ID, User: d.acme.Admin, Role: viewer.Support}
	granted := support
	granted.Grant = uuid.New()
	callers := map[string]context.Context{
		"visitor": d.acme.Anonymous(t.Context()), "learner": d.acme.AsLearner(t.Context()), "instructor": d.acme.AsInstructor(t.Context()),
		"admin": d.acme.AsAdmin(t.Context()), "support": viewer.With(t.Context(), support), "granted": viewer.With(t.Context(), granted),
		"theirs": d.globex.AsAdmin(t.Context()), "nobody": t.Context(), "system": ctx,
	}
	kept := d.keeping(t, nil)
	for warmed := range callers {
		if _, _, err := read(t, callers[warmed], kept, ids...); err != nil && warmed != "support" && warmed != "nobody" {
			t.Fatal(warmed, err)
		}
		for name, caller := range callers {
			want, _, wantErr := read(t, caller, d.Service, ids...)
			got, _, err := read(t, caller, kept, ids...)
			if (err == nil) != (wantErr == nil) || !slices.Equal(versionIDs(got), versionIDs(want)) {
				t.Errorf("%s after %s: %d versions (%v), want %d (%v)", name, warmed, len(got), err, len(want), wantErr)
			}
		}
	}
	// A course for members is not for visitors, whoever has read it before.
	if _, err := kept.CourseBySlug(callers["learner"], "members"); err != nil {
		t.Error(err)
	}
	if c, err := kept.CourseBySlug(callers["visitor"], "members"); err == nil {
		t.Errorf("a visitor is shown %s", c.Title)
	}
}

func versionIDs(courses []*catalog.Course) []uuid.UUID {
	ids := make([]uuid.UUID, len(courses))
	for i, c := range courses {
		ids[i] = c.ID
	}
	return ids
}

// CourseVersion queries versions.
func (d *desk) CourseVersion() *ent.CourseVersionQuery { return d.DB.CourseVersion.Query() }

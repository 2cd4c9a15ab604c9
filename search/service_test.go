package search_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/search"
	"lyceum/search/meili"
	"lyceum/search/meilitest"
	"lyceum/search/postgres"
)

// world is a service over a database of the test's own, with two tenants.
type world struct {
	*search.Service

	db           *pgtest.Database
	acme, globex pgtest.Tenant
	// double is nil when Postgres searches alone, and when MEILI_URL names a real server.
	double *meilitest.Server
	index  string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := pgtest.New(t)
	return &world{
		Service: &search.Service{DB: db.DB, Local: &postgres.Engine{DB: db.DB}}, db: db,
		acme: pgtest.NewTenant(t, db, "acme"), globex: pgtest.NewTenant(t, db, "globex"),
	}
}

// newRemoteWorld has Meilisearch too: the double, which can be told to fail.
func newRemoteWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.double, w.index = meilitest.New(t), "lyceum"
	w.connect(t, w.double.URL, w.double.MasterKey)
	return w
}

func (w *world) connect(t *testing.T, url, masterKey string) {
	t.Helper()
	engine, err := meili.Open(meili.Config{URL: url, MasterKey: masterKey, Index: w.index, Probe: time.Minute})
	if err != nil {
		t.Fatalf("open search engine: %v", err)
	}
	t.Cleanup(engine.Close)
	w.Remote = engine
}

// eachWorld runs the test with Postgres alone and with Meilisearch, the one that MEILI_URL names if it does.
func eachWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("Postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t))
	})
	t.Run("Meilisearch", func(t *testing.T) {
		t.Parallel()
		url := os.Getenv("MEILI_URL")
		if url == "" {
			test(t, newRemoteWorld(t))
			return
		}
		w := newWorld(t)
		w.index = "service_" + strings.ReplaceAll(uuid.NewString(), "-", "")
		w.connect(t, url, os.Getenv("MEILI_MASTER_KEY"))
		test(t, w)
	})
}

// text is a lesson to publish.
type text struct{ title, body string }

// course makes a draft, which a publication needs.
func (w *world) course(t *testing.T, tenant pgtest.Tenant) uuid.UUID {
	t.Helper()
	made, err := w.db.Course.Create().SetSlug("c" + uuid.NewString()[:8]).SetTitle("A course").SetInstructorID(tenant.Instructor).
		Save(tenant.System(t.Context()))
	if err != nil {
		t.Fatalf("create course: %v", err)
	}
	return made.ID
}

// publish puts a new version of the course in force, as the catalog does, and returns the lessons' ids.
func (w *world) publish(
	t *testing.T, tenant pgtest.Tenant, course uuid.UUID, number int, visibility outline.Visibility, title string, lessons ...text,
) []uuid.UUID {
	t.Helper()
	ctx := tenant.System(t.Context())
	ids := make([]uuid.UUID, len(lessons))
	err := w.db.Tx(ctx, func(tx *pg.Tx) error {
		var module outline.Module
		for i, lesson := range lessons {
			ids[i] = uuid.Must(uuid.NewV7())
			module.Lessons = append(module.Lessons, outline.Lesson{ID: ids[i], Title: lesson.title})
		}
		version, err := tx.CourseVersion.Create().SetCourseID(course).SetNumber(number).SetSlug("s" + course.String()).SetTitle(title).
			SetSummary("A summary.").SetTags([]string{"tagged"}).SetCategories([]string{"computing"}).SetVisibility(visibility).
			SetInstructorID(tenant.Instructor).SetPublishedBy(tenant.Instructor).SetContentHash(uuid.NewString()).
			SetOutline(outline.Outline{Modules: []outline.Module{module}}).
			SetDescriptionHTML("<p>Described <b>at length</b>.</p>").
			SetLessonCount(len(lessons)).SetRequiredCount(0).SetDurationMs(0).Save(ctx)
		if err != nil {
			return err
		}
		for i, lesson := range lessons {
			err := tx.LessonVersion.Create().SetVersionID(version.ID).SetCourseID(course).SetLessonID(ids[i]).SetTitle(lesson.title).
				SetKind(outline.Article).SetPreview(false).SetBodyText(lesson.body).SetBodyHTML("<p>" + html.EscapeString(lesson.body) + "</p>").Exec(ctx)
			if err != nil {
				return err
			}
		}
		return point(ctx, tx, version)
	})
	if err != nil {
		t.Fatalf("publish: %v", err)
	}
	return ids
}

// point makes the publication point at the version.
func point(ctx context.Context, tx *pg.Tx, v *ent.CourseVersion) error {
	if _, err := tx.Publication.Delete().Where(publication.CourseID(v.CourseID)).Exec(ctx); err != nil {
		return err
	}
	return tx.Publication.Create().SetCourseID(v.CourseID).SetVersionID(v.ID).SetNumber(v.Number).SetSlug(v.Slug).SetTitle(v.Title).
		SetVisibility(v.Visibility).SetCategories(v.Categories).SetInstructorID(v.InstructorID).Exec(ctx)
}

func (w *world) unpublish(t *testing.T, tenant pgtest.Tenant, course uuid.UUID) {
	t.Helper()
	if _, err := w.db.Publication.Delete().Where(publication.CourseID(course)).Exec(tenant.System(t.Context())); err != nil {
		t.Fatalf("unpublish: %v", err)
	}
}

func (w *world) mustSync(t *testing.T, tenant pgtest.Tenant, course uuid.UUID) {
	t.Helper()
	if err := w.SyncCourse(tenant.System(t.Context()), course); err != nil {
		t.Fatalf("SyncCourse: %v", err)
	}
}

// find returns the titles that the text finds, sorted.
func (w *world) find(t *testing.T, ctx context.Context, query string) []string {
	t.Helper()
	result, err := w.Search(ctx, search.Query{Text: query, Limit: search.DefaultLimit})
	if err != nil {
		t.Fatalf("Search %q: %v", query, err)
	}
	if result.Degraded {
		t.Errorf("Search %q: degraded", query)
	}
	return plainTitles(result)
}

func plainTitles(result search.Result) []string {
	titles := []string{}
	for _, hit := range result.Hits {
		titles = append(titles, strings.NewReplacer(search.MarkStart, "", search.MarkEnd, "").Replace(hit.Title))
	}
	slices.Sort(titles)
	return titles
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) && len(got)+len(want) > 0 {
		t.Errorf("%s: finds %q, want %q", what, got, want)
	}
}

// enroll gives the tenant's learner a place in the version in force.
func (w *world) enroll(t *testing.T, tenant pgtest.Tenant, course uuid.UUID) {
	t.Helper()
	ctx := tenant.System(t.Context())
	published := w.db.Publication.Query().Where(publication.CourseID(course)).OnlyX(ctx)
	w.db.Enrollment.Create().SetLearnerID(tenant.Learner).SetCourseID(course).SetVersionID(published.VersionID).
		SetSource(enrollment.SourceSELF).SetEnrolledBy(tenant.Learner).ExecX(ctx)
}

// expectSnippet looks for a word in the text of a lesson.
func (w *world) expectSnippet(t *testing.T, ctx context.Context, who, want string) {
	t.Helper()
	result, err := w.Search(ctx, search.Query{Text: "happens", Limit: 1})
	if err != nil || len(result.Hits) != 1 || result.Hits[0].Snippet != want {
		t.Errorf("%s: %+v (%v), want a hit with the snippet %q", who, result.Hits, err, want)
	}
}

// TestSync follows a course through publishing, changing and withdrawing.
func TestSync(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		t.Helper()
		visitor, learner := w.acme.Anonymous(t.Context()), w.acme.AsLearner(t.Context())
		course := w.course(t, w.acme)
		w.mustSync(t, w.acme, course)
		expect(t, "before it is published", w.find(t, learner, "botany"))

		w.publish(t, w.acme, course, 1, outline.Public, "Botany", text{"Leaves", "Photosynthesis \u0007happens ⟦here⟧."}, text{"Roots", "They drink."})
		expect(t, "before it is synced", w.find(t, learner, "botany"))
		w.mustSync(t, w.acme, course)
		w.mustSync(t, w.acme, course)
		for query, want := range map[string][]string{
			"botany": {"Botany"}, "photosynthesis": {"Leaves"}, "drink": {"Roots"}, "tagged": {"Botany"}, "length": {"Botany"}, "summary": {"Botany"},
		} {
			expect(t, "a visitor's "+query, w.find(t, visitor, query), want...)
		}
		expect(t, "another tenant", w.find(t, w.globex.AsAdmin(t.Context()), "botany"))
		for name, ctx := range map[string]context.Context{
			"an instructor": w.acme.AsInstructor(t.Context()), "support": w.acme.AsSupport(t.Context()), "the system": w.acme.System(t.Context()),
		} {
			w.expectSnippet(t, ctx, name, "Photosynthesis ⟦happens⟧ [here")
		}
		for name, ctx := range map[string]context.Context{
			"a visitor": visitor, "who is not enrolled": learner, "support without a grant": w.acme.AsUngranted(t.Context()),
		} {
			w.expectSnippet(t, ctx, name, "")
		}
		w.enroll(t, w.acme, course)
		w.expectSnippet(t, learner, "who is enrolled", "Photosynthesis ⟦happens⟧ [here")

		w.publish(t, w.acme, course, 2, outline.Members, "Botany", text{"Stems", "They drink."})
		w.mustSync(t, w.acme, course)
		expect(t, "a visitor, for members", w.find(t, visitor, "drink"))
		expect(t, "a member", w.find(t, learner, "drink"), "Stems")
		expect(t, "a member, for what is gone", w.find(t, learner, "photosynthesis"))

		w.publish(t, w.acme, course, 3, outline.Unlisted, "Botany", text{"Stems", "They drink."})
		w.mustSync(t, w.acme, course)
		expect(t, "unlisted", w.find(t, learner, "drink"))

		w.publish(t, w.acme, course, 4, outline.Public, "Botany")
		w.mustSync(t, w.acme, course)
		expect(t, "without lessons", w.find(t, visitor, "botany"), "Botany")

		w.unpublish(t, w.acme, course)
		w.mustSync(t, w.acme, course)
		expect(t, "unpublished", w.find(t, learner, "botany"))
		if diff, err := w.Check(w.acme.System(t.Context())); err != nil || !diff.Clean() || diff.Held != 0 {
			t.Errorf("Check: %+v (%v), want nothing and no difference", diff, err)
		}
		if err := w.SyncCourse(w.acme.System(t.Context()), uuid.New()); err != nil {
			t.Errorf("sync of a course that never was: %v", err)
		}
	})
}

// TestSyncsOvertake publishes while syncs run, in no order: the last version wins.
func TestSyncsOvertake(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		t.Helper()
		course := w.course(t, w.acme)
		const versions, syncs = 6, 3
		errs := make(chan error, versions*syncs)
		for v := 1; v <= versions; v++ {
			w.publish(t, w.acme, course, v, outline.Public, fmt.Sprintf("Edition v%d", v), text{fmt.Sprintf("Lesson v%d", v), "Edition"})
			for range syncs {
				go func() { errs <- w.SyncCourse(w.acme.System(t.Context()), course) }()
			}
		}
		for range versions * syncs {
			if err := <-errs; err != nil {
				t.Errorf("SyncCourse: %v", err)
			}
		}
		expect(t, "the edition", w.find(t, w.acme.AsLearner(t.Context()), "edition"), "Edition v6", "Lesson v6")
		if diff, err := w.Check(w.acme.System(t.Context())); err != nil || !diff.Clean() || diff.Held != 2 {
			t.Errorf("Check: %+v (%v), want two documents and no difference", diff, err)
		}
	})
}

// TestReindex mends indexes that missed what happened, in every tenant.
func TestReindex(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		t.Helper()
		gone, missed, behind, theirs := w.course(t, w.acme), w.course(t, w.acme), w.course(t, w.acme), w.course(t, w.globex)
		w.publish(t, w.acme, gone, 1, outline.Public, "Gone")
		w.publish(t, w.acme, behind, 1, outline.Public, "Behind")
		w.mustSync(t, w.acme, gone)
		w.mustSync(t, w.acme, behind)
		w.unpublish(t, w.acme, gone)
		w.publish(t, w.acme, missed, 1, outline.Public, "Missed", text{"A lesson", ""})
		w.publish(t, w.acme, behind, 2, outline.Public, "Ahead")
		w.publish(t, w.globex, theirs, 1, outline.Public, "Theirs")

		acme, globex := w.acme.System(t.Context()), w.globex.System(t.Context())
		diff, err := w.Check(acme)
		if err != nil || len(diff.Courses) != 3 || diff.Published != 3 || diff.Held != 2 || diff.Clean() {
			t.Errorf("Check: %+v (%v), want three courses that differ", diff, err)
		}
		if !strings.Contains(diff.String(), "3 courses differ") {
			t.Errorf("Check says %q", diff)
		}
		done := 0
		n, err := w.Reindex(t.Context(), []search.TenantContext{{Slug: "acme", Context: acme}, {Slug: "globex", Context: globex}}, func() { done++ })
		if err != nil || n != 4 || done != 2 {
			t.Fatalf("Reindex: %d documents, %d tenants done (%v), want 4 and 2", n, done, err)
		}
		for name, ctx := range map[string]context.Context{"acme": acme, "globex": globex} {
			if diff, err := w.Check(ctx); err != nil || !diff.Clean() {
				t.Errorf("Check of %s after Reindex: %+v (%v)", name, diff, err)
			}
		}
		learner := w.acme.AsLearner(t.Context())
		for query, want := range map[string][]string{"gone": {}, "behind": {}, "ahead": {"Ahead"}, "missed": {"Missed"}, "theirs": {}} {
			expect(t, query, w.find(t, learner, query), want...)
		}
	})
}

// TestReindexCatchesUp publishes while a new index is being built.
func TestReindexCatchesUp(t *testing.T) {
	t.Parallel()
	w := newRemoteWorld(t)
	course, late := w.course(t, w.acme), w.course(t, w.acme)
	w.publish(t, w.acme, course, 1, outline.Public, "Early")
	acme, globex := w.acme.System(t.Context()), w.globex.System(t.Context())
	_, err := w.Reindex(t.Context(), []search.TenantContext{{Slug: "acme", Context: acme}, {Slug: "globex", Context: globex}}, func() {
		if late == uuid.Nil {
			return
		}
		// acme is done, globex is not: what is put now goes to the index that is thrown away.
		w.publish(t, w.acme, course, 2, outline.Public, "Changed")
		w.publish(t, w.acme, late, 1, outline.Public, "Late")
		w.mustSync(t, w.acme, course)
		w.mustSync(t, w.acme, late)
		late = uuid.Nil
	})
	if err != nil {
		t.Fatalf("Reindex: %v", err)
	}
	if diff, err := w.Check(acme); err != nil || !diff.Clean() {
		t.Errorf("Check: %+v (%v)", diff, err)
	}
	learner := w.acme.AsLearner(t.Context())
	expect(t, "late", w.find(t, learner, "late"), "Late")
	expect(t, "early", w.find(t, learner, "early"))
}

// TestDegraded answers from Postgres while Meilisearch does not, and soon enough.
func TestDegraded(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]meilitest.Mode{
		"refusing": meilitest.Refusing, "broken": meilitest.Broken, "garbage": meilitest.Garbage, "endless": meilitest.Endless,
		"hanging": meilitest.Hanging,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newRemoteWorld(t)
			course := w.course(t, w.acme)
			w.publish(t, w.acme, course, 1, outline.Public, "Light")
			w.mustSync(t, w.acme, course)
			learner := w.acme.AsLearner(t.Context())
			w.double.Set(mode)
			for i := range 7 {
				result, err := w.Search(learner, search.Query{Text: "light", Limit: 1})
				if err != nil || !result.Degraded || len(result.Hits) != 1 || result.Hits[0].Snippet == "" {
					t.Fatalf("search %d: %+v (%v), want a hit from Postgres", i, result, err)
				}
			}
			before := w.double.Requests()
			if _, err := w.Search(learner, search.Query{Text: "light", Limit: 1}); err != nil || w.double.Requests() != before {
				t.Errorf("Meilisearch is asked still (%v)", err)
			}
			if err := w.Ping(t.Context()); err == nil {
				t.Error("Ping: no error")
			}
			brief, cancel := context.WithTimeout(w.acme.System(t.Context()), 2*time.Second)
			defer cancel()
			if err := w.SyncCourse(brief, course); err == nil {
				t.Error("SyncCourse: no error, so nobody would try again")
			}
		})
	}
}

// TestPublishedWhileDown publishes while Meilisearch cannot be told: Postgres knows at once, and Meilisearch
// when it is back.
func TestPublishedWhileDown(t *testing.T) {
	t.Parallel()
	w := newRemoteWorld(t)
	w.double.Set(meilitest.Refusing)
	course := w.course(t, w.acme)
	w.publish(t, w.acme, course, 1, outline.Public, "Light")
	if err := w.SyncCourse(w.acme.System(t.Context()), course); err == nil {
		t.Fatal("SyncCourse: no error, so nobody would try again")
	}
	learner := w.acme.AsLearner(t.Context())
	result, err := w.Search(learner, search.Query{Text: "light", Limit: 1})
	if err != nil || !result.Degraded || len(result.Hits) != 1 {
		t.Errorf("while it is down: %+v (%v), want a hit from Postgres", result, err)
	}
	w.double.Set(meilitest.Up)
	w.mustSync(t, w.acme, course)
	expect(t, "when it is back", w.find(t, learner, "light"), "Light")
}

// TestUnpublishedWhileDown withdraws a course while Meilisearch cannot be told: nobody finds it.
func TestUnpublishedWhileDown(t *testing.T) {
	t.Parallel()
	w := newRemoteWorld(t)
	course := w.course(t, w.acme)
	w.publish(t, w.acme, course, 1, outline.Public, "Light", text{"Shadow", "Light"})
	w.mustSync(t, w.acme, course)
	w.unpublish(t, w.acme, course)
	w.double.Set(meilitest.Refusing)
	if err := w.SyncCourse(w.acme.System(t.Context()), course); err == nil {
		t.Fatal("SyncCourse: no error")
	}
	w.double.Set(meilitest.Up)
	w.mustSync(t, w.acme, course)
	expect(t, "unpublished", w.find(t, w.acme.AsLearner(t.Context()), "light"))
}

// TestPoisonedIndex plants what should not be there into Meilisearch: no text of it is shown.
func TestPoisonedIndex(t *testing.T) {
	t.Parallel()
	w := newRemoteWorld(t)
	ours, theirs, closed := w.course(t, w.acme), w.course(t, w.globex), w.course(t, w.acme)
	w.publish(t, w.acme, ours, 1, outline.Public, "Payroll")
	w.publish(t, w.acme, closed, 1, outline.Members, "Payroll of members")
	foreign := w.publish(t, w.globex, theirs, 1, outline.Public, "Payroll of globex", text{"Payroll secrets", "body"})
	w.mustSync(t, w.acme, ours)
	w.mustSync(t, w.acme, closed)
	w.mustSync(t, w.globex, theirs)

	course := search.Document{Version: 1, Language: "en", Level: "ALL", Visibility: "PUBLIC"}
	poison := func(id, of uuid.UUID, lesson bool, title string) search.Document {
		d := course
		d.ID, d.Course, d.Lesson, d.Title = id, of, lesson, title
		return d
	}
	ctx := w.acme.System(t.Context())
	for _, documents := range [][]search.Document{
		{poison(theirs, theirs, false, "Payroll of globex"), poison(foreign[0], theirs, true, "Payroll secrets")},
		{poison(closed, closed, false, "Payroll of members")},
		{poison(ours, ours, false, "Payroll payroll <script>"), poison(foreign[0], ours, true, "Payroll secrets"), poison(uuid.New(), ours, true, "Payroll lies")},
	} {
		settle, err := w.Remote.Put(ctx, nil, documents[0].Course, documents)
		if err == nil {
			err = settle(ctx)
		}
		if err != nil {
			t.Fatalf("plant: %v", err)
		}
	}
	result, err := w.Search(w.acme.Anonymous(t.Context()), search.Query{Text: "payroll", Limit: 50})
	if err != nil || result.Degraded {
		t.Fatalf("Search: %+v (%v)", result, err)
	}
	if len(result.Hits) != 1 || result.Hits[0].ID != ours || result.Hits[0].Title != "⟦Payroll⟧" || strings.Contains(result.Hits[0].Snippet, "lies") {
		t.Errorf("hits %+v, want the one that Postgres holds for visitors, as it is", result.Hits)
	}
}

// TestMarksOfTypos takes over what Meilisearch marked: it found a word that Postgres would not have.
func TestMarksOfTypos(t *testing.T) {
	t.Parallel()
	w := newRemoteWorld(t)
	course := w.course(t, w.acme)
	w.publish(t, w.acme, course, 1, outline.Public, "Photosynthesis today")
	w.mustSync(t, w.acme, course)
	result, err := w.Search(w.acme.AsLearner(t.Context()), search.Query{Text: "photosyntesis today", Limit: 5})
	if err != nil || len(result.Hits) != 1 || result.Hits[0].Title != "⟦Photosynthesis⟧ ⟦today⟧" {
		t.Errorf("hits %+v (%v), want one with both words marked", result.Hits, err)
	}
}

// TestStatements checks that what a search costs does not grow with what it finds.
func TestStatements(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		t.Helper()
		course := w.course(t, w.acme)
		lessons := make([]text, 60)
		for i := range lessons {
			lessons[i] = text{"Light", "Body"}
		}
		w.publish(t, w.acme, course, 1, outline.Public, "Light", lessons...)
		w.mustSync(t, w.acme, course)
		for _, limit := range []int{1, 50} {
			ctx, counter := pg.CountStatements(w.acme.AsLearner(t.Context()))
			result, err := w.Search(ctx, search.Query{Text: "light", Limit: limit})
			if err != nil || len(result.Hits) != limit || result.Total != 61 {
				t.Fatalf("%d hits of %d (%v), want %d of 61", len(result.Hits), result.Total, err, limit)
			}
			if want := int64(2); counter.Load() > want {
				t.Errorf("%d hits: %d statements, want at most %d", limit, counter.Load(), want)
			}
		}
	})
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := w.acme.AsLearner(t.Context())
	good := search.Query{Text: "light", Limit: 20}
	for name, change := range map[string]func(*search.Query){
		"no limit":           func(q *search.Query) { q.Limit = 0 },
		"negative limit":     func(q *search.Query) { q.Limit = -1 },
		"large limit":        func(q *search.Query) { q.Limit = 51 },
		"negative offset":    func(q *search.Query) { q.Offset = -1 },
		"large offset":       func(q *search.Query) { q.Offset = 951 },
		"long text":          func(q *search.Query) { q.Text = strings.Repeat("é", 201) },
		"zero byte":          func(q *search.Query) { q.Text = "a\x00b" },
		"control characters": func(q *search.Query) { q.Text = "a\x1b[31m" },
		"invalid UTF-8":      func(q *search.Query) { q.Text = "a\xff" },
		"no language":        func(q *search.Query) { q.Language = "english' OR 1=1" },
		"wild language":      func(q *search.Query) { q.Language = "%" },
		"unknown level":      func(q *search.Query) { q.Level = "EXPERT" },
		"no slug":            func(q *search.Query) { q.Category = "Computing & more" },
		"quoted slug":        func(q *search.Query) { q.Category = `a" OR "a"="a` },
	} {
		q := good
		change(&q)
		if _, err := w.Search(ctx, q); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%s: %v, want BadInput", name, err)
		}
	}
	for name, q := range map[string]search.Query{
		"nothing": {Limit: 1}, "spaces": {Text: " \t\n ", Limit: 1}, "signs": {Text: `"-!?%`, Limit: 1},
	} {
		if result, err := w.Search(ctx, q); err != nil || len(result.Hits) != 0 || result.Total != 0 || result.Degraded {
			t.Errorf("%s: %+v (%v), want nothing", name, result, err)
		}
	}
	longest := search.Query{Text: strings.Repeat("é", 200), Limit: 50, Offset: 950, Language: "PT-br", Level: "ALL", Category: "a-b"}
	if _, err := w.Search(ctx, longest); err != nil {
		t.Errorf("the most that may be asked: %v", err)
	}
	// A caller cannot make itself a member.
	course := w.course(t, w.acme)
	w.publish(t, w.acme, course, 1, outline.Members, "Closed")
	w.mustSync(t, w.acme, course)
	result, err := w.Search(w.acme.Anonymous(t.Context()), search.Query{Text: "closed", Members: true, Limit: 1})
	if err != nil || len(result.Hits) != 0 {
		t.Errorf("a visitor who says to be a member: %+v (%v), want nothing", result, err)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	alone := newWorld(t)
	if token, err := alone.Token(alone.acme.AsLearner(t.Context())); token != nil || err != nil {
		t.Errorf("without Meilisearch: %+v (%v), want none", token, err)
	}
	if err := alone.Ping(alone.acme.System(t.Context())); err != nil {
		t.Errorf("Ping: %v", err)
	}
	w := newRemoteWorld(t)
	w.double.Set(meilitest.Refusing)
	if _, err := w.Token(w.acme.AsLearner(t.Context())); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("while Meilisearch is down: %v, want Unavailable", err)
	}
	w.double.Set(meilitest.Up)
	visitor, err := w.Token(w.acme.Anonymous(t.Context()))
	if err != nil || visitor.Index != "lyceum" || visitor.Host != w.double.URL {
		t.Fatalf("Token: %+v (%v)", visitor, err)
	}
	member, err := w.Token(w.acme.AsLearner(t.Context()))
	if err != nil || member.Token == visitor.Token {
		t.Errorf("a member's token is a visitor's (%v)", err)
	}
}

// TestCancelled checks that a search whose caller is gone is an error, not an answer.
func TestCancelled(t *testing.T) {
	t.Parallel()
	w := newRemoteWorld(t)
	ctx, cancel := context.WithCancel(w.acme.AsLearner(t.Context()))
	cancel()
	if _, err := w.Search(ctx, search.Query{Text: "light", Limit: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("Search: %v, want that it was cancelled", err)
	}
}

package graph_test

import (
	"context"
	"testing"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"lyceum/graph"
	"lyceum/graph/loader"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/platform/gid"
	"lyceum/search"
	"lyceum/search/meili"
	"lyceum/search/meilitest"
	"lyceum/search/postgres"
)

const searchDocument = `query ($q: String!, $n: Int, $at: Int, $filter: SearchFilter) {
	search(query: $q, first: $n, offset: $at, filter: $filter) {
		totalCount degraded hits { title snippet course { id title } lesson { id title } }
	}
	searchToken { token expiresAt host index }
}`

// withSearch is the API with search: over Postgres alone, or with a double of Meilisearch too.
func withSearch(t *testing.T, double *meilitest.Server) (*api, *search.Service) {
	t.Helper()
	a := newAPI(t)
	finder := &search.Service{DB: a.db.DB, Local: &postgres.Engine{DB: a.db.DB}}
	if double != nil {
		engine, err := meili.Open(meili.Config{URL: double.URL, MasterKey: double.MasterKey})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(engine.Close)
		finder.Remote = engine
	}
	services := &graph.Services{Catalog: a.catalog, Search: finder}
	a.Executor = executor.New(graphql.NewExecutableSchema(graphql.Config{Resolvers: graph.NewResolver(services)}))
	a.AroundResponses(func(ctx context.Context, next gqlgen.ResponseHandler) *gqlgen.Response {
		return next(loader.With(ctx, loader.Sources{DB: a.db.DB, Catalog: a.catalog}))
	})
	return a, finder
}

func syncAll(t *testing.T, a *api, finder *search.Service, versions []*ent.CourseVersion) {
	t.Helper()
	for _, v := range versions {
		if err := finder.SyncCourse(a.acme.System(t.Context()), v.CourseID); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSearchCostsTheSame counts statements: what they are does not depend on how much is found.
func TestSearchCostsTheSame(t *testing.T) {
	t.Parallel()
	for name, double := range map[string]*meilitest.Server{"Postgres": nil, "Meilisearch": meilitest.New(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, finder := withSearch(t, double)
			syncAll(t, a, finder, a.courses(t, 6, 2))
			ctx := a.acme.AsLearner(t.Context())
			least := a.cost(t, ctx, searchDocument, map[string]any{"q": "words", "n": 1})
			data := a.must(t, ctx, searchDocument, map[string]any{"q": "words", "n": 30})
			if n := len(dig(t, data, "search", "hits").([]any)); n != 30 {
				t.Fatalf("%d hits, want 30", n)
			}
			a.costs(t, ctx, least, searchDocument, map[string]any{"q": "words", "n": 30})
			if least > 5 {
				t.Errorf("%d statements", least)
			}
		})
	}
}

// TestSearchReadsAgain changes what is published without telling the index.
func TestSearchReadsAgain(t *testing.T) {
	t.Parallel()
	a, finder := withSearch(t, nil)
	versions := a.courses(t, 4, 1)
	syncAll(t, a, finder, versions)
	found := func(ctx context.Context) (courses, lessons int) {
		hits := dig(t, a.must(t, ctx, searchDocument, map[string]any{"q": "words", "n": 50}), "search", "hits").([]any)
		seen := map[any]bool{}
		for i := range hits {
			seen[dig(t, hits, i, "course", "id")] = true
		}
		return len(seen), len(hits)
	}
	visitor, learner := a.acme.Anonymous(t.Context()), a.acme.AsLearner(t.Context())
	if courses, lessons := found(visitor); courses != 4 || lessons != 12 {
		t.Fatalf("finds %d courses and %d lessons, want 4 and 12", courses, lessons)
	}
	system := a.acme.System(t.Context())
	a.db.Publication.Delete().Where(publication.CourseID(versions[0].CourseID)).ExecX(system)
	hide := func(v *ent.CourseVersion, visibility outline.Visibility) {
		again := *v
		made := a.db.CourseVersion.Create().SetCourseID(v.CourseID).SetNumber(2).SetSlug(v.Slug).SetTitle(v.Title).SetVisibility(visibility).
			SetInstructorID(v.InstructorID).SetPublishedBy(v.PublishedBy).SetContentHash("x").SetOutline(again.Outline).
			SetLessonCount(3).SetRequiredCount(3).SetDurationMs(0).SaveX(system)
		a.db.Publication.Update().Where(publication.CourseID(v.CourseID)).SetVisibility(visibility).SetVersionID(made.ID).SetNumber(2).ExecX(system)
	}
	hide(versions[1], outline.Members)
	hide(versions[2], outline.Unlisted)
	if courses, lessons := found(visitor); courses != 1 || lessons != 3 {
		t.Errorf("a visitor finds %d courses and %d lessons, want 1 and 3", courses, lessons)
	}
	if courses, lessons := found(learner); courses != 2 || lessons != 6 {
		t.Errorf("a learner finds %d courses and %d lessons, want 2 and 6", courses, lessons)
	}
}

func TestSearchAnswers(t *testing.T) {
	t.Parallel()
	double := meilitest.New(t)
	a, finder := withSearch(t, double)
	syncAll(t, a, finder, a.courses(t, 2, 1))
	learner := a.acme.AsLearner(t.Context())

	data := a.must(t, learner, searchDocument, map[string]any{"q": "C1"})
	if id, want := dig(t, data, "search", "hits", 0, "course", "title"), "C1"; id != want {
		t.Errorf("finds the course %v, want %v", id, want)
	}
	if lesson := dig(t, data, "search", "hits", 0, "lesson"); lesson != nil {
		t.Errorf("the course is found as the lesson %v", lesson)
	}
	data = a.must(t, learner, searchDocument, map[string]any{"q": "words", "filter": map[string]any{"category": "k1", "level": "ALL", "language": "en"}})
	id, err := gid.Parse(dig(t, data, "search", "hits", 0, "lesson", "id").(string))
	if err != nil || id.Type != ent.GIDLesson {
		t.Errorf("a lesson's id is %v (%v)", id, err)
	}
	if snippet := dig(t, data, "search", "hits", 0, "snippet"); snippet != "⟦Words⟧" {
		t.Errorf("the snippet is %v", snippet)
	}
	if host := dig(t, data, "searchToken", "host"); host != double.URL {
		t.Errorf("the token is for %v", host)
	}

	double.Set(meilitest.Refusing)
	data = a.must(t, learner, searchDocument, map[string]any{"q": "words"})
	if degraded, total := dig(t, data, "search", "degraded"), dig(t, data, "search", "totalCount"); degraded != any(true) || total != 6.0 {
		t.Errorf("while Meilisearch is down: degraded %v, total %v", degraded, total)
	}
	if _, err := a.ask(t, learner, searchDocument, map[string]any{"q": "words", "n": 0}); fault.CodeOf(err) != fault.BadInput {
		t.Errorf("first: 0: %v, want BadInput", err)
	}
	data = a.must(t, a.globex.AsAdmin(t.Context()), `{ search(query: "words") { totalCount hits { title } } }`, nil)
	if total := dig(t, data, "search", "totalCount"); total != 0.0 {
		t.Errorf("globex finds %v of acme's", total)
	}
}

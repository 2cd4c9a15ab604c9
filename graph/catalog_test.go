package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/graph"
	"lyceum/graph/loader"
	"lyceum/internal/assessment"
	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// api executes documents against resolvers over a database of its own, without a transport.
type api struct {
	*executor.Executor

	db           *pgtest.Database
	acme, globex pgtest.Tenant
	catalog      *catalog.Service
}

// addresses stands in for the media context.
type addresses struct{ db *pg.DB }

func (a addresses) Addresses(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]catalog.Address, error) {
	signed := map[uuid.UUID]catalog.Address{}
	for _, id := range ids {
		row := &ent.Asset{ID: id, FileName: "plan.pdf", ContentType: "application/pdf", Size: 7}
		signed[id] = catalog.Address{Asset: row, URL: "https://files.example/" + id.String(), ExpiresAt: time.Unix(1, 0)}
	}
	return signed, ctx.Err()
}

func newAPI(t *testing.T) *api {
	t.Helper()
	db := pgtest.New(t)
	questions := &assessment.Service{DB: db.DB}
	courses := &catalog.Service{DB: db.DB, Questions: questions, Files: addresses{db.DB}}
	services := &graph.Services{Catalog: courses, Assessment: questions}
	exec := executor.New(graphql.NewExecutableSchema(graphql.Config{Resolvers: graph.NewResolver(services)}))
	exec.AroundResponses(func(ctx context.Context, next gqlgen.ResponseHandler) *gqlgen.Response {
		return next(loader.With(ctx, loader.Sources{DB: db.DB, Catalog: courses, Assessment: questions}))
	})
	return &api{
		Executor: exec, db: db, catalog: courses,
		acme: pgtest.NewTenant(t, db, "acme"), globex: pgtest.NewTenant(t, db, "globex"),
	}
}

// ask runs the document and returns data as JSON would have it, and the first error.
func (a *api) ask(t *testing.T, ctx context.Context, document string, variables map[string]any) (data map[string]any, err error) {
	t.Helper()
	ctx = gqlgen.StartOperationTrace(ctx)
	operation, errs := a.CreateOperationContext(ctx, &gqlgen.RawParams{Query: document, Variables: variables})
	if errs != nil {
		t.Fatalf("document: %v", errs)
	}
	respond, ctx := a.DispatchOperation(ctx, operation)
	response := respond(ctx)
	if response.Data != nil {
		if err := json.Unmarshal(response.Data, &data); err != nil {
			t.Fatalf("read response: %v", err)
		}
	}
	if len(response.Errors) > 0 {
		return data, response.Errors[0]
	}
	return data, nil
}

// must is ask for a document that gives no error.
func (a *api) must(t *testing.T, ctx context.Context, document string, variables map[string]any) map[string]any {
	t.Helper()
	data, err := a.ask(t, ctx, document, variables)
	if err != nil {
		t.Fatalf("%.80s: %v", document, err)
	}
	return data
}

// cost is how many statements the document takes. On a busy machine the window of a loader may close
// before all that belongs together is in it, so the best of some runs counts.
func (a *api) cost(t *testing.T, ctx context.Context, document string, variables map[string]any) int64 {
	t.Helper()
	return a.best(t, ctx, document, variables, 0, 5)
}

// costs is cost for a number that is known: it looks until it sees it.
func (a *api) costs(t *testing.T, ctx context.Context, want int64, document string, variables map[string]any) {
	t.Helper()
	if got := a.best(t, ctx, document, variables, want, 100); got != want {
		t.Errorf("%d statements with %v, want %d: %.60s", got, variables, want, document)
	}
}

// best is the cost of the cheapest of at most so many runs, or of the first that costs no more than enough.
func (a *api) best(t *testing.T, ctx context.Context, document string, variables map[string]any, enough int64, runs int) int64 {
	t.Helper()
	least := int64(math.MaxInt64)
	for range runs {
		counting, count := pg.CountStatements(ctx)
		a.must(t, counting, document, variables)
		if least = min(least, count.Load()); least <= enough {
			break
		}
	}
	return least
}

// dig follows keys and indexes into data.
func dig(t *testing.T, data any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, ok := data.(map[string]any)
			if !ok {
				t.Fatalf("%v of %v: no object", path, data)
			}
			data = object[step]
		case int:
			list, ok := data.([]any)
			if !ok || step >= len(list) {
				t.Fatalf("%v of %v: no such item", path, data)
			}
			data = list[step]
		}
	}
	return data
}

// courses publishes n courses of acme with so many modules of three lessons, each course asking for the
// first and taught by somebody else.
func (a *api) courses(t *testing.T, n, modules int) []*ent.CourseVersion {
	t.Helper()
	versions := make([]*ent.CourseVersion, n)
	for i := range n {
		teacher := pgtest.NewUser(t, a.db, a.acme, fmt.Sprint("teacher", i), "INSTRUCTOR")
		ctx := a.acme.As(t.Context(), teacher, "INSTRUCTOR")
		in := catalog.CourseInput{Slug: fmt.Sprint("c", i), Title: fmt.Sprint("C", i), Categories: []string{fmt.Sprint("k", i), "all"}}
		if i > 0 {
			in.Prerequisites = []string{"c0"}
		}
		course, err := a.catalog.SaveCourse(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for m := range modules {
			key := fmt.Sprint("m", m)
			if _, err := a.catalog.SaveModule(ctx, course.ID, catalog.ModuleInput{Key: key, Title: key}); err != nil {
				t.Fatal(err)
			}
			for l := range 3 {
				if _, err := a.catalog.SaveLesson(ctx, course.ID, catalog.LessonInput{
					Module: key, Key: fmt.Sprint("l", m, "-", l), Title: "L", Kind: outline.Quiz, Body: "Words.", Preview: l == 0,
					Quiz: &catalog.QuizInput{Questions: []quiz.Draft{{
						Key: "one", Kind: quiz.ShortText, Format: outline.Markdown, Prompt: "Who?", Points: 1, Text: &quiz.TextKey{Accepted: []string{"I"}},
					}}},
				}); err != nil {
					t.Fatal(err)
				}
			}
		}
		done, err := a.catalog.Publish(ctx, course.ID, catalog.PublishInput{})
		if err != nil {
			t.Fatal(err)
		}
		versions[i] = done.Version
	}
	return versions
}

func (a *api) enroll(t *testing.T, v *ent.CourseVersion) {
	t.Helper()
	a.db.Enrollment.Create().
		SetLearnerID(a.acme.Learner).SetCourseID(v.CourseID).SetVersionID(v.ID).
		SetSource(enrollment.SourceSELF).SetEnrolledBy(a.acme.Learner).
		SaveX(a.acme.System(t.Context()))
}

const catalogPage = `query ($first: Int!) {
	courses(first: $first) {
		edges { cursor node { id slug title publishedAt } }
		nodes {
			instructor { id name } categories { slug } enrollment { state }
			prerequisites { slug version }
			modules { title lessons { id key kind preview progress { watchedMs } } }
		}
		pageInfo { hasNextPage endCursor }
	}
}`

func TestCatalogPageCostsTheSame(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	versions := a.courses(t, 21, 2)
	for _, v := range versions {
		a.enroll(t, v)
	}
	ctx := a.acme.AsLearner(t.Context())
	for _, first := range []int{2, 20} {
		page := map[string]any{"first": first}
		a.costs(t, ctx, 9, catalogPage, page)
		a.costs(t, ctx, 3, plainPage, page)
		a.costs(t, ctx, 4, `query ($first: Int!) { courses(first: $first) { totalCount nodes { title instructor { name } } } }`, page)
	}
	data := a.must(t, ctx, catalogPage, map[string]any{"first": 20})
	if got := dig(t, data, "courses", "nodes", 0, "prerequisites", 0, "slug"); got != "c0" {
		t.Errorf("the newest course asks for %v", got)
	}
	if got := dig(t, data, "courses", "nodes", 19, "categories", 1, "slug"); got != "all" {
		t.Errorf("the last course is in %v", got)
	}
}

const plainPage = `query ($first: Int!) {
	courses(first: $first) { nodes { title instructor { name } modules { title lessons { title } } } }
}`

const coursePage = `query ($slug: String!) {
	course(slug: $slug) {
		title enrollment { id }
		modules { lessons { title content { ... on QuizContent { html passMark questionCount } ... on VideoContent { url } } progress { state } } }
	}
}`

func TestCoursePageCostsTheSame(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	small := a.courses(t, 1, 1)[0]
	a.enroll(t, small)
	ctx := a.acme.AsLearner(t.Context())
	a.costs(t, ctx, 6, coursePage, map[string]any{"slug": "c0"})
	author := a.acme.AsAdmin(t.Context())
	for m := range 8 {
		key := fmt.Sprint("n", m)
		if _, err := a.catalog.SaveModule(author, small.CourseID, catalog.ModuleInput{Key: key, Title: key}); err != nil {
			t.Fatal(err)
		}
		for l := range 5 {
			if _, err := a.catalog.SaveLesson(author, small.CourseID, catalog.LessonInput{
				Module: key, Key: fmt.Sprint(key, "-", l), Title: "L", Kind: outline.Article, Body: "Words.",
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	done, err := a.catalog.Publish(author, small.CourseID, catalog.PublishInput{})
	if err != nil {
		t.Fatal(err)
	}
	a.db.Enrollment.Update().SetVersionID(done.Version.ID).ExecX(a.acme.System(t.Context()))
	a.costs(t, ctx, 6, coursePage, map[string]any{"slug": "c0"})
}

func TestContentByViewer(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	v := a.courses(t, 1, 1)[0]
	lessons := v.Outline.Modules[0].Lessons
	ask := func(ctx context.Context, l outline.Lesson) (any, error) {
		data, err := a.ask(t, ctx, `query ($course: ID!, $lesson: ID!) {
			lesson(courseId: $course, id: $lesson) { title content { ... on QuizContent { questionCount attemptsAllowed } } }
		}`, map[string]any{"course": gid.New(ent.GIDCourse, v.CourseID).String(), "lesson": gid.New(ent.GIDLesson, l.ID).String()})
		if data == nil || data["lesson"] == nil {
			return nil, err
		}
		return dig(t, data, "lesson", "content"), err
	}
	open, err := ask(a.acme.Anonymous(t.Context()), lessons[0])
	if err != nil || dig(t, open, "questionCount") != 1.0 || dig(t, open, "attemptsAllowed") != nil {
		t.Errorf("a preview: %v (%v)", open, err)
	}
	if closed, err := ask(a.acme.Anonymous(t.Context()), lessons[1]); closed != nil || fault.CodeOf(errors.Unwrap(err)) != fault.Unauthenticated {
		t.Errorf("for a visitor: %v (%v)", closed, err)
	}
	if closed, err := ask(a.acme.AsLearner(t.Context()), lessons[1]); closed != nil || fault.CodeOf(errors.Unwrap(err)) != fault.Forbidden {
		t.Errorf("for a stranger: %v (%v)", closed, err)
	}
	a.enroll(t, v)
	if open, err := ask(a.acme.AsLearner(t.Context()), lessons[1]); err != nil || open == nil {
		t.Errorf("for a learner: %v (%v)", open, err)
	}
	for name, ctx := range map[string]context.Context{"of another tenant": a.globex.AsAdmin(t.Context())} {
		if found, err := ask(ctx, lessons[0]); found != nil || err != nil {
			t.Errorf("%s: %v (%v), want null", name, found, err)
		}
	}
	data := a.must(t, a.acme.AsLearner(t.Context()), `query ($id: ID!) { lesson(courseId: $id, id: $id) { id } course(id: $id) { id } }`,
		map[string]any{"id": gid.New(ent.GIDUser, v.CourseID).String()})
	if data["lesson"] != nil || data["course"] != nil {
		t.Errorf("ids of another type: %v", data)
	}
	if _, err := a.ask(t, a.acme.AsLearner(t.Context()), `{ course { id } }`, nil); fault.CodeOf(errors.Unwrap(err)) != fault.BadInput {
		t.Errorf("neither id nor slug: %v", err)
	}
}

func TestNode(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	versions := a.courses(t, 3, 1)
	ctx := a.acme.Anonymous(t.Context())
	var ids []string
	for _, v := range versions {
		ids = append(ids, gid.New(ent.GIDCourse, v.CourseID).String())
	}
	for _, c := range a.db.Category.Query().Limit(2).AllX(ctx) {
		ids = append(ids, c.GlobalID().String())
	}
	ids = append(ids, gid.New(ent.GIDCourse, uuid.New()).String(), gid.New(ent.GIDCategory, versions[0].CourseID).String(),
		gid.New(ent.GIDCourseVersion, versions[0].ID).String(), gid.New("xyz", uuid.New()).String())
	const document = `query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }`
	data := a.must(t, ctx, document, map[string]any{"ids": ids})
	for i, id := range ids {
		node := dig(t, data, "nodes", i)
		if i < 5 && dig(t, node, "id") != id || i >= 5 && node != nil {
			t.Errorf("node %d (%s): %v", i, id, node)
		}
	}
	a.costs(t, ctx, 3, document, map[string]any{"ids": ids})
	foreign := a.must(t, a.globex.AsAdmin(t.Context()), document, map[string]any{"ids": ids})
	for i := range ids {
		if node := dig(t, foreign, "nodes", i); node != nil {
			t.Errorf("another tenant sees %v", node)
		}
	}
	one := a.must(t, ctx, `query ($id: ID!) { node(id: $id) { ... on Course { slug } } }`, map[string]any{"id": ids[0]})
	if got := dig(t, one, "node", "slug"); got != "c0" {
		t.Errorf("node: %v", got)
	}
	_, err := a.ask(t, ctx, document, map[string]any{"ids": slices.Repeat(ids[:1], 101)})
	if fault.CodeOf(errors.Unwrap(err)) != fault.BadInput {
		t.Errorf("101 ids: %v", err)
	}
}

const draftPage = `query ($slug: String!) {
	courseDraft(slug: $slug) {
		slug title revision changed prerequisites categories price { amount } instructor { id }
		modules { key lessons {
			key kind required asset { id } attachments { name asset { id } } captions { locale vtt }
			quiz { passMark attemptsAllowed timeLimitSeconds draw questions {
				key kind format points hints explanation
				choices { key text correct feedback } numeric { answer min max excludeMin excludeMax } text { accepted caseSensitive }
			} }
		} }
		versions { number note lessonCount publishedBy { id } } published { number contentHash }
	}
}`

func TestAuthoringRoundTrip(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	ctx := a.acme.AsInstructor(t.Context())
	file := func(kind asset.Kind) string {
		return a.db.Asset.Create().
			SetOwnerID(a.acme.Instructor).SetKind(kind).SetFileName("f").SetContentType("x/y").SetSize(1).SetSha256("00").
			SetBlobKey("k").SetStatus(asset.StatusREADY).SaveX(ctx).GlobalID().String()
	}
	film, plan := file(asset.KindVIDEO), file(asset.KindDOCUMENT)
	save := `mutation ($in: SaveCourseInput!) { saveCourse(input: $in) { course { id revision changed } } }`
	a.must(t, ctx, save, map[string]any{"in": map[string]any{"slug": "first", "title": "First"}})
	made := a.must(t, ctx, save, map[string]any{"in": map[string]any{
		"slug": "knots", "title": "Knots", "prerequisites": []any{"first"}, "categories": []any{"sailing"},
		"price": map[string]any{"amount": 100, "currency": "EUR"}, "expectedRevision": 0,
	}})
	id := dig(t, made, "saveCourse", "course", "id")
	a.must(t, ctx, `mutation ($in: SaveModuleInput!) { saveModule(input: $in) { module { key } } }`,
		map[string]any{"in": map[string]any{"courseId": id, "key": "m1", "title": "One"}})
	lesson := `mutation ($in: SaveLessonInput!) { saveLesson(input: $in) { lesson { key } } }`
	film1 := map[string]any{
		"courseId": id, "moduleKey": "m1", "key": "film", "title": "Film", "kind": "VIDEO", "assetId": film,
		"body": "![](asset:plan)", "attachments": []any{map[string]any{"name": "plan", "assetId": plan}},
		"captions": []any{map[string]any{"locale": "en", "vtt": "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHi\n"}},
	}
	quiz1 := map[string]any{
		"courseId": id, "moduleKey": "m1", "key": "quiz", "title": "Quiz", "kind": "QUIZ", "required": false,
		"quiz": map[string]any{"passMark": 50, "questions": []any{
			map[string]any{"key": "one", "kind": "SINGLE_CHOICE", "prompt": "Which?", "points": 2, "hints": []any{"h"}, "choices": []any{
				map[string]any{"key": "a", "text": "A", "correct": true, "feedback": "Yes"}, map[string]any{"key": "b", "text": "B"},
			}},
			map[string]any{"key": "two", "kind": "NUMERIC", "prompt": "How many?", "numeric": map[string]any{"answer": "3", "min": 2.5, "max": 3.5, "excludeMax": true}},
			map[string]any{"key": "three", "kind": "SHORT_TEXT", "format": "HTML", "prompt": "<p>Who?</p>", "text": map[string]any{"accepted": []any{"I"}}},
		}},
	}
	for range 2 {
		a.must(t, ctx, lesson, map[string]any{"in": film1})
		a.must(t, ctx, lesson, map[string]any{"in": quiz1})
	}
	published := a.must(t, ctx, `mutation ($in: PublishCourseInput!) { publishCourse(input: $in) { created version { number } course { changed } } }`,
		map[string]any{"in": map[string]any{"courseId": id, "note": "First.", "expectedRevision": 4}})
	wantPublished := map[string]any{"publishCourse": map[string]any{
		"created": true, "version": map[string]any{"number": 1.0}, "course": map[string]any{"changed": false},
	}}
	if diff := cmp.Diff(wantPublished, published); diff != "" {
		t.Error(diff)
	}
	draft := a.must(t, ctx, draftPage, map[string]any{"slug": "knots"})
	hash := dig(t, draft, "courseDraft", "published", "contentHash")
	teacher := gid.New(ent.GIDUser, a.acme.Instructor).String()
	want := map[string]any{"courseDraft": map[string]any{
		"slug": "knots", "title": "Knots", "revision": 4.0, "changed": false, "prerequisites": []any{"first"}, "categories": []any{"sailing"},
		"price": map[string]any{"amount": 100.0}, "instructor": map[string]any{"id": teacher},
		"modules": []any{map[string]any{"key": "m1", "lessons": []any{
			map[string]any{
				"key": "film", "kind": "VIDEO", "required": true, "asset": map[string]any{"id": film}, "quiz": nil,
				"attachments": []any{map[string]any{"name": "plan", "asset": map[string]any{"id": plan}}},
				"captions":    []any{map[string]any{"locale": "en", "vtt": "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHi\n"}},
			},
			map[string]any{
				"key": "quiz", "kind": "QUIZ", "required": false, "asset": nil, "attachments": []any{}, "captions": []any{},
				"quiz": map[string]any{"passMark": 50.0, "attemptsAllowed": nil, "timeLimitSeconds": nil, "draw": nil, "questions": []any{
					map[string]any{"key": "one", "kind": "SINGLE_CHOICE", "format": "MARKDOWN", "points": 2.0, "hints": []any{"h"}, "explanation": "", "numeric": nil, "text": nil, "choices": []any{
						map[string]any{"key": "a", "text": "A", "correct": true, "feedback": "Yes"},
						map[string]any{"key": "b", "text": "B", "correct": false, "feedback": ""},
					}},
					map[string]any{"key": "two", "kind": "NUMERIC", "format": "MARKDOWN", "points": 1.0, "hints": []any{}, "explanation": "", "text": nil, "choices": []any{}, "numeric": map[string]any{
						"answer": "3", "min": 2.5, "max": 3.5, "excludeMin": false, "excludeMax": true,
					}},
					map[string]any{"key": "three", "kind": "SHORT_TEXT", "format": "HTML", "points": 1.0, "hints": []any{}, "explanation": "", "numeric": nil, "choices": []any{}, "text": map[string]any{
						"accepted": []any{"I"}, "caseSensitive": false,
					}},
				}},
			},
		}}},
		"versions":  []any{map[string]any{"number": 1.0, "note": "First.", "lessonCount": 2.0, "publishedBy": map[string]any{"id": teacher}}},
		"published": map[string]any{"number": 1.0, "contentHash": hash},
	}}
	if diff := cmp.Diff(want, draft); diff != "" {
		t.Error(diff)
	}
	learner := a.must(t, a.acme.AsLearner(t.Context()), `{ course(slug: "knots") { price { amount currency } modules { lessons { key } } } }`, nil)
	if got := dig(t, learner, "course", "price", "currency"); got != "EUR" {
		t.Errorf("a learner sees %v", learner)
	}
	film1["assetId"] = gid.New(ent.GIDUser, uuid.New()).String()
	_, err := a.ask(t, ctx, lesson, map[string]any{"in": film1})
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Violations) != 1 || f.Violations[0].Field != "assetId" {
		t.Errorf("an asset id of another type: %v", err)
	}
}

func TestDraftPageCostsTheSame(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	ctx := a.acme.AsInstructor(t.Context())
	a.courses(t, 2, 5)
	a.bulky(t, "large", 6, 8)
	all := strings.Replace(draftPage, "query ($slug: String!)", "query ($first: Int!)", 1)
	all = strings.Replace(all, "courseDraft(slug: $slug) {", "courseDrafts(first: $first) { nodes {", 1) + "}"
	a.costs(t, ctx, 10, draftPage, map[string]any{"slug": "c1"})
	// The large one was never published, and asks for nothing.
	a.costs(t, ctx, 8, draftPage, map[string]any{"slug": "large"})
	a.costs(t, ctx, 10, all, map[string]any{"first": 2})
	a.costs(t, ctx, 10, all, map[string]any{"first": 3})
}

// bulky makes an unpublished course of so many modules and lessons.
func (a *api) bulky(t *testing.T, slug string, modules, lessons int) {
	t.Helper()
	ctx := a.acme.AsInstructor(t.Context())
	course, err := a.catalog.SaveCourse(ctx, catalog.CourseInput{Slug: slug, Title: slug})
	if err != nil {
		t.Fatal(err)
	}
	for m := range modules {
		key := fmt.Sprint("m", m)
		if _, err := a.catalog.SaveModule(ctx, course.ID, catalog.ModuleInput{Key: key, Title: key}); err != nil {
			t.Fatal(err)
		}
		for l := range lessons {
			if _, err := a.catalog.SaveLesson(ctx, course.ID, catalog.LessonInput{
				Module: key, Key: fmt.Sprint("l", m, "-", l), Title: "L", Kind: outline.Quiz, Quiz: &catalog.QuizInput{},
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/uuid"

	"lyceum/graph"
	"lyceum/graph/loader"
	"lyceum/internal/assessment"
	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/enrollment"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/learning"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pgtest"
)

// noFiles signs nothing.
type noFiles struct{}

func (noFiles) URLs(context.Context, []uuid.UUID) (map[uuid.UUID]string, error) {
	return map[uuid.UUID]string{}, nil
}

// newCampus is an api with the learning contexts, wired as the program wires them.
func newCampus(t *testing.T) *api {
	t.Helper()
	db := pgtest.New(t)
	learned := &learning.Service{DB: db.DB}
	assessed := &assessment.Service{DB: db.DB, Completer: learned, Files: noFiles{}}
	courses := &catalog.Service{DB: db.DB, Questions: assessed, Files: addresses{db.DB}}
	services := &graph.Services{
		Catalog: courses, Enrollment: &enrollment.Service{DB: db.DB}, Learning: learned, Assessment: assessed,
	}
	exec := executor.New(graphql.NewExecutableSchema(graphql.Config{Resolvers: graph.NewResolver(services)}))
	exec.AroundResponses(func(ctx context.Context, next gqlgen.ResponseHandler) *gqlgen.Response {
		return next(loader.With(ctx, loader.Sources{DB: db.DB, Catalog: courses, Assessment: assessed}))
	})
	return &api{
		Executor: exec, db: db, catalog: courses,
		acme: pgtest.NewTenant(t, db, "acme"), globex: pgtest.NewTenant(t, db, "globex"),
	}
}

// same compares what lies at the path with what should, both as JSON.
func same(t *testing.T, data, want any, path ...any) {
	t.Helper()
	got, err := json.Marshal(dig(t, data, path...))
	if err != nil {
		t.Fatal(err)
	}
	expected, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, expected) {
		t.Errorf("%v is %s, want %s", path, got, expected)
	}
}

// offered is a course with a video of ten seconds, an article, and a quiz of one question.
type offered struct {
	course, question            uuid.UUID
	video, article, quiz, extra uuid.UUID
}

func (a *api) offer(t *testing.T, slug string) offered {
	t.Helper()
	ctx := a.acme.System(t.Context())
	o := offered{video: uuid.New(), article: uuid.New(), quiz: uuid.New(), extra: uuid.New()}
	course := a.db.Course.Create().SetSlug(slug).SetTitle(strings.ToUpper(slug)).SetInstructorID(a.acme.Instructor).SaveX(ctx)
	o.course = course.ID
	o.question = a.db.QuestionVersion.Create().
		SetQuestionID(uuid.New()).SetLessonID(o.quiz).SetContentHash(slug).SetKind(quiz.SingleChoice).SetPromptHTML("<p>Which?</p>").
		SetChoices([]quiz.Choice{{Key: "a", HTML: "A"}, {Key: "b", HTML: "B"}}).
		SetAnswerKey(quiz.Key{Correct: []string{"b"}, Feedback: map[string]string{"a": "Not A."}}).
		SetPoints(2).SetExplanationHTML("It is B.").SaveX(ctx).ID
	plan := outline.Outline{Modules: []outline.Module{{ID: uuid.New(), Key: "m", Title: "M", Lessons: []outline.Lesson{
		{ID: o.video, Key: "v", Title: "Video", Kind: outline.Video, Required: true, DurationMS: 10_000},
		{ID: o.article, Key: "a", Title: "Article", Kind: outline.Article, Required: true},
		{ID: o.extra, Key: "x", Title: "Extra", Kind: outline.Link},
		{ID: o.quiz, Key: "q", Title: "Quiz", Kind: outline.Quiz, Required: true, Quiz: &outline.QuizSettings{
			PassMark: 50, AttemptsAllowed: 2, Questions: []uuid.UUID{o.question},
		}},
	}}}}
	version := a.db.CourseVersion.Create().
		SetCourseID(course.ID).SetNumber(1).SetSlug(slug).SetTitle(course.Title).SetInstructorID(a.acme.Instructor).
		SetCategories([]string{}).SetTags([]string{}).
		SetContentHash(slug).SetOutline(plan).SetLessonCount(4).SetRequiredCount(3).SetDurationMs(10_000).
		SetPublishedBy(a.acme.Instructor).SaveX(ctx)
	for _, lesson := range plan.Lessons() {
		a.db.LessonVersion.Create().SetVersionID(version.ID).SetCourseID(course.ID).SetLessonID(lesson.ID).
			SetTitle(lesson.Title).SetKind(lesson.Kind).SetPreview(false).ExecX(ctx)
	}
	a.db.Publication.Create().SetCourseID(course.ID).SetVersionID(version.ID).SetNumber(1).SetSlug(slug).
		SetTitle(course.Title).SetInstructorID(a.acme.Instructor).ExecX(ctx)
	return o
}

func id(typ string, u uuid.UUID) string { return gid.New(typ, u).String() }

const place = `fragment place on Enrollment {
	id state source learner { name } course { slug } nextLesson { title } certificate { id }
	progress {
		state completedLessons completedRequired requiredLessons percent lastActivityAt
		lessons { lessonId state watchedMs positionMs }
	}
}`

// TestLearningACourse is one learner's way through a course.
func TestLearningACourse(t *testing.T) {
	t.Parallel()
	c := newCampus(t)
	o := c.offer(t, "go")
	learner := c.acme.AsLearner(t.Context())

	data := c.must(t, learner, `mutation($id: ID!) { enroll(input: {courseId: $id}) { enrollment { ...place } } }`+place,
		map[string]any{"id": id(ent.GIDCourse, o.course)})
	enrolled, _ := dig(t, data, "enroll", "enrollment").(map[string]any)
	same(t, enrolled, "ACTIVE", "state")
	same(t, enrolled, "go", "course", "slug")
	same(t, enrolled, "Learner", "learner", "name")
	same(t, enrolled, "Video", "nextLesson", "title")
	same(t, enrolled, nil, "certificate")
	same(t, enrolled, map[string]any{
		"state": "NOT_STARTED", "completedLessons": 0, "completedRequired": 0, "requiredLessons": 3, "percent": 0,
		"lastActivityAt": nil, "lessons": []any{},
	}, "progress")
	e := map[string]any{"e": enrolled["id"]}
	with := func(name string, typ string, u uuid.UUID) map[string]any {
		return map[string]any{"e": enrolled["id"], name: id(typ, u)}
	}

	data = c.must(t, learner, `mutation($e: ID!, $l: ID!) { recordProgress(input: {enrollmentId: $e, lessons: [
		{lessonId: $l, positionMs: 8500, segments: [{fromMs: 0, toMs: 5000}, {fromMs: 4000, toMs: 8500}]}
	]}) { completedLessonIds progress { state percent lessons { watchedMs positionMs state } } } }`, with("l", ent.GIDLesson, o.video))
	same(t, data, []string{id(ent.GIDLesson, o.video)}, "recordProgress", "completedLessonIds")
	same(t, data, map[string]any{
		"state": "IN_PROGRESS", "percent": 33, "lessons": []any{map[string]any{"watchedMs": 8500, "positionMs": 8500, "state": "COMPLETED"}},
	}, "recordProgress", "progress")

	complete := `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds progress { percent } } }`
	data = c.must(t, learner, complete, with("l", ent.GIDLesson, o.article))
	same(t, data, 66, "completeLesson", "progress", "percent")
	if _, err := c.ask(t, learner, complete, with("l", ent.GIDLesson, o.quiz)); err == nil || !strings.Contains(err.Error(), "passing") {
		t.Errorf("a quiz on the learner's word: %v", err)
	}

	start := `mutation($e: ID!, $l: ID!) { startAttempt(input: {enrollmentId: $e, lessonId: $l}) { attempt {
		id number state score passed maxScore passMark questions { id kind prompt choices { key html } points response { choices } result { correct } }
	} } }`
	data = c.must(t, learner, start, with("l", ent.GIDLesson, o.quiz))
	attempt, _ := dig(t, data, "startAttempt", "attempt").(map[string]any)
	same(t, attempt, []any{map[string]any{
		"id": id(ent.GIDQuestionVersion, o.question), "kind": "SINGLE_CHOICE", "prompt": "<p>Which?</p>", "points": 2,
		"choices":  []any{map[string]any{"key": "a", "html": "A"}, map[string]any{"key": "b", "html": "B"}},
		"response": nil, "result": nil,
	}}, "questions")
	same(t, attempt, nil, "score")
	same(t, attempt, nil, "passed")
	answer := map[string]any{"a": attempt["id"], "q": id(ent.GIDQuestionVersion, o.question)}
	data = c.must(t, learner, `mutation($a: ID!, $q: ID!) {
		saveAnswer(input: {attemptId: $a, questionId: $q, response: {choices: ["b"]}}) { attempt { questions { response { choices number text } } } }
	}`, answer)
	same(t, data, map[string]any{"choices": []string{"b"}, "number": "", "text": ""},
		"saveAnswer", "attempt", "questions", 0, "response")
	data = c.must(t, learner, `mutation($a: ID!) { submitAttempt(attemptId: $a) { attempt {
		state score passed questions { result { correct score feedback explanation } }
	} } }`, map[string]any{"a": attempt["id"]})
	same(t, data, map[string]any{"state": "SUBMITTED", "score": 2, "passed": true, "questions": []any{map[string]any{
		"result": map[string]any{"correct": true, "score": 2, "feedback": []any{}, "explanation": "It is B."},
	}}}, "submitAttempt", "attempt")

	data = c.must(t, learner, `query($e: ID!) { node(id: $e) { ...place } }`+place, e)
	same(t, data, nil, "node", "nextLesson")
	same(t, data, "COMPLETED", "node", "progress", "state")
	same(t, data, 100, "node", "progress", "percent")
	same(t, data, 3, "node", "progress", "completedLessons")

	data = c.must(t, learner, `query($c: ID!, $l: ID!) { lesson(courseId: $c, id: $l) { content { ... on QuizContent { attempts { number passed } } } } }`,
		map[string]any{"c": id(ent.GIDCourse, o.course), "l": id(ent.GIDLesson, o.quiz)})
	same(t, data, []any{map[string]any{"number": 1, "passed": true}}, "lesson", "content", "attempts")
	data = c.must(t, c.acme.AsInstructor(t.Context()), `query($a: ID!) { attempt(id: $a) { score } }`, map[string]any{"a": attempt["id"]})
	same(t, data, 2, "attempt", "score")
	kinds := map[string]int{}
	for _, event := range c.db.Events() {
		kinds[event.Kind()]++
	}
	same(t, kinds, map[string]int{
		"enrollment.activated": 1, "learning.lesson_completed": 3, "learning.module_completed": 1,
		"learning.course_completed": 1, "assessment.attempt_graded": 1,
	})
}

// TestStrangersSeeNothing asks for another's place and attempt, and gives ids of the wrong type.
func TestStrangersSeeNothing(t *testing.T) {
	t.Parallel()
	c := newCampus(t)
	o := c.offer(t, "go")
	learner := c.acme.AsLearner(t.Context())
	enroll := `mutation($id: ID!) { enroll(input: {courseId: $id}) { enrollment { id } } }`
	data := c.must(t, learner, enroll, map[string]any{"id": id(ent.GIDCourse, o.course)})
	mine := map[string]any{"e": dig(t, data, "enroll", "enrollment", "id"), "l": id(ent.GIDLesson, o.quiz)}
	data = c.must(t, learner, `mutation($e: ID!, $l: ID!) { startAttempt(input: {enrollmentId: $e, lessonId: $l}) { attempt { id } } }`, mine)
	attempt := map[string]any{"id": dig(t, data, "startAttempt", "attempt", "id")}

	for name, ctx := range map[string]context.Context{
		"a visitor": c.acme.Anonymous(t.Context()), "another tenant's admin": c.globex.AsAdmin(t.Context()), "another tenant's learner": c.globex.AsLearner(t.Context()),
	} {
		same(t, c.must(t, ctx, `query($id: ID!) { node(id: $id) { id } }`, attempt), nil, "node")
		same(t, c.must(t, ctx, `query($id: ID!) { node(id: $id) { id } }`, map[string]any{"id": mine["e"]}), nil, "node")
		if name != "a visitor" {
			same(t, c.must(t, ctx, `query($id: ID!) { attempt(id: $id) { id } }`, attempt), nil, "attempt")
		}
	}
	for document, variables := range map[string]map[string]any{
		enroll: {"id": mine["e"]},
		`mutation($id: ID!) { withdraw(enrollmentId: $id) { enrollment { id } } }`:                                                                            {"id": id(ent.GIDCourse, o.course)},
		`mutation($id: ID!) { submitAttempt(attemptId: $id) { attempt { id } } }`:                                                                             {"id": mine["e"]},
		`mutation($id: ID!) { assignCourse(input: {courseId: $id, learnerId: $id}) { enrollment { id } } }`:                                                   {"id": id(ent.GIDCourse, o.course)},
		`mutation($id: ID!) { completeLesson(input: {enrollmentId: $id, lessonId: $id}) { progress { percent } } }`:                                           {"id": mine["e"]},
		`mutation($id: ID!) { saveAnswer(input: {attemptId: $id, questionId: $id, response: {}}) { attempt { id } } }`:                                        attempt,
		`mutation($id: ID!) { startAttempt(input: {enrollmentId: $id, lessonId: $id}) { attempt { id } } }`:                                                   {"id": mine["e"]},
		`query($id: ID!) { enrollments(courseId: $id) { nodes { id } } }`:                                                                                     {"id": mine["e"]},
		`mutation($id: ID!) { recordProgress(input: {enrollmentId: $id, lessons: [{lessonId: $id, segments: [], positionMs: 0}]}) { progress { percent } } }`: {"id": mine["e"]},
	} {
		if _, err := c.ask(t, c.acme.AsAdmin(t.Context()), document, variables); err == nil || !strings.Contains(err.Error(), "There is nothing with this id.") {
			t.Errorf("%s: %v", document, err)
		}
	}
}

// TestStatementsOfPages counts SQL statements: as many for one enrollment as for ten.
func TestStatementsOfPages(t *testing.T) {
	t.Parallel()
	c := newCampus(t)
	learner := c.acme.AsLearner(t.Context())
	for i := range 10 {
		o := c.offer(t, fmt.Sprintf("c%d", i))
		data := c.must(t, learner, `mutation($id: ID!) { enroll(input: {courseId: $id}) { enrollment { id } } }`,
			map[string]any{"id": id(ent.GIDCourse, o.course)})
		v := map[string]any{"e": dig(t, data, "enroll", "enrollment", "id"), "a": id(ent.GIDLesson, o.article), "q": id(ent.GIDLesson, o.quiz)}
		c.must(t, learner, `mutation($e: ID!, $a: ID!, $q: ID!) {
			completeLesson(input: {enrollmentId: $e, lessonId: $a}) { progress { percent } }
			startAttempt(input: {enrollmentId: $e, lessonId: $q}) { attempt { id } }
		}`, v)
	}
	document := `query($first: Int) { myEnrollments(first: $first) { nodes {
		...place
		course { modules { lessons { progress { state } content { ... on QuizContent { attempts { questions { prompt } } } } } } }
	} } }` + place
	for _, first := range []int{1, 10} {
		data := c.must(t, learner, document, map[string]any{"first": first})
		if nodes, _ := dig(t, data, "myEnrollments", "nodes").([]any); len(nodes) != first {
			t.Fatalf("%d nodes, want %d", len(nodes), first)
		}
	}
	// A busy machine splits what loaders gather: what counts is the least of many runs.
	many := c.best(t, learner, document, map[string]any{"first": 10}, 0, 25)
	few := c.best(t, learner, document, map[string]any{"first": 1}, many, 25)
	if few != many {
		t.Errorf("a page of 1 takes %d statements, one of 10 takes %d", few, many)
	}
}

// TestPagesOfEnrollments walks through a course's enrollments.
func TestPagesOfEnrollments(t *testing.T) {
	t.Parallel()
	c := newCampus(t)
	o := c.offer(t, "go")
	staff := c.acme.AsInstructor(t.Context())
	due := time.Now().Add(time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339)
	for _, learner := range []uuid.UUID{c.acme.Learner, c.acme.Admin, c.acme.Instructor} {
		data := c.must(t, staff, `mutation($c: ID!, $u: ID!, $due: Time) {
			assignCourse(input: {courseId: $c, learnerId: $u, dueAt: $due}) { enrollment { source dueAt } }
		}`, map[string]any{"c": id(ent.GIDCourse, o.course), "u": id(ent.GIDUser, learner), "due": due})
		same(t, data, map[string]any{"source": "STAFF", "dueAt": due}, "assignCourse", "enrollment")
	}
	document := `query($c: ID!, $after: Cursor) { enrollments(courseId: $c, first: 2, after: $after) {
		nodes { id learner { name } } pageInfo { hasNextPage endCursor }
	} }`
	variables := map[string]any{"c": id(ent.GIDCourse, o.course)}
	first := c.must(t, staff, document, variables)
	same(t, first, true, "enrollments", "pageInfo", "hasNextPage")
	variables["after"] = dig(t, first, "enrollments", "pageInfo", "endCursor")
	second := c.must(t, staff, document, variables)
	same(t, second, false, "enrollments", "pageInfo", "hasNextPage")
	same(t, first, "Instructor", "enrollments", "nodes", 0, "learner", "name")
	same(t, second, "Learner", "enrollments", "nodes", 0, "learner", "name")

	withdrawn := map[string]any{"e": dig(t, second, "enrollments", "nodes", 0, "id")}
	data := c.must(t, c.acme.AsLearner(t.Context()), `mutation($e: ID!) { withdraw(enrollmentId: $e) { enrollment { state } } }`, withdrawn)
	same(t, data, "WITHDRAWN", "withdraw", "enrollment", "state")
	data = c.must(t, staff, `query($c: ID!) { enrollments(courseId: $c, state: WITHDRAWN) { nodes { state } } }`, map[string]any{"c": id(ent.GIDCourse, o.course)})
	same(t, data, []any{map[string]any{"state": "WITHDRAWN"}}, "enrollments", "nodes")
}

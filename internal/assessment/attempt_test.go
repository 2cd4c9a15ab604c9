package assessment_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/assessment"
	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/attempt"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// passed counts the lessons that assessment said were passed.
type passed struct {
	mu      sync.Mutex
	lessons []uuid.UUID
	err     error
}

func (p *passed) QuizGraded(_ context.Context, _ *pg.Tx, _, lesson, _ uuid.UUID, passed bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !passed {
		return p.err
	}
	p.lessons = append(p.lessons, lesson)
	return p.err
}

// signed makes addresses that show what was asked for.
type signed struct{}

func (signed) URLs(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	urls := map[uuid.UUID]string{}
	for _, id := range ids {
		urls[id] = "https://files.example/" + id.String()
	}
	return urls, nil
}

// exam is a learner's place in a course with one quiz, and the service.
type exam struct {
	*assessment.Service

	db      *pgtest.Database
	tenant  pgtest.Tenant
	learner context.Context
	passed  *passed
	place   *ent.Enrollment
	lesson  uuid.UUID
	article uuid.UUID
	// questions are one of each kind: "a" of a, b; "a" and "c" of a, b, c; 9 to 10; "Paris". 10 points in all.
	questions []uuid.UUID
	file      uuid.UUID
}

func newExam(t *testing.T, settings outline.QuizSettings) *exam {
	t.Helper()
	db := pgtest.New(t)
	e := &exam{db: db, tenant: pgtest.NewTenant(t, db, "acme"), passed: &passed{}, lesson: uuid.New(), article: uuid.New()}
	e.Service = &assessment.Service{DB: db.DB, Completer: e.passed, Files: signed{}}
	e.learner = e.tenant.AsLearner(t.Context())
	e.ask(t)
	if settings.Questions == nil {
		settings.Questions = e.questions
	}
	e.publish(t, &settings)
	return e
}

// ask makes the question versions.
func (e *exam) ask(t *testing.T) {
	t.Helper()
	question := func(kind quiz.Kind, points int, key quiz.Key, choices ...quiz.Choice) {
		row := e.db.QuestionVersion.Create().
			SetQuestionID(uuid.New()).SetLessonID(e.lesson).SetContentHash(uuid.NewString()).SetKind(kind).SetPoints(points).
			SetPromptHTML(`<p>` + string(kind) + ` <a href="asset:plan.pdf">plan</a></p>`).SetChoices(choices).SetAnswerKey(key).
			SetExplanationHTML("<p>canary-explanation</p>").SetHints([]string{"Think."}).
			SaveX(e.tenant.System(t.Context()))
		e.questions = append(e.questions, row.ID)
	}
	choice := func(key string) quiz.Choice { return quiz.Choice{Key: key, HTML: "<p>" + key + "</p>"} }
	question(quiz.SingleChoice, 1, quiz.Key{
		Correct: []string{"a"}, Feedback: map[string]string{"a": "<p>canary-right</p>", "b": "<p>canary-wrong</p>"},
	}, choice("a"), choice("b"))
	question(quiz.MultipleChoice, 2, quiz.Key{Correct: []string{"a", "c"}}, choice("a"), choice("b"), choice("c"))
	question(quiz.Numeric, 3, quiz.Key{Numeric: &quiz.NumericKey{Answer: "canary-number", Min: 9, Max: 10}})
	question(quiz.ShortText, 4, quiz.Key{Text: &quiz.TextKey{Accepted: []string{"Paris"}}})
}

// publish makes the course and the learner's place in it.
func (e *exam) publish(t *testing.T, settings *outline.QuizSettings) {
	t.Helper()
	ctx := e.tenant.System(t.Context())
	course := e.db.Course.Create().SetSlug("quiz").SetTitle("Quiz").SetInstructorID(e.tenant.Instructor).SaveX(ctx)
	e.file = e.db.Asset.Create().SetOwnerID(e.tenant.Instructor).SetKind("DOCUMENT").SetFileName("plan.pdf").
		SetContentType("application/pdf").SetSize(1).SetSha256("").SetBlobKey("x").SaveX(ctx).ID
	lessons := []outline.Lesson{
		{ID: e.lesson, Kind: outline.Quiz, Required: true, Quiz: settings},
		{ID: e.article, Kind: outline.Article},
	}
	version := e.db.CourseVersion.Create().
		SetCourseID(course.ID).SetNumber(1).SetSlug("quiz").SetTitle("Quiz").SetInstructorID(e.tenant.Instructor).
		SetContentHash("").SetOutline(outline.Outline{Modules: []outline.Module{{ID: uuid.New(), Lessons: lessons}}}).
		SetLessonCount(2).SetRequiredCount(1).SetDurationMs(0).SetPublishedBy(e.tenant.Instructor).SaveX(ctx)
	e.db.LessonVersion.Create().SetVersionID(version.ID).SetCourseID(course.ID).SetLessonID(e.lesson).SetTitle("Quiz").
		SetKind(outline.Quiz).SetPreview(false).SetAssets(map[string]uuid.UUID{"plan.pdf": e.file}).ExecX(ctx)
	e.place = e.db.Enrollment.Create().SetCourseID(course.ID).SetVersionID(version.ID).SetLearnerID(e.tenant.Learner).
		SetEnrolledBy(e.tenant.Learner).SetSource(enrollment.SourceSELF).SaveX(ctx)
}

// start starts an attempt that is not what the test is about.
func (e *exam) start() *ent.Attempt { return must(e.StartAttempt(e.learner, e.place.ID, e.lesson)) }

func must(a *ent.Attempt, err error) *ent.Attempt {
	if err != nil {
		panic(err)
	}
	return a
}

// answer saves the answers, by the place of the question.
func (e *exam) answer(a *ent.Attempt, answers map[int]quiz.Response) {
	for question, response := range answers {
		must(e.SaveAnswer(e.learner, a.ID, e.questions[question], response))
	}
}

// right are the right answers, and right without one of them is enough for 60 %.
func right() map[int]quiz.Response {
	return map[int]quiz.Response{
		0: {Choices: []string{"a"}}, 1: {Choices: []string{"c", "a"}}, 2: {Number: "9,5"}, 3: {Text: " paris "},
	}
}

// age moves the attempt's deadline to so long ago.
func (e *exam) age(t *testing.T, a *ent.Attempt, ago time.Duration) {
	t.Helper()
	e.db.Attempt.UpdateOne(a).SetDeadlineAt(time.Now().Add(-ago)).ExecX(e.tenant.System(t.Context()))
}

// graded returns what was announced.
func (e *exam) graded() []assessment.AttemptGraded {
	var all []assessment.AttemptGraded
	for _, event := range e.db.Events() {
		if g, ok := event.(assessment.AttemptGraded); ok {
			all = append(all, g)
		}
	}
	return all
}

func TestAttempt(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60, TimeLimitSeconds: 600})

	a := e.start()
	if a.Number != 1 || a.MaxScore != 10 || a.PassMark != 60 || a.VersionID != e.place.VersionID || len(a.Picks) != 4 ||
		a.DeadlineAt.Sub(a.StartedAt) != 10*time.Minute || assessment.Graded(a) {
		t.Errorf("the attempt: %+v", a)
	}
	if again := e.start(); again.ID != a.ID {
		t.Error("a second start made a second attempt")
	}
	answers := right()
	answers[0] = quiz.Response{Choices: []string{"b"}}
	e.answer(a, map[int]quiz.Response{3: {Text: "London"}})
	e.answer(a, answers)

	done := must(e.SubmitAttempt(e.learner, a.ID))
	if done.State != attempt.StateSUBMITTED || done.Score != 9 || !done.Passed || done.SubmittedAt == nil {
		t.Errorf("graded: %+v", done)
	}
	if again := must(e.SubmitAttempt(e.learner, a.ID)); again.Score != 9 || !again.SubmittedAt.Equal(*done.SubmittedAt) {
		t.Errorf("submitted twice: %+v", again)
	}
	graded := e.graded()
	if len(graded) != 1 || graded[0].Attempt != a.ID || graded[0].Enrollment != e.place.ID || graded[0].Learner != e.tenant.Learner ||
		graded[0].Lesson != e.lesson || graded[0].Tenant != e.tenant.ID || !graded[0].Passed {
		t.Errorf("announced: %+v", graded)
	}
	if got := e.passed.lessons; len(got) != 1 || got[0] != e.lesson {
		t.Errorf("passed: %v", got)
	}
	if next := e.start(); next.ID == a.ID || next.Number != 2 {
		t.Errorf("the next attempt: %+v", next)
	}
}

func TestFailedAttempt(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 61})
	a := e.start()
	if a.DeadlineAt != nil {
		t.Errorf("a deadline without a limit: %s", a.DeadlineAt)
	}
	answers := right()
	delete(answers, 3)
	e.answer(a, answers)
	// An answer that is taken back counts no more.
	e.answer(a, map[int]quiz.Response{0: {}})
	done := must(e.SubmitAttempt(e.learner, a.ID))
	if done.Score != 5 || done.Passed || len(e.passed.lessons) != 0 || e.graded()[0].Passed {
		t.Errorf("graded: %+v", done)
	}
}

// TestLearnersSeeNoKey looks at what an attempt shows before and after it is graded.
func TestLearnersSeeNoKey(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60})
	a := e.start()
	e.answer(a, map[int]quiz.Response{0: {Choices: []string{"b"}}, 2: {Number: "9.5"}})
	url := "https://files.example/" + e.file.String()

	for name, ctx := range map[string]context.Context{"learner": e.learner, "instructor": e.tenant.AsInstructor(t.Context())} {
		asked, err := e.Questions(ctx, []*ent.Attempt{must(e.Attempt(ctx, a.ID))})
		if err != nil {
			t.Fatal(err)
		}
		questions := asked[a.ID]
		want := &assessment.Question{
			ID: e.questions[0], Kind: quiz.SingleChoice, Prompt: `<p>SINGLE_CHOICE <a href="` + url + `">plan</a></p>`,
			Choices: []quiz.Choice{{Key: "a", HTML: "<p>a</p>"}, {Key: "b", HTML: "<p>b</p>"}}, Points: 1, Hints: []string{"Think."},
			Response: &quiz.Response{Choices: []string{"b"}},
		}
		if diff := cmp.Diff(want, questions[0]); diff != "" {
			t.Errorf("the %s sees (-want +got):\n%s", name, diff)
		}
		if questions[1].Response != nil || len(questions[2].Choices) != 0 || questions[2].Response.Number != "9.5" {
			t.Errorf("the %s sees %+v, %+v", name, questions[1], questions[2])
		}
		if shown := fmt.Sprintf("%+v", questions); strings.Contains(shown, "canary") {
			t.Errorf("the %s sees the key: %s", name, shown)
		}
	}

	done := must(e.SubmitAttempt(e.learner, a.ID))
	asked, err := e.Questions(e.learner, []*ent.Attempt{done})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []*assessment.Result{
		{Feedback: []string{"<p>canary-wrong</p>"}, Explanation: "<p>canary-explanation</p>"},
		{Feedback: []string{}, Explanation: "<p>canary-explanation</p>"},
		{Correct: true, Score: 3, Feedback: []string{}, Explanation: "<p>canary-explanation</p>"},
		{Feedback: []string{}, Explanation: "<p>canary-explanation</p>"},
	} {
		if diff := cmp.Diff(want, asked[a.ID][i].Result); diff != "" {
			t.Errorf("result of question %d (-want +got):\n%s", i, diff)
		}
	}
	if shown := fmt.Sprintf("%+v", asked[a.ID][2]); strings.Contains(shown, "canary-number") {
		t.Errorf("the key is shown after grading: %s", shown)
	}
}

func TestStartIsRefused(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60, AttemptsAllowed: 1})
	empty := newExam(t, outline.QuizSettings{PassMark: 60, Questions: []uuid.UUID{}})
	globex := pgtest.NewTenant(t, e.db, "globex")
	gone := newExam(t, outline.QuizSettings{PassMark: 60})
	gone.db.Enrollment.UpdateOne(gone.place).SetState(enrollment.StateWITHDRAWN).ExecX(gone.tenant.System(t.Context()))

	for name, tt := range map[string]struct {
		ctx           context.Context
		place, lesson uuid.UUID
		code          fault.Code
	}{
		"nobody":           {t.Context(), e.place.ID, e.lesson, fault.Unauthenticated},
		"a visitor":        {e.tenant.Anonymous(t.Context()), e.place.ID, e.lesson, fault.Unauthenticated},
		"support":          {e.tenant.AsSupport(t.Context()), e.place.ID, e.lesson, fault.Forbidden},
		"an instructor":    {e.tenant.AsInstructor(t.Context()), e.place.ID, e.lesson, fault.NotFound},
		"another tenant's": {globex.AsLearner(t.Context()), e.place.ID, e.lesson, fault.NotFound},
		"no such place":    {e.learner, uuid.New(), e.lesson, fault.NotFound},
		"no such lesson":   {e.learner, e.place.ID, uuid.New(), fault.NotFound},
		"an article":       {e.learner, e.place.ID, e.article, fault.BadInput},
	} {
		if _, err := e.StartAttempt(tt.ctx, tt.place, tt.lesson); fault.CodeOf(err) != tt.code {
			t.Errorf("started by %s: %v, want %s", name, err, tt.code)
		}
	}
	if _, err := empty.StartAttempt(empty.learner, empty.place.ID, empty.lesson); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a quiz without questions: %v", err)
	}
	if _, err := gone.StartAttempt(gone.learner, gone.place.ID, gone.lesson); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("in a place that was given up: %v", err)
	}
	if n := e.db.Attempt.Query().CountX(e.tenant.System(t.Context())); n != 0 {
		t.Errorf("%d attempts after refusals", n)
	}
	e.db.Enrollment.UpdateOne(e.place).SetState(enrollment.StateCOMPLETED).ExecX(e.tenant.System(t.Context()))
	must(e.SubmitAttempt(e.learner, e.start().ID))
	_, err := e.StartAttempt(e.learner, e.place.ID, e.lesson)
	if fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second attempt of one: %v", err)
	}
}

func TestAnswerIsRefused(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60, TimeLimitSeconds: 60})
	globex := pgtest.NewTenant(t, e.db, "globex")
	a := e.start()
	other := e.tenant.As(t.Context(), pgtest.NewUser(t, e.db, e.tenant, "olga", viewer.Learner), viewer.Learner)
	good := quiz.Response{Choices: []string{"a"}}

	for name, tt := range map[string]struct {
		ctx      context.Context
		attempt  uuid.UUID
		question uuid.UUID
		response quiz.Response
		code     fault.Code
	}{
		"a visitor":           {e.tenant.Anonymous(t.Context()), a.ID, e.questions[0], good, fault.Unauthenticated},
		"support":             {e.tenant.AsSupport(t.Context()), a.ID, e.questions[0], good, fault.Forbidden},
		"an instructor":       {e.tenant.AsInstructor(t.Context()), a.ID, e.questions[0], good, fault.NotFound},
		"another learner":     {other, a.ID, e.questions[0], good, fault.NotFound},
		"another tenant's":    {globex.AsLearner(t.Context()), a.ID, e.questions[0], good, fault.NotFound},
		"no such attempt":     {e.learner, uuid.New(), e.questions[0], good, fault.NotFound},
		"no such question":    {e.learner, a.ID, uuid.New(), good, fault.NotFound},
		"no such choice":      {e.learner, a.ID, e.questions[0], quiz.Response{Choices: []string{"z"}}, fault.BadInput},
		"a text for a choice": {e.learner, a.ID, e.questions[0], quiz.Response{Text: "a"}, fault.BadInput},
		"no number":           {e.learner, a.ID, e.questions[2], quiz.Response{Number: "nine"}, fault.BadInput},
	} {
		if _, err := e.SaveAnswer(tt.ctx, tt.attempt, tt.question, tt.response); fault.CodeOf(err) != tt.code {
			t.Errorf("answered by %s: %v, want %s", name, err, tt.code)
		}
	}
	for name, ctx := range map[string]context.Context{"an instructor": e.tenant.AsInstructor(t.Context()), "another learner": other} {
		if _, err := e.SubmitAttempt(ctx, a.ID); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("submitted by %s: %v", name, err)
		}
	}
	if _, err := e.Attempt(other, a.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("read by another learner: %v", err)
	}
	if _, err := e.Attempt(globex.AsAdmin(t.Context()), a.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("read by another tenant's admin: %v", err)
	}
	if _, err := e.Attempt(e.tenant.AsSupport(t.Context()), a.ID); err != nil {
		t.Errorf("read by support: %v", err)
	}

	e.age(t, a, 3*time.Second)
	if _, err := e.SaveAnswer(e.learner, a.ID, e.questions[0], good); err != nil {
		t.Errorf("within the grace: %v", err)
	}
	e.age(t, a, 6*time.Second)
	if _, err := e.SaveAnswer(e.learner, a.ID, e.questions[0], good); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("after the grace: %v", err)
	}
	must(e.SubmitAttempt(e.learner, a.ID))
	if _, err := e.SaveAnswer(e.learner, a.ID, e.questions[0], good); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("after the end: %v", err)
	}
	if n := e.db.Answer.Query().CountX(e.tenant.System(t.Context())); n != 1 {
		t.Errorf("%d answers, want the one within the grace", n)
	}
}

func TestLateSubmission(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60, TimeLimitSeconds: 60})
	a := e.start()
	e.answer(a, right())
	e.age(t, a, time.Hour)
	done := must(e.SubmitAttempt(e.learner, a.ID))
	if done.State != attempt.StateEXPIRED || done.Score != 10 || !done.Passed || !done.SubmittedAt.Equal(*done.DeadlineAt) {
		t.Errorf("an hour late: %+v", done)
	}
}

func TestStartAfterTheDeadline(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60, TimeLimitSeconds: 60, AttemptsAllowed: 2})
	a := e.start()
	e.answer(a, right())
	e.age(t, a, time.Minute)
	if next := e.start(); next.Number != 2 {
		t.Errorf("the next attempt: %+v", next)
	}
	if old := must(e.Attempt(e.learner, a.ID)); old.State != attempt.StateEXPIRED || !old.Passed {
		t.Errorf("the one before: %+v", old)
	}
}

func TestExpireOverdue(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60, TimeLimitSeconds: 60})
	globex := pgtest.NewTenant(t, e.db, "globex")
	system := e.tenant.System(t.Context())
	a := e.start()
	e.answer(a, right())

	if n, err := e.ExpireOverdue(system); n != 0 || err != nil {
		t.Errorf("before the deadline: %d, %v", n, err)
	}
	e.age(t, a, time.Minute)
	if n, err := e.ExpireOverdue(globex.System(t.Context())); n != 0 || err != nil {
		t.Errorf("by another tenant's job: %d, %v", n, err)
	}
	if _, err := e.ExpireOverdue(e.tenant.AsAdmin(t.Context())); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("by an admin: %v", err)
	}
	e.passed.err = errors.New("out of order")
	if n, err := e.ExpireOverdue(system); n != 0 || err == nil {
		t.Errorf("when the lesson cannot be completed: %d, %v", n, err)
	}
	if open := must(e.Attempt(e.learner, a.ID)); assessment.Graded(open) {
		t.Error("the grade was kept without the lesson")
	}
	e.passed.err = nil
	if n, err := e.ExpireOverdue(system); n != 1 || err != nil {
		t.Errorf("overdue: %d, %v", n, err)
	}
	if n, err := e.ExpireOverdue(system); n != 0 || err != nil {
		t.Errorf("a second time: %d, %v", n, err)
	}
	if done := must(e.Attempt(e.learner, a.ID)); done.State != attempt.StateEXPIRED || done.Score != 10 {
		t.Errorf("expired: %+v", done)
	}
}

// TestExpireOverdueBehindOneWall has nobody but the policies and the statements themselves keep tenants apart.
func TestExpireOverdueBehindOneWall(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60, TimeLimitSeconds: 60})
	globex := pgtest.NewTenant(t, e.db, "globex")
	a := e.start()
	e.age(t, a, time.Minute)
	unguarded := &assessment.Service{DB: pg.Open(pgtest.Pool(t, e.db.SuperuserURL), pg.Hooks{}), Completer: e.passed}
	if n, err := unguarded.ExpireOverdue(globex.System(t.Context())); n != 0 || err != nil {
		t.Errorf("by another tenant's job, without row-level security: %d, %v", n, err)
	}
	if open := must(e.Attempt(e.learner, a.ID)); assessment.Graded(open) {
		t.Error("another tenant's job graded the attempt")
	}
}

// TestWithdrawnLearnersFinishNothing: who was withdrawn with an attempt open neither answers nor submits, so that no
// certificate follows; who comes back goes on.
func TestWithdrawnLearnersFinishNothing(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60, AttemptsAllowed: 2})
	ended := e.start()
	must(e.SubmitAttempt(e.learner, ended.ID))
	a := e.start()
	e.answer(a, right())
	system := e.tenant.System(t.Context())
	e.db.Enrollment.UpdateOne(e.place).SetState(enrollment.StateWITHDRAWN).ExecX(system)

	_, err := e.SaveAnswer(e.learner, a.ID, e.questions[0], quiz.Response{Choices: []string{"b"}})
	if fault.CodeOf(err) != fault.Conflict {
		t.Errorf("an answer after the withdrawal: %v, want Conflict", err)
	}
	if _, err := e.SubmitAttempt(e.learner, a.ID); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("submitted after the withdrawal: %v, want Conflict", err)
	}
	if _, err := e.SubmitAttempt(e.tenant.AsInstructor(t.Context()), a.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("submitted by somebody else: %v, want NotFound", err)
	}
	if again := must(e.SubmitAttempt(e.learner, ended.ID)); again.State != attempt.StateSUBMITTED {
		t.Errorf("what had ended before: %+v", again)
	}
	if n := len(e.passed.lessons); n != 0 {
		t.Errorf("%d lessons were completed", n)
	}
	e.db.Enrollment.UpdateOne(e.place).SetState(enrollment.StateACTIVE).ExecX(system)
	if done := must(e.SubmitAttempt(e.learner, a.ID)); !done.Passed || done.Score != 10 {
		t.Errorf("submitted after coming back: %+v", done)
	}
}

// race runs fn n times at once.
func race(n int, fn func(i int)) {
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	group.Wait()
}

// TestStartRace starts sixteen times at once, three times over with two attempts allowed.
func TestStartRace(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60, AttemptsAllowed: 2, Draw: 2, Shuffle: true})
	for round := range 3 {
		got := make([]*ent.Attempt, 16)
		errs := make([]error, len(got))
		race(len(got), func(i int) { got[i], errs[i] = e.StartAttempt(e.learner, e.place.ID, e.lesson) })
		for i, err := range errs {
			if round == 2 {
				if fault.CodeOf(err) != fault.Conflict {
					t.Errorf("a third attempt: %v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if got[i].ID != got[0].ID || got[i].Number != round+1 || len(got[i].Picks) != 2 {
				t.Errorf("round %d: attempts %d and %d", round, got[0].Number, got[i].Number)
			}
		}
		if round < 2 {
			must(e.SubmitAttempt(e.learner, got[0].ID))
		}
	}
	if n := e.db.Attempt.Query().CountX(e.tenant.System(t.Context())); n != 2 {
		t.Errorf("%d attempts, want 2", n)
	}
}

// TestSubmitRace ends an attempt sixteen times at once, half of them by the job, while answers arrive. There
// is one grade, and it is the grade of the answers that were kept.
func TestSubmitRace(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60, TimeLimitSeconds: 60})
	system := e.tenant.System(t.Context())
	for round := range 10 {
		a := e.start()
		if round%2 == 1 {
			e.age(t, a, 4900*time.Millisecond)
		}
		errs := make([]error, 24)
		race(len(errs), func(i int) {
			switch i % 3 {
			case 0:
				_, errs[i] = e.SubmitAttempt(e.learner, a.ID)
			case 1:
				_, errs[i] = e.ExpireOverdue(system)
			default:
				if _, err := e.SaveAnswer(e.learner, a.ID, e.questions[0], quiz.Response{Choices: []string{[]string{"a", "b"}[rand.IntN(2)]}}); fault.CodeOf(err) != fault.Conflict {
					errs[i] = err
				}
			}
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if n := len(e.graded()); n != round+1 {
			t.Fatalf("%d grades after %d attempts", n, round+1)
		}
		want := 0.0
		if kept := e.db.Answer.Query().AllX(system); len(kept) > 0 {
			for _, k := range kept {
				if k.AttemptID == a.ID && k.Response.Choices[0] == "a" {
					want = 1
				}
			}
		}
		if done := must(e.Attempt(e.learner, a.ID)); done.Score != want {
			t.Fatalf("score %g, want %g", done.Score, want)
		}
	}
}

func TestQuestionStatements(t *testing.T) {
	t.Parallel()
	e := newExam(t, outline.QuizSettings{PassMark: 60})
	var attempts []*ent.Attempt
	for range 8 {
		a := e.start()
		e.answer(a, right())
		attempts = append(attempts, must(e.SubmitAttempt(e.learner, a.ID)))
	}
	for _, n := range []int{1, 8} {
		ctx, counter := pg.CountStatements(e.learner)
		if asked, err := e.Questions(ctx, attempts[:n]); err != nil || len(asked) != n {
			t.Fatalf("questions of %d attempts: %d, %v", n, len(asked), err)
		}
		if got := counter.Load(); got != 3 {
			t.Errorf("questions of %d attempts take %d statements, want 3", n, got)
		}
	}
}

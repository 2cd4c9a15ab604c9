package assessment_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/assessment"
	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/question"
	"lyceum/internal/gen/ent/questionversion"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

func single(key string) quiz.Draft {
	return quiz.Draft{
		Key: key, Kind: quiz.SingleChoice, Format: outline.Markdown, Prompt: "Which *knot* is " + key + "?", Points: 1,
		Choices: []quiz.DraftChoice{
			{Key: "a", Text: "Bowline", Correct: true, Feedback: "Yes, <script>x</script>**this** one."}, {Key: "b", Text: "Hitch"},
		},
		Explanation: "See ![it](asset:knot.png).", Hints: []string{"A *rabbit*."},
	}
}

func numeric(key string) quiz.Draft {
	return quiz.Draft{
		Key: key, Kind: quiz.Numeric, Format: outline.HTML, Prompt: "<p>How many?</p>", Points: 2,
		Numeric: &quiz.NumericKey{Answer: "1/3", Min: 0.3, Max: 0.4, ExcludeMax: true},
	}
}

func shortText(key string) quiz.Draft {
	return quiz.Draft{
		Key: key, Kind: quiz.ShortText, Format: outline.Markdown, Prompt: "Who?", Points: 1,
		Text: &quiz.TextKey{Accepted: []string{"Ashley"}, CaseSensitive: true},
	}
}

func TestCheckQuestions(t *testing.T) {
	t.Parallel()
	change := func(q quiz.Draft, change func(q *quiz.Draft)) []quiz.Draft {
		change(&q)
		return []quiz.Draft{q}
	}
	many := make([]quiz.Draft, 201)
	for i := range many {
		many[i] = shortText("q" + strings.Repeat("1", i%90+1) + "-" + string(rune('a'+i/90)))
	}
	tests := map[string]struct {
		questions []quiz.Draft
		want      []string
	}{
		"none":             {nil, nil},
		"one of each kind": {[]quiz.Draft{single("one"), numeric("two"), shortText("three")}, nil},
		"several correct": {change(single("one"), func(q *quiz.Draft) {
			q.Kind = quiz.MultipleChoice
			q.Choices[1].Correct = true
		}), nil},
		"none of several correct": {change(single("one"), func(q *quiz.Draft) {
			q.Kind = quiz.MultipleChoice
			q.Choices[0].Correct = false
		}), nil},
		"too many":            {many, []string{"q"}},
		"one key twice":       {[]quiz.Draft{shortText("one"), shortText("one")}, []string{"q.1.key"}},
		"nothing":             {[]quiz.Draft{{}}, []string{"q.0.key", "q.0.prompt", "q.0.format", "q.0.points", "q.0.kind"}},
		"too many points":     {change(shortText("one"), func(q *quiz.Draft) { q.Points = 1001 }), []string{"q.0.points"}},
		"blank hint":          {change(shortText("one"), func(q *quiz.Draft) { q.Hints = []string{"", "ok"} }), []string{"q.0.hints.0"}},
		"too many hints":      {change(shortText("one"), func(q *quiz.Draft) { q.Hints = slices.Repeat([]string{"h"}, 21) }), []string{"q.0.hints"}},
		"long prompt":         {change(shortText("one"), func(q *quiz.Draft) { q.Prompt = strings.Repeat("x", 64<<10+1) }), []string{"q.0.prompt"}},
		"NUL in explanation":  {change(shortText("one"), func(q *quiz.Draft) { q.Explanation = "\x00" }), []string{"q.0.explanation"}},
		"one choice":          {change(single("one"), func(q *quiz.Draft) { q.Choices = q.Choices[:1] }), []string{"q.0.choices"}},
		"no correct choice":   {change(single("one"), func(q *quiz.Draft) { q.Choices[0].Correct = false }), []string{"q.0.choices"}},
		"two correct choices": {change(single("one"), func(q *quiz.Draft) { q.Choices[1].Correct = true }), []string{"q.0.choices"}},
		"bad choices": {change(single("one"), func(q *quiz.Draft) {
			q.Choices = []quiz.DraftChoice{{Key: "a", Text: "A", Correct: true}, {Key: "a", Text: " "}, {Key: "B", Text: "B", Feedback: "\x00"}}
		}), []string{"q.0.choices.1.key", "q.0.choices.1.text", "q.0.choices.2.key", "q.0.choices.2.feedback"}},
		"fields of others": {change(single("one"), func(q *quiz.Draft) {
			q.Numeric, q.Text = &quiz.NumericKey{}, &quiz.TextKey{}
		}), []string{"q.0.numeric", "q.0.text"}},
		"choices to a number": {change(numeric("one"), func(q *quiz.Draft) { q.Choices = single("x").Choices }), []string{"q.0.choices"}},
		"no number":           {change(numeric("one"), func(q *quiz.Draft) { q.Numeric = nil }), []string{"q.0.numeric"}},
		"bounds crossed":      {change(numeric("one"), func(q *quiz.Draft) { q.Numeric = &quiz.NumericKey{Answer: "1", Min: 2, Max: 1} }), []string{"q.0.numeric"}},
		"bounds excluded":     {change(numeric("one"), func(q *quiz.Draft) { q.Numeric = &quiz.NumericKey{Answer: "1", Min: 1, Max: 1, ExcludeMin: true} }), []string{"q.0.numeric"}},
		"bounds not numbers":  {change(numeric("one"), func(q *quiz.Draft) { q.Numeric = &quiz.NumericKey{Answer: "", Min: 1, Max: math.Inf(1)} }), []string{"q.0.numeric", "q.0.numeric.answer"}},
		"no accepted answer":  {change(shortText("one"), func(q *quiz.Draft) { q.Text = &quiz.TextKey{} }), []string{"q.0.text"}},
		"bad accepted answer": {change(shortText("one"), func(q *quiz.Draft) { q.Text = &quiz.TextKey{Accepted: []string{"ok", "", "a\nb"}} }), []string{"q.0.text.accepted.1", "q.0.text.accepted.2"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c input.Checker
			(&assessment.Service{}).CheckQuestions(&c, "q", tt.questions)
			var got []string
			if f, ok := errors.AsType[*fault.Error](c.Err()); ok {
				for _, v := range f.Violations {
					got = append(got, v.Field)
				}
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff, c.Err())
			}
		})
	}
}

// desk is a service over a database with a tenant that has two quiz lessons.
type desk struct {
	*assessment.Service

	db      *pgtest.Database
	acme    pgtest.Tenant
	lessons []uuid.UUID
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	db := pgtest.New(t)
	d := &desk{Service: &assessment.Service{DB: db.DB}, db: db, acme: pgtest.NewTenant(t, db, "acme")}
	ctx := d.acme.System(t.Context())
	course := db.Course.Create().SetSlug("knots").SetTitle("Knots").SetInstructorID(d.acme.Instructor).SaveX(ctx)
	module := db.Module.Create().SetCourseID(course.ID).SetKey("m1").SetTitle("One").SetPosition(0).SaveX(ctx)
	for i, key := range []string{"q1", "q2"} {
		lesson := db.Lesson.Create().SetCourseID(course.ID).SetModuleID(module.ID).SetKey(key).SetTitle(key).
			SetKind(outline.Quiz).SetPosition(i).SaveX(ctx)
		d.lessons = append(d.lessons, lesson.ID)
	}
	return d
}

func (d *desk) save(t *testing.T, lesson uuid.UUID, questions ...quiz.Draft) bool {
	t.Helper()
	ctx := d.acme.AsInstructor(t.Context())
	var changed bool
	err := d.db.Tx(ctx, func(tx *pg.Tx) error {
		var err error
		changed, err = d.SaveQuestions(ctx, tx, lesson, questions)
		return err
	})
	if err != nil {
		t.Fatalf("save questions: %v", err)
	}
	return changed
}

func (d *desk) pin(t *testing.T) map[uuid.UUID]quiz.Pinned {
	t.Helper()
	ctx := d.acme.AsInstructor(t.Context())
	var pinned map[uuid.UUID]quiz.Pinned
	err := d.db.Tx(ctx, func(tx *pg.Tx) error {
		var err error
		pinned, err = d.Pin(ctx, tx, d.lessons)
		return err
	})
	if err != nil {
		t.Fatalf("pin: %v", err)
	}
	return pinned
}

func (d *desk) rows(t *testing.T, lesson uuid.UUID) []*ent.Question {
	t.Helper()
	return d.db.Question.Query().Where(question.LessonID(lesson)).Order(question.ByPosition()).AllX(d.acme.AsInstructor(t.Context()))
}

func TestSaveQuestions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	lesson := d.lessons[0]
	other := shortText("kept")
	d.save(t, d.lessons[1], other)

	if !d.save(t, lesson, single("one"), numeric("two"), shortText("three")) {
		t.Error("new questions are no change")
	}
	before := d.rows(t, lesson)
	if d.save(t, lesson, single("one"), numeric("two"), shortText("three")) {
		t.Error("the same questions are a change")
	}
	changed := numeric("two")
	changed.Numeric.Max = 0.5
	for name, questions := range map[string][]quiz.Draft{
		"one changed": {single("one"), changed, shortText("three")},
		"reordered":   {shortText("three"), single("one"), changed},
	} {
		if !d.save(t, lesson, questions...) {
			t.Errorf("%s: no change", name)
		}
	}
	// Whatever came last stands there, under the ids of the beginning.
	if !d.save(t, lesson, shortText("three"), single("two"), single("four")) {
		t.Error("replaced: no change")
	}
	after := d.rows(t, lesson)
	var keys []string
	for _, row := range after {
		keys = append(keys, row.Key)
	}
	if diff := cmp.Diff([]string{"three", "two", "four"}, keys); diff != "" {
		t.Error(diff)
	}
	if after[0].ID != before[2].ID || after[1].ID != before[1].ID {
		t.Error("a question with a known key has another id")
	}
	if after[1].Kind != quiz.SingleChoice || after[1].Numeric != nil || len(after[1].Choices) != 2 {
		t.Errorf("a question that changed its kind: %v", after[1])
	}
	if !d.save(t, lesson) || len(d.rows(t, lesson)) != 0 || len(d.rows(t, d.lessons[1])) != 1 {
		t.Error("taking all questions away went wrong")
	}
	if d.save(t, lesson) {
		t.Error("taking nothing away is a change")
	}
}

func TestPin(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.acme.AsInstructor(t.Context())
	if pinned := d.pin(t); len(pinned) != 0 {
		t.Errorf("without questions: %v", pinned)
	}
	d.save(t, d.lessons[0], single("one"), numeric("two"), shortText("three"))
	d.save(t, d.lessons[1], single("one"))
	first := d.pin(t)
	if n := len(first[d.lessons[0]].Versions); n != 3 || len(first[d.lessons[1]].Versions) != 1 {
		t.Fatalf("pinned: %v", first)
	}
	if diff := cmp.Diff([]string{"asset:knot.png"}, first[d.lessons[0]].Links); diff != "" {
		t.Error(diff)
	}
	v := d.db.QuestionVersion.Query().Where(questionversion.ID(first[d.lessons[0]].Versions[0])).OnlyX(ctx)
	if v.PromptHTML != "<p>Which <em>knot</em> is one?</p>" || v.Points != 1 || v.LessonID != d.lessons[0] {
		t.Errorf("version: %v", v)
	}
	if diff := cmp.Diff([]quiz.Choice{{Key: "a", HTML: "<p>Bowline</p>"}, {Key: "b", HTML: "<p>Hitch</p>"}}, v.Choices); diff != "" {
		t.Error(diff)
	}
	want := quiz.Key{Correct: []string{"a"}, Feedback: map[string]string{"a": "<p>Yes, <strong>this</strong> one.</p>"}}
	if diff := cmp.Diff(want, v.AnswerKey); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"A rabbit."}, v.Hints); diff != "" || !strings.Contains(v.ExplanationHTML, `src="asset:knot.png"`) {
		t.Errorf("%s %s", diff, v.ExplanationHTML)
	}
	n := d.db.QuestionVersion.Query().Where(questionversion.ID(first[d.lessons[0]].Versions[1])).OnlyX(ctx)
	if diff := cmp.Diff(quiz.Key{Numeric: numeric("two").Numeric}, n.AnswerKey); diff != "" {
		t.Error(diff)
	}

	if diff := cmp.Diff(first, d.pin(t)); diff != "" {
		t.Errorf("pinning again: %s", diff)
	}
	changed := shortText("three")
	changed.Points = 5
	d.save(t, d.lessons[0], numeric("two"), single("one"), changed)
	second := d.pin(t)[d.lessons[0]].Versions
	old := first[d.lessons[0]].Versions
	if second[0] != old[1] || second[1] != old[0] || second[2] == old[2] {
		t.Errorf("after a change of one: %v, before %v", second, old)
	}
	d.save(t, d.lessons[0], single("one"), numeric("two"), shortText("three"))
	if diff := cmp.Diff(first, d.pin(t)); diff != "" {
		t.Errorf("after the change was taken back: %s", diff)
	}
	if count := d.db.QuestionVersion.Query().CountX(ctx); count != 5 {
		t.Errorf("%d versions, want 5", count)
	}
}

func TestPinRefusesWhatCannotBeShown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bad := shortText("bad")
	bad.Prompt = strings.Repeat("> ", 5000) + "x"
	d.save(t, d.lessons[0], shortText("good"), bad)
	ctx := d.acme.AsInstructor(t.Context())
	err := d.db.Tx(ctx, func(tx *pg.Tx) error {
		_, err := d.Pin(ctx, tx, d.lessons)
		return err
	})
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.BadInput || len(f.Violations) != 1 || f.Violations[0].Field != "questions.bad" {
		t.Errorf("error: %v", err)
	}
}

func TestPinCostsTheSame(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	cost := func(questions ...quiz.Draft) int64 {
		d.save(t, d.lessons[0], questions...)
		ctx, count := pg.CountStatements(d.acme.AsInstructor(t.Context()))
		if err := d.db.Tx(ctx, func(tx *pg.Tx) error {
			_, err := d.Pin(ctx, tx, d.lessons)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return count.Load()
	}
	var many []quiz.Draft
	for key := range strings.SplitSeq("abcdefghijklmnopqrstuvwxyz", "") {
		many = append(many, single(key))
	}
	if few, all := cost(single("zz")), cost(many...); few != all || few != 3 {
		t.Errorf("%d statements for one question, %d for 26, want 3", few, all)
	}
}

func TestDraftQuestionsAreForStaff(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	globex := pgtest.NewTenant(t, d.db, "globex")
	d.save(t, d.lessons[0], single("one"))
	if n, err := d.db.Question.Query().Count(d.acme.AsLearner(t.Context())); err == nil {
		t.Errorf("a learner counts %d draft questions", n)
	}
	learner := d.acme.AsLearner(t.Context())
	if err := d.db.Tx(learner, func(tx *pg.Tx) error {
		_, err := d.SaveQuestions(learner, tx, d.lessons[0], nil)
		return err
	}); err == nil {
		t.Error("a learner took draft questions away")
	}
	// Another tenant's lesson takes no questions: the composite key refuses them.
	ctx := globex.AsAdmin(t.Context())
	err := d.db.Tx(ctx, func(tx *pg.Tx) error {
		_, err := d.SaveQuestions(ctx, tx, d.lessons[0], []quiz.Draft{single("mine")})
		return err
	})
	if err == nil || d.db.Question.Query().Where(question.Key("mine")).CountX(d.acme.System(t.Context())) != 0 {
		t.Errorf("another tenant wrote questions: %v", err)
	}
}

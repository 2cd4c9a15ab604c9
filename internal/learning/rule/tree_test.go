package rule_test

import (
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/learning/rule"
)

func lesson(required bool) outline.Lesson {
	return outline.Lesson{ID: uuid.New(), Title: "Lesson", Kind: outline.Article, Required: required}
}

func module(policy *outline.Policy, lessons ...outline.Lesson) outline.Module {
	return outline.Module{ID: uuid.New(), Title: "Module", Lessons: lessons, Completion: policy}
}

// TestGroups says of courses with two modules, whose lessons are a and b, and c and d, what is completed.
func TestGroups(t *testing.T) {
	t.Parallel()
	atLeast := func(n int) *outline.Policy { return &outline.Policy{Need: outline.NeedAtLeast, Count: n} }
	any := &outline.Policy{Need: outline.NeedAny}
	for name, tt := range map[string]struct {
		first, second, course *outline.Policy
		voluntary             string
		done                  string
		modules               int
		complete              bool
		missing               int
	}{
		"nothing":             {done: "", missing: 2},
		"all but one":         {done: "abc", modules: 1, missing: 1},
		"all":                 {done: "abcd", modules: 2, complete: true},
		"voluntary lesson":    {voluntary: "d", done: "abc", modules: 2, complete: true},
		"voluntary module":    {voluntary: "cd", done: "ab", modules: 1, complete: true},
		"all voluntary":       {voluntary: "abcd", done: "abc", modules: 1, missing: 1},
		"any of a module":     {first: any, done: "acd", modules: 2, complete: true},
		"any, and none is":    {first: any, done: "cd", modules: 1, missing: 1},
		"at least one module": {course: atLeast(1), done: "ab", modules: 1, complete: true},
		"at least two":        {course: atLeast(2), done: "ab", modules: 1, missing: 1},
		"any module":          {course: any, done: "cd", modules: 1, complete: true},
		"any, none is done":   {course: any, done: "a", modules: 0, missing: 2},
		"a rule of sums":      {first: &outline.Policy{Need: outline.NeedAtLeast, Count: 1, When: "completed == parts"}, done: "acd", modules: 1, missing: 1},
		"a rule that holds":   {second: &outline.Policy{Need: outline.NeedAll, When: "attendance_minutes < 1"}, done: "abcd", modules: 2, complete: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lessons := map[rune]outline.Lesson{}
			for _, r := range "abcd" {
				lessons[r] = lesson(true)
			}
			for _, r := range tt.voluntary {
				l := lessons[r]
				l.Required = false
				lessons[r] = l
			}
			o := &outline.Outline{Completion: tt.course, Modules: []outline.Module{
				module(tt.first, lessons['a'], lessons['b']), module(tt.second, lessons['c'], lessons['d']),
			}}
			e := rule.Evidence{Course: uuid.New(), Done: map[uuid.UUID]bool{}, Facts: map[uuid.UUID]rule.Facts{}}
			for _, r := range tt.done {
				e.Facts[lessons[r].ID] = rule.Facts{Read: true}
			}
			got, err := rule.Evaluate(o, e)
			if err != nil || len(got.Lessons) != len(tt.done) || len(got.Modules) != tt.modules || (got.Course != nil) != tt.complete {
				t.Fatalf("%d lessons, %d modules, course %v, %v", len(got.Lessons), len(got.Modules), got.Course, err)
			}
			for _, done := range got.Lessons {
				e.Done[done.Node] = true
			}
			left, err := rule.LeftOfCourse(o, e)
			if err != nil || len(left.Missing) != tt.missing {
				t.Errorf("missing: %v, %v", left.Missing, err)
			}
			// What was completed under other rules counts, and is not named again.
			e.Done[e.Course], e.Done[o.Modules[0].ID], e.Done[o.Modules[1].ID] = true, true, true
			again, err := rule.Evaluate(o, e)
			if err != nil || len(again.Lessons)+len(again.Modules) > 0 || again.Course != nil {
				t.Errorf("again: %v, %v", again, err)
			}
			if closed, err := rule.LeftOfCourse(o, e); err != nil || len(closed.Missing) != 0 {
				t.Errorf("of a completed course is missing: %v, %v", closed.Missing, err)
			}
		})
	}
}

// TestExplained takes rules apart.
func TestExplained(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]string{
		"watched >= 0.9 && quiz.passed":                       {"Watch 90 % of the video (50 % so far).", "Pass the quiz."},
		"quiz.passed || signed_off":                           {"Pass the quiz.", "Have your instructor sign it off."},
		"quiz.passed && read || signed_off":                   {"Have your instructor sign it off."},
		"(quiz.passed && read) || (signed_off && read)":       {"Pass the quiz.", "Say that you are done with it."},
		"0.7 < watched && time_on_task >= 3700":               {"Watch 70 % of the video (50 % so far).", "Spend 1:01:40 with it (0:00 so far)."},
		"attendance_minutes >= 45":                            {"Minutes of attendance: 45 (0 so far)."},
		`now >= enrolled + duration("24h")`:                   {"Wait until 2 March 2026, 12:00 UTC."},
		`now < timestamp("2026-02-01T00:00:00Z")`:             {"Be done by 1 February 2026, 00:00 UTC."},
		"quiz.score >= 0.755 && quiz.attempts > 1":            {"Reach 76 % of the points in the quiz (0 % so far).", "Attempts at the quiz: 1 (0 so far)."},
		"watched_seconds >= 90 && !(quiz.attempts >= 0)":      {"Watch 1:30 of the video (0:00 so far).", "This has to be true: !(quiz.attempts >= 0)"},
		"watched >= 0.4 || quiz.passed":                       nil,
		"quiz.attempts <= 3 && watched == 1.0 && !signed_off": {"This has to be true: watched == 1.0"},
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			r, err := rule.Lesson(source)
			if err != nil {
				t.Fatal(err)
			}
			_, missing, err := r.Explain(rule.Facts{Watched: 0.5, Now: noon(), Enrolled: noon()})
			if err != nil || len(missing) != len(want) {
				t.Fatalf("missing %v, %v", missing, err)
			}
			for i, c := range missing {
				if got := c.Text("en-GB"); got != want[i] {
					t.Errorf("%q, want %q", got, want[i])
				}
			}
		})
	}
	r, err := rule.Lesson("read && quiz.passed")
	if err != nil {
		t.Fatal(err)
	}
	if _, missing, _ := r.Explain(rule.Facts{}); missing[1].Text("de-AT") != "Bestehe das Quiz." {
		t.Errorf("in German: %q", missing[1].Text("de-AT"))
	}
}

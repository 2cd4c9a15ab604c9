package rule_test

import (
	"errors"
	"testing"
	"time"

	"lyceum/internal/learning/rule"
)

// FuzzLesson parses whatever comes: it is refused with a code and a place, or it holds exactly when nothing is missing,
// within the cost that it was given.
func FuzzLesson(f *testing.F) {
	for _, source := range []string{
		"watched >= 0.8", "0.8 <= watched && quiz.passed", "read || signed_off && attendance_minutes >= 45",
		`now >= enrolled + duration("72h")`, `now <= due || quiz.score > 0.5`, "!(read && !signed_off)",
		"read ? quiz.passed : signed_off", "[1].all(x, x > 0)", `"a".matches("(a+)+$")`, "quiz.attempts * 9223372036854775807 > 0",
		"((((((((((read))))))))))", "-1.0 < watched", "read &&", `timestamp("2030-01-01T00:00:00Z") < now`,
		"quiz.attempts + 9223372036854775807 > 1 || !read",
	} {
		f.Add(source, 0.5, 2, true)
	}
	f.Fuzz(func(t *testing.T, source string, watched float64, attempts int, yes bool) {
		began := time.Now()
		r, err := rule.Lesson(source)
		if err != nil {
			var problem *rule.Problem
			if !errors.As(err, &problem) || problem.Code == "" || problem.Line < 1 || problem.Column < 1 || problem.Message == "" {
				t.Fatalf("%q is refused with %v", source, err)
			}
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("%q took %v", source, took)
		}
		if r == nil {
			return
		}
		facts := rule.Facts{
			Watched: watched, QuizAttempts: attempts, QuizPassed: yes, Read: !yes, SignedOff: yes, Now: noon(), Enrolled: noon(),
		}
		// What cannot be evaluated holds for nobody, and says so.
		held, failed := r.Holds(facts)
		if failed != nil && held {
			t.Fatalf("%q failed and holds", source)
		}
		_, missing, err := r.Explain(facts)
		if err != nil {
			t.Fatal(err)
		}
		if failed == nil && held != (len(missing) == 0) {
			t.Fatalf("%q holds: %t, and this is missing: %v", source, held, missing)
		}
		for _, c := range missing {
			if c.Text("en") == "" || c.Text("de-AT") == "" {
				t.Fatalf("%q: %v has no text", source, c)
			}
		}
	})
}

package rule_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"lyceum/internal/learning/rule"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func TestHolds(t *testing.T) {
	t.Parallel()
	for source, tt := range map[string]struct {
		facts rule.Facts
		want  bool
	}{
		"watched >= 0.8":                                   {rule.Facts{Watched: float64(8) / 10}, true},
		"watched >= 0.80":                                  {rule.Facts{Watched: 0.7999}, false},
		"0.8 <= watched && quiz.passed":                    {rule.Facts{Watched: 1, QuizPassed: true}, true},
		"watched >= 1":                                     {rule.Facts{Watched: 1}, true},
		"watched_seconds > 90 || read":                     {rule.Facts{Read: true}, true},
		"time_on_task >= 60 && read":                       {rule.Facts{Read: true, TimeOnTask: 59}, false},
		"quiz.score >= 0.5 && quiz.attempts <= 3":          {rule.Facts{QuizScore: 0.5, QuizAttempts: 3}, true},
		"attendance_minutes >= 45 && signed_off":           {rule.Facts{AttendanceMinutes: 45, SignedOff: true}, true},
		`now >= enrolled + duration("72h")`:                {rule.Facts{Now: noon(), Enrolled: noon().Add(-72 * time.Hour)}, true},
		`now >= enrolled + duration("73h")`:                {rule.Facts{Now: noon(), Enrolled: noon().Add(-72 * time.Hour)}, false},
		`now >= timestamp("2026-03-01T12:00:00Z")`:         {rule.Facts{Now: noon()}, true},
		"now <= due":                                       {rule.Facts{Now: noon()}, true},
		"now <= due || signed_off":                         {rule.Facts{Now: noon(), Due: noon().Add(-1)}, false},
		"!read":                                            {rule.Facts{}, true},
		"read ? quiz.passed : signed_off":                  {rule.Facts{SignedOff: true}, true},
		"quiz.attempts * 9223372036854775807 * 2 > 1":      {rule.Facts{QuizAttempts: 3}, false},
		"quiz.attempts + 9223372036854775807 > 1 || !read": {rule.Facts{QuizAttempts: 3}, true},
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			r, err := rule.Lesson(source)
			if err != nil {
				t.Fatal(err)
			}
			// What cannot be evaluated holds for nobody.
			if got, _ := r.Holds(tt.facts); got != tt.want {
				t.Errorf("%s is %t", source, got)
			}
			met, missing, err := r.Explain(tt.facts)
			if err != nil {
				t.Fatal(err)
			}
			if (len(missing) == 0) != tt.want || len(met)+len(missing) == 0 {
				t.Errorf("%s is %t, and %v is missing", source, tt.want, missing)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		source       string
		code         rule.Code
		line, column int
	}{
		"nothing":              {"", rule.Syntax, 1, 1},
		"white space":          {" \n ", rule.Syntax, 1, 1},
		"half":                 {"read &&", rule.Syntax, 1, 8},
		"second line":          {"read &&\n  wached > 0.5", rule.Unknown, 2, 3},
		"a number":             {"watched", rule.NotCondition, 1, 1},
		"a text":               {`"yes"`, rule.NotCondition, 1, 1},
		"wrong types":          {"read > 3", rule.Unknown, 1, 6},
		"of a group":           {"completed > 3", rule.Unknown, 1, 1},
		"long":                 {strings.Repeat("read && ", 200) + "read", rule.TooLong, 1, 1},
		"many bytes":           {strings.Repeat("é", 1001), rule.TooLong, 1, 1},
		"deep":                 {strings.Repeat("(", 200) + "read" + strings.Repeat(")", 200), rule.TooDeep, 0, 0},
		"deep negation":        {strings.Repeat("!(", 60) + "read" + strings.Repeat(")", 60), rule.TooDeep, 0, 0},
		"a regular expression": {`"aaaaaaaaaaaaaaaaaaaaaaaa".matches("(a+)+$")`, rule.Unknown, 1, 35},
		"many parts":           {strings.Repeat("1<2&&", 190) + "1<2", rule.TooCostly, 0, 0},
		"a macro":              {"[1, 2, 3].all(x, x > 0)", rule.Unknown, 0, 0},
		"a loop in a loop":     {"[1].exists(x, [1].exists(y, x == y))", rule.Unknown, 0, 0},
		"a list":               {"[true][0]", rule.Unknown, 0, 0},
		"equal lists":          {"[1, 2] == [1, 2]", rule.NotAllowed, 1, 1},
		"a map":                {`{"a": 1} == {"a": 1}`, rule.NotAllowed, 1, 1},
		"a message":            {`google.protobuf.Struct{} == google.protobuf.Struct{}`, rule.NotAllowed, 0, 0},
		"has":                  {"has(quiz.passed)", rule.Unknown, 0, 0},
		"an unknown function":  {"size(\"abc\") == 3", rule.Unknown, 1, 5},
		"division":             {"quiz.attempts / 0 > 1", rule.Unknown, 0, 0},
		"no length of time":    {`now > enrolled + duration("3 days")`, rule.Syntax, 0, 0},
		"no time":              {`now > timestamp("tomorrow")`, rule.Syntax, 0, 0},
		"a made time":          {`now > timestamp("2030" + "-01-31T09:00:00Z")`, rule.NotAllowed, 0, 0},
		"control characters":   {"read\x00", rule.Syntax, 0, 0},
		"not UTF-8":            {"read \xff", rule.Syntax, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			r, err := rule.Lesson(tt.source)
			var problem *rule.Problem
			if !errors.As(err, &problem) {
				t.Fatalf("%.40q was taken: %v, %v", tt.source, r, err)
			}
			if problem.Code != tt.code || tt.line > 0 && (problem.Line != tt.line || problem.Column != tt.column) {
				t.Errorf("%.40q: %v, want %s at %d, %d", tt.source, problem, tt.code, tt.line, tt.column)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("refusing it took %v", took)
			}
		})
	}
}

package deserve_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"lyceum/internal/engagement/deserve"
	"lyceum/internal/fault"
)

func TestRules(t *testing.T) {
	t.Parallel()
	some := deserve.Facts{Points: 100, Lessons: 5, Quizzes: 2, Courses: 1, Days: 4, LongestStreak: 3}
	for rule, want := range map[string]bool{
		"points >= 100":                                      true,
		"points > 100":                                       false,
		"lessons + quizzes >= 7":                             true,
		"lessons + quizzes + days > 11":                      false,
		"courses >= 1 && lessons >= 6":                       false,
		"courses >= 1 || lessons >= 6":                       true,
		"longest_streak >= 3 && (days >= 5 || quizzes >= 2)": true,
	} {
		compiled, err := deserve.Compile(rule)
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		if got, err := compiled.Holds(some); err != nil || got != want {
			t.Errorf("%s = %t, %v; want %t", rule, got, err, want)
		}
	}
}

func TestBadRules(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{
		"", " ", "points", "true", "1 >= 0", "points >= ", "points >= lessons", "points <= 5", "points < 5", "points == 5", "points != 5",
		"!(points >= 5)", "5 >= points", "0 - points >= -5", "-points >= -5", "points * -1 >= -5", "points % 2 >= 1", "points - lessons >= 2",
		"points >= 5 ? points >= 3 : points >= 9", "points >= 5.5", "points >= '5'", "email >= 5", "[1].exists(x, x >= 1)",
		"points.size() >= 1", "string(points) >= '5'", "points >= 1u", "timestamp('2020-01-01T00:00:00Z') > timestamp('2019-01-01T00:00:00Z')",
		"points + 1 >= 2", "points + -points >= 0", "points >= 5 == true", strings.Repeat("points >= 1 && ", 40) + "points >= 1", "points >= 5; drop",
	} {
		if _, err := deserve.Compile(rule); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%q: %v, want a fault", rule, err)
		}
	}
}

// TestRulesStayTrue: who deserves something goes on deserving it, whatever they do next.
func TestRulesStayTrue(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	rules := []string{"points >= 30 || quizzes > 2", "lessons + quizzes >= 6 && (courses >= 1 || longest_streak > 2)", "days + courses > 5"}
	held := 0
	for range 30 {
		facts := deserve.Facts{}
		before := map[string]bool{}
		for range 40 {
			for _, n := range []*int{&facts.Points, &facts.Lessons, &facts.Quizzes, &facts.Courses, &facts.Days, &facts.LongestStreak} {
				*n += random.IntN(2)
			}
			for _, text := range rules {
				rule, err := deserve.Compile(text)
				if err != nil {
					t.Fatal(err)
				}
				holds, err := rule.Holds(facts)
				if err != nil || before[text] && !holds {
					t.Fatalf("%s held and holds no more with %+v: %v", text, facts, err)
				}
				before[text] = holds
				if holds {
					held++
				}
			}
		}
	}
	if held == 0 {
		t.Error("no rule ever held")
	}
}

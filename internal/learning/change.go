package learning

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
)

// Aspect is a way in which something is asked for.
type Aspect string

// The aspects.
const (
	// AspectKind is the kind of a lesson: what completes it without a rule.
	AspectKind Aspect = "KIND"
	// AspectRule is a rule in CEL.
	AspectRule Aspect = "RULE"
	// AspectNeed is how many of its parts complete a module or a course.
	AspectNeed Aspect = "NEED"
	// AspectPassMark is the share of points that passes a quiz.
	AspectPassMark Aspect = "PASS_MARK"
	// AspectAttempts is how often a quiz may be tried.
	AspectAttempts Aspect = "ATTEMPTS"
	// AspectTimeLimit is how long an attempt at a quiz takes at most.
	AspectTimeLimit Aspect = "TIME_LIMIT"
	// AspectQuestions are the questions of a quiz.
	AspectQuestions Aspect = "QUESTIONS"
	// AspectLength is how long a film runs.
	AspectLength Aspect = "LENGTH"
)

// Change is a thing that is asked for in another way.
type Change struct {
	// Lesson is the one that asks, as it would be, nil when a module or the course does.
	Lesson *outline.Lesson
	// Module is the module that asks, as it would be, nil when a lesson or the course does.
	Module *outline.Module
	Aspect Aspect
	// From and To say how it is asked for: in the words of the schema for kinds and needs, the text of a rule, percent
	// of the points, numbers of attempts and questions, 1m30s. Empty is none, or no limit.
	From, To string
}

// difference is a change from one text to another.
type difference struct {
	aspect   Aspect
	from, to string
	// other is true when the texts are alike, and what they are of is not.
	other bool
}

// otherPolicies says what the course, and the modules that stay, ask for in other ways.
func otherPolicies(was, is *outline.Outline) []Change {
	changes := changed(nil, nil, policyDifferences(was.Completion, is.Completion))
	before := map[uuid.UUID]*outline.Policy{}
	for _, module := range was.Modules {
		before[module.ID] = module.Completion
	}
	for m := range is.Modules {
		module := &is.Modules[m]
		if policy, stays := before[module.ID]; stays {
			changes = append(changes, changed(nil, module, policyDifferences(policy, module.Completion))...)
		}
	}
	return changes
}

// policyDifferences compares policies; nil asks for all parts.
func policyDifferences(was, is *outline.Policy) []difference {
	before, after := outline.Policy{Need: outline.NeedAll}, outline.Policy{Need: outline.NeedAll}
	if was != nil {
		before = *was
	}
	if is != nil {
		after = *is
	}
	return []difference{
		{aspect: AspectNeed, from: needText(before), to: needText(after)},
		{aspect: AspectRule, from: before.When, to: after.When},
	}
}

func needText(p outline.Policy) string {
	if p.Need == outline.NeedAtLeast {
		return fmt.Sprintf("%s %d", p.Need, p.Count)
	}
	return string(p.Need)
}

// otherDemands says in which ways a lesson would be asked for otherwise.
func otherDemands(was, is *outline.Lesson) []Change {
	differences := []difference{
		{aspect: AspectKind, from: string(was.Kind), to: string(is.Kind)},
		{aspect: AspectRule, from: was.Completion, to: is.Completion},
		{aspect: AspectLength, from: lasting(was.DurationMS, time.Millisecond), to: lasting(is.DurationMS, time.Millisecond)},
	}
	if was.Quiz != nil && is.Quiz != nil {
		differences = append(differences, quizDifferences(was.Quiz, is.Quiz)...)
	}
	return changed(is, nil, differences)
}

func quizDifferences(was, is *outline.QuizSettings) []difference {
	return []difference{
		{aspect: AspectPassMark, from: strconv.Itoa(was.PassMark), to: strconv.Itoa(is.PassMark)},
		{aspect: AspectAttempts, from: limit(was.AttemptsAllowed), to: limit(is.AttemptsAllowed)},
		{aspect: AspectTimeLimit, from: lasting(was.TimeLimitSeconds, time.Second), to: lasting(is.TimeLimitSeconds, time.Second)},
		{
			aspect: AspectQuestions, from: strconv.Itoa(posed(was)), to: strconv.Itoa(posed(is)),
			other: !slices.Equal(was.Questions, is.Questions),
		},
	}
}

// posed is how many questions an attempt asks.
func posed(q *outline.QuizSettings) int {
	if q.Draw > 0 {
		return min(q.Draw, len(q.Questions))
	}
	return len(q.Questions)
}

// limit writes a number of which 0 is none.
func limit(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// lasting writes a time of which 0 is unknown, or no limit.
func lasting(n int, unit time.Duration) string {
	if n == 0 {
		return ""
	}
	return (time.Duration(n) * unit).String()
}

// changed are the differences that are some.
func changed(lesson *outline.Lesson, module *outline.Module, all []difference) []Change {
	var changes []Change
	for _, d := range all {
		if d.from != d.to || d.other {
			changes = append(changes, Change{Lesson: lesson, Module: module, Aspect: d.aspect, From: d.from, To: d.to})
		}
	}
	return changes
}

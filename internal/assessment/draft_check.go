package assessment

import (
	"math"
	"slices"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/platform/input"
)

// The bounds of a quiz.
const (
	maxQuestions = 200
	maxChoices   = 50
	maxHints     = 20
	maxAccepted  = 100
	maxPoints    = 1000
	// maxProse is the size of one text of a question in bytes.
	maxProse = 64 << 10
	// maxAnswer is the length of an accepted answer in characters.
	maxAnswer = 200
)

// CheckQuestions records everything that is wrong with a quiz's questions; path leads to their list.
func (*Service) CheckQuestions(c *input.Checker, path string, questions []quiz.Draft) {
	c.Count(path, len(questions), maxQuestions)
	seen := map[string]bool{}
	for i := range questions {
		at := input.Path(path, i)
		checkQuestion(c, at, &questions[i])
		once(c, seen, input.Path(at, "key"), questions[i].Key)
	}
}

// once records a violation when the key was seen before.
func once(c *input.Checker, seen map[string]bool, path, key string) {
	c.Check(!seen[key], path, "Another one has this key already.")
	seen[key] = true
}

func checkQuestion(c *input.Checker, at string, q *quiz.Draft) {
	c.Key(input.Path(at, "key"), q.Key)
	c.Said(input.Path(at, "prompt"), q.Prompt, maxProse)
	c.Check(slices.Contains(q.Format.Values(), string(q.Format)), input.Path(at, "format"), "The format is MARKDOWN or HTML.")
	c.Between(input.Path(at, "points"), q.Points, 1, maxPoints)
	c.Text(input.Path(at, "explanation"), q.Explanation, maxProse)
	c.Count(input.Path(at, "hints"), len(q.Hints), maxHints)
	for i, hint := range q.Hints {
		c.Said(input.Path(at, "hints", i), hint, maxProse)
	}
	checkBelongs(c, at, q)
	checkKey(c, at, q)
}

// checkBelongs records what questions of this kind do not have.
func checkBelongs(c *input.Checker, at string, q *quiz.Draft) {
	choosing := q.Kind == quiz.SingleChoice || q.Kind == quiz.MultipleChoice
	c.Check(choosing || len(q.Choices) == 0, input.Path(at, "choices"), "Only a question of choice has choices.")
	c.Check(q.Kind == quiz.Numeric || q.Numeric == nil, input.Path(at, "numeric"), "Only a numeric question has this.")
	c.Check(q.Kind == quiz.ShortText || q.Text == nil, input.Path(at, "text"), "Only a short text question has this.")
}

// checkKey makes sure that the question can be answered rightly.
func checkKey(c *input.Checker, at string, q *quiz.Draft) {
	switch q.Kind {
	case quiz.SingleChoice, quiz.MultipleChoice:
		checkChoices(c, input.Path(at, "choices"), q)
	case quiz.Numeric:
		checkNumeric(c, input.Path(at, "numeric"), q.Numeric)
	case quiz.ShortText:
		checkText(c, input.Path(at, "text"), q.Text)
	default:
		c.Fail(input.Path(at, "kind"), "The kind is SINGLE_CHOICE, MULTIPLE_CHOICE, NUMERIC or SHORT_TEXT.")
	}
}

func checkChoices(c *input.Checker, at string, q *quiz.Draft) {
	c.Check(len(q.Choices) >= 2, at, "There must be at least two choices.")
	c.Count(at, len(q.Choices), maxChoices)
	seen, correct := map[string]bool{}, 0
	for i, choice := range q.Choices {
		here := input.Path(at, i)
		c.Key(input.Path(here, "key"), choice.Key)
		once(c, seen, input.Path(here, "key"), choice.Key)
		c.Said(input.Path(here, "text"), choice.Text, maxProse)
		c.Text(input.Path(here, "feedback"), choice.Feedback, maxProse)
		if choice.Correct {
			correct++
		}
	}
	// Of several choices none may be right: then choosing nothing is the answer.
	if q.Kind == quiz.SingleChoice && correct != 1 {
		c.Fail(at, "Exactly one choice must be correct, and %d are.", correct)
	}
}

func checkNumeric(c *input.Checker, at string, key *quiz.NumericKey) {
	if key == nil {
		c.Fail(at, "A numeric question needs its answer.")
		return
	}
	c.Line(input.Path(at, "answer"), key.Answer, 1, maxAnswer)
	c.Check(finite(key.Min) && finite(key.Max), at, "The bounds must be finite numbers.")
	switch {
	case key.Min > key.Max:
		c.Fail(at, "The smallest accepted number is larger than the largest.")
	case key.Min == key.Max && (key.ExcludeMin || key.ExcludeMax):
		c.Fail(at, "No number is accepted: the bounds are equal and excluded.")
	}
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func checkText(c *input.Checker, at string, key *quiz.TextKey) {
	if key == nil || len(key.Accepted) == 0 {
		c.Fail(at, "A short text question needs at least one accepted answer.")
		return
	}
	c.Count(input.Path(at, "accepted"), len(key.Accepted), maxAccepted)
	for i, answer := range key.Accepted {
		c.Line(input.Path(at, "accepted", i), answer, 1, maxAnswer)
	}
}

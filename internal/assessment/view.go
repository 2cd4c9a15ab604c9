// Package assessment owns questions, attempts and answers. Answer keys stay in it: what learners get is
// Question, which has none.
package assessment

import (
	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
)

// Question is a question of an attempt as its learner sees it.
type Question struct {
	// ID is the id of the question version.
	ID     uuid.UUID
	Kind   quiz.Kind
	Prompt string
	// Choices are in the order frozen for the attempt.
	Choices []quiz.Choice
	Points  int
	Hints   []string
	// Response is what was answered so far, nil before.
	Response *quiz.Response
	// Result is nil until the attempt is graded.
	Result *Result
}

// GlobalID returns the id under which the API knows the question version.
func (q *Question) GlobalID() gid.ID { return gid.New(ent.GIDQuestionVersion, q.ID) }

// Result is what grading said about one question.
type Result struct {
	Correct bool
	// Score is in points.
	Score float64
	// Feedback is sanitised HTML about what was chosen.
	Feedback []string
	// Explanation is sanitised HTML.
	Explanation string
}

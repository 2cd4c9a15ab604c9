package assessment

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/answer"
	"lyceum/internal/gen/ent/questionversion"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// maxResponse is the length of a short text answer, in characters.
const maxResponse = 1000

// SaveAnswer keeps the viewer's answer to one question of an open attempt; the last one counts, and an
// empty one takes the answer back. Question is the id of the question version. Faults: Unauthenticated and
// Forbidden; NotFound for an attempt that is not the viewer's own and a question that it does not ask;
// Conflict when the attempt has ended, its time is up or its place was given up; BadInput for a response that does not fit.
func (s *Service) SaveAnswer(ctx context.Context, attemptID, questionID uuid.UUID, response quiz.Response) (*ent.Attempt, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return nil, err
	}
	var answered *ent.Attempt
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		answered, err = lockOwn(ctx, tx, who.User, attemptID)
		if err != nil {
			return err
		}
		if err := checkOpen(ctx, tx, answered); err != nil {
			return err
		}
		if err := checkAnswer(ctx, tx, answered, questionID, response); err != nil {
			return err
		}
		return keepAnswer(ctx, tx, answered, questionID, response)
	})
	if err != nil {
		return nil, fmt.Errorf("save answer: %w", err)
	}
	return answered, nil
}

// checkOpen refuses an attempt that takes no answers any more.
func checkOpen(ctx context.Context, tx *pg.Tx, a *ent.Attempt) error {
	if Graded(a) {
		return fault.New(fault.Conflict, "This attempt has ended; it takes no more answers.")
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	if overdue(a, now) {
		return fault.New(fault.Conflict, "The time is up; what was saved before will be graded.")
	}
	return nil
}

// checkAnswer holds the response against the question.
func checkAnswer(ctx context.Context, tx *pg.Tx, a *ent.Attempt, questionID uuid.UUID, response quiz.Response) error {
	at := slices.IndexFunc(a.Picks, func(p quiz.Pick) bool { return p.Question == questionID.String() })
	if at < 0 {
		return fault.New(fault.NotFound, "This attempt asks no such question.")
	}
	// The kind stands in a row that learners do not see, because the key stands there too.
	question, err := tx.QuestionVersion.Query().
		Where(questionversion.ID(questionID)).Select(questionversion.FieldKind).Only(viewer.WholeTenant(ctx))
	if err != nil {
		return fmt.Errorf("read question: %w", err)
	}
	return fits(question.Kind, a.Picks[at].Choices, response)
}

// fits returns nil when the response can be one to a question of the kind with these choices, and a
// BadInput fault otherwise. An empty response fits every question.
func fits(kind quiz.Kind, choices []string, r quiz.Response) error {
	var c input.Checker
	choosing := kind == quiz.SingleChoice || kind == quiz.MultipleChoice
	c.Check(choosing || len(r.Choices) == 0, "response.choices", "This question has no choices.")
	c.Check(kind == quiz.Numeric || r.Number == "", "response.number", "This question does not ask for a number.")
	c.Check(kind == quiz.ShortText || r.Text == "", "response.text", "This question does not ask for a text.")
	if err := c.Err(); err != nil {
		return err
	}
	switch kind {
	case quiz.SingleChoice:
		c.Check(len(r.Choices) <= 1, "response.choices", "Choose one.")
		fitsChoices(&c, choices, r.Choices)
	case quiz.MultipleChoice:
		fitsChoices(&c, choices, r.Choices)
	case quiz.Numeric:
		_, ok := parseNumber(r.Number)
		c.Check(ok || r.Number == "", "response.number", "Write a number, such as 12, -0.5 or 6.02e23, without separating thousands.")
	case quiz.ShortText:
		c.Line("response.text", r.Text, 0, maxResponse)
	}
	return c.Err()
}

// fitsChoices records choices that the question does not have, and such that were made twice.
func fitsChoices(c *input.Checker, offered, chosen []string) {
	seen := map[string]bool{}
	for i, choice := range chosen {
		// More than are offered cannot be right, however long the list.
		if i > len(offered) {
			return
		}
		field := input.Path("response.choices", i)
		c.Check(slices.Contains(offered, choice), field, "The question has no such choice.")
		c.Check(!seen[choice], field, "This was chosen already.")
		seen[choice] = true
	}
}

// keepAnswer writes the answer over the one before. The attempt is locked, so there is no other writer.
func keepAnswer(ctx context.Context, tx *pg.Tx, a *ent.Attempt, questionID uuid.UUID, response quiz.Response) error {
	n, err := tx.Answer.Update().
		Where(answer.AttemptID(a.ID), answer.QuestionID(questionID)).SetResponse(response).Save(ctx)
	if err != nil {
		return fmt.Errorf("change answer: %w", err)
	}
	if n > 0 {
		return nil
	}
	err = tx.Answer.Create().
		SetAttemptID(a.ID).SetLearnerID(a.LearnerID).SetQuestionID(questionID).SetResponse(response).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}

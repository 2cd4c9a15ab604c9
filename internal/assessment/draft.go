package assessment

import (
	"context"
	"fmt"
	"reflect"

	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/question"
	"lyceum/internal/platform/pg"
)

// SaveQuestions makes these the draft questions of the lesson, in this order, and reports whether anything
// changed. A question with a key that is already there keeps its id. CheckQuestions must have found
// nothing wrong with them, and the caller holds the lock of the course.
func (*Service) SaveQuestions(ctx context.Context, tx *pg.Tx, lesson uuid.UUID, questions []quiz.Draft) (bool, error) {
	rows, err := tx.Question.Query().Where(question.LessonID(lesson)).All(ctx)
	if err != nil {
		return false, fmt.Errorf("read questions: %w", err)
	}
	old := make(map[string]*ent.Question, len(rows))
	for _, row := range rows {
		old[row.Key] = row
	}
	var fresh []*ent.QuestionCreate
	changed := false
	for i, q := range questions {
		q = filled(q)
		row := old[q.Key]
		delete(old, q.Key)
		switch {
		case row == nil:
			create := tx.Question.Create().SetLessonID(lesson)
			put(create.Mutation(), q, i)
			fresh = append(fresh, create)
		case row.Position != i || !reflect.DeepEqual(draftOf(row), q):
			update := tx.Question.UpdateOne(row)
			put(update.Mutation(), q, i)
			if err := update.Exec(ctx); err != nil {
				return false, fmt.Errorf("change question %s: %w", q.Key, err)
			}
			changed = true
		}
	}
	if err := replaceQuestions(ctx, tx, old, fresh); err != nil {
		return false, err
	}
	return changed || len(old) > 0 || len(fresh) > 0, nil
}

// replaceQuestions takes away what is gone and adds what is new.
func replaceQuestions(ctx context.Context, tx *pg.Tx, gone map[string]*ent.Question, fresh []*ent.QuestionCreate) error {
	if len(gone) > 0 {
		ids := make([]uuid.UUID, 0, len(gone))
		for _, row := range gone {
			ids = append(ids, row.ID)
		}
		if _, err := tx.Question.Delete().Where(question.IDIn(ids...)).Exec(ctx); err != nil {
			return fmt.Errorf("remove questions: %w", err)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := tx.Question.CreateBulk(fresh...).Exec(ctx); err != nil {
		return fmt.Errorf("add questions: %w", err)
	}
	return nil
}

// filled gives lists that were left out the form in which they are stored.
func filled(q quiz.Draft) quiz.Draft {
	if q.Choices == nil {
		q.Choices = []quiz.DraftChoice{}
	}
	if q.Hints == nil {
		q.Hints = []string{}
	}
	return q
}

func draftOf(row *ent.Question) quiz.Draft {
	return filled(quiz.Draft{
		Key: row.Key, Kind: row.Kind, Format: row.Format, Prompt: row.Prompt,
		Choices: row.Choices, Numeric: row.Numeric, Text: row.Text,
		Points: row.Points, Explanation: row.Explanation, Hints: row.Hints,
	})
}

func put(m *ent.QuestionMutation, q quiz.Draft, position int) {
	m.SetKey(q.Key)
	m.SetKind(q.Kind)
	m.SetFormat(q.Format)
	m.SetPrompt(q.Prompt)
	m.SetChoices(q.Choices)
	m.SetPoints(q.Points)
	m.SetExplanation(q.Explanation)
	m.SetHints(q.Hints)
	m.SetPosition(position)
	if q.Numeric == nil {
		m.ClearNumeric()
	} else {
		m.SetNumeric(q.Numeric)
	}
	if q.Text == nil {
		m.ClearText()
	} else {
		m.SetText(q.Text)
	}
}

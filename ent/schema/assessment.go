package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/policy"
)

// Question is a draft question of a quiz lesson, with its key.
type Question struct{ ent.Schema }

// Mixin of Question.
func (Question) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Question.
func (Question) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("lesson_id", uuid.UUID{}).Immutable(),
		field.String("key").MaxLen(100).Comment("Chosen by the author, unique in the quiz."),
		field.Enum("kind").GoType(quiz.Kind("")),
		field.Text("prompt"),
		field.Enum("format").GoType(outline.Format("")).Default(string(outline.Markdown)),
		field.JSON("choices", []quiz.DraftChoice{}).Default([]quiz.DraftChoice{}),
		field.JSON("numeric", &quiz.NumericKey{}).Optional(),
		field.JSON("text", &quiz.TextKey{}).Optional(),
		field.Int("points").Default(1).Positive(),
		field.Text("explanation").Default(""),
		field.Strings("hints").Default([]string{}),
		field.Int("position"),
	}
}

// Indexes of Question.
func (Question) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "lesson_id", "key").Unique()}
}

// Policy of Question.
func (Question) Policy() ent.Policy { return policy.Rules(policy.AuthorsOnly(), policy.StaffWrites) }

// QuestionVersion is a question as it was published. It never changes; equal content is stored once.
type QuestionVersion struct{ ent.Schema }

// Mixin of QuestionVersion.
func (QuestionVersion) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of QuestionVersion.
func (QuestionVersion) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("question_id", uuid.UUID{}).Immutable(),
		field.UUID("lesson_id", uuid.UUID{}).Immutable(),
		field.String("content_hash").MaxLen(64).Immutable().Comment("SHA-256 of the content, in hex."),
		field.Enum("kind").GoType(quiz.Kind("")).Immutable(),
		field.Text("prompt_html").Immutable(),
		field.JSON("choices", []quiz.Choice{}).Default([]quiz.Choice{}).Immutable(),
		field.JSON("answer_key", quiz.Key{}).Immutable().Sensitive(),
		field.Int("points").Immutable(),
		field.Text("explanation_html").Default("").Immutable().Sensitive(),
		field.Strings("hints").Default([]string{}).Immutable(),
	}
}

// Indexes of QuestionVersion.
func (QuestionVersion) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "question_id", "content_hash").Unique(),
		index.Fields("tenant_id", "lesson_id"),
	}
}

// Policy of QuestionVersion: the key lies here, so learners reach it through attempts only.
func (QuestionVersion) Policy() ent.Policy {
	return policy.Rules(policy.AuthorsOnly(), policy.AppendOnly(policy.StaffWrites))
}

// Attempt is one try of a learner at a quiz, with the questions frozen at its start.
type Attempt struct{ ent.Schema }

// Mixin of Attempt.
func (Attempt) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Attempt.
func (Attempt) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("enrollment_id", uuid.UUID{}).Immutable(),
		field.UUID("learner_id", uuid.UUID{}).Immutable(),
		field.UUID("lesson_id", uuid.UUID{}).Immutable(),
		field.UUID("version_id", uuid.UUID{}).Immutable().Comment("The course version it was started in."),
		field.Int("number").Positive().Immutable(),
		field.Enum("state").Values("IN_PROGRESS", "SUBMITTED", "EXPIRED").Default("IN_PROGRESS"),
		field.JSON("picks", []quiz.Pick{}).Immutable(),
		field.Int("pass_mark").Immutable().Comment("Percent."),
		field.Time("started_at").Immutable().Comment("The database's clock."),
		field.Time("deadline_at").Optional().Nillable().Comment("The database's clock; nil means none."),
		field.Time("submitted_at").Optional().Nillable(),
		field.Float("score").Default(0).Comment("Points."),
		field.Float("max_score").Immutable().Comment("Points."),
		field.Bool("passed").Default(false),
	}
}

// Indexes of Attempt.
func (Attempt) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "enrollment_id", "lesson_id", "number").Unique(),
		index.Fields("tenant_id", "learner_id"),
		index.Fields("tenant_id", "state", "deadline_at"),
	}
}

// Policy of Attempt.
func (Attempt) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.Kept(policy.OwnWritesUnlessStaff("learner_id")))
}

// Answer is what a learner answered to one question of an attempt.
type Answer struct{ ent.Schema }

// Mixin of Answer.
func (Answer) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Answer.
func (Answer) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("attempt_id", uuid.UUID{}).Immutable(),
		field.UUID("learner_id", uuid.UUID{}).Immutable(),
		field.UUID("question_id", uuid.UUID{}).Immutable().Comment("The question version."),
		field.JSON("response", quiz.Response{}),
		field.Float("score").Default(0),
		field.Bool("correct").Default(false),
	}
}

// Indexes of Answer.
func (Answer) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "attempt_id", "question_id").Unique()}
}

// Policy of Answer.
func (Answer) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.Kept(policy.OwnWritesUnlessStaff("learner_id")))
}

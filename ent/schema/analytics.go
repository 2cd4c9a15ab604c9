package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/policy"
)

// DailyFact counts what happened in a course on a day, in UTC.
type DailyFact struct{ ent.Schema }

// Mixin of DailyFact.
func (DailyFact) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of DailyFact.
func (DailyFact) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.Time("day").SchemaType(map[string]string{dialect.Postgres: "date"}).Immutable(),
		field.Int("enrollments").Default(0).Comment("Places taken up, for the first time or again."),
		field.Int("lesson_completions").Default(0),
		field.Int("course_completions").Default(0),
		field.Int("certificates").Default(0),
	}
}

// Indexes of DailyFact.
func (DailyFact) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "course_id", "day").Unique(),
		index.Fields("tenant_id", "day"),
	}
}

// Policy of DailyFact: staff read it; only what happens writes it.
func (DailyFact) Policy() ent.Policy {
	return policy.Rules(policy.StaffOnly(), policy.Kept(policy.SystemWrites))
}

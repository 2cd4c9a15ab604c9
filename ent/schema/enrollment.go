package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/policy"
)

// Enrollment is a learner's place in a course, pinned to the version it began with.
type Enrollment struct{ ent.Schema }

// Mixin of Enrollment.
func (Enrollment) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Enrollment.
func (Enrollment) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("learner_id", uuid.UUID{}).Immutable(),
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.UUID("version_id", uuid.UUID{}),
		field.Enum("state").Values("ACTIVE", "COMPLETED", "WITHDRAWN").Default("ACTIVE"),
		field.Enum("source").Values("SELF", "STAFF"),
		field.UUID("enrolled_by", uuid.UUID{}),
		field.Time("enrolled_at").Default(time.Now),
		field.Time("due_at").Optional().Nillable(),
		field.Time("completed_at").Optional().Nillable(),
		field.Time("withdrawn_at").Optional().Nillable(),
	}
}

// Indexes of Enrollment.
func (Enrollment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "course_id", "learner_id").Unique(),
		index.Fields("tenant_id", "learner_id", "enrolled_at", "id"),
		index.Fields("tenant_id", "course_id", "enrolled_at", "id"),
	}
}

// Policy of Enrollment.
func (Enrollment) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.Kept(policy.OwnWritesUnlessStaff("learner_id")))
}

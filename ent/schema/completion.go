package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/policy"
)

// Completion says that a learner completed a lesson, a module or a course, when, and by which rule. There is one for
// each place and node, ever, and it is never changed.
type Completion struct{ ent.Schema }

// Mixin of Completion.
func (Completion) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Completion.
func (Completion) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("enrollment_id", uuid.UUID{}).Immutable(),
		field.UUID("learner_id", uuid.UUID{}).Immutable(),
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.UUID("node_id", uuid.UUID{}).Immutable().Comment("The lesson, module or course."),
		field.Enum("node").Values("LESSON", "MODULE", "COURSE").Immutable(),
		field.String("rule_version").MaxLen(64).Default("").Immutable().Comment("SHA-256 of the rule that held, in hex; empty when staff decided."),
		field.UUID("version_id", uuid.UUID{}).Immutable().Comment("The course version whose rule it was."),
		field.Enum("by").Values("RULE", "REPORT", "STAFF").Immutable().
			Comment("RULE: as the evidence came; REPORT: staff applied a version's rules; STAFF: staff decided."),
		field.UUID("actor_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The staff who applied or decided."),
		field.String("reason").MaxRuneLen(1000).Default("").Immutable(),
		field.Time("completed_at").Immutable(),
	}
}

// Indexes of Completion.
func (Completion) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "enrollment_id", "node_id").Unique()}
}

// Policy of Completion.
func (Completion) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.AppendOnly(policy.OwnWritesUnlessStaff("learner_id")))
}

// Attestation is what staff say of a learner: that they were there, or that they can do it.
type Attestation struct{ ent.Schema }

// Mixin of Attestation.
func (Attestation) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Attestation.
func (Attestation) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("enrollment_id", uuid.UUID{}).Immutable(),
		field.UUID("learner_id", uuid.UUID{}).Immutable(),
		field.UUID("node_id", uuid.UUID{}).Immutable().Comment("The lesson, module or course."),
		field.Enum("kind").Values("SIGN_OFF", "ATTENDANCE").Immutable(),
		field.Int("minutes").Default(0).NonNegative().Immutable().Comment("Of attendance."),
		field.String("note").MaxRuneLen(1000).Default("").Immutable(),
		field.UUID("made_by", uuid.UUID{}).Immutable(),
	}
}

// Indexes of Attestation.
func (Attestation) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "enrollment_id", "node_id")}
}

// Policy of Attestation.
func (Attestation) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.AppendOnly(policy.StaffWrites))
}

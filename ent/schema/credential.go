package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/policy"
)

// Certificate states that a learner completed a course. What it states never changes; it can be revoked.
type Certificate struct{ ent.Schema }

// Mixin of Certificate.
func (Certificate) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Certificate.
func (Certificate) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("enrollment_id", uuid.UUID{}).Immutable(),
		field.UUID("learner_id", uuid.UUID{}).Immutable(),
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.UUID("version_id", uuid.UUID{}).Immutable(),
		field.String("code").MaxLen(40).Immutable().Comment("What the public page is opened with; 128 random bits."),
		field.String("learner_name").MaxRuneLen(200).Immutable(),
		field.String("course_title").MaxRuneLen(300).Immutable(),
		field.String("tenant_name").MaxRuneLen(200).Immutable(),
		field.String("signatory").MaxRuneLen(200).Default("").Immutable(),
		field.String("locale").MaxLen(35).Immutable(),
		field.Time("completed_at").Immutable(),
		field.Time("issued_at").Default(time.Now).Immutable(),
		field.Time("expires_at").Optional().Nillable().Immutable().
			Comment("The end of the last day on which it is good, by UTC; null is for ever."),
		field.String("pdf_key").Default("").MaxLen(500).Comment("Blob key; empty until the PDF exists."),
		field.String("pdf_sha256").Default("").MaxLen(64),
		field.Time("revoked_at").Optional().Nillable(),
		field.UUID("revoked_by", uuid.UUID{}).Optional().Nillable(),
		field.String("revocation_reason").Default("").MaxRuneLen(500),
	}
}

// Indexes of Certificate.
func (Certificate) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "enrollment_id").Unique(),
		index.Fields("tenant_id", "code").Unique(),
		index.Fields("tenant_id", "learner_id"),
	}
}

// Policy of Certificate. The public page reads one by its code with the whole tenant in view.
func (Certificate) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.Kept(policy.StaffWrites))
}

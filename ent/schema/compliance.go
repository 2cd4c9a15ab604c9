package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/policy"
)

// AuditEntry is one link of a tenant's audit chain. The application can insert it and nothing else.
type AuditEntry struct{ ent.Schema }

// Mixin of AuditEntry.
func (AuditEntry) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of AuditEntry.
func (AuditEntry) Fields() []ent.Field {
	return []ent.Field{
		field.Int("seq").Positive().Immutable().Comment("1, 2, 3… inside the tenant, without gaps."),
		field.Time("at").Immutable(),
		field.String("actor").MaxLen(200).Immutable().Comment("The user's global id, or the system's name."),
		field.String("role").MaxLen(30).Immutable(),
		field.String("action").MaxLen(100).Immutable().Comment("Past tense: course.published."),
		field.String("subject").MaxLen(60).Immutable().Comment("Global id of what it was done to."),
		field.JSON("data", map[string]string{}).Default(map[string]string{}).Immutable(),
		field.String("request_id").MaxLen(100).Default("").Immutable(),
		field.Bytes("previous").Immutable().Comment("Hash of the entry before; 32 zero bytes for the first."),
		field.Bytes("hash").Immutable().Comment("SHA-256 over all of the above."),
	}
}

// Indexes of AuditEntry.
func (AuditEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "seq").Unique(),
		index.Fields("tenant_id", "subject", "seq"),
	}
}

// Policy of AuditEntry: admins read it; whoever acts appends to it.
func (AuditEntry) Policy() ent.Policy {
	return policy.Rules(policy.AdminOnly(), policy.AppendOnly(policy.AnyoneWrites))
}

// AuditHead is the end of a tenant's chain; its row lock puts appends in order.
type AuditHead struct{ ent.Schema }

// Mixin of AuditHead.
func (AuditHead) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of AuditHead.
func (AuditHead) Fields() []ent.Field {
	return []ent.Field{
		field.Int("seq").Default(0),
		field.Bytes("hash"),
		field.UUID("last_entry_id", uuid.UUID{}).Optional().Nillable(),
	}
}

// Indexes of AuditHead.
func (AuditHead) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id").Unique()}
}

// Policy of AuditHead.
func (AuditHead) Policy() ent.Policy {
	return policy.Rules(policy.AdminOnly(), policy.Kept(policy.AnyoneWrites))
}

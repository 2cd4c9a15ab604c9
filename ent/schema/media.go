package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/policy"
)

// Asset is one uploaded file. Its bytes are in blob storage under its tenant, never in the database.
type Asset struct{ ent.Schema }

// Mixin of Asset.
func (Asset) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Asset.
func (Asset) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("owner_id", uuid.UUID{}).Immutable().Comment("The user who uploaded it."),
		field.Enum("kind").Values("VIDEO", "AUDIO", "IMAGE", "DOCUMENT", "CAPTION", "OTHER").Immutable(),
		field.String("file_name").MaxLen(255).Immutable().Comment("For people; never a path."),
		field.String("content_type").MaxLen(127).Immutable(),
		field.Int64("size").Positive().Immutable().Comment("Bytes, as declared and enforced."),
		field.String("sha256").MaxLen(64).Immutable().Comment("Hex, as declared and verified."),
		field.Enum("status").Values("PENDING", "READY", "REJECTED").Default("PENDING"),
		field.String("failure").Default("").MaxLen(500).Comment("Why it was rejected, for its owner."),
		field.String("blob_key").MaxLen(500).Immutable(),
		field.Time("expires_at").Optional().Nillable().Comment("When a pending upload is swept."),
	}
}

// Indexes of Asset.
func (Asset) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "sha256"),
		index.Fields("tenant_id", "status", "expires_at"),
	}
}

// Policy of Asset: staff own the library; learners get signed addresses through their lessons.
func (Asset) Policy() ent.Policy { return policy.Rules(policy.StaffOnly(), policy.StaffWrites) }

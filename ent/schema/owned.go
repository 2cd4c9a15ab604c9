// Package schema holds the entities, one file a context. Every entity embeds Owned first, so that no
// later rule can allow what tenant isolation denies; the few global ones are listed in internal/arch.
//
// Entities have no ent edges: relations are plain id fields, read through loaders and guarded by
// composite foreign keys (docs/decisions/0006-no-ent-edges.md).
package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"

	"lyceum/internal/policy"
)

// newID returns a UUIDv7: ids sort by age, and new rows land together in an index.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Owned marks an entity as the property of one tenant.
type Owned struct{ mixin.Schema }

// Fields of every tenant-owned row.
func (Owned) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(newID).Immutable(),
		field.UUID("tenant_id", uuid.UUID{}).Immutable(),
		field.Time("created_at").Default(time.Now).Immutable(),
		// UpdateDefault keeps every update non-empty: an empty UpdateOne skips its WHERE clause in ent
		// and would return another tenant's row.
		field.Time("updated_at").Default(time.Now).UpdateDefault(time.Now),
	}
}

// Policy of every tenant-owned row: inside the viewer's tenant, or not at all.
func (Owned) Policy() ent.Policy { return policy.TenantIsolation() }

package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/policy"
)

// Group is people of the tenant who belong together: a class, a department.
type Group struct{ ent.Schema }

// Mixin of Group.
func (Group) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Group.
func (Group) Fields() []ent.Field {
	return []ent.Field{
		field.String("key").MaxLen(100).Immutable(),
		field.String("name").NotEmpty().MaxRuneLen(200),
		field.Time("archived_at").Optional().Nillable().Comment("Since when it is for nobody but staff."),
	}
}

// Indexes of Group.
func (Group) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "key").Unique(),
		index.Fields("tenant_id", "name", "id"),
	}
}

// Policy of Group: learners see the groups that they are in.
func (Group) Policy() ent.Policy {
	return policy.Rules(policy.OwnGroupsUnlessStaff(), policy.Kept(policy.AdminWrites))
}

// GroupMember is one person in a group, since the row was made.
type GroupMember struct{ ent.Schema }

// Mixin of GroupMember.
func (GroupMember) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of GroupMember.
func (GroupMember) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("group_id", uuid.UUID{}).Immutable(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
	}
}

// Indexes of GroupMember.
func (GroupMember) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "group_id", "user_id").Unique(),
		index.Fields("tenant_id", "group_id", "id"),
		index.Fields("tenant_id", "user_id", "group_id"),
	}
}

// Policy of GroupMember: who else is in their group is not for learners.
func (GroupMember) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("user_id"), policy.AdminWrites)
}

package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/policy"
)

// PointRule says what a deed is worth since when. The latest one before a deed is the one that counts for it.
type PointRule struct{ ent.Schema }

// Mixin of PointRule.
func (PointRule) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of PointRule.
func (PointRule) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("reason").Values("LESSON", "QUIZ", "COURSE").Immutable(),
		field.Int("points").Immutable(),
		field.Time("since").Default(time.Now).Immutable(),
	}
}

// Indexes of PointRule.
func (PointRule) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "reason", "since").Unique()}
}

// Annotations of PointRule.
func (PointRule) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Checks: map[string]string{"point_rules_points": "points BETWEEN 0 AND 10000"}}}
}

// Policy of PointRule: everybody may know what is worth what.
func (PointRule) Policy() ent.Policy { return policy.Writers(policy.AppendOnly(policy.AdminWrites)) }

// Achievement is what learners earn once its rule holds for them.
type Achievement struct{ ent.Schema }

// Mixin of Achievement.
func (Achievement) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Achievement.
func (Achievement) Fields() []ent.Field {
	return []ent.Field{
		field.String("key").MaxLen(64).Immutable(),
		field.String("title").NotEmpty().MaxRuneLen(120),
		field.String("description").MaxRuneLen(500).Default(""),
		field.String("rule").NotEmpty().MaxLen(500).Comment("CEL over what only ever grows: internal/engagement/deserve."),
		field.Time("retired_at").Optional().Nillable().Comment("Nobody earns it any more; who has it keeps it."),
	}
}

// Indexes of Achievement.
func (Achievement) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "key").Unique()}
}

// Policy of Achievement.
func (Achievement) Policy() ent.Policy { return policy.Writers(policy.Kept(policy.AdminWrites)) }

// EngagementProfile is how somebody stands in leaderboards. Who has none stands there by name.
type EngagementProfile struct{ ent.Schema }

// Mixin of EngagementProfile.
func (EngagementProfile) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of EngagementProfile.
func (EngagementProfile) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Bool("hidden").Default(false).Comment("In nobody's leaderboard."),
		field.String("pseudonym").MaxRuneLen(40).Default("").Comment("Stands for the name; empty for none."),
	}
}

// Indexes of EngagementProfile.
func (EngagementProfile) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "user_id").Unique()}
}

// Policy of EngagementProfile: one's own.
func (EngagementProfile) Policy() ent.Policy {
	return policy.Rules(policy.OwnRows("user_id"), policy.Kept(policy.OwnWrites("user_id")))
}

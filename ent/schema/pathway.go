package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/policy"
)

// LearningPath is a list of courses that lead somewhere together, and what completes them as a whole.
type LearningPath struct{ ent.Schema }

// Mixin of LearningPath.
func (LearningPath) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of LearningPath.
func (LearningPath) Fields() []ent.Field {
	return []ent.Field{
		field.String("slug").MaxLen(100).Immutable(),
		field.String("title").NotEmpty().MaxRuneLen(300),
		field.Text("description").Default("").Comment("Plain text."),
		field.Enum("state").Values("DRAFT", "PUBLISHED", "ARCHIVED").Default("DRAFT"),
		field.Enum("visibility").GoType(outline.Visibility("")).Default(string(outline.Public)).
			Comment("PUBLIC: everybody; MEMBERS: who is signed in; UNLISTED: who has the address."),
		field.Enum("need").GoType(outline.Need("")).Default(string(outline.NeedAll)).
			Comment("How many of the required courses complete it."),
		field.Int("need_count").Default(0).NonNegative().Comment("How many AT_LEAST asks for; 0 otherwise."),
		field.Bool("ordered").Default(false).Comment("Whether a course opens when the required ones before it are completed."),
		field.Bool("self_enroll").Default(true).Comment("Whether learners take it up by themselves."),
		field.Int("due_days").Optional().Nillable().Comment("After how many days it is due, unless somebody says otherwise."),
		field.Int("revision").Default(1).Comment("Grows with every edit; guards against lost updates."),
		field.Time("published_at").Optional().Nillable().Comment("When it was published first."),
	}
}

// Annotations of LearningPath.
func (LearningPath) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Checks(map[string]string{
		"learning_paths_state": `state IN ('DRAFT', 'PUBLISHED', 'ARCHIVED')`,
		"learning_paths_need":  `(need = 'AT_LEAST') = (need_count > 0)`,
	})}
}

// Indexes of LearningPath.
func (LearningPath) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "slug").Unique(),
		index.Fields("tenant_id", "title", "id"),
	}
}

// Policy of LearningPath: a draft is for those who write it.
func (LearningPath) Policy() ent.Policy {
	return policy.Rules(policy.ShownPaths("id"), policy.Kept(policy.StaffWrites))
}

// PathCourse is one course of a learning path.
type PathCourse struct{ ent.Schema }

// Mixin of PathCourse.
func (PathCourse) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of PathCourse.
func (PathCourse) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("path_id", uuid.UUID{}).Immutable(),
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.Int("position").Immutable().Comment("0, 1, 2… inside the path."),
		field.Bool("required").Immutable().Comment("Whether it counts towards completing the path."),
	}
}

// Indexes of PathCourse.
func (PathCourse) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "path_id", "course_id").Unique(),
		index.Fields("tenant_id", "course_id"),
	}
}

// Policy of PathCourse: who sees the path sees what it consists of.
func (PathCourse) Policy() ent.Policy {
	return policy.Rules(policy.ShownPaths("path_id"), policy.StaffWrites)
}

// PathEnrollment is a learner's place in a learning path.
type PathEnrollment struct{ ent.Schema }

// Mixin of PathEnrollment.
func (PathEnrollment) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of PathEnrollment.
func (PathEnrollment) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("path_id", uuid.UUID{}).Immutable(),
		field.UUID("learner_id", uuid.UUID{}).Immutable(),
		field.Enum("state").Values("ACTIVE", "COMPLETED", "WITHDRAWN", "REVOKED").Default("ACTIVE"),
		field.Bool("by_staff").Comment("Whether staff gave it, the last time it was taken up."),
		field.UUID("enrolled_by", uuid.UUID{}),
		field.Time("enrolled_at").Default(time.Now).Immutable(),
		field.Time("due_at").Optional().Nillable(),
		field.Time("completed_at").Optional().Nillable(),
		field.Time("left_at").Optional().Nillable().Comment("When it was given up, or ended by staff."),
	}
}

// Annotations of PathEnrollment.
func (PathEnrollment) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Checks(map[string]string{
		"path_enrollments_state":     `state IN ('ACTIVE', 'COMPLETED', 'WITHDRAWN', 'REVOKED')`,
		"path_enrollments_completed": `(state = 'COMPLETED') = (completed_at IS NOT NULL)`,
		"path_enrollments_left":      `(state IN ('WITHDRAWN', 'REVOKED')) = (left_at IS NOT NULL)`,
	})}
}

// Indexes of PathEnrollment.
func (PathEnrollment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "path_id", "learner_id").Unique(),
		index.Fields("tenant_id", "learner_id", "enrolled_at", "id"),
		index.Fields("tenant_id", "path_id", "enrolled_at", "id"),
	}
}

// Policy of PathEnrollment.
func (PathEnrollment) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.Kept(policy.OwnWritesUnlessStaff("learner_id")))
}

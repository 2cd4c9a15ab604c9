package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/platform/pg/multirange"
	"lyceum/internal/policy"
)

// LessonProgress is the evidence of one learner in one lesson.
type LessonProgress struct{ ent.Schema }

// Mixin of LessonProgress.
func (LessonProgress) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of LessonProgress.
func (LessonProgress) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("enrollment_id", uuid.UUID{}).Immutable(),
		field.UUID("learner_id", uuid.UUID{}).Immutable(),
		field.UUID("lesson_id", uuid.UUID{}).Immutable(),
		field.Other("watched", multirange.Int4{}).
			SchemaType(map[string]string{dialect.Postgres: "int4multirange"}).
			Default(multirange.Int4{}).
			Comment("Union of the played segments, milliseconds of the video."),
		field.Int("watched_ms").Default(0).Comment("Length of the union."),
		field.Int("position_ms").Default(0).Comment("Where to resume."),
		field.Time("position_at").Optional().Nillable().Comment("When the learner stood there."),
		field.UUID("position_session", uuid.UUID{}).Optional().Nillable().Comment("Whose batch said so."),
		field.Int("position_seq").Default(0).Comment("Which one of the session."),
		field.Int("time_ms").Default(0).Comment("Time on task."),
		field.Time("declared_at").Optional().Nillable().Comment("When the learner said to be done."),
		field.Time("completed_at").Optional().Nillable(),
	}
}

// Indexes of LessonProgress.
func (LessonProgress) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "enrollment_id", "lesson_id").Unique()}
}

// Policy of LessonProgress.
func (LessonProgress) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.Kept(policy.OwnWritesUnlessStaff("learner_id")))
}

// CourseProgress holds the counters that dashboards show, kept on write.
type CourseProgress struct{ ent.Schema }

// Mixin of CourseProgress.
func (CourseProgress) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of CourseProgress.
func (CourseProgress) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("enrollment_id", uuid.UUID{}).Immutable(),
		field.UUID("learner_id", uuid.UUID{}).Immutable(),
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.Int("completed_lessons").Default(0).Comment("All completed lessons, required or not."),
		field.Int("completed_required").Default(0),
		field.Int("required_lessons"),
		field.Int("time_ms").Default(0).Comment("Time on task in all lessons."),
		field.UUID("last_lesson_id", uuid.UUID{}).Optional().Nillable(),
		field.Time("last_activity_at").Default(time.Now),
		field.Int("credit_ms").Default(60_000).
			Comment("Watched time that may still be credited whatever the clock says, milliseconds of video."),
		field.Time("credited_at").Default(time.Now).Comment("When watched time was last credited, or could first be."),
		field.Time("completed_at").Optional().Nillable(),
	}
}

// Indexes of CourseProgress.
func (CourseProgress) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "enrollment_id").Unique()}
}

// Policy of CourseProgress.
func (CourseProgress) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.Kept(policy.OwnWritesUnlessStaff("learner_id")))
}

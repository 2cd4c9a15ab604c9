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
		field.Enum("state").
			Values("INVITED", "PENDING_PAYMENT", "WAITLISTED", "ACTIVE", "COMPLETED", "EXPIRED", "WITHDRAWN", "REVOKED").
			Default("ACTIVE"),
		field.Enum("source").Values(grantSources()...).Comment("Why the place was taken, the last time it was."),
		field.UUID("enrolled_by", uuid.UUID{}),
		field.Time("enrolled_at").Default(time.Now),
		field.Time("due_at").Optional().Nillable(),
		field.Time("completed_at").Optional().Nillable(),
		field.Time("withdrawn_at").Optional().Nillable(),
		field.Bool("seated").Default(false).Comment("Whether it is one of the places that the course's counter counts."),
		field.Int("ticket").Optional().Nillable().Comment("The number drawn on the waiting list; the lowest goes first."),
	}
}

func grantSources() []string { return []string{"SELF", "STAFF", "RULE", "PURCHASE", "IMPORT", "PATH"} }

// Annotations of Enrollment.
func (Enrollment) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Checks(map[string]string{
		"enrollments_seated": `NOT seated OR state IN ('ACTIVE', 'COMPLETED')`,
		"enrollments_state":  `state IN ('INVITED', 'PENDING_PAYMENT', 'WAITLISTED', 'ACTIVE', 'COMPLETED', 'EXPIRED', 'WITHDRAWN', 'REVOKED')`,
		"enrollments_ticket": `(state = 'WAITLISTED') = (ticket IS NOT NULL)`,
	})}
}

// Indexes of Enrollment.
func (Enrollment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "course_id", "learner_id").Unique(),
		index.Fields("tenant_id", "learner_id", "enrolled_at", "id"),
		index.Fields("tenant_id", "course_id", "enrolled_at", "id"),
		index.Fields("tenant_id", "course_id", "ticket").Annotations(entsql.IndexWhere("ticket IS NOT NULL")),
	}
}

// Policy of Enrollment.
func (Enrollment) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.Kept(policy.OwnWritesUnlessStaff("learner_id")))
}

// EnrollmentGrant is one reason why somebody has a place. The place ends when the last of them has ended.
type EnrollmentGrant struct{ ent.Schema }

// Mixin of EnrollmentGrant.
func (EnrollmentGrant) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of EnrollmentGrant.
func (EnrollmentGrant) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("enrollment_id", uuid.UUID{}).Immutable(),
		field.UUID("learner_id", uuid.UUID{}).Immutable(),
		field.Enum("source").Values(grantSources()...).Immutable(),
		field.String("reference").Default("").Immutable().Comment("The order, rule or file that it comes from; empty for people."),
		field.UUID("granted_by", uuid.UUID{}).Comment("Nil for Lyceum itself."),
		field.Time("granted_at"),
		field.Time("ends_at").Optional().Nillable(),
		field.Time("ended_at").Optional().Nillable(),
		field.Enum("ended_why").Values("EXPIRED", "WITHDRAWN", "DECLINED", "REVOKED").Optional().Nillable(),
	}
}

// Annotations of EnrollmentGrant.
func (EnrollmentGrant) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Checks(map[string]string{
		"enrollment_grants_ended": `(ended_at IS NULL) = (ended_why IS NULL)`,
	})}
}

// Indexes of EnrollmentGrant.
func (EnrollmentGrant) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "enrollment_id", "source", "reference").Unique(),
		index.Fields("tenant_id", "source", "reference"),
		index.Fields("tenant_id", "ends_at"),
	}
}

// Policy of EnrollmentGrant.
func (EnrollmentGrant) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.Kept(policy.OwnWritesUnlessStaff("learner_id")))
}

// EnrollmentChange is one step in the history of a place.
type EnrollmentChange struct{ ent.Schema }

// Mixin of EnrollmentChange.
func (EnrollmentChange) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of EnrollmentChange.
func (EnrollmentChange) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("enrollment_id", uuid.UUID{}).Immutable(),
		field.UUID("learner_id", uuid.UUID{}).Immutable(),
		field.Enum("act").Immutable().Values(
			"ENROLLED", "ADMITTED", "INVITED", "ASKED_TO_PAY", "QUEUED", "PROMOTED", "COMPLETED", "WITHDREW", "DECLINED", "EXPIRED", "REVOKED", "MIGRATED",
		),
		field.Enum("state").Immutable().Comment("What the place was after it.").
			Values("INVITED", "PENDING_PAYMENT", "WAITLISTED", "ACTIVE", "COMPLETED", "EXPIRED", "WITHDRAWN", "REVOKED"),
		field.UUID("migration_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The migration that moved the place, nil for other acts."),
		field.UUID("changed_by", uuid.UUID{}).Immutable().Comment("Nil for Lyceum itself."),
		field.Time("changed_at").Immutable(),
	}
}

// Indexes of EnrollmentChange.
func (EnrollmentChange) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "enrollment_id", "changed_at", "id")}
}

// Policy of EnrollmentChange.
func (EnrollmentChange) Policy() ent.Policy {
	return policy.Rules(policy.OwnRowsUnlessStaff("learner_id"), policy.AppendOnly(policy.OwnWritesUnlessStaff("learner_id")))
}

// Admission is what a course says to those who want in: how many there may be, and by when they should be through.
type Admission struct{ ent.Schema }

// Mixin of Admission.
func (Admission) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Admission.
func (Admission) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.Int("capacity").Optional().Nillable().Comment("How many seats there are; nil for as many as come."),
		field.Int("taken").Default(0).Comment("How many seats are taken. The database refuses more than the capacity."),
		field.Int("tickets").Default(0).Comment("How many numbers of the waiting list were drawn, ever."),
		field.Int("due_days").Optional().Nillable().Comment("After how many days a place is due, unless somebody says otherwise."),
	}
}

// Annotations of Admission.
func (Admission) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Checks(map[string]string{
		"admissions_seats": `taken >= 0 AND (capacity IS NULL OR taken <= capacity)`,
	})}
}

// Indexes of Admission.
func (Admission) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "course_id").Unique()}
}

// Policy of Admission.
func (Admission) Policy() ent.Policy {
	return policy.Rules(policy.StaffOnly(), policy.Kept(policy.StaffWrites))
}

// Equivalence says that completing one course counts as completing another, where that one is asked for.
type Equivalence struct{ ent.Schema }

// Mixin of Equivalence.
func (Equivalence) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Equivalence.
func (Equivalence) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("course_id", uuid.UUID{}).Immutable().Comment("What was asked for."),
		field.UUID("counts_id", uuid.UUID{}).Immutable().Comment("What counts as well."),
	}
}

// Annotations of Equivalence.
func (Equivalence) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Checks(map[string]string{
		"equivalences_others": `course_id <> counts_id`,
	})}
}

// Indexes of Equivalence.
func (Equivalence) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "course_id", "counts_id").Unique()}
}

// Policy of Equivalence.
func (Equivalence) Policy() ent.Policy { return policy.Writers(policy.StaffWrites) }

// EnrollmentMigration moves the places of a course to a newer version, one by one.
type EnrollmentMigration struct{ ent.Schema }

// Mixin of EnrollmentMigration.
func (EnrollmentMigration) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of EnrollmentMigration.
func (EnrollmentMigration) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.UUID("version_id", uuid.UUID{}).Immutable().Comment("Where the places go."),
		field.Int("number").Immutable().Comment("The version's."),
		field.JSON("mapping", map[uuid.UUID]uuid.UUID{}).Immutable().
			Comment("From lessons that the version does not have to those whose evidence theirs becomes."),
		field.Enum("places").Values("NOT_STARTED", "NOT_COMPLETED").Immutable().Comment("Which ones go."),
		field.UUID("started_by", uuid.UUID{}).Immutable(),
		field.Enum("state").Values("RUNNING", "DONE").Default("RUNNING"),
		field.Int("total").Immutable().Comment("How many places there were to move when it began."),
		field.Int("done").Default(0),
		field.Int("failed").Default(0),
		field.UUID("reached_id", uuid.UUID{}).Comment("The last place that was looked at; those after it are to come."),
	}
}

// Indexes of EnrollmentMigration.
func (EnrollmentMigration) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "course_id", "id")}
}

// Policy of EnrollmentMigration.
func (EnrollmentMigration) Policy() ent.Policy {
	return policy.Rules(policy.StaffOnly(), policy.Kept(policy.StaffWrites))
}

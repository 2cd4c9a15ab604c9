package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/policy"
)

// Category groups courses in a tenant's catalog.
type Category struct{ ent.Schema }

// Mixin of Category.
func (Category) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Category.
func (Category) Fields() []ent.Field {
	return []ent.Field{
		field.String("slug").MaxLen(100),
		field.String("name").NotEmpty().MaxRuneLen(200),
		field.Int("position").Default(0),
	}
}

// Indexes of Category.
func (Category) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "slug").Unique()}
}

// Policy of Category.
func (Category) Policy() ent.Policy { return policy.Writers(policy.StaffWrites) }

// Course is the draft that authors edit. Learners never see it: they see published versions.
type Course struct{ ent.Schema }

// Mixin of Course.
func (Course) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// listing are the fields that a course shows in the catalog, in draft and in every version alike.
func listing() []ent.Field {
	return []ent.Field{
		field.String("slug").MaxLen(100),
		field.String("title").NotEmpty().MaxRuneLen(300),
		field.String("summary").MaxRuneLen(1000).Default(""),
		field.String("language").MaxLen(35).Default("en").Comment("BCP 47."),
		field.Enum("level").GoType(outline.Level("")).Default(string(outline.All)),
		field.Strings("categories").Default([]string{}).Comment("Slugs of categories."),
		field.Strings("tags").Default([]string{}),
		field.Enum("visibility").GoType(outline.Visibility("")).Default(string(outline.Public)).
			Comment("PUBLIC: everybody; MEMBERS: who is signed in; UNLISTED: who has the address."),
		field.Int("price_amount").Default(0).NonNegative().Comment("Minor units of the currency; 0 is free."),
		field.String("price_currency").Default("").MaxLen(3).Comment("ISO 4217, empty when free."),
		field.UUID("instructor_id", uuid.UUID{}).Comment("The user named as the course's instructor."),
	}
}

// Fields of Course.
func (Course) Fields() []ent.Field {
	return append(listing(),
		field.Text("description").Default("").Comment("Markdown."),
		field.Bool("certificate").Default(true).Comment("Whether completing it earns a certificate."),
		field.Int("certificate_months").Default(0).NonNegative().Comment("How long a certificate is good; 0 is for ever."),
		field.JSON("completion", &outline.Policy{}).Optional().Comment("What completes it; null is all modules that require something."),
		field.Int("revision").Default(1).Comment("Grows with every edit; guards against lost updates."),
		field.Int("published_number").Default(0).Comment("Number of the newest version; 0 before the first."),
		field.Int("published_revision").Default(0).Comment("Revision that the newest version was made from."),
		field.Time("archived_at").Optional().Nillable(),
	)
}

// Indexes of Course.
func (Course) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "slug").Unique(),
		index.Fields("tenant_id", "title", "id"),
	}
}

// Policy of Course.
func (Course) Policy() ent.Policy { return policy.Rules(policy.StaffOnly(), policy.StaffWrites) }

// Module is a draft's titled group of lessons.
type Module struct{ ent.Schema }

// Mixin of Module.
func (Module) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Module.
func (Module) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.String("key").MaxLen(100).Comment("Chosen by the author, unique in the course."),
		field.String("title").NotEmpty().MaxRuneLen(300),
		field.String("summary").MaxRuneLen(2000).Default(""),
		field.Int("position"),
		field.JSON("completion", &outline.Policy{}).Optional().Comment("What completes it; null is all lessons that it requires."),
	}
}

// Indexes of Module.
func (Module) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "course_id", "key").Unique()}
}

// Policy of Module.
func (Module) Policy() ent.Policy { return policy.Rules(policy.StaffOnly(), policy.StaffWrites) }

// Lesson is a draft's step. Its id stays the same through all versions.
type Lesson struct{ ent.Schema }

// Mixin of Lesson.
func (Lesson) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Lesson.
func (Lesson) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.UUID("module_id", uuid.UUID{}),
		field.String("key").MaxLen(100).Comment("Chosen by the author, unique in the course."),
		field.String("title").NotEmpty().MaxRuneLen(300),
		field.String("section").MaxRuneLen(300).Default(""),
		field.Enum("kind").GoType(outline.Kind("")).Immutable(),
		field.Int("position"),
		field.Bool("required").Default(true),
		field.Bool("preview").Default(false),
		field.Text("body").Default(""),
		field.Enum("body_format").GoType(outline.Format("")).Default(string(outline.Markdown)),
		field.UUID("asset_id", uuid.UUID{}).Optional().Nillable().Comment("The video or file."),
		field.String("url").MaxLen(2000).Default(""),
		field.Int("duration_ms").Default(0).NonNegative(),
		field.JSON("captions", []outline.Caption{}).Default([]outline.Caption{}),
		field.JSON("quiz", &outline.QuizSettings{}).Optional(),
		field.JSON("assets", map[string]uuid.UUID{}).Default(map[string]uuid.UUID{}).
			Comment("Files that the body links to, by the name it uses."),
		field.String("completion").MaxRuneLen(1000).Default("").Comment("The rule that completes it, in CEL; empty for its kind's."),
	}
}

// Indexes of Lesson.
func (Lesson) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "course_id", "key").Unique(),
		index.Fields("tenant_id", "module_id", "position"),
		index.Fields("tenant_id", "asset_id").Annotations(entsql.IndexWhere("asset_id IS NOT NULL")),
	}
}

// Policy of Lesson.
func (Lesson) Policy() ent.Policy { return policy.Rules(policy.StaffOnly(), policy.StaffWrites) }

// CourseVersion is one published state of a course. The application can insert it and nothing else.
type CourseVersion struct{ ent.Schema }

// Mixin of CourseVersion.
func (CourseVersion) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of CourseVersion.
func (CourseVersion) Fields() []ent.Field {
	fields := append(listing(),
		field.UUID("course_id", uuid.UUID{}),
		field.Int("number").Positive().Comment("1, 2, 3… inside the course."),
		field.String("content_hash").MaxLen(64).Comment("SHA-256 of everything published, in hex."),
		field.JSON("outline", outline.Outline{}),
		field.Text("description_html").Default("").Comment("Sanitised."),
		field.Bool("certificate").Default(true),
		field.Int("certificate_months").Default(0).NonNegative(),
		field.Int("lesson_count"),
		field.Int("required_count"),
		field.Int("duration_ms"),
		field.UUID("published_by", uuid.UUID{}),
		field.String("note").MaxRuneLen(1000).Default(""),
	)
	for _, f := range fields {
		f.Descriptor().Immutable = true
	}
	return fields
}

// Indexes of CourseVersion.
func (CourseVersion) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "course_id", "number").Unique()}
}

// Policy of CourseVersion: a version is shown to whoever may know that the course exists; bodies are
// guarded apart. Anonymous visitors and learners see the same versions.
func (CourseVersion) Policy() ent.Policy {
	return policy.Writers(policy.AppendOnly(policy.StaffWrites))
}

// LessonVersion is the published body of one lesson in one course version.
type LessonVersion struct{ ent.Schema }

// Mixin of LessonVersion.
func (LessonVersion) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of LessonVersion.
func (LessonVersion) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("version_id", uuid.UUID{}).Immutable(),
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.UUID("lesson_id", uuid.UUID{}).Immutable(),
		field.String("title").Immutable(),
		field.Enum("kind").GoType(outline.Kind("")).Immutable(),
		field.Bool("preview").Immutable(),
		field.Text("body_html").Default("").Immutable().Comment("Sanitised; files as asset: links."),
		field.Text("body_text").Default("").Immutable().Comment("Body and transcript as plain text, for search."),
		field.UUID("asset_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("url").Default("").Immutable(),
		field.JSON("captions", []outline.Caption{}).Default([]outline.Caption{}).Immutable(),
		field.JSON("assets", map[string]uuid.UUID{}).Default(map[string]uuid.UUID{}).Immutable(),
	}
}

// Indexes of LessonVersion.
func (LessonVersion) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "version_id", "lesson_id").Unique(),
		index.Fields("tenant_id", "asset_id").Annotations(entsql.IndexWhere("asset_id IS NOT NULL")),
	}
}

// Policy of LessonVersion: staff see all; learners come through the catalog's rule, which checks the
// enrollment and then reads with the whole tenant in view.
func (LessonVersion) Policy() ent.Policy {
	return policy.Rules(policy.StaffOnly(), policy.AppendOnly(policy.StaffWrites))
}

// Publication is the pointer from a course to the version that is in force, with the columns that the
// catalog filters and sorts by. A course without one is not published.
type Publication struct{ ent.Schema }

// Mixin of Publication.
func (Publication) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Publication.
func (Publication) Fields() []ent.Field {
	return append(listing(),
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.UUID("version_id", uuid.UUID{}),
		field.Int("number"),
		field.Time("first_published_at").Default(time.Now).Immutable(),
		field.Time("published_at").Default(time.Now),
	)
}

// Indexes of Publication.
func (Publication) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "course_id").Unique(),
		index.Fields("tenant_id", "slug").Unique(),
		index.Fields("tenant_id", "published_at", "id"),
		index.Fields("tenant_id", "title", "id"),
	}
}

// Policy of Publication: anonymous visitors see PUBLIC and UNLISTED courses, members all.
func (Publication) Policy() ent.Policy {
	return policy.Rules(policy.HideFromAnonymous("visibility", "MEMBERS"), policy.StaffWrites)
}

// Prerequisite says that one course asks for another to be completed first.
type Prerequisite struct{ ent.Schema }

// Mixin of Prerequisite.
func (Prerequisite) Mixin() []ent.Mixin { return []ent.Mixin{Owned{}} }

// Fields of Prerequisite.
func (Prerequisite) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("course_id", uuid.UUID{}).Immutable(),
		field.UUID("requires_id", uuid.UUID{}).Immutable(),
	}
}

// Indexes of Prerequisite.
func (Prerequisite) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "course_id", "requires_id").Unique()}
}

// Policy of Prerequisite.
func (Prerequisite) Policy() ent.Policy { return policy.Writers(policy.StaffWrites) }

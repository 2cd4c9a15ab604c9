package postgres_test

import (
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
	"lyceum/search/postgres"
	"lyceum/search/searchtest"
)

func TestEngine(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	engine := &postgres.Engine{DB: db.DB}
	searchtest.RunStore(t, setup(db, engine), engine)
}

// setup makes tenants and courses in the database.
func setup(db *pgtest.Database, engine *postgres.Engine) searchtest.Setup {
	return searchtest.Setup{
		DB: db.DB, Engine: engine,
		Tenant: func(t *testing.T) uuid.UUID {
			t.Helper()
			return pgtest.NewTenant(t, db, "t"+uuid.NewString()[:8]).ID
		},
		Course: func(t *testing.T, tenant uuid.UUID) uuid.UUID {
			t.Helper()
			return newCourse(t, db, tenant)
		},
		Publish:  publisher(db),
		Enroll:   enroller(db),
		Withdraw: withdrawer(db),
	}
}

// publisher puts versions in force, as the catalog does.
func publisher(db *pgtest.Database) func(t *testing.T, tenant, course, preview uuid.UUID, lessons ...uuid.UUID) uuid.UUID {
	return func(t *testing.T, tenant, course, preview uuid.UUID, lessons ...uuid.UUID) uuid.UUID {
		t.Helper()
		ctx := viewer.With(t.Context(), viewer.Job(tenant, "test"))
		author := db.User.Query().FirstIDX(ctx)
		number := 1 + db.CourseVersion.Query().Where(courseversion.CourseID(course)).CountX(ctx)
		version := db.CourseVersion.Create().SetCourseID(course).SetNumber(number).SetSlug("s" + course.String()).SetTitle("A course").
			SetVisibility(outline.Public).SetInstructorID(author).SetPublishedBy(author).SetContentHash(uuid.NewString()).
			SetOutline(outline.Outline{}).SetLessonCount(len(lessons)).SetRequiredCount(0).SetDurationMs(0).SaveX(ctx)
		for _, id := range lessons {
			db.LessonVersion.Create().SetVersionID(version.ID).SetCourseID(course).SetLessonID(id).SetTitle("A lesson").
				SetKind(outline.Article).SetPreview(id == preview).ExecX(ctx)
		}
		db.Publication.Delete().Where(publication.CourseID(course)).ExecX(ctx)
		db.Publication.Create().SetCourseID(course).SetVersionID(version.ID).SetNumber(number).SetSlug(version.Slug).
			SetTitle(version.Title).SetVisibility(version.Visibility).SetInstructorID(author).ExecX(ctx)
		return version.ID
	}
}

func enroller(db *pgtest.Database) func(t *testing.T, tenant, course, version uuid.UUID) uuid.UUID {
	return func(t *testing.T, tenant, course, version uuid.UUID) uuid.UUID {
		t.Helper()
		ctx := viewer.With(t.Context(), viewer.Job(tenant, "test"))
		name := uuid.NewString()
		learner := db.User.Create().SetEmail(name + "@example.com").SetName(name).SetRole(viewer.Learner).SaveX(ctx)
		db.Enrollment.Create().SetLearnerID(learner.ID).SetCourseID(course).SetVersionID(version).
			SetSource(enrollment.SourceSELF).SetEnrolledBy(learner.ID).ExecX(ctx)
		return learner.ID
	}
}

func withdrawer(db *pgtest.Database) func(t *testing.T, tenant, course, learner uuid.UUID) {
	return func(t *testing.T, tenant, course, learner uuid.UUID) {
		t.Helper()
		db.Enrollment.Update().Where(enrollment.CourseID(course), enrollment.LearnerID(learner)).SetState(enrollment.StateWITHDRAWN).
			ExecX(viewer.With(t.Context(), viewer.Job(tenant, "test")))
	}
}

func newCourse(t *testing.T, db *pgtest.Database, tenant uuid.UUID) uuid.UUID {
	t.Helper()
	ctx := viewer.With(t.Context(), viewer.Job(tenant, "test"))
	author, err := db.User.Query().FirstID(ctx)
	if err != nil {
		t.Fatalf("find an author: %v", err)
	}
	course, err := db.Course.Create().SetSlug("c" + uuid.NewString()[:8]).SetTitle("A course").SetInstructorID(author).Save(ctx)
	if err != nil {
		t.Fatalf("create course: %v", err)
	}
	return course.ID
}

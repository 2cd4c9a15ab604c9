package postgres_test

import (
	"testing"

	"github.com/google/uuid"

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

package postgres_test

import (
	"testing"

	"lyceum/internal/platform/pgtest"
	"lyceum/search"
	"lyceum/search/postgres"
)

// TestWithoutRowSecurity takes row-level security away: the statements keep to their tenant by themselves.
func TestWithoutRowSecurity(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	engine := &postgres.Engine{DB: db.DB}
	acme, globex := pgtest.NewTenant(t, db, "acme"), pgtest.NewTenant(t, db, "globex")
	theirs := newCourse(t, db, globex.ID)
	mine := newCourse(t, db, acme.ID)
	mustPut(t, globex.System(t.Context()), engine, theirs, []search.Document{lesson(theirs, "Light", "Body"), lesson(theirs, "Lihgt", "Body")})
	mustPut(t, acme.System(t.Context()), engine, mine, []search.Document{lesson(mine, "Light", "Body")})
	superuser := pgtest.Superuser(t, db)
	for _, table := range []string{"search_documents", "search_words", "search_titles"} {
		if _, err := superuser.Exec(t.Context(), `ALTER TABLE `+table+` DISABLE ROW LEVEL SECURITY`); err != nil {
			t.Fatal(err)
		}
	}
	ctx := acme.System(t.Context())
	for _, text := range []string{"Light", "Lightt", `"light"`} {
		found, err := engine.Query(ctx, search.Query{Text: text, Limit: 10, Members: true})
		if err != nil || found.Total != 1 || len(found.Hits) != 1 || found.Hits[0].Course != mine {
			t.Errorf("%s: %+v (%v), want the one of acme's", text, found, err)
		}
	}
	if held, err := engine.Held(ctx); err != nil || len(held) != 1 || held[mine].Documents != 1 {
		t.Errorf("held: %v (%v), want acme's course", held, err)
	}
	hit := search.Hit{Course: theirs}
	if err := superuser.QueryRow(t.Context(), `SELECT id FROM search_documents WHERE course_id = $1 LIMIT 1`, theirs).Scan(&hit.ID); err != nil {
		t.Fatal(err)
	}
	if shown, err := engine.Show(ctx, search.Query{Text: "Light", Members: true}, []search.Hit{hit}); err != nil || len(shown) != 0 {
		t.Errorf("shown: %v (%v), want nothing", shown, err)
	}
	mustPut(t, ctx, engine, theirs, nil)
	if held, err := engine.Held(globex.System(t.Context())); err != nil || held[theirs].Documents != 2 {
		t.Errorf("acme made globex forget its course: %v (%v)", held, err)
	}
}

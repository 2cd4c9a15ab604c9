package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/search"
	"lyceum/search/postgres"
)

// TestPlan checks that what is looked for reaches the indexes, though row-level security is on.
func TestPlan(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	tenant := pgtest.NewTenant(t, db, "acme")
	// In small tables the primary key would do as well.
	owner := pgtest.Pool(t, db.OwnerURL)
	const drop = `ALTER TABLE search_words DROP CONSTRAINT search_words_pkey; ALTER TABLE search_titles DROP CONSTRAINT search_titles_pkey`
	if _, err := owner.Exec(t.Context(), drop); err != nil {
		t.Fatalf("drop primary keys: %v", err)
	}
	for _, tt := range []struct{ setting, value, table, index, condition string }{
		{"app.search_words", "'light'", "search_words", "search_words_words", "words @@"},
		{"app.search_title", "light", "search_titles", "search_titles_title", "title %>>"},
	} {
		plan := ""
		ctx := tenant.System(t.Context())
		err := db.Tx(ctx, func(tx *pg.Tx) error {
			const prepare = `SELECT set_config('enable_seqscan', 'off', true), set_config($1, $2, true)`
			if _, err := tx.Exec(ctx, prepare, tt.setting, tt.value); err != nil {
				return err
			}
			rows, err := tx.Query(ctx, `EXPLAIN SELECT id FROM `+tt.table)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var line string
				if err := rows.Scan(&line); err != nil {
					return err
				}
				plan += line + "\n"
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatalf("EXPLAIN: %v", err)
		}
		condition := plan[strings.LastIndex(plan, "Index Cond:")+1:]
		if !strings.Contains(plan, tt.index) || !strings.Contains(condition, tt.condition) || !strings.Contains(condition, "tenant_id") {
			t.Errorf("%s: tenant and %s are no index condition:\n%s", tt.table, tt.condition, plan)
		}
	}
}

// TestNothingIsPending checks that documents are in the indexes when they are written: a search would read all that are not.
func TestNothingIsPending(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	tenant := pgtest.NewTenant(t, db, "acme")
	course := newCourse(t, db, tenant.ID)
	mustPut(t, tenant.System(t.Context()), &postgres.Engine{DB: db.DB}, course, []search.Document{{ID: course, Course: course, Title: "Light", Language: "en"}})
	for _, index := range []string{"search_words_words", "search_titles_title"} {
		var pages int
		if err := pgtest.Superuser(t, db).QueryRow(t.Context(), `SELECT gin_clean_pending_list($1::text::regclass)`, index).Scan(&pages); err != nil || pages != 0 {
			t.Errorf("%s: %d pages were pending (%v), want none", index, pages, err)
		}
	}
}

// TestRowsNeedASetting checks that the tables of words show nothing by themselves.
func TestRowsNeedASetting(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	tenant := pgtest.NewTenant(t, db, "acme")
	engine := &postgres.Engine{DB: db.DB}
	course := newCourse(t, db, tenant.ID)
	ctx := tenant.System(t.Context())
	mustPut(t, ctx, engine, course, []search.Document{{ID: course, Course: course, Title: "Light", Language: "en"}})
	for table, want := range map[string]int{"search_documents": 1, "search_words": 0, "search_titles": 0} {
		var n int
		if err := db.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != want {
			t.Errorf("%s shows %d rows (%v), want %d", table, n, err, want)
		}
	}
	for _, table := range []string{"search_words", "search_titles"} {
		if _, err := db.Exec(ctx, `DELETE FROM `+table); err == nil {
			t.Errorf("the application can delete from %s", table)
		}
	}
}

// TestStatements checks that what a search costs does not grow with what it finds.
func TestStatements(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	tenant := pgtest.NewTenant(t, db, "acme")
	engine := &postgres.Engine{DB: db.DB}
	course := newCourse(t, db, tenant.ID)
	documents := make([]search.Document, 50)
	for i := range documents {
		documents[i] = lesson(course, "Chemistry and water", "Body")
	}
	mustPut(t, tenant.System(t.Context()), engine, course, documents)
	for text, want := range map[string]int64{"water": 2, "chemystry": 4} {
		for _, limit := range []int{1, 50} {
			ctx, counter := pg.CountStatements(tenant.System(t.Context()))
			if found, err := engine.Query(ctx, search.Query{Text: text, Limit: limit, Members: true}); err != nil || len(found.Hits) != limit {
				t.Fatalf("%q: %d hits (%v), want %d", text, len(found.Hits), err, limit)
			}
			if got := counter.Load(); got != want {
				t.Errorf("%q, %d hits: %d statements, want %d", text, limit, got, want)
			}
		}
	}
}

func lesson(course uuid.UUID, title, body string) search.Document {
	return search.Document{
		ID: uuid.Must(uuid.NewV7()), Course: course, Lesson: true, Version: 1, Title: title, Body: body,
		Language: "en", Level: "ALL", Visibility: "PUBLIC", PublishedAt: time.Now(),
	}
}

func mustPut(t testing.TB, ctx context.Context, engine *postgres.Engine, course uuid.UUID, documents []search.Document) {
	t.Helper()
	err := engine.DB.Tx(ctx, func(tx *pg.Tx) error {
		_, err := engine.Put(ctx, tx, course, documents)
		return err
	})
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
}

// BenchmarkQuery searches in a tenant of 5000 documents, one in fifty of them 100 KB long, beside another
// tenant of the same size.
func BenchmarkQuery(b *testing.B) {
	db := pgtest.New(b)
	engine := &postgres.Engine{DB: db.DB}
	random := rand.New(rand.NewPCG(1, 2))
	tenants := []pgtest.Tenant{pgtest.NewTenant(b, db, "acme"), pgtest.NewTenant(b, db, "globex")}
	for _, tenant := range tenants {
		for range 100 {
			fill(b, db, engine, tenant, random)
		}
	}
	owner := pgtest.Pool(b, db.OwnerURL)
	if _, err := owner.Exec(b.Context(), `VACUUM ANALYZE search_documents, search_words, search_titles`); err != nil {
		b.Fatalf("vacuum: %v", err)
	}
	for name, text := range map[string]string{
		"rare": "word17000", "two": "word40 word90", "common": "lesson", "frequent": "word3", "phrase": `"word3 word4"`, "prefix": "word170",
		"mistyped": "lessson", "nothing": "zebra",
	} {
		b.Run(name, func(b *testing.B) {
			ctx := tenants[0].System(b.Context())
			for b.Loop() {
				if _, err := engine.Query(ctx, search.Query{Text: text, Limit: 20, Members: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// fill adds a course of 50 documents.
func fill(b *testing.B, db *pgtest.Database, engine *postgres.Engine, tenant pgtest.Tenant, random *rand.Rand) {
	b.Helper()
	ctx := tenant.System(b.Context())
	course, err := db.Course.Create().SetSlug(fmt.Sprintf("c%d", random.Uint64())).SetTitle("A course").
		SetInstructorID(db.User.Query().FirstIDX(ctx)).Save(ctx)
	if err != nil {
		b.Fatalf("create course: %v", err)
	}
	documents := make([]search.Document, 50)
	for i := range documents {
		n := 800
		if i == 0 {
			n = 12_000
		}
		documents[i] = lesson(course.ID, fmt.Sprintf("Lesson about word%d", random.IntN(20_000)), prose(random, n))
	}
	mustPut(b, ctx, engine, course.ID, documents)
}

// prose is n words, some of which are much more frequent than others.
func prose(random *rand.Rand, n int) string {
	var body strings.Builder
	for range n {
		f := random.Float64()
		fmt.Fprintf(&body, "word%d ", int(20_000*f*f*f))
	}
	return body.String()
}

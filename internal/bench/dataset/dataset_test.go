package dataset_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/bench/dataset"
	"lyceum/internal/platform/pgtest"
)

func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pgtest.New(t).SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func count(t *testing.T, conn *pgx.Conn, query string) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func tiny() dataset.Size {
	return dataset.Size{Name: "tiny", Tenants: 3, Users: 60, Courses: 20, Modules: 2, Lessons: 3, Enrollments: 240, Progress: 480}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	size := tiny()
	var steps []string
	if err := dataset.Seed(t.Context(), conn, size, func(name string, n, of int) {
		steps = append(steps, name)
		if n != len(steps) || n > of {
			t.Errorf("step %d of %d is %q", n, of, name)
		}
	}); err != nil {
		t.Fatal(err)
	}
	courses := count(t, conn, `SELECT count(*) FROM courses`)
	for query, want := range map[string]int{
		`SELECT count(*) FROM tenants`:           size.Tenants,
		`SELECT count(*) FROM publications`:      courses,
		`SELECT count(*) FROM lessons`:           courses * size.Modules * size.Lessons,
		`SELECT count(*) FROM lesson_versions`:   courses * size.Modules * size.Lessons,
		`SELECT count(*) FROM course_progresses`: count(t, conn, `SELECT count(*) FROM enrollments`),
		`SELECT count(*) FROM lesson_progresses`: 2 * count(t, conn, `SELECT count(*) FROM enrollments`),
		// What is read as a map is one: a list could not be published.
		`SELECT count(*) FROM lessons WHERE jsonb_typeof(assets) = 'object'`:             courses * size.Modules * size.Lessons,
		`SELECT count(*) FROM lesson_versions WHERE jsonb_typeof(assets) = 'object'`:     courses * size.Modules * size.Lessons,
		`SELECT sum(jsonb_array_length(outline -> 'modules'))::int FROM course_versions`: courses * size.Modules,
	} {
		if got := count(t, conn, query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	if courses < size.Courses*8/10 || courses > size.Courses*12/10 {
		t.Errorf("%d courses were made, %d asked for", courses, size.Courses)
	}
	keysHold(t, conn)
}

// keysHold checks every foreign key, which seeding did not.
func keysHold(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
		WHERE contype = 'f' AND connamespace = 'public'::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	type key struct{ Table, Name, Definition string }
	keys, err := pgx.CollectRows(rows, pgx.RowToStructByPos[key])
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) < 30 {
		t.Fatalf("only %d foreign keys were found", len(keys))
	}
	for _, k := range keys {
		// Made anew, a key is checked against every row.
		for _, statement := range []string{
			"ALTER TABLE " + k.Table + " DROP CONSTRAINT " + pgx.Identifier{k.Name}.Sanitize(),
			"ALTER TABLE " + k.Table + " ADD CONSTRAINT " + pgx.Identifier{k.Name}.Sanitize() + " " + k.Definition,
		} {
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Errorf("%s: %v", statement, err)
			}
		}
	}
}

func TestVisits(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	if err := dataset.Seed(t.Context(), conn, tiny(), func(string, int, int) {}); err != nil {
		t.Fatal(err)
	}
	visits, err := dataset.Visits(t.Context(), conn, tiny(), 30)
	if err != nil {
		t.Fatal(err)
	}
	tenants := map[string]bool{}
	for _, v := range visits {
		tenants[v.Slug] = true
		if len(v.Lessons) != 3 || v.CourseSlug == "" || v.LearnerToken == v.InstructorToken {
			t.Errorf("a visit is %+v", v)
		}
	}
	if len(tenants) < 2 {
		t.Errorf("all visits are to %v", tenants)
	}
	if got := count(t, conn, `SELECT count(*) FROM sessions s JOIN users u ON (u.tenant_id, u.id) = (s.tenant_id, s.user_id) WHERE u.role IN ('LEARNER', 'INSTRUCTOR')`); got != 60 {
		t.Errorf("%d sessions are open, want 60", got)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	if err := dataset.Seed(t.Context(), conn, tiny(), func(string, int, int) {}); err != nil {
		t.Fatal(err)
	}
	people, err := dataset.People(t.Context(), conn, tiny(), 20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uuid.UUID]bool{}
	for _, p := range people {
		if seen[p.Learner] {
			t.Errorf("%s is there twice", p.Learner)
		}
		seen[p.Learner] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d people, want 20", len(seen))
	}
	if _, err := dataset.People(t.Context(), conn, tiny(), 1_000); err == nil {
		t.Error("a thousand people were found among sixty")
	}
}

func TestByName(t *testing.T) {
	t.Parallel()
	if size, err := dataset.ByName("seed"); err != nil || size.Courses != 10_000 {
		t.Errorf("seed is %+v, %v", size, err)
	}
	if _, err := dataset.ByName("huge"); err == nil {
		t.Error("a size that is not there was found")
	}
}

// Package dataset fills a database with as many tenants, courses and learners as a measurement wants. Its rows are
// made by the database itself, from their numbers: the same size gives the same rows.
package dataset

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Size is how much a database holds.
type Size struct {
	Name string
	// Tenants share users and courses by Zipf's law: the n-th has a share of 1/n.
	Tenants, Users, Courses int
	// Modules of a course, and Lessons of a module.
	Modules, Lessons int
	// Enrollments in all, spread over the learners, and Progress rows of lessons, spread over the enrollments.
	Enrollments, Progress int
	// Asking is how many courses a tenant has at least whose people ask; 0 lets everybody ask.
	Asking int
}

// Sizes lists what can be seeded, smallest first.
func Sizes() []Size {
	return []Size{
		{Name: "small", Tenants: 5, Users: 500, Courses: 100, Modules: 5, Lessons: 6, Enrollments: 5_000, Progress: 20_000},
		{Name: "seed", Tenants: 50, Users: 25_000, Courses: 10_000, Modules: 5, Lessons: 6, Enrollments: 500_000, Progress: 2_000_000},
		{Name: "large", Tenants: 1_000, Users: 100_000, Courses: 20_000, Modules: 5, Lessons: 6, Enrollments: 2_500_000, Progress: 10_000_000},
	}
}

// Growing lists the sizes through which a platform grows, smallest first. Whatever the size, those who ask are shown
// whole pages, so that the same is asked of each. Small tenants have fewer courses than places to give: of the enrollments
// two thirds to three quarters are made, and of the progress rows 1, 3 and 11 million.
func Growing() []Size {
	return []Size{
		{Name: "1m", Tenants: 10, Users: 12_500, Courses: 100, Modules: 5, Lessons: 6, Enrollments: 250_000, Progress: 1_500_000, Asking: pageSize},
		{Name: "3m", Tenants: 100, Users: 37_500, Courses: 1_000, Modules: 5, Lessons: 6, Enrollments: 750_000, Progress: 4_500_000, Asking: pageSize},
		{Name: "10m", Tenants: 1_000, Users: 125_000, Courses: 10_000, Modules: 5, Lessons: 6, Enrollments: 2_500_000, Progress: 15_000_000, Asking: pageSize},
	}
}

// ByName returns the size of that name; the error lists those there are.
func ByName(name string) (Size, error) { return named(Sizes(), name) }

// GrowingByNames returns those of the growing sizes that names lists ("1m,3m"), all when it is empty.
func GrowingByNames(names string) ([]Size, error) {
	if names == "" {
		return Growing(), nil
	}
	var sizes []Size
	for name := range strings.SplitSeq(names, ",") {
		size, err := named(Growing(), strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, size)
	}
	return sizes, nil
}

func named(sizes []Size, name string) (Size, error) {
	var names []string
	for _, size := range sizes {
		if size.Name == name {
			return size, nil
		}
		names = append(names, size.Name)
	}
	return Size{}, fmt.Errorf("no size is named %q: choose one of %s", name, strings.Join(names, ", "))
}

// The kinds of row, as they stand in seed.sql.
const (
	kindTenant     = 1
	kindUser       = 2
	kindCourse     = 3
	kindLesson     = 5
	kindEnrollment = 9
)

// makeID is the database's side of id.
const makeID = `CREATE FUNCTION pg_temp.id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (lpad(to_hex(n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8000000000000000')::uuid $$`

// id is the UUID of the n-th row of a kind: rows that are made one after another lie one after another, as those of
// version 7 do.
func id(kind uint16, n int) uuid.UUID {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:], uint64(n)<<16|0x7000|uint64(kind))
	u[8] = 0x80
	return u
}

//go:embed seed.sql
var steps string

// Recipe is what rows are made by: another recipe makes other rows of the same size.
func Recipe() string { return steps }

// Step is told of each step before it begins; n counts from 1.
type Step func(name string, n, of int)

// Seed fills a migrated, empty database. The session needs the rights of a superuser: it switches the checks of foreign
// keys off while it writes, and says so to nobody else.
func Seed(ctx context.Context, conn *pgx.Conn, size Size, step Step) error {
	if err := prepare(ctx, conn, size); err != nil {
		return err
	}
	todo := strings.Split(steps, "-- step: ")[1:]
	for i, text := range todo {
		name, statements, _ := strings.Cut(text, "\n")
		step(name, i+1, len(todo)+1)
		if _, err := conn.Exec(ctx, statements); err != nil {
			return fmt.Errorf("seed %s: %w", name, err)
		}
	}
	step("statistics", len(todo)+1, len(todo)+1)
	// VACUUM refuses to run inside a transaction, which several statements at once are.
	for _, statement := range []string{"DROP TABLE pg_temp.places", "RESET session_replication_role", "VACUUM (ANALYZE)"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("end seeding: %w", err)
		}
	}
	return nil
}

// prepare makes the tables that the steps count by.
func prepare(ctx context.Context, conn *pgx.Conn, size Size) error {
	for _, statement := range []string{
		"SET session_replication_role = replica", "SET work_mem = '256MB'", makeID,
		"CREATE TEMP TABLE size (modules int, lessons int, steps int)",
		"CREATE TEMP TABLE tenants (n int, slug text, user_from int, users int, instructors int, course_from int, courses int, places int)",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("prepare seeding: %w", err)
		}
	}
	batch := &pgx.Batch{}
	batch.Queue("INSERT INTO pg_temp.size VALUES ($1, $2, $3)", size.Modules, size.Lessons, size.Progress/size.Enrollments)
	for _, t := range size.tenants() {
		batch.Queue("INSERT INTO pg_temp.tenants VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			t.n, t.slug(), t.userFrom, t.users, t.instructors, t.courseFrom, t.courses, t.places)
	}
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("prepare seeding: %w", err)
	}
	return nil
}

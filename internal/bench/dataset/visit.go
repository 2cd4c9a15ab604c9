package dataset

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/platform/auth"
)

// Visit is somebody who asks questions, and about what: a learner in one of their courses, and an instructor of the
// tenant who looks at a long list.
type Visit struct {
	Tenant uuid.UUID
	// Slug is the tenant's.
	Slug    string
	Learner uuid.UUID
	// LearnerToken and InstructorToken are tokens of open sessions.
	LearnerToken, InstructorToken string
	Instructor                    uuid.UUID
	Enrollment                    uuid.UUID
	Course                        uuid.UUID
	CourseSlug                    string
	// Lessons are videos of the course, in its order.
	Lessons []uuid.UUID
	// LongCourse is the course in which every learner of the tenant has a place; Deep says behind how many of them to
	// look.
	LongCourse     uuid.UUID
	LongCourseSlug string
	Deep           int
}

// videosOf is how many lessons a visit names.
const videosOf = 3

// Visits opens sessions for n learners and their instructors, tenants by their share, always the same people. The
// session must be one that row-level security does not bind.
func Visits(ctx context.Context, conn *pgx.Conn, size Size, n int) ([]Visit, error) {
	chosen := newDice(size)
	visits := make([]Visit, n)
	var sessions [][]any
	for i := range visits {
		v, rows := chosen.visit()
		visits[i], sessions = v, append(sessions, rows...)
	}
	if err := openSessions(ctx, conn, sessions); err != nil {
		return nil, err
	}
	for i := range visits {
		if err := visits[i].findPlace(ctx, conn, i); err != nil {
			return nil, err
		}
	}
	return visits, nil
}

// People are n visits of different learners. An error says that the size has too few.
func People(ctx context.Context, conn *pgx.Conn, size Size, n int) ([]Visit, error) {
	// Who is drawn twice counts once: of twice as many draws enough are different, unless there are hardly more learners.
	drawn, err := Visits(ctx, conn, size, n*2)
	if err != nil {
		return nil, err
	}
	seen := map[uuid.UUID]bool{}
	people := slices.DeleteFunc(drawn, func(v Visit) bool {
		again := seen[v.Learner]
		seen[v.Learner] = true
		return again
	})
	if len(people) < n {
		return nil, fmt.Errorf("size %s has too few learners for %d different ones: at most %d were found", size.Name, n, len(people))
	}
	return people[:n], nil
}

// dice choose, the same every time.
type dice struct {
	size    Size
	random  *rand.Rand
	tenants []share
	// tickets holds each tenant that asks as often as it has learners.
	tickets []int
}

func newDice(size Size) *dice {
	d := &dice{size: size, random: rand.New(rand.NewPCG(1, uint64(size.Users))), tenants: size.tenants()} //nolint:gosec // chances, not secrets
	for i, t := range d.tenants {
		if t.courses < size.Asking {
			continue
		}
		for range t.learners() {
			d.tickets = append(d.tickets, i)
		}
	}
	return d
}

// visit chooses a learner and an instructor of one tenant, with the rows of their sessions.
func (d *dice) visit() (v Visit, sessions [][]any) {
	t := d.tenants[d.tickets[d.random.IntN(len(d.tickets))]]
	tenant := id(kindTenant, t.n)
	v = Visit{
		Tenant: tenant, Slug: t.slug(), Learner: id(kindUser, t.learner(d.random.IntN(t.learners()))),
		Instructor: id(kindUser, t.userFrom+1+d.random.IntN(t.instructors)),
		LongCourse: id(kindCourse, t.courseFrom), LongCourseSlug: fmt.Sprintf("course-%d", t.courseFrom), Deep: d.random.IntN(max(t.learners()-pageSize, 1)),
	}
	var learner, instructor []any
	v.LearnerToken, learner = session(tenant, v.Learner)
	v.InstructorToken, instructor = session(tenant, v.Instructor)
	return v, [][]any{learner, instructor}
}

// pageSize is how many rows there should be left behind Deep.
const pageSize = 20

// session is a new session's token, and its row.
func session(tenant, user uuid.UUID) (token string, row []any) {
	token, hash := auth.NewToken(auth.PrefixSession, tenant)
	return token, []any{uuid.Must(uuid.NewV7()), tenant, user, hash}
}

func openSessions(ctx context.Context, conn *pgx.Conn, rows [][]any) error {
	const insert = `INSERT INTO sessions (id, tenant_id, created_at, updated_at, user_id, token_hash, expires_at, last_seen_at)
		VALUES ($1, $2, now(), now(), $3, $4, now() + interval '1 day', now())`
	batch := &pgx.Batch{}
	for _, row := range rows {
		batch.Queue(insert, row...)
	}
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("open sessions: %w", err)
	}
	return nil
}

// findPlace chooses the n-th of the learner's places, around, and videos of its course.
func (v *Visit) findPlace(ctx context.Context, conn *pgx.Conn, n int) error {
	const find = `SELECT e.id, c.id, c.slug, ARRAY(
			SELECT l.id FROM lessons l JOIN modules m ON m.tenant_id = l.tenant_id AND m.id = l.module_id
			WHERE l.tenant_id = e.tenant_id AND l.course_id = e.course_id AND l.kind = 'VIDEO'
			ORDER BY m.position, l.position LIMIT $4)
		FROM enrollments e JOIN courses c ON c.tenant_id = e.tenant_id AND c.id = e.course_id
		WHERE e.tenant_id = $1 AND e.learner_id = $2
		ORDER BY e.id OFFSET $3 % (SELECT count(*) FROM enrollments WHERE tenant_id = $1 AND learner_id = $2) LIMIT 1`
	err := conn.QueryRow(ctx, find, v.Tenant, v.Learner, n, videosOf).Scan(&v.Enrollment, &v.Course, &v.CourseSlug, &v.Lessons)
	if err != nil {
		return fmt.Errorf("find a place of learner %s: %w", v.Learner, err)
	}
	return nil
}

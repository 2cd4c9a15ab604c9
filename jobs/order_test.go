package jobs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/assessment"
	"lyceum/internal/enrollment"
	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/jobs"
)

// consumers are the tables that follow from events, each with SQL for what it says of a learner ($2) and a course ($3) of
// the tenant ($1), without ids and times.
var consumers = map[string]string{
	"events":              `SELECT kind FROM events WHERE tenant_id = $1 AND body->>'learner_id' = $2::uuid::text AND $3::uuid IS NOT NULL`,
	"point_entries":       `SELECT reason || points FROM point_entries WHERE tenant_id = $1 AND learner_id = $2 AND course_id = $3`,
	"learning_days":       `SELECT day::text FROM learning_days WHERE tenant_id = $1 AND learner_id = $2 AND $3::uuid IS NOT NULL`,
	"earned_achievements": `SELECT key FROM earned_achievements e JOIN achievements a ON a.tenant_id = $1 AND a.id = achievement_id WHERE e.tenant_id = $1 AND learner_id = $2 AND $3::uuid IS NOT NULL`,
	"counted_events":      `SELECT kind FROM counted_events c JOIN events e ON e.tenant_id = $1 AND e.id = event_id WHERE c.tenant_id = $1 AND $2::uuid IS NOT NULL AND body->>'course_id' = $3::uuid::text`,
	"daily_facts":         `SELECT day || ' ' || enrollments || lesson_completions || course_completions || certificates FROM daily_facts WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND course_id = $3`,
	"notifications":       `SELECT kind || title || body FROM notifications WHERE tenant_id = $1 AND user_id = $2 AND $3::uuid IS NOT NULL`,
	"inboxes":             `SELECT last_seq || ' ' || unread FROM inboxes WHERE tenant_id = $1 AND user_id = $2 AND $3::uuid IS NOT NULL`,
	"certificates":        `SELECT course_title || (pdf_key <> '') || (revoked_at IS NULL) FROM certificates WHERE tenant_id = $1 AND learner_id = $2 AND course_id = $3`,
	"enrollments":         `SELECT state || (completed_at IS NOT NULL) FROM enrollments WHERE tenant_id = $1 AND learner_id = $2 AND course_id = $3`,
	"enrollment_changes":  `SELECT act || c.state FROM enrollment_changes c JOIN enrollments e ON e.tenant_id = $1 AND e.id = enrollment_id WHERE c.tenant_id = $1 AND c.learner_id = $2 AND course_id = $3`,
	"admissions":          `SELECT taken || ' ' || tickets FROM admissions WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND course_id = $3`,
	"path_enrollments":    `SELECT p.state || (p.completed_at IS NOT NULL) FROM path_enrollments p JOIN path_courses c ON c.tenant_id = $1 AND c.path_id = p.path_id WHERE p.tenant_id = $1 AND learner_id = $2 AND c.course_id = $3`,
	"enrollment_grants":   `SELECT source || (ended_at IS NULL) FROM enrollment_grants WHERE tenant_id = $1 AND learner_id = $2 AND $3::uuid IS NOT NULL`,
	"audit_entries":       `SELECT action FROM audit_entries WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND subject IN (SELECT 'crt_' || id FROM certificates WHERE course_id = $3)`,
	"audit_heads":         `SELECT 'one' FROM audit_heads WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND $3::uuid IS NOT NULL`,
}

// state is all that the consumers have of the learner and the course.
func (f fixture) state(t *testing.T, tenant pgtest.Tenant, course uuid.UUID) string {
	t.Helper()
	var all []string
	for table, query := range consumers {
		rows, err := f.Query(tenant.System(t.Context()), query, tenant.ID, tenant.Learner, course) //nolint:rowserrcheck // ForEach returns it
		if err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		var row string
		if err := pg.ForEach(rows, []any{&row}, func() error { all = append(all, table+": "+row); return nil }); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// orders are all the orders of so many things.
func orders(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range orders(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return all
}

// TestEveryOrder tells five events in every order, each to a learner and a course of their own, one job at a time in the
// order in which they were told, and then all of them once more: the consumers end the same.
func TestEveryOrder(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("3,000 jobs, one after the other")
	}
	f := setup(t)
	f.define(t, f.acme)
	before := f.sums(t, pgtest.Superuser(t, f.Database), f.acme)
	type run struct {
		tenant pgtest.Tenant
		course uuid.UUID
		order  []int
	}
	at := time.Now().UTC().Truncate(time.Second)
	var runs []run
	for i, order := range orders(5) {
		tenant := f.acme
		tenant.Learner = pgtest.NewUser(t, f.Database, tenant, fmt.Sprintf("l%d", i), "LEARNER")
		p := f.publish(t, tenant)
		f.onTheWay(t, tenant, p)
		for _, n := range order {
			f.announce(t, tenant, p.history(tenant, at)[n])
		}
		runs = append(runs, run{tenant, p.course, order})
	}
	f.again(t)
	o := options()
	// One worker takes one job at a time, and the next one at once; mails are sent beside it.
	o.Queues, o.Poll = map[string]int{jobs.QueueDefault: 1, jobs.QueueMail: 1}, 2*time.Millisecond
	f.work(t, services(f.db, f.store), o)
	for last := -1; ; {
		// It is slow, but it goes on.
		left := 0
		eventually(t, fmt.Sprintf("fewer than %d jobs left", last), func() bool {
			const open = `SELECT count(*) FROM river.river_job WHERE state <> 'completed' AND kind NOT LIKE 'sweep.%'`
			if err := f.QueryRow(t.Context(), open).Scan(&left); err != nil {
				t.Fatal(err)
			}
			return left == 0 || last < 0 || left <= last-100
		})
		if last = left; left == 0 {
			break
		}
	}
	f.allIn(t, rivertype.JobStateCompleted)
	want := f.state(t, runs[0].tenant, runs[0].course)
	for _, part := range []string{
		"point_entries: COURSE100", "point_entries: LESSON10", "point_entries: QUIZ20", "earned_achievements: busy", "daily_facts: ",
		"notifications: ENROLLED", "notifications: ACHIEVEMENT_EARNEDYou earned “busy”", "certificates: ", "path_enrollments: COMPLETEDtrue",
	} {
		if !strings.Contains(want, part) {
			t.Errorf("no %q in\n%s", part, want)
		}
	}
	for _, r := range runs[1:] {
		if got := f.state(t, r.tenant, r.course); got != want {
			t.Fatalf("the order %v leads to\n%s\nand %v to\n%s", r.order, got, runs[0].order, want)
		}
	}
	for _, name := range differences(before, f.sums(t, pgtest.Superuser(t, f.Database), f.acme)) {
		table := strings.TrimPrefix(name, f.acme.Slug+" ")
		if _, looked := consumers[table]; !looked && !slices.Contains(arranged(), table) {
			t.Errorf("%s was written and nobody has looked at it", table)
		}
	}
	t.Logf("%d orders of five events: one state", len(runs))
}

// arranged are the tables that the test itself fills, with the epochs that its publishing counts up, and where documents
// are kept, which certificates tell of.
func arranged() []string {
	return []string{"users", "courses", "course_versions", "publications", "lesson_versions", "achievements", "epochs", "blobs", "learning_paths", "path_courses"}
}

// onTheWay puts the learner on a learning path of the course alone.
func (f fixture) onTheWay(t *testing.T, tenant pgtest.Tenant, p published) {
	t.Helper()
	ctx := tenant.System(t.Context())
	path := f.LearningPath.Create().SetSlug("p" + uuid.NewString()).SetTitle("Barista").SetState(learningpath.StatePUBLISHED).SaveX(ctx)
	f.PathCourse.Create().SetPathID(path.ID).SetCourseID(p.course).SetPosition(0).SetRequired(true).ExecX(ctx)
	f.PathEnrollment.Create().SetPathID(path.ID).SetLearnerID(tenant.Learner).SetByStaff(true).SetEnrolledBy(tenant.Instructor).ExecX(ctx)
}

// define adds achievements to the tenant.
func (f fixture) define(t *testing.T, tenant pgtest.Tenant) {
	t.Helper()
	for key, rule := range map[string]string{"busy": "lessons >= 2 && quizzes >= 1", "done": "courses >= 1 || points > 139", "never": "courses >= 2"} {
		f.Achievement.Create().SetKey(key).SetTitle(key).SetRule(rule).ExecX(tenant.System(t.Context()))
	}
}

// history is what happens to a learner from the first day to the certificate.
func (p published) history(tenant pgtest.Tenant, at time.Time) []pg.Event {
	place := p.enrollment
	first, second := p.lesson(tenant, uuid.New()), p.lesson(tenant, uuid.New())
	first.At, second.At = at, at
	done := p.completed(tenant)
	done.At = at
	return []pg.Event{
		enrollment.EnrollmentActivated{
			ID: uuid.New(), Tenant: tenant.ID, At: at, Enrollment: place.ID, Learner: tenant.Learner, Course: p.course, ByStaff: true,
		},
		first, second,
		assessment.AttemptGraded{
			ID: uuid.New(), Tenant: tenant.ID, At: at, Attempt: uuid.New(), Enrollment: place.ID, Learner: tenant.Learner, Lesson: uuid.New(), Passed: true,
		},
		done,
	}
}

// TestReplay: the accounts are what the events make of them. Told again, they stay; lost, they come back.
func TestReplay(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.define(t, f.acme)
	p := f.publish(t, f.acme)
	f.announce(t, f.acme, p.history(f.acme, time.Now().UTC())...)
	f.work(t, services(f.db, f.store), options())
	eventually(t, "the certificate printed", func() bool { return len(f.jobs(t, "certificate.print")) > 0 })
	f.allIn(t, rivertype.JobStateCompleted)
	want := f.state(t, f.acme, p.course)
	super := pgtest.Superuser(t, f.Database)
	var points, told int
	const sum = `SELECT (SELECT sum(points) FROM point_entries), (SELECT sum(CASE kind WHEN 'learning.lesson_completed' THEN 10
		WHEN 'learning.course_completed' THEN 100 WHEN 'assessment.attempt_graded' THEN 20 ELSE 0 END) FROM events)`
	if err := super.QueryRow(t.Context(), sum).Scan(&points, &told); err != nil || points != told || points != 140 {
		t.Errorf("the ledger has %d points, the events make %d: %v", points, told, err)
	}
	var logged int
	if err := super.QueryRow(t.Context(), `SELECT count(*) FROM events`).Scan(&logged); err != nil || logged < 6 {
		t.Fatalf("%d events in the log, where the history and the certificate make six: %v", logged, err)
	}
	ctx := f.acme.System(t.Context())
	for _, lose := range []string{`SELECT 1`, `TRUNCATE point_entries, learning_days, earned_achievements, counted_events, daily_facts`} {
		if _, err := super.Exec(t.Context(), lose); err != nil {
			t.Fatal(err)
		}
		if n, err := jobs.Replay(ctx, services(f.db, f.store)); err != nil || n != logged {
			t.Fatalf("%d of %d events were told again: %v", n, logged, err)
		}
		if got := f.state(t, f.acme, p.course); got != want {
			t.Errorf("after %s:\n%s\nwant\n%s", lose, got, want)
		}
	}
}

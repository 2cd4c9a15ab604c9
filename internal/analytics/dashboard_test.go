package analytics

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/attempt"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// class is a course of four required lessons.
type class struct {
	db              *pgtest.Database
	tenant          pgtest.Tenant
	course, version uuid.UUID
	learners        int
}

func newClass(t *testing.T, db *pgtest.Database, tenant pgtest.Tenant) *class {
	t.Helper()
	ctx := tenant.System(t.Context())
	course := db.Course.Create().SetSlug(uuid.NewString()).SetTitle("Course").SetInstructorID(tenant.Instructor).SaveX(ctx)
	version := db.CourseVersion.Create().
		SetCourseID(course.ID).SetNumber(1).SetSlug(course.Slug).SetTitle(course.Title).SetInstructorID(tenant.Instructor).
		SetContentHash("").SetOutline(outline.Outline{}).SetLessonCount(4).SetRequiredCount(4).SetDurationMs(0).
		SetPublishedBy(tenant.Instructor).SaveX(ctx)
	return &class{db: db, tenant: tenant, course: course.ID, version: version.ID}
}

// learner takes a place and completes so many lessons, a negative number for none at all; idle is how long ago that was.
func (c *class) learner(t *testing.T, done int, idle time.Duration) uuid.UUID {
	t.Helper()
	c.learners++
	ctx := c.tenant.System(t.Context())
	id := pgtest.NewUser(t, c.db, c.tenant, fmt.Sprintf("l%d-%s", c.learners, uuid.NewString()[:8]), viewer.Learner)
	then := time.Now().Add(-idle)
	make := c.db.Enrollment.Create().SetCourseID(c.course).SetVersionID(c.version).SetLearnerID(id).SetEnrolledBy(id).
		SetSource(enrollment.SourceSELF).SetEnrolledAt(then)
	if done == 4 {
		make.SetState(enrollment.StateCOMPLETED).SetCompletedAt(then)
	}
	place := make.SaveX(ctx)
	if done >= 0 {
		c.db.CourseProgress.Create().SetEnrollmentID(place.ID).SetLearnerID(id).SetCourseID(c.course).
			SetRequiredLessons(4).SetCompletedRequired(done).SetCompletedLessons(done).SetLastActivityAt(then).SaveX(ctx)
	}
	return place.ID
}

// fail fails a quiz so many times, and passes it the last time if it is passed at all.
func (c *class) fail(t *testing.T, place uuid.UUID, times int, passed bool) {
	t.Helper()
	ctx := c.tenant.System(t.Context())
	learner := c.db.Enrollment.GetX(ctx, place).LearnerID
	lesson := uuid.New()
	for n := range times {
		c.db.Attempt.Create().SetEnrollmentID(place).SetLearnerID(learner).SetLessonID(lesson).SetVersionID(c.version).SetNumber(n + 1).
			SetState(attempt.StateSUBMITTED).SetPicks(nil).SetPassMark(50).SetStartedAt(time.Now()).SetMaxScore(1).
			SetPassed(passed && n == times-1).SaveX(ctx)
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, db, "acme"), pgtest.NewTenant(t, db, "globex")
	c, foreign, empty := newClass(t, db, acme), newClass(t, db, globex), newClass(t, db, acme)
	for range 3 {
		foreign.learner(t, 1, 60*24*time.Hour)
	}
	idle := c.learner(t, 1, 20*24*time.Hour)
	never := c.learner(t, -1, 30*24*time.Hour)
	failing := c.learner(t, 2, time.Hour)
	c.fail(t, failing, 3, false)
	passing := c.learner(t, 3, time.Hour)
	c.fail(t, passing, 5, true)
	c.learner(t, 0, time.Hour)
	c.learner(t, 4, 2*time.Hour)
	c.learner(t, 4, 100*24*time.Hour)
	d := &Dashboards{DB: db.DB}
	reports, err := d.Reports(acme.AsInstructor(t.Context()), []uuid.UUID{c.course, empty.course, foreign.course})
	if err != nil {
		t.Fatal(err)
	}
	r := reports[0]
	if r.Learners != 7 || r.NotStarted != 1 || r.Completed != 2 || r.Progress != [4]int{1, 1, 1, 1} {
		t.Errorf("%+v", r)
	}
	var stuck []uuid.UUID
	for _, s := range r.Stuck {
		stuck = append(stuck, s.Enrollment)
	}
	if len(stuck) != 3 || stuck[0] != never || stuck[1] != idle || stuck[2] != failing || r.StuckCount != 3 || r.Stuck[2].Failed != 3 {
		t.Errorf("stuck: %+v", r.Stuck)
	}
	if len(r.Completions) != 1 || r.Completions[0].Count != 1 {
		t.Errorf("completions: %+v", r.Completions)
	}
	for i, what := range map[int]string{1: "without learners", 2: "of another tenant"} {
		if r := reports[i]; r.Learners+r.StuckCount+len(r.Completions) != 0 {
			t.Errorf("the course %s: %+v", what, r)
		}
	}
}

func TestReportsNameFew(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	acme := pgtest.NewTenant(t, db, "acme")
	c := newClass(t, db, acme)
	for range mostStuck + 2 {
		c.learner(t, 1, 20*24*time.Hour)
	}
	ctx, counter := pg.CountStatements(acme.AsInstructor(t.Context()))
	reports, err := (&Dashboards{DB: db.DB}).Reports(ctx, []uuid.UUID{c.course})
	if err != nil || len(reports[0].Stuck) != mostStuck || reports[0].StuckCount != mostStuck+2 || counter.Load() != 3 {
		t.Errorf("%+v, %d statements, %v", reports, counter.Load(), err)
	}
}

func TestReportsAreForStaff(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	acme := pgtest.NewTenant(t, db, "acme")
	d := &Dashboards{DB: db.DB}
	for want, ctx := range map[fault.Code]context.Context{
		fault.Forbidden: acme.AsLearner(t.Context()), fault.Unauthenticated: acme.Anonymous(t.Context()),
	} {
		if _, err := d.Reports(ctx, nil); fault.CodeOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestReportPlans looks at how the application role reads reports: by the index of the course, never by the whole table.
func TestReportPlans(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	acme := pgtest.NewTenant(t, db, "acme")
	ctx := acme.System(t.Context())
	course := []uuid.UUID{uuid.New()}
	for name, query := range map[string][]any{
		spreadQuery: {course}, stuckQuery: {course, idleDays, failures, mostStuck}, completionsQuery: {course, reportDays},
	} {
		plan := ""
		err := db.Tx(ctx, func(tx *pg.Tx) error {
			if _, err := tx.Exec(ctx, `SELECT set_config('enable_seqscan', 'off', true)`); err != nil {
				return err
			}
			rows, err := tx.Query(ctx, `EXPLAIN `+name, append([]any{acme.ID}, query...)...)
			if err != nil {
				return err
			}
			var line string
			return pg.ForEach(rows, []any{&line}, func() error { plan += line + "\n"; return nil })
		})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan, "enrollment_tenant_id_course_id") || strings.Contains(plan, "Seq Scan") {
			t.Errorf("not by the course's index:\n%s", plan)
		}
	}
}

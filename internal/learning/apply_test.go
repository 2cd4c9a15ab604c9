package learning_test

import (
	"context"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/learning"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// drafts stands in for the catalog context.
type drafts struct {
	outline *outline.Outline
	err     error
}

func (d drafts) DraftOutline(context.Context, uuid.UUID) (*outline.Outline, error) {
	return d.outline, d.err
}

func (d drafts) DraftInFull(context.Context, uuid.UUID) (*outline.Outline, error) {
	return d.outline, d.err
}

// joins adds learners to the class's course. Each of them read the first lesson.
func (c *class) joins(t *testing.T, n int) []*ent.Enrollment {
	t.Helper()
	places := make([]*ent.Enrollment, n)
	for i := range places {
		learner := pgtest.NewUser(t, c.db, c.tenant, "learner"+strconv.Itoa(i), viewer.Learner)
		places[i] = c.db.Enrollment.Create().
			SetCourseID(c.place.CourseID).SetVersionID(c.place.VersionID).SetLearnerID(learner).SetEnrolledBy(learner).
			SetSource(enrollment.SourceSELF).SetEnrolledAt(time.Now().Add(-time.Hour)).SaveX(c.tenant.System(t.Context()))
		if _, err := c.CompleteLesson(c.tenant.As(t.Context(), learner, viewer.Learner), places[i].ID, c.lessons[0].ID); err != nil {
			t.Fatal(err)
		}
	}
	return places
}

// version adds a version of the course, of which one lesson is enough.
func (c *class) easier(t *testing.T, number int) outline.Outline {
	t.Helper()
	o := outline.Outline{Modules: []outline.Module{{
		ID: c.moduleID(t), Lessons: c.lessons, Completion: &outline.Policy{Need: outline.NeedAny},
	}}}
	c.db.CourseVersion.Create().
		SetCourseID(c.place.CourseID).SetNumber(number).SetSlug("s").SetTitle("Course").SetInstructorID(c.tenant.Instructor).
		SetContentHash("").SetOutline(o).SetLessonCount(len(c.lessons)).SetRequiredCount(o.Required()).SetDurationMs(0).
		SetPublishedBy(c.tenant.Instructor).SaveX(c.tenant.System(t.Context()))
	return o
}

// dates are when the places' courses were completed.
func (c *class) dates(t *testing.T) map[uuid.UUID]time.Time {
	t.Helper()
	all := map[uuid.UUID]time.Time{}
	rows := c.db.CourseProgress.Query().Where(courseprogress.CompletedAtNotNil()).AllX(c.tenant.System(t.Context()))
	for _, row := range rows {
		all[row.EnrollmentID] = *row.CompletedAt
	}
	return all
}

// TestApply reports what the rules of a new version would do, changes nothing by it, and applies them: some at a time,
// from where it stopped, once each, with an entry in the audit log.
func TestApply(t *testing.T) {
	t.Parallel()
	const others = 52
	c := newClass(t, of(outline.Article), of(outline.Article))
	places := c.joins(t, others)
	o := c.easier(t, 2)
	c.Drafts = drafts{outline: &o}
	staff := c.tenant.AsInstructor(t.Context())
	gone := places[0]
	c.db.Enrollment.UpdateOne(gone).SetState(enrollment.StateWITHDRAWN).ExecX(c.tenant.System(t.Context()))

	reports := map[string]func() (*learning.Report, error){
		"preview": func() (*learning.Report, error) { return c.Preview(staff, c.place.CourseID) },
		"report":  func() (*learning.Report, error) { return c.Report(staff, c.place.CourseID, new(2)) },
	}
	says := func(when string, completed, would int) {
		t.Helper()
		for name, report := range reports {
			r, err := report()
			if err != nil {
				t.Fatalf("%s %s: %v", name, when, err)
			}
			named := min(would, 20)
			if r.Places != others || r.Examined != others || r.Completed != completed || r.WouldComplete != would || r.WouldNeedMore != 1 ||
				len(r.Enrollments) != named {
				t.Errorf("%s %s: %+v with %d named", name, when, r, len(r.Enrollments))
			}
		}
	}
	says("before", 0, others-1)
	if r, err := c.Report(staff, c.place.CourseID, new(1)); err != nil || r.WouldComplete != 0 || r.WouldNeedMore != others {
		t.Errorf("report on the old version: %+v, %v", r, err)
	}
	if n := kinds(c.db); n["learning.course_completed"] != 0 || len(c.dates(t)) != 0 || len(c.db.Entries()) != 0 {
		t.Errorf("reports wrote: %v, %d dates, %d entries", n, len(c.dates(t)), len(c.db.Entries()))
	}

	first, err := c.Apply(staff, c.place.CourseID, learning.Going{Number: new(2)})
	if err != nil || first.Examined != 50 || first.Next == nil || first.Lessons != 0 {
		t.Fatalf("first: %+v, %v", first, err)
	}
	// Whoever lost the answer begins anew: nothing happens twice.
	early := c.dates(t)
	if again, err := c.Apply(staff, c.place.CourseID, learning.Going{Number: new(2)}); err != nil || again.Courses != 0 || *again.Next != *first.Next {
		t.Fatalf("first again: %+v, %v", again, err)
	}
	last, err := c.Apply(staff, c.place.CourseID, learning.Going{Number: new(2), After: first.Next})
	if err != nil || last.Examined != others-50 || last.Next != nil {
		t.Fatalf("last: %+v, %v", last, err)
	}
	if first.Courses+last.Courses != others-1 || kinds(c.db)["learning.course_completed"] != others-1 {
		t.Errorf("%d and %d courses, events: %v", first.Courses, last.Courses, kinds(c.db))
	}
	if got := c.recorded(); got["learning.rules_applied"] != others-1 || len(got) != 1 {
		t.Errorf("audit: %v", got)
	}
	dates := c.dates(t)
	if _, found := dates[gone.ID]; found || len(dates) != others-1 {
		t.Errorf("%d places have dates, one that was given up: %t", len(dates), found)
	}
	for place, at := range early {
		if !dates[place].Equal(at) {
			t.Errorf("%s was completed at %v and is at %v", place, at, dates[place])
		}
	}
	// The old version, which asks for more, takes nothing back.
	if done, err := c.Apply(staff, c.place.CourseID, learning.Going{Number: new(1)}); err != nil || done.Courses != 0 {
		t.Errorf("the old version: %+v, %v", done, err)
	}
	if !maps.Equal(dates, c.dates(t)) {
		t.Error("the old version changed dates")
	}
	says("after", others-1, 0)
}

// TestReportsOfNothing refuses courses and versions that are not there.
func TestReportsOfNothing(t *testing.T) {
	t.Parallel()
	c := newClass(t, of(outline.Article))
	staff := c.tenant.AsInstructor(t.Context())
	other := pgtest.NewTenant(t, c.db, "globex").AsInstructor(t.Context())
	for name, tt := range map[string]struct {
		ctx    context.Context
		course uuid.UUID
		number *int
	}{
		"no course":        {staff, uuid.New(), new(1)},
		"no version":       {staff, c.place.CourseID, new(7)},
		"negative version": {staff, c.place.CourseID, new(-1)},
		"nothing in force": {staff, c.place.CourseID, nil},
		"another tenant's": {other, c.place.CourseID, new(1)},
		"nil":              {staff, uuid.Nil, nil},
	} {
		if _, err := c.Report(tt.ctx, tt.course, tt.number); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("report, %s: %v", name, err)
		}
		if _, err := c.Apply(tt.ctx, tt.course, learning.Going{Number: tt.number}); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("apply, %s: %v", name, err)
		}
	}
	c.Drafts = drafts{err: fault.Invalid("lessons.a.completion", "No rule.")}
	if _, err := c.Preview(staff, c.place.CourseID); fault.CodeOf(err) != fault.BadInput {
		t.Errorf("preview of rules that cannot be: %v", err)
	}
	if done, err := c.Apply(staff, c.place.CourseID, learning.Going{Number: new(1), After: &c.place.ID}); err != nil || done.Examined != 0 || done.Next != nil {
		t.Errorf("apply behind the last place: %+v, %v", done, err)
	}
	for _, first := range []int{-1, 0, 51} {
		if _, err := c.Apply(staff, c.place.CourseID, learning.Going{Number: new(1), First: &first}); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("apply to the first %d: %v", first, err)
		}
	}
	if done, err := c.Apply(staff, c.place.CourseID, learning.Going{Number: new(1), First: new(1)}); err != nil || done.Examined != 1 || *done.Next != c.place.ID {
		t.Errorf("apply to the first: %+v, %v", done, err)
	}
	if _, err := c.Apply(staff, c.place.CourseID, learning.Going{Number: new(1), After: new(uuid.Max)}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("apply behind a place that is not there: %v", err)
	}
}

// TestSweepDates completes what came true by the date, for whom it did, once. A place whose rules cannot be read keeps
// none of the others waiting.
func TestSweepDates(t *testing.T) {
	t.Parallel()
	c := newClass(t, ruledBy("now > due"))
	system := c.tenant.System(t.Context())
	timed := outline.Outline{Modules: []outline.Module{{ID: uuid.New(), Lessons: c.lessons}}, Timed: true}
	c.pin(t, timed, 2)
	pinned := c.db.Enrollment.GetX(system, c.place.ID).VersionID
	c.place.VersionID = pinned
	hour := func(at int) time.Time { return time.Now().Add(time.Duration(at) * time.Hour) }
	place := func(name string, due time.Time) *ent.EnrollmentCreate {
		learner := pgtest.NewUser(t, c.db, c.tenant, name, viewer.Learner)
		return c.db.Enrollment.Create().
			SetCourseID(c.place.CourseID).SetVersionID(pinned).SetLearnerID(learner).SetEnrolledBy(learner).
			SetSource(enrollment.SourceSELF).SetEnrolledAt(hour(-2)).SetDueAt(due)
	}
	past := place("past", hour(-1)).SaveX(system)
	place("future", hour(1)).SaveX(system)
	place("gone", hour(-1)).SetState(enrollment.StateWITHDRAWN).SaveX(system)
	untimed := enroll(t, c.db, c.tenant, c.tenant.Learner, c.lessons)
	c.db.Enrollment.UpdateOne(untimed).SetDueAt(hour(-1)).ExecX(system)

	if n, err := c.SweepDates(system); err != nil || n != 1 {
		t.Fatalf("sweep: %d, %v, want one place", n, err)
	}
	dates := c.dates(t)
	if _, found := dates[past.ID]; !found || len(dates) != 1 {
		t.Errorf("completed: %v, want %s alone", dates, past.ID)
	}
	if n, err := c.SweepDates(system); err != nil || n != 0 {
		t.Errorf("again: %d, %v, want nothing", n, err)
	}
	if !maps.Equal(dates, c.dates(t)) || kinds(c.db)["learning.course_completed"] != 1 {
		t.Errorf("again: %v, events %v", c.dates(t), kinds(c.db))
	}

	// The clock reaches another one, and a version was kept whose rules this release does not read.
	c.db.Enrollment.UpdateOneID(c.place.ID).SetDueAt(hour(-1)).ExecX(system)
	spoiled := enroll(t, c.db, c.tenant, c.tenant.Learner, []outline.Lesson{ruledBy("now >")})
	c.place, past = spoiled, c.place
	c.pin(t, outline.Outline{Modules: []outline.Module{{ID: uuid.New(), Lessons: []outline.Lesson{ruledBy("now >")}}}, Timed: true}, 2)
	if n, err := c.SweepDates(system); err == nil || n != 1 {
		t.Errorf("beside a spoiled one: %d, %v, want one place and an error", n, err)
	}
	if _, found := c.dates(t)[past.ID]; !found {
		t.Error("a spoiled place keeps another one waiting")
	}
}

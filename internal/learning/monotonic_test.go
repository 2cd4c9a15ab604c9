package learning_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/gen/ent/lessonprogress"
	"lyceum/internal/learning"
	"lyceum/internal/platform/pg"
)

// someRule is a rule of a lesson, or none.
func someRule(r *rand.Rand) string {
	all := []string{
		"", "", "watched >= 0.5", "watched >= 0.9 || signed_off", "read", "read && signed_off", "quiz.passed || read",
		"attendance_minutes >= 30", "signed_off || watched_seconds > 3", "now > enrolled && read", "quiz.attempts < 1 && read",
		"quiz.attempts + 9223372036854775807 > 1 && read", "!read",
	}
	return all[r.IntN(len(all))]
}

// somePolicy is a policy over so many parts, or none.
func somePolicy(r *rand.Rand, parts int) *outline.Policy {
	switch r.IntN(5) {
	case 0:
		return &outline.Policy{Need: outline.NeedAny}
	case 1:
		return &outline.Policy{Need: outline.NeedAtLeast, Count: 1 + r.IntN(parts)}
	case 2:
		return &outline.Policy{Need: outline.NeedAll, When: "completed >= 1 || attendance_minutes > 10"}
	default:
		return nil
	}
}

// rewrite gives the lessons new rules, and drops one of them now and then.
func rewrite(r *rand.Rand, modules [][]outline.Lesson, ids []uuid.UUID) outline.Outline {
	o := outline.Outline{Completion: somePolicy(r, len(modules))}
	for m, lessons := range modules {
		module := outline.Module{ID: ids[m], Completion: somePolicy(r, len(lessons)-1)}
		drop := r.IntN(3 * len(lessons))
		for i, l := range lessons {
			l.Completion, l.Required = someRule(r), true
			if i != drop {
				module.Lessons = append(module.Lessons, l)
			}
		}
		o.Modules = append(o.Modules, module)
	}
	return o
}

// completions are all completions of the place with their dates.
func (c *class) completions(t *testing.T) map[string]time.Time {
	t.Helper()
	ctx := c.tenant.System(t.Context())
	all := map[string]time.Time{}
	for _, row := range c.db.Completion.Query().Where(completion.EnrollmentID(c.place.ID)).AllX(ctx) {
		all["kept "+row.NodeID.String()] = row.CompletedAt
	}
	for _, row := range c.db.LessonProgress.Query().Where(lessonprogress.EnrollmentID(c.place.ID), lessonprogress.CompletedAtNotNil()).AllX(ctx) {
		all["lesson "+row.LessonID.String()] = *row.CompletedAt
	}
	for _, row := range c.db.CourseProgress.Query().AllX(ctx) {
		if row.EnrollmentID == c.place.ID && row.CompletedAt != nil {
			all["course"] = *row.CompletedAt
		}
	}
	return all
}

// TestMonotonic lets random evidence come while random rules replace each other, and looks after each step: what was
// completed is, at the same date, and nothing was announced twice.
func TestMonotonic(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a history that can be run again
			modules := [][]outline.Lesson{{video(10_000), of(outline.Article), video(8_000)}, {of(outline.Article), of(outline.Link), video(0)}}
			ids := []uuid.UUID{uuid.New(), uuid.New()}
			c := newClass(t, append(append([]outline.Lesson{}, modules[0]...), modules[1]...)...)
			before := map[string]time.Time{}
			for step := range 25 {
				if step%4 == 0 {
					c.pin(t, rewrite(r, modules, ids), step+2)
				}
				c.happens(t, r)
				now := c.completions(t)
				for node, at := range before {
					if !now[node].Equal(at) {
						t.Fatalf("step %d: %s was completed at %v, and is at %v", step, node, at, now[node])
					}
				}
				maps.Copy(before, now)
			}
			c.announcedOnce(t)
			if len(before) == 0 {
				t.Error("nothing was completed: the history shows nothing")
			}
		})
	}
}

// pin moves the place to a new version.
func (c *class) pin(t *testing.T, o outline.Outline, number int) {
	t.Helper()
	ctx := c.tenant.System(t.Context())
	version := c.db.CourseVersion.Create().
		SetCourseID(c.place.CourseID).SetNumber(number).SetSlug("s").SetTitle("Course").SetInstructorID(c.tenant.Instructor).
		SetContentHash("").SetOutline(o).SetLessonCount(6).SetRequiredCount(o.Required()).SetDurationMs(0).
		SetPublishedBy(c.tenant.Instructor).SaveX(ctx)
	c.db.Enrollment.UpdateOneID(c.place.ID).SetVersionID(version.ID).ExecX(ctx)
}

// happens is one thing that a learner or their staff do; what the version does not allow is refused, and no harm.
func (c *class) happens(t *testing.T, r *rand.Rand) {
	t.Helper()
	lesson := c.lessons[r.IntN(len(c.lessons))].ID
	staff := c.tenant.AsInstructor(t.Context())
	var err error
	switch r.IntN(5) {
	case 0:
		from := r.IntN(5_000)
		_, err = c.RecordProgress(c.learner, c.place.ID, []learning.Played{{
			Lesson: lesson, Segments: []learning.Segment{{FromMS: from, ToMS: from + 1 + r.IntN(3_000)}},
		}})
	case 1:
		_, err = c.CompleteLesson(c.learner, c.place.ID, lesson)
	case 2:
		_, err = c.SignOff(staff, learning.Attested{Enrollment: c.place.ID, Part: &lesson})
	case 3:
		_, err = c.RecordAttendance(staff, learning.Attested{Enrollment: c.place.ID, Part: &lesson, Minutes: 20})
	default:
		if r.IntN(4) == 0 {
			_, err = c.Complete(staff, c.place.ID, &lesson, "Seen.")
		}
	}
	if err != nil && strings.Contains(err.Error(), "ERROR") {
		t.Fatal(err)
	}
}

// announcedOnce looks whether an event names what another one did.
func (c *class) announcedOnce(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range c.db.Events() {
		single, ok := e.(pg.Single)
		if !ok {
			continue
		}
		if key := e.Kind() + " " + single.Once(); seen[key] {
			t.Errorf("%s was announced twice", key)
		} else {
			seen[key] = true
		}
	}
}

// TestCompletedOnce tries to change what was completed as the application, past every service.
func TestCompletedOnce(t *testing.T) {
	t.Parallel()
	c := newClass(t, of(outline.Article))
	if _, err := c.CompleteLesson(c.learner, c.place.ID, c.lessons[0].ID); err != nil {
		t.Fatal(err)
	}
	if len(c.completions(t)) != 5 {
		t.Fatalf("completed: %v", c.completions(t))
	}
	ctx := c.tenant.System(t.Context())
	for _, statement := range []string{
		"UPDATE lesson_progresses SET completed_at = NULL WHERE tenant_id = $1",
		"UPDATE course_progresses SET completed_at = now() + interval '1 day' WHERE tenant_id = $1",
		"UPDATE completions SET completed_at = now() WHERE tenant_id = $1",
		"DELETE FROM completions WHERE tenant_id = $1",
		"DELETE FROM attestations WHERE tenant_id = $1",
	} {
		err := c.db.Tx(ctx, func(tx *pg.Tx) error {
			_, err := tx.Exec(ctx, statement, c.tenant.ID)
			return err
		})
		if err == nil {
			t.Errorf("%s was done", statement)
		}
	}
}

package learning_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/attestation"
	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/learning"
	"lyceum/internal/viewer"
)

// ruledBy is a lesson with a rule.
func ruledBy(rule string) outline.Lesson {
	l := of(outline.Article)
	l.Completion = rule
	return l
}

// TestDecidingIsForStaff asks everything that staff decide as those who do not.
func TestDecidingIsForStaff(t *testing.T) {
	t.Parallel()
	c := newClass(t, of(outline.Article))
	c.Drafts = drafts{outline: &outline.Outline{}}
	stranger := c.tenant.As(t.Context(), c.tenant.Support, viewer.Support)
	for name, ask := range map[string]func(context.Context) error{
		"SignOff": func(ctx context.Context) error {
			_, err := c.SignOff(ctx, learning.Attested{Enrollment: c.place.ID})
			return err
		},
		"RecordAttendance": func(ctx context.Context) error {
			_, err := c.RecordAttendance(ctx, learning.Attested{Enrollment: c.place.ID, Minutes: 1})
			return err
		},
		"Complete": func(ctx context.Context) error {
			_, err := c.Complete(ctx, c.place.ID, nil, "Seen.")
			return err
		},
		"Preview": func(ctx context.Context) error {
			_, err := c.Preview(ctx, c.place.CourseID)
			return err
		},
		"Report": func(ctx context.Context) error {
			_, err := c.Report(ctx, c.place.CourseID, new(1))
			return err
		},
		"Apply": func(ctx context.Context) error {
			_, err := c.Apply(ctx, c.place.CourseID, learning.Going{Number: new(1)})
			return err
		},
	} {
		for who, tt := range map[string]struct {
			ctx  context.Context
			want fault.Code
		}{
			"nobody":  {t.Context(), fault.Unauthenticated},
			"learner": {c.learner, fault.Forbidden},
			"support": {stranger, fault.Forbidden},
		} {
			if got := fault.CodeOf(ask(tt.ctx)); got != tt.want {
				t.Errorf("%s as %s: %q, want %q", name, who, got, tt.want)
			}
		}
		if err := ask(c.tenant.AsInstructor(t.Context())); err != nil {
			t.Errorf("%s as instructor: %v", name, err)
		}
	}
	if _, err := c.SweepDates(c.tenant.AsInstructor(t.Context())); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("SweepDates as instructor: %v", err)
	}
}

// TestDecisionsThatCannotBe refuses what staff cannot say, and keeps nothing of it.
func TestDecisionsThatCannotBe(t *testing.T) {
	t.Parallel()
	c := newClass(t, of(outline.Article))
	staff := c.tenant.AsInstructor(t.Context())
	gone := enroll(t, c.db, c.tenant, c.tenant.Learner, []outline.Lesson{of(outline.Article)})
	c.db.Enrollment.UpdateOne(gone).SetState(enrollment.StateWITHDRAWN).ExecX(c.tenant.System(t.Context()))
	long, here, module := strings.Repeat("x", 1001), c.place.ID, c.moduleID(t)
	for name, tt := range map[string]struct {
		attested learning.Attested
		reason   string
		lesson   *uuid.UUID
		want     fault.Code
	}{
		"no such place":     {learning.Attested{Enrollment: uuid.New(), Minutes: 1}, "Seen.", nil, fault.NotFound},
		"a place given up":  {learning.Attested{Enrollment: gone.ID, Minutes: 1}, "Seen.", nil, fault.Conflict},
		"no such part":      {learning.Attested{Enrollment: here, Part: new(uuid.New()), Minutes: 1}, "Seen.", new(uuid.New()), fault.NotFound},
		"a long word":       {learning.Attested{Enrollment: here, Note: long, Minutes: 1}, long, nil, fault.BadInput},
		"a NUL":             {learning.Attested{Enrollment: here, Note: "a\x00", Minutes: 1}, "a\x00", nil, fault.BadInput},
		"what is not UTF-8": {learning.Attested{Enrollment: here, Note: "\xff", Minutes: 1}, "\xff", nil, fault.BadInput},
	} {
		if _, err := c.SignOff(staff, tt.attested); fault.CodeOf(err) != tt.want {
			t.Errorf("sign off %s: %v, want %q", name, err, tt.want)
		}
		if _, err := c.RecordAttendance(staff, tt.attested); fault.CodeOf(err) != tt.want {
			t.Errorf("attendance, %s: %v, want %q", name, err, tt.want)
		}
		if _, err := c.Complete(staff, tt.attested.Enrollment, tt.lesson, tt.reason); fault.CodeOf(err) != tt.want {
			t.Errorf("complete, %s: %v, want %q", name, err, tt.want)
		}
	}
	for _, reason := range []string{"", " \n"} {
		if _, err := c.Complete(staff, here, nil, reason); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("complete because of %q: %v", reason, err)
		}
	}
	if _, err := c.Complete(staff, here, &module, "Seen."); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("complete a module: %v", err)
	}
	for _, minutes := range []int{-1, 0, 1441} {
		if _, err := c.RecordAttendance(staff, learning.Attested{Enrollment: here, Minutes: minutes}); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%d minutes: %v", minutes, err)
		}
	}
	system := c.tenant.System(t.Context())
	if n := c.db.Attestation.Query().CountX(system) + c.db.Completion.Query().CountX(system) + len(c.db.Entries()); n != 0 {
		t.Errorf("%d rows and entries are left of what was refused", n)
	}
}

func (c *class) moduleID(t *testing.T) uuid.UUID {
	t.Helper()
	return c.db.CourseVersion.GetX(c.tenant.System(t.Context()), c.place.VersionID).Outline.Modules[0].ID
}

// TestAttested says what staff saw, once and once more: minutes add up, what follows is completed once.
func TestAttested(t *testing.T) {
	t.Parallel()
	c := newClass(t, ruledBy("signed_off"), ruledBy("attendance_minutes >= 30"))
	staff := c.tenant.AsInstructor(t.Context())
	first, second := c.lessons[0].ID, c.lessons[1].ID
	for i, want := range []int{1, 0} {
		got, err := c.SignOff(staff, learning.Attested{Enrollment: c.place.ID, Part: &first, Note: "Tied well."})
		if err != nil || len(got.Completed) != want {
			t.Fatalf("sign-off %d: %v, %v, want %d lessons", i+1, got, err, want)
		}
	}
	for i, want := range []int{0, 1, 0} {
		got, err := c.RecordAttendance(staff, learning.Attested{Enrollment: c.place.ID, Part: &second, Minutes: 20})
		if err != nil || len(got.Completed) != want {
			t.Fatalf("attendance %d: %v, %v, want %d lessons", i+1, got, err, want)
		}
	}
	if n := kinds(c.db); n["learning.lesson_completed"] != 2 || n["learning.module_completed"] != 1 || n["learning.course_completed"] != 1 {
		t.Errorf("events: %v", n)
	}
	kept := c.db.Attestation.Query().AllX(c.tenant.System(t.Context()))
	minutes := 0
	for _, a := range kept {
		minutes += a.Minutes
		if a.MadeBy != c.tenant.Instructor || (a.Kind == attestation.KindSIGN_OFF) != (a.Note == "Tied well.") {
			t.Errorf("kept: %v", a)
		}
	}
	if len(kept) != 5 || minutes != 60 {
		t.Errorf("%d attestations of %d minutes, want 5 of 60", len(kept), minutes)
	}
	if got := c.recorded(); got["learning.sign_off"] != 2 || got["learning.attendance"] != 3 {
		t.Errorf("audit: %v", got)
	}
}

// recorded counts the entries of the audit log by action.
func (c *class) recorded() map[string]int {
	n := map[string]int{}
	for _, e := range c.db.Entries() {
		n[e.Action]++
	}
	return n
}

// TestCompletedByStaff completes a lesson and then the course, each twice: it is kept with who said so and why, the
// evidence stays as it is, and the second time changes no date and announces nothing.
func TestCompletedByStaff(t *testing.T) {
	t.Parallel()
	c := newClass(t, of(outline.Quiz), of(outline.Quiz))
	staff := c.tenant.AsInstructor(t.Context())
	for _, lesson := range []*uuid.UUID{&c.lessons[0].ID, nil} {
		if _, err := c.Complete(staff, c.place.ID, lesson, "Passed on paper."); err != nil {
			t.Fatal(err)
		}
		before := c.completions(t)
		if got, err := c.Complete(staff, c.place.ID, lesson, "Again."); err != nil || len(got.Completed) != 0 {
			t.Fatalf("again: %v, %v", got, err)
		}
		for node, at := range c.completions(t) {
			if !before[node].Equal(at) {
				t.Errorf("the second time, %s is at %v instead of %v", node, at, before[node])
			}
		}
	}
	p := c.progress(t)
	if p.CompletedAt == nil || p.CompletedLessons != 1 || learning.Percent(p) != 100 {
		t.Errorf("progress: %+v", p)
	}
	for _, row := range c.db.Completion.Query().AllX(c.tenant.System(t.Context())) {
		if row.By != completion.BySTAFF || row.Reason != "Passed on paper." || row.ActorID == nil || *row.ActorID != c.tenant.Instructor {
			t.Errorf("kept: %v", row)
		}
	}
	if n := kinds(c.db); n["learning.lesson_completed"] != 1 || n["learning.course_completed"] != 1 || n["learning.module_completed"] != 0 {
		t.Errorf("events: %v", n)
	}
	if got := c.recorded(); got["learning.completed_by_staff"] != 4 {
		t.Errorf("audit: %v", got)
	}
}

package enrollment_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/enrollment"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/admission"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentchange"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// seats limits the course's.
func (s *school) seats(t *testing.T, course uuid.UUID, capacity *int) {
	t.Helper()
	if _, err := s.SaveTerms(s.acme.AsAdmin(t.Context()), enrollment.Terms{Course: course, Capacity: capacity}); err != nil {
		t.Fatal(err)
	}
}

// crowd makes so many learners.
func (s *school) crowd(t *testing.T, n int) []context.Context {
	t.Helper()
	var all []context.Context
	for i := range n {
		all = append(all, s.acme.As(t.Context(), pgtest.NewUser(t, s.db, s.acme, fmt.Sprintf("c%d", i), viewer.Learner), viewer.Learner))
	}
	return all
}

// atOnce runs fn for every number below n, all from the same moment, and returns the errors that came. Whom the service
// tells that it is busy tries again, as clients do.
func atOnce(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			for range 50 {
				if errs[i] = fn(i); fault.CodeOf(errs[i]) != fault.Unavailable {
					return
				}
			}
		})
	}
	close(start)
	group.Wait()
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// counted returns how many places of the course are in each state, and how many seats are taken; it fails unless the
// counter says the truth and nobody waits beside a free seat.
func (s *school) counted(t *testing.T, course uuid.UUID) (map[entenrollment.State]int, int) {
	t.Helper()
	system := s.acme.System(t.Context())
	states, seated := map[entenrollment.State]int{}, 0
	for _, place := range s.db.Enrollment.Query().Where(entenrollment.CourseID(course)).AllX(system) {
		states[place.State]++
		if place.Seated {
			seated++
		}
	}
	row, err := s.db.Admission.Query().Where(admission.CourseID(course)).Only(system)
	if ent.IsNotFound(err) {
		row = &ent.Admission{} // nobody has tried yet
	} else if err != nil {
		t.Fatal(err)
	}
	if row.Taken != seated {
		t.Errorf("the counter says %d seats, and %d places have one", row.Taken, seated)
	}
	if row.Capacity != nil && seated > *row.Capacity {
		t.Errorf("%d seats of %d are taken", seated, *row.Capacity)
	}
	if waiting := states[entenrollment.StateWAITLISTED]; waiting > 0 && (row.Capacity == nil || seated < *row.Capacity) {
		t.Errorf("%d wait though %d seats are taken of %v", waiting, seated, row.Capacity)
	}
	return states, seated
}

// TestSeatRace has 200 learners rush for 10 seats, then everybody who has one leave at once, and the last ones find
// more seats.
func TestSeatRace(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	course := s.offer(t, s.acme, "go")
	seats, all := 10, s.crowd(t, 200)
	s.seats(t, course, &seats)

	began := time.Now()
	if errs := atOnce(len(all), func(i int) error { _, err := s.Enroll(all[i], course); return err }); len(errs) > 0 {
		t.Fatalf("%d of them failed: %v", len(errs), errs[0])
	}
	states, _ := s.counted(t, course)
	if states[entenrollment.StateACTIVE] != 10 || states[entenrollment.StateWAITLISTED] != 190 {
		t.Fatalf("after the rush: %v, want 10 active and 190 waiting", states)
	}
	t.Logf("%d learners on %d seats in %s: %v", len(all), seats, time.Since(began).Round(time.Millisecond), states)

	system := s.acme.System(t.Context())
	active := s.db.Enrollment.Query().Where(entenrollment.StateEQ(entenrollment.StateACTIVE)).AllX(system)
	queue := s.db.Enrollment.Query().Where(entenrollment.StateEQ(entenrollment.StateWAITLISTED)).
		Order(entenrollment.ByTicket(sql.OrderAsc())).Limit(len(active)).IDsX(system)
	staff := s.acme.AsInstructor(t.Context())
	// Everybody is withdrawn twice, by both of them and at once.
	if errs := atOnce(2*len(active), func(i int) error { _, err := s.Withdraw(staff, active[i/2].ID); return err }); len(errs) > 0 {
		t.Fatalf("withdrawing: %v", errs[0])
	}
	states, _ = s.counted(t, course)
	if states[entenrollment.StateACTIVE] != 10 || states[entenrollment.StateWITHDRAWN] != 10 || states[entenrollment.StateWAITLISTED] != 180 {
		t.Errorf("after everybody left: %v, want 10 active, 10 withdrawn, 180 waiting", states)
	}
	for _, id := range queue {
		if got := s.db.Enrollment.GetX(system, id).State; got != entenrollment.StateACTIVE {
			t.Errorf("one of the first ten who waited is %s", got)
		}
		steps := s.db.EnrollmentChange.Query().
			Where(enrollmentchange.EnrollmentID(id), enrollmentchange.ActEQ(enrollmentchange.ActPROMOTED)).CountX(system)
		if steps != 1 {
			t.Errorf("it was promoted %d times, want once", steps)
		}
	}
	more := 15
	s.seats(t, course, &more)
	if states, _ = s.counted(t, course); states[entenrollment.StateACTIVE] != 15 {
		t.Errorf("with five more seats: %v", states)
	}
	s.seats(t, course, nil)
	if states, _ = s.counted(t, course); states[entenrollment.StateWAITLISTED] != 0 || states[entenrollment.StateACTIVE] != 190 {
		t.Errorf("with as many seats as come: %v", states)
	}
}

func TestWaitingList(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	course := s.offer(t, s.acme, "go")
	one, all := 1, s.crowd(t, 4)
	s.seats(t, course, &one)
	places := make([]*ent.Enrollment, len(all))
	for i, learner := range all {
		places[i] = must(s.Enroll(learner, course))
	}
	position := func(who, of int) int {
		found, err := s.Positions(all[who], []uuid.UUID{places[of].ID})
		if err != nil {
			t.Fatal(err)
		}
		return found[places[of].ID]
	}
	for i, want := range []int{0, 1, 2, 3} {
		if got := position(i, i); got != want {
			t.Errorf("learner %d stands at %d, want %d", i, got, want)
		}
	}
	if got := position(1, 2); got != 0 {
		t.Errorf("a learner sees where another stands: %d", got)
	}
	if found, err := s.Positions(s.globex.AsAdmin(t.Context()), []uuid.UUID{places[2].ID}); err != nil || len(found) != 0 {
		t.Errorf("another tenant's admin sees %v, %v", found, err)
	}
	must(s.Withdraw(all[1], places[1].ID))
	must(s.Enroll(all[1], course)) // to the end of the line
	must(s.Withdraw(all[0], places[0].ID))
	if got := s.db.Enrollment.GetX(all[2], places[2].ID).State; got != entenrollment.StateACTIVE {
		t.Errorf("who waited longest is %s", got)
	}
	if a, b := position(3, 3), position(1, 1); a != 1 || b != 2 {
		t.Errorf("the others stand at %d and %d, want 1 and 2", a, b)
	}
	if _, err := s.SaveTerms(s.acme.AsAdmin(t.Context()), enrollment.Terms{Course: course, Capacity: new(int)}); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("fewer seats than are taken: %v", err)
	}
}

func TestTerms(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	admin := s.acme.AsAdmin(t.Context())
	course, twin, advanced := s.offer(t, s.acme, "go"), s.offer(t, s.acme, "twin"), s.offer(t, s.acme, "advanced")
	foreign := s.offer(t, s.globex, "foreign")
	s.db.Prerequisite.Create().SetCourseID(advanced).SetRequiresID(course).ExecX(s.acme.System(t.Context()))
	days, tooMany, none := 7, 4000, -1
	for name, tt := range map[string]struct {
		ctx  context.Context
		t    enrollment.Terms
		code fault.Code
	}{
		"by a visitor":          {s.acme.Anonymous(t.Context()), enrollment.Terms{Course: course}, fault.Unauthenticated},
		"by a learner":          {s.acme.AsLearner(t.Context()), enrollment.Terms{Course: course}, fault.Forbidden},
		"by support":            {s.acme.AsSupport(t.Context()), enrollment.Terms{Course: course}, fault.Forbidden},
		"no such course":        {admin, enrollment.Terms{Course: uuid.New()}, fault.NotFound},
		"a foreign course":      {admin, enrollment.Terms{Course: foreign}, fault.NotFound},
		"a foreign equivalent":  {admin, enrollment.Terms{Course: course, Equivalents: []uuid.UUID{foreign}}, fault.NotFound},
		"fewer than none":       {admin, enrollment.Terms{Course: course, Capacity: &none}, fault.BadInput},
		"ten years":             {admin, enrollment.Terms{Course: course, DueDays: &tooMany}, fault.BadInput},
		"itself":                {admin, enrollment.Terms{Course: course, Equivalents: []uuid.UUID{course}}, fault.BadInput},
		"one that asks for it":  {admin, enrollment.Terms{Course: course, Equivalents: []uuid.UUID{advanced}}, fault.BadInput},
		"one that is like it":   {admin, enrollment.Terms{Course: course, Equivalents: []uuid.UUID{twin, twin}, DueDays: &days}, ""},
		"of what needs another": {admin, enrollment.Terms{Course: advanced, Equivalents: []uuid.UUID{twin}}, ""},
	} {
		if _, err := s.SaveTerms(tt.ctx, tt.t); fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %q", name, err, tt.code)
		}
	}
	got, err := s.AdmissionOf(admin, course)
	if err != nil || !slices.Equal(got.Equivalents, []uuid.UUID{twin}) || *got.DueDays != 7 {
		t.Errorf("the terms: %+v, %v", got, err)
	}
	learner := s.acme.AsLearner(t.Context())
	if _, err := s.Enroll(learner, advanced); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("without the course: %v", err)
	}
	like := must(s.Enroll(learner, twin))
	if err := s.finish(t, s.acme, like); err != nil {
		t.Fatal(err)
	}
	must(s.Enroll(learner, advanced))
	if due := must(s.Enroll(learner, course)).DueAt; due == nil || time.Until(*due) < 6*24*time.Hour || time.Until(*due) > 8*24*time.Hour {
		t.Errorf("due %v, want in a week", due)
	}
}

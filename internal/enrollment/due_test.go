package enrollment_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/enrollment"
	"lyceum/internal/gen/ent"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// TestSaidDueDates: the date that staff have said holds when the learner gets in later, by an invitation or from the waiting
// list; one of an earlier life of the place does not.
func TestSaidDueDates(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	admin := s.acme.AsAdmin(t.Context())
	said := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	week := 7
	for name, tt := range map[string]struct {
		days  *int
		seats *int
		// get gives the learner the place in the course, and returns it as it is in the end.
		get func(a enrollment.Assignment, as context.Context) *ent.Enrollment
		due *time.Time
	}{
		"an invitation that is taken up like any course": {&week, nil, func(a enrollment.Assignment, as context.Context) *ent.Enrollment {
			a.Invite = true
			must(s.Assign(admin, a))
			return must(s.Enroll(as, a.Course))
		}, &said},
		"a seat that became free": {&week, new(0), func(a enrollment.Assignment, _ context.Context) *ent.Enrollment {
			place := must(s.Assign(admin, a))
			if place.State != entenrollment.StateWAITLISTED {
				t.Errorf("in a full course: %s", place.State)
			}
			if _, err := s.SaveTerms(admin, enrollment.Terms{Course: a.Course, DueDays: &week}); err != nil {
				t.Fatal(err)
			}
			return s.db.Enrollment.GetX(admin, place.ID)
		}, &said},
		"coming back by oneself": {nil, nil, func(a enrollment.Assignment, as context.Context) *ent.Enrollment {
			place := must(s.Assign(admin, a))
			must(s.Withdraw(as, place.ID))
			return must(s.Enroll(as, a.Course))
		}, nil},
	} {
		course := s.offer(t, s.acme, "c"+uuid.NewString())
		if _, err := s.SaveTerms(admin, enrollment.Terms{Course: course, DueDays: tt.days, Capacity: tt.seats}); err != nil {
			t.Fatal(err)
		}
		id := pgtest.NewUser(t, s.db, s.acme, course.String(), viewer.Learner)
		place := tt.get(enrollment.Assignment{Course: course, Learner: id, DueAt: &said}, s.acme.As(t.Context(), id, viewer.Learner))
		if place.State != entenrollment.StateACTIVE || (place.DueAt == nil) != (tt.due == nil) || tt.due != nil && !place.DueAt.Equal(*tt.due) {
			t.Errorf("%s: %s, due %v; want %v", name, place.State, place.DueAt, tt.due)
		}
	}
}

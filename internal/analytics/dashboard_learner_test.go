package analytics

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pgtest"
)

// TestMine gives a learner places of every kind.
func TestMine(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	acme := pgtest.NewTenant(t, db, "acme")
	ctx := acme.System(t.Context())
	now := time.Now()
	// place takes one; active and due are hours from now, 0 for never.
	place := func(state enrollment.State, active, due int) uuid.UUID {
		c := newClass(t, db, acme)
		make := db.Enrollment.Create().SetCourseID(c.course).SetVersionID(c.version).SetLearnerID(acme.Learner).SetEnrolledBy(acme.Learner).
			SetSource(enrollment.SourceSELF).SetState(state)
		if due != 0 {
			make.SetDueAt(now.Add(time.Duration(due) * time.Hour))
		}
		e := make.SaveX(ctx)
		if active != 0 {
			db.CourseProgress.Create().SetEnrollmentID(e.ID).SetLearnerID(acme.Learner).SetCourseID(c.course).SetRequiredLessons(4).
				SetLastActivityAt(now.Add(time.Duration(active) * time.Hour)).SaveX(ctx)
		}
		return e.ID
	}
	d := &Dashboards{DB: db.DB}
	if mine, err := d.Mine(acme.AsLearner(t.Context())); err != nil || mine.Recommended != uuid.Nil || len(mine.InProgress) != 0 {
		t.Errorf("of nothing: %+v, %v", mine, err)
	}
	place(enrollment.StateCOMPLETED, -1, 1)
	place(enrollment.StateWITHDRAWN, -1, 1)
	soon := place(enrollment.StateACTIVE, 0, 5)
	if mine, err := d.Mine(acme.AsLearner(t.Context())); err != nil || mine.Recommended != soon {
		t.Errorf("with one assigned: %+v, %v", mine, err)
	}
	overdue := place(enrollment.StateACTIVE, 0, -5)
	plain := place(enrollment.StateACTIVE, 0, 0)
	old := place(enrollment.StateACTIVE, -20, 9)
	recent := place(enrollment.StateACTIVE, -2, 0)
	mine, err := d.Mine(acme.AsLearner(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if want := []uuid.UUID{recent, old, overdue, soon, plain}; mine.Recommended != recent || !slices.Equal(mine.InProgress, want) {
		t.Errorf("in progress %v, want %v", mine.InProgress, want)
	}
	if want := []uuid.UUID{overdue, soon, old}; !slices.Equal(mine.Due, want) {
		t.Errorf("due %v, want %v", mine.Due, want)
	}
	if others, err := d.Mine(acme.AsInstructor(t.Context())); err != nil || len(others.InProgress) != 0 {
		t.Errorf("the instructor's own: %+v, %v", others, err)
	}
	if _, err := d.Mine(acme.Anonymous(t.Context())); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor: %v", err)
	}
}

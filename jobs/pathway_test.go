package jobs_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/enrollment"
	"lyceum/internal/gen/ent"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/learningpath"
	entnotification "lyceum/internal/gen/ent/notification"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// way publishes a learning path of the courses, in this order.
func (f fixture) way(t *testing.T, paths *pathway.Service, d pathway.Definition, courses ...uuid.UUID) *ent.LearningPath {
	t.Helper()
	author := f.acme.AsInstructor(t.Context())
	d.Slug, d.Title, d.Visibility, d.SelfEnroll = "p"+uuid.NewString()[:8], "Barista", outline.Public, true
	if d.Need == "" {
		d.Need = outline.NeedAll
	}
	for _, course := range courses {
		d.Courses = append(d.Courses, pathway.Part{Course: course, Required: true})
	}
	saved, err := paths.Save(author, d)
	if err != nil {
		t.Fatal(err)
	}
	if saved, err = paths.Publish(author, saved.ID); err != nil {
		t.Fatal(err)
	}
	return saved
}

// inCourse is the state of the learner's place in the course.
func (f fixture) inCourse(t *testing.T, learner, course uuid.UUID) entenrollment.State {
	t.Helper()
	place, err := f.Enrollment.Query().Where(entenrollment.LearnerID(learner), entenrollment.CourseID(course)).Only(f.acme.System(t.Context()))
	if ent.IsNotFound(err) {
		return ""
	} else if err != nil {
		t.Fatal(err)
	}
	return place.State
}

// TestPath goes along a path in its order, with the real places in courses: what it gives, what opens next, what leaving
// takes, and that arriving is told once.
func TestPath(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := services(f.db, f.store)
	f.work(t, s, options())
	first, second := f.publish(t, f.acme), f.publish(t, f.acme)
	learner := pgtest.NewUser(t, f.Database, f.acme, "walker", viewer.Learner)
	as := f.acme.As(t.Context(), learner, viewer.Learner)
	path := f.way(t, s.Pathway, pathway.Definition{Ordered: true}, first.course, second.course)

	own, err := s.Enrollment.Enroll(as, first.course)
	if err != nil {
		t.Fatal(err)
	}
	place, err := s.Pathway.Enroll(as, path.ID)
	if err != nil {
		t.Fatal(err)
	}
	f.finish(t, own)
	eventually(t, "the second course opens", func() bool { return f.inCourse(t, learner, second.course) == entenrollment.StateACTIVE })

	if _, err := s.Pathway.Withdraw(as, place.ID); err != nil {
		t.Fatal(err)
	}
	if a, b := f.inCourse(t, learner, first.course), f.inCourse(t, learner, second.course); a != entenrollment.StateCOMPLETED || b != entenrollment.StateWITHDRAWN {
		t.Errorf("after leaving the path: %s and %s", a, b)
	}
	// What was only given up, is taken up again; what the learner has for a reason of their own survives the path.
	if _, err := s.Enrollment.Enroll(as, second.course); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Pathway.Enroll(as, path.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Pathway.Revoke(f.acme.AsAdmin(t.Context()), place.ID); err != nil {
		t.Fatal(err)
	}
	if got := f.inCourse(t, learner, second.course); got != entenrollment.StateACTIVE {
		t.Errorf("the learner's own place is %s when staff end the path", got)
	}
	if _, err := s.Pathway.Assign(f.acme.AsAdmin(t.Context()), pathway.Assignment{Path: path.ID, Learner: learner}); err != nil {
		t.Fatal(err)
	}
	last := f.Enrollment.Query().Where(entenrollment.LearnerID(learner), entenrollment.CourseID(second.course)).OnlyX(f.acme.System(t.Context()))
	f.finish(t, last)
	f.arrives(t, place.ID)
	f.told(t, learner, map[entnotification.Kind]int{
		entnotification.KindENROLLED: 0, entnotification.KindPATH_ASSIGNED: 1, entnotification.KindPATH_COMPLETED: 1,
	})
}

// finish tells that the course was completed.
func (f fixture) finish(t *testing.T, place *ent.Enrollment) {
	t.Helper()
	f.announce(t, f.acme, published{course: place.CourseID, enrollment: place}.completed(pgtest.Tenant{ID: f.acme.ID, Learner: place.LearnerID}))
}

// arrives waits until the path is completed and nothing is left to do.
func (f fixture) arrives(t *testing.T, place uuid.UUID) {
	t.Helper()
	system := f.acme.System(t.Context())
	eventually(t, "the path completed", func() bool {
		return f.PathEnrollment.Query().Where(pathenrollment.ID(place)).OnlyX(system).State == pathenrollment.StateCOMPLETED
	})
	f.allIn(t, rivertype.JobStateCompleted)
	var events int
	const count = `SELECT count(*) FROM events WHERE tenant_id = $1 AND kind = 'pathway.completed' AND body->>'path_enrollment_id' = $2::uuid::text`
	if err := f.QueryRow(system, count, f.acme.ID, place).Scan(&events); err != nil || events != 1 {
		t.Errorf("the path was completed %d times: %v", events, err)
	}
}

// told counts what the learner was told.
func (f fixture) told(t *testing.T, learner uuid.UUID, want map[entnotification.Kind]int) {
	t.Helper()
	for kind, n := range want {
		got := f.Notification.Query().Where(entnotification.UserID(learner), entnotification.KindEQ(kind)).CountX(f.acme.System(t.Context()))
		if got != n {
			t.Errorf("told of %s %d times, want %d", kind, got, n)
		}
	}
}

// TestPathChanges: who is on a path follows what becomes of it. A course that is added opens, one that counts as another
// completes, and so does asking for less; nobody who has arrived is taken back.
func TestPathChanges(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := services(f.db, f.store)
	f.work(t, s, options())
	var courses []published
	for range 4 {
		courses = append(courses, f.publish(t, f.acme))
	}
	path := f.way(t, s.Pathway, pathway.Definition{}, courses[0].course)
	other := f.way(t, s.Pathway, pathway.Definition{}, courses[1].course)
	learner := pgtest.NewUser(t, f.Database, f.acme, "walker", viewer.Learner)
	as := f.acme.As(t.Context(), learner, viewer.Learner)
	place, err := s.Pathway.Enroll(as, path.ID)
	if err != nil {
		t.Fatal(err)
	}
	onOther, err := s.Pathway.Enroll(as, other.ID)
	if err != nil {
		t.Fatal(err)
	}
	author := f.acme.AsInstructor(t.Context())
	d := pathway.Definition{Slug: path.Slug, Title: path.Title, Need: outline.NeedAll, Visibility: outline.Public}
	for _, course := range courses[:2] {
		d.Courses = append(d.Courses, pathway.Part{Course: course.course, Required: true})
	}
	d.Courses = append(d.Courses, pathway.Part{Course: courses[2].course, Required: true})
	if _, err := s.Pathway.Save(author, d); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new course opens", func() bool { return f.inCourse(t, learner, courses[2].course) == entenrollment.StateACTIVE })

	// The fourth course counts as the second.
	equal, err := s.Enrollment.Enroll(as, courses[3].course)
	if err != nil {
		t.Fatal(err)
	}
	f.finish(t, equal)
	eventually(t, "the equivalent course completed", func() bool { return f.inCourse(t, learner, courses[3].course) == entenrollment.StateCOMPLETED })
	f.allIn(t, rivertype.JobStateCompleted)
	if _, err := s.Enrollment.SaveTerms(author, enrollment.Terms{Course: courses[1].course, Equivalents: []uuid.UUID{courses[3].course}}); err != nil {
		t.Fatal(err)
	}
	f.arrives(t, onOther.ID)
	if f.PathEnrollment.GetX(f.acme.System(t.Context()), place.ID).State != pathenrollment.StateACTIVE {
		t.Error("one of three courses completed the path")
	}
	d.Need = outline.NeedAny
	if _, err := s.Pathway.Save(author, d); err != nil {
		t.Fatal(err)
	}
	f.arrives(t, place.ID)
	d.Need, d.Courses = outline.NeedAll, d.Courses[:1]
	if _, err := s.Pathway.Save(author, d); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pathway.Archive(author, path.ID); err != nil {
		t.Fatal(err)
	}
	f.arrives(t, place.ID)
}

// TestPathRace completes the last two courses of a path at once, for many learners: each arrives once.
func TestPathRace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := services(f.db, f.store)
	first, second := f.publish(t, f.acme), f.publish(t, f.acme)
	path := f.way(t, s.Pathway, pathway.Definition{}, first.course, second.course)
	var places []uuid.UUID
	var walkers []uuid.UUID
	for i := range 20 {
		learner := pgtest.NewUser(t, f.Database, f.acme, fmt.Sprintf("w%d", i), viewer.Learner)
		place, err := s.Pathway.Enroll(f.acme.As(t.Context(), learner, viewer.Learner), path.ID)
		if err != nil {
			t.Fatal(err)
		}
		places, walkers = append(places, place.ID), append(walkers, learner)
		for _, course := range f.Enrollment.Query().Where(entenrollment.LearnerID(learner)).AllX(f.acme.System(t.Context())) {
			f.finish(t, course)
		}
	}
	f.again(t)
	f.work(t, s, options())
	for i, place := range places {
		f.arrives(t, place)
		f.told(t, walkers[i], map[entnotification.Kind]int{entnotification.KindPATH_COMPLETED: 1})
	}
	if n := f.LearningPath.Query().Where(learningpath.StateEQ(learningpath.StatePUBLISHED)).CountX(f.acme.System(t.Context())); n != 1 {
		t.Errorf("%d paths", n)
	}
}

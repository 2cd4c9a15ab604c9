package pathway_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// learner makes one, and the context in which they act.
func (s *school) learner(t *testing.T, name string) (uuid.UUID, context.Context) {
	t.Helper()
	id := pgtest.NewUser(t, s.db, s.acme, name, viewer.Learner)
	return id, s.acme.As(t.Context(), id, viewer.Learner)
}

// in are the states of the learner's places in the courses, "" for none.
func (s *school) in(t *testing.T, learner uuid.UUID, courses ...uuid.UUID) []enrollment.State {
	t.Helper()
	states := make([]enrollment.State, len(courses))
	for _, place := range s.db.Enrollment.Query().Where(enrollment.LearnerID(learner)).AllX(s.acme.System(t.Context())) {
		if i := slices.Index(courses, place.CourseID); i >= 0 {
			states[i] = place.State
		}
	}
	return states
}

// TestPrices: who comes by themselves is given what costs nothing, and pays for the rest in their own time; whom staff put
// on the path is given everything; and a price that falls opens the course.
func TestPrices(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	free, priced := s.offer(t, s.acme, "free", 0), s.offer(t, s.acme, "priced", 1900)
	path := s.path(t, pathway.Definition{Courses: required(free, priced), SelfEnroll: true})
	id, as := s.learner(t, "comes")
	given, _ := s.learner(t, "given")
	place, err := s.Enroll(as, path.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Assign(s.acme.AsInstructor(t.Context()), pathway.Assignment{Path: path.ID, Learner: given}); err != nil {
		t.Fatal(err)
	}
	if got := s.in(t, id, free, priced); !slices.Equal(got, []enrollment.State{"ACTIVE", ""}) {
		t.Errorf("who came by themselves has %q", got)
	}
	if got := s.in(t, given, free, priced); !slices.Equal(got, []enrollment.State{"ACTIVE", "ACTIVE"}) {
		t.Errorf("whom staff put there has %q", got)
	}
	system := s.acme.System(t.Context())
	s.db.Publication.Update().Where(publication.CourseID(priced)).SetPriceAmount(0).ExecX(system)
	if _, err := s.Review(system, path.ID, uuid.Nil); err != nil {
		t.Fatal(err)
	}
	if got := s.in(t, id, free, priced); !slices.Equal(got, []enrollment.State{"ACTIVE", "ACTIVE"}) {
		t.Errorf("when the price has fallen, they have %q", got)
	}
	s.finish(t, id, free)
	s.finish(t, id, priced)
	if n := s.completions(place.ID); n != 1 {
		t.Errorf("completed %d times", n)
	}
}

// TestPaidAlone completes a path with a course that the learner paid for themselves.
func TestPaidAlone(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	priced := s.offer(t, s.acme, "priced", 1900)
	path := s.path(t, pathway.Definition{Courses: required(priced), SelfEnroll: true})
	id, as := s.learner(t, "pays")
	place, err := s.Enroll(as, path.ID)
	if err != nil || place.State != pathenrollment.StateACTIVE {
		t.Fatalf("%+v, %v", place, err)
	}
	s.finish(t, id, priced)
	if n := s.completions(place.ID); n != 1 {
		t.Errorf("completed %d times", n)
	}
	if _, err := s.Withdraw(as, place.ID); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("leaving what is completed: %v", err)
	}
}

// TestDueDates: the path says when its learners should be through, unless staff do.
func TestDueDates(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	staff := s.acme.AsInstructor(t.Context())
	path := s.path(t, pathway.Definition{Courses: required(s.courses(t, 1)...), SelfEnroll: true, DueDays: new(10)})
	free := s.path(t, pathway.Definition{Courses: required(s.courses(t, 1)...), SelfEnroll: true})
	learner, as := s.learner(t, "due")
	place, err := s.Enroll(as, path.ID)
	if err != nil || place.DueAt == nil || !place.DueAt.Equal(place.EnrolledAt.AddDate(0, 0, 10)) {
		t.Fatalf("%+v, %v", place, err)
	}
	if without, err := s.Enroll(as, free.ID); err != nil || without.DueAt != nil {
		t.Errorf("%+v, %v", without, err)
	}
	soon, later := time.Now().Add(time.Hour).UTC().Truncate(time.Second), time.Now().AddDate(1, 0, 0).UTC().Truncate(time.Second)
	past := time.Now().Add(-time.Minute)
	for _, step := range []struct {
		name string
		say  *time.Time
		want time.Time
		code fault.Code
	}{
		{"nothing said", nil, *place.DueAt, ""},
		{"soon", &soon, soon, ""},
		{"soon again", &soon, soon, ""},
		{"later", &later, later, ""},
		{"a date that has passed", &past, later, fault.BadInput},
		{"nothing said any more", nil, later, ""},
	} {
		_, err := s.Assign(staff, pathway.Assignment{Path: path.ID, Learner: learner, DueAt: step.say})
		now := s.db.PathEnrollment.GetX(s.acme.System(t.Context()), place.ID)
		if fault.CodeOf(err) != step.code || now.DueAt == nil || !now.DueAt.Equal(step.want) {
			t.Errorf("%s: due %v, want %v; %v", step.name, now.DueAt, step.want, err)
		}
	}
	if _, err := s.Withdraw(as, place.ID); err != nil {
		t.Fatal(err)
	}
	back, err := s.Enroll(as, path.ID)
	if err != nil || back.DueAt == nil || back.DueAt.After(time.Now().AddDate(0, 0, 11)) {
		t.Fatalf("who comes back: %+v, %v", back, err)
	}
	if pathway.Overdue(back, time.Now()) || !pathway.Overdue(back, time.Now().AddDate(0, 0, 11)) {
		t.Error("what is overdue is wrong")
	}
}

// TestAssignTo refuses those who cannot be put on a path.
func TestAssignTo(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	system := s.acme.System(t.Context())
	author := s.acme.AsInstructor(t.Context())
	courses := s.courses(t, 1)
	path := s.path(t, pathway.Definition{Courses: required(courses...)})
	draft, err := s.Save(author, filled(pathway.Definition{Courses: required(courses...)}))
	if err != nil {
		t.Fatal(err)
	}
	archived, err := s.Archive(author, s.path(t, pathway.Definition{Courses: required(courses...), SelfEnroll: true}).ID)
	if err != nil {
		t.Fatal(err)
	}
	suspended, _ := s.learner(t, "suspended")
	s.db.User.UpdateOneID(suspended).SetStatus(user.StatusSUSPENDED).ExecX(system)
	for name, tt := range map[string]struct {
		path, learner uuid.UUID
		want          fault.Code
	}{
		"a path nobody knows":      {uuid.New(), s.acme.Learner, fault.NotFound},
		"a draft":                  {draft.ID, s.acme.Learner, fault.Conflict},
		"an archived path":         {archived.ID, s.acme.Learner, fault.Conflict},
		"somebody nobody knows":    {path.ID, uuid.New(), fault.NotFound},
		"somebody of others":       {path.ID, s.globex.Learner, fault.NotFound},
		"somebody suspended":       {path.ID, suspended, fault.Conflict},
		"support":                  {path.ID, pgtest.NewUser(t, s.db, s.acme, "helps", viewer.Support), fault.BadInput},
		"a learner":                {path.ID, s.acme.Learner, ""},
		"a teacher, who may learn": {path.ID, s.acme.Instructor, ""},
	} {
		_, err := s.Assign(author, pathway.Assignment{Path: tt.path, Learner: tt.learner})
		if fault.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if n := s.db.PathEnrollment.Query().CountX(system); n != 2 {
		t.Errorf("%d places", n)
	}
	_, as := s.learner(t, "alone")
	for name, id := range map[string]uuid.UUID{"for staff alone": path.ID, "archived": archived.ID} {
		if _, err := s.Enroll(as, id); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("enroll in a path %s: %v", name, err)
		}
	}
	if _, err := s.Enroll(as, draft.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("enroll in a draft: %v", err)
	}
}

// TestTooManyPaths lets nobody be on more than fifty at a time.
func TestTooManyPaths(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	courses := s.courses(t, 1)
	id, as := s.learner(t, "eager")
	system := s.acme.System(t.Context())
	for i := range 50 {
		path := s.db.LearningPath.Create().SetSlug(fmt.Sprintf("many%d", i)).SetTitle("Many").SaveX(system)
		s.db.PathEnrollment.Create().SetPathID(path.ID).SetLearnerID(id).SetByStaff(false).SetEnrolledBy(id).ExecX(system)
	}
	path := s.path(t, pathway.Definition{Courses: required(courses...), SelfEnroll: true})
	if _, err := s.Enroll(as, path.ID); fault.CodeOf(err) != fault.Conflict {
		t.Fatalf("on to the fifty-first: %v", err)
	}
	first := s.db.PathEnrollment.Query().FirstX(system)
	if _, err := s.Withdraw(as, first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Enroll(as, path.ID); err != nil {
		t.Errorf("when one was left: %v", err)
	}
}

// TestGivenUp: a course that the learner gave up is not given again while they are on the path, whatever happens to it, and
// is when they come back to the path.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	courses := s.courses(t, 2)
	path := s.path(t, pathway.Definition{Courses: required(courses...), SelfEnroll: true})
	id, as := s.learner(t, "leaves")
	place, err := s.Enroll(as, path.ID)
	if err != nil {
		t.Fatal(err)
	}
	system := s.acme.System(t.Context())
	s.db.Enrollment.Update().Where(enrollment.LearnerID(id), enrollment.CourseID(courses[0])).SetState(enrollment.StateWITHDRAWN).SetSeated(false).ExecX(system)
	for name, err := range map[string]error{
		"advance": s.Advance(system, id), "review": failed(s.Review(system, path.ID, uuid.Nil)), "enroll": failed(s.Enroll(as, path.ID)),
		"assign": failed(s.Assign(s.acme.AsAdmin(t.Context()), pathway.Assignment{Path: path.ID, Learner: id})),
	} {
		if got := s.in(t, id, courses...); err != nil || !slices.Equal(got, []enrollment.State{"WITHDRAWN", "ACTIVE"}) {
			t.Errorf("after %s: %q, %v", name, got, err)
		}
	}
	if _, err := s.Withdraw(as, place.ID); err != nil {
		t.Fatal(err)
	}
	if got := s.in(t, id, courses...); !slices.Equal(got, []enrollment.State{"WITHDRAWN", "WITHDRAWN"}) {
		t.Errorf("off the path: %q", got)
	}
	if _, err := s.Enroll(as, path.ID); err != nil {
		t.Fatal(err)
	}
	if got := s.in(t, id, courses...); !slices.Equal(got, []enrollment.State{"ACTIVE", "ACTIVE"}) {
		t.Errorf("back on the path: %q", got)
	}
}

// TestEnded: a place in a course that staff ended is given again by staff alone.
func TestEnded(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	courses := s.courses(t, 2)
	path := s.path(t, pathway.Definition{Courses: required(courses...), SelfEnroll: true})
	id, as := s.learner(t, "ended")
	s.complete(t, id, courses[0])
	system, staff := s.acme.System(t.Context()), s.acme.AsInstructor(t.Context())
	s.db.Enrollment.Update().Where(enrollment.LearnerID(id)).SetState(enrollment.StateREVOKED).ClearCompletedAt().ExecX(system)
	place, err := s.Enroll(as, path.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.in(t, id, courses...); !slices.Equal(got, []enrollment.State{"REVOKED", "ACTIVE"}) {
		t.Errorf("who comes by themselves has %q", got)
	}
	if _, err := s.Revoke(staff, place.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Enroll(as, path.ID); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("back by themselves after staff ended it: %v", err)
	}
	if _, err := s.Assign(staff, pathway.Assignment{Path: path.ID, Learner: id}); err != nil {
		t.Fatal(err)
	}
	if got := s.in(t, id, courses...); !slices.Equal(got, []enrollment.State{"ACTIVE", "ACTIVE"}) {
		t.Errorf("put there by staff: %q", got)
	}
}

// TestDoneAlready: what was completed before counts at once, in itself and in what counts as it, but not the other way round.
func TestDoneAlready(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	system := s.acme.System(t.Context())
	old, fresh, other := s.offer(t, s.acme, "old", 0), s.offer(t, s.acme, "fresh", 0), s.offer(t, s.acme, "other", 0)
	s.db.Equivalence.Create().SetCourseID(fresh).SetCountsID(old).ExecX(system)
	for name, tt := range map[string]struct {
		courses []uuid.UUID
		need    outline.Need
		done    []uuid.UUID
		want    pathenrollment.State
		// given is where the learner has an active place afterwards.
		given []uuid.UUID
	}{
		"itself":                 {courses: []uuid.UUID{fresh}, done: []uuid.UUID{fresh}, want: pathenrollment.StateCOMPLETED},
		"what counts as it":      {courses: []uuid.UUID{fresh}, done: []uuid.UUID{old}, want: pathenrollment.StateCOMPLETED},
		"not the other way":      {courses: []uuid.UUID{old}, done: []uuid.UUID{fresh}, want: pathenrollment.StateACTIVE, given: []uuid.UUID{old}},
		"one of two":             {courses: []uuid.UUID{fresh, other}, done: []uuid.UUID{old}, want: pathenrollment.StateACTIVE, given: []uuid.UUID{other}},
		"one of two, any":        {courses: []uuid.UUID{fresh, other}, need: outline.NeedAny, done: []uuid.UUID{old}, want: pathenrollment.StateCOMPLETED},
		"both that are the same": {courses: []uuid.UUID{old, fresh}, done: []uuid.UUID{old}, want: pathenrollment.StateCOMPLETED},
		"nothing":                {courses: []uuid.UUID{fresh}, want: pathenrollment.StateACTIVE, given: []uuid.UUID{fresh}},
	} {
		path := s.path(t, pathway.Definition{Courses: required(tt.courses...), Need: tt.need, SelfEnroll: true})
		id, as := s.learner(t, "u"+uuid.NewString()[:8])
		for _, course := range tt.done {
			s.complete(t, id, course)
		}
		place, err := s.Enroll(as, path.ID)
		if err != nil {
			t.Fatal(err)
		}
		announced := 0
		if tt.want == pathenrollment.StateCOMPLETED {
			announced = 1
		}
		if err := s.Advance(system, id); err != nil || place.State != tt.want || s.completions(place.ID) != announced {
			t.Errorf("%s: %s, announced %d times, %v", name, place.State, s.completions(place.ID), err)
		}
		for _, course := range []uuid.UUID{old, fresh, other} {
			if got := s.in(t, id, course)[0] == enrollment.StateACTIVE; got != slices.Contains(tt.given, course) {
				t.Errorf("%s: given is %t", name, got)
			}
		}
	}
}

// TestEdited changes a path while three are on it: one on the way, one who has completed it, and one who has left.
func TestEdited(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	courses := s.courses(t, 4)
	d := filled(pathway.Definition{Slug: "edited", Courses: required(courses[:2]...), SelfEnroll: true})
	path := s.path(t, d)
	system, author := s.acme.System(t.Context()), s.acme.AsInstructor(t.Context())
	var ids, places []uuid.UUID
	for _, name := range []string{"walks", "arrived", "left"} {
		id, as := s.learner(t, name)
		place, err := s.Enroll(as, path.ID)
		if err != nil {
			t.Fatal(err)
		}
		ids, places = append(ids, id), append(places, place.ID)
		if name == "left" {
			if _, err := s.Withdraw(as, place.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.finish(t, ids[1], courses[0])
	s.finish(t, ids[1], courses[1])
	edit := func(name string, d pathway.Definition, want ...string) {
		t.Helper()
		if _, err := s.Save(author, d); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Review(system, path.ID, uuid.Nil); err != nil {
			t.Fatal(err)
		}
		for i, id := range ids {
			place := s.db.PathEnrollment.GetX(system, places[i])
			if got := fmt.Sprintf("%s %s", place.State, s.in(t, id, courses...)); got != want[i] {
				t.Errorf("%s: learner %d is %s, want %s", name, i, got, want[i])
			}
		}
	}
	const arrived, left = "COMPLETED [COMPLETED COMPLETED  ]", "WITHDRAWN [WITHDRAWN WITHDRAWN  ]"
	d.Courses = required(courses[:3]...)
	edit("one course more", d, "ACTIVE [ACTIVE ACTIVE ACTIVE ]", arrived, left)
	d.Courses = required(courses[2], courses[3])
	edit("other courses", d, "ACTIVE [ACTIVE ACTIVE ACTIVE ACTIVE]", arrived, left)
	s.finish(t, ids[0], courses[2])
	d.Need = outline.NeedAny
	edit("less is asked for", d, "COMPLETED [ACTIVE ACTIVE COMPLETED ACTIVE]", arrived, left)
	d.Need, d.Courses = outline.NeedAll, required(courses...)
	edit("more is asked for", d, "COMPLETED [ACTIVE ACTIVE COMPLETED ACTIVE]", arrived, left)
	for i, want := range []int{1, 1, 0} {
		if n := s.completions(places[i]); n != want {
			t.Errorf("learner %d completed it %d times", i, n)
		}
	}
}

// TestUnpublishedMeanwhile: a course that is taken out of the catalog is given when it is back.
func TestUnpublishedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	courses := s.courses(t, 2)
	path := s.path(t, pathway.Definition{Courses: required(courses...), SelfEnroll: true})
	system := s.acme.System(t.Context())
	offer := s.db.Publication.Query().Where(publication.CourseID(courses[0])).OnlyX(system)
	s.db.Publication.DeleteOne(offer).ExecX(system)
	id, as := s.learner(t, "early")
	if _, err := s.Enroll(as, path.ID); err != nil {
		t.Fatal(err)
	}
	if got := s.in(t, id, courses...); !slices.Equal(got, []enrollment.State{"", "ACTIVE"}) {
		t.Errorf("while it is out: %q", got)
	}
	s.db.Publication.Create().SetCourseID(offer.CourseID).SetVersionID(offer.VersionID).SetNumber(1).SetSlug(offer.Slug).SetTitle(offer.Title).
		SetInstructorID(offer.InstructorID).SetPriceAmount(0).SetVisibility(outline.Members).ExecX(system)
	paths, err := s.With(system, courses[0])
	if err != nil || !slices.Equal(paths, []uuid.UUID{path.ID}) {
		t.Fatalf("paths with it: %v, %v", paths, err)
	}
	if _, err := s.Review(system, path.ID, uuid.Nil); err != nil {
		t.Fatal(err)
	}
	if got := s.in(t, id, courses...); !slices.Equal(got, []enrollment.State{"ACTIVE", "ACTIVE"}) {
		t.Errorf("when it is back: %q", got)
	}
}

package pathway_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// slow gives places like the others, and waits before it does so the first time: whoever gets on has looked by then.
type slow struct {
	places

	arrived, goOn chan struct{}
}

func (s *slow) Give(ctx context.Context, tx *pg.Tx, p pathway.Place) error {
	select {
	case s.arrived <- struct{}{}:
		<-s.goOn
	default:
	}
	return s.places.Give(ctx, tx, p)
}

// meanwhile has the learner get on to the path, does something when they have looked what there is, and follows it by the
// job, which goes on until it waits for them or is done. Only then does the learner's transaction end.
func (s *school) meanwhile(t *testing.T, as context.Context, path uuid.UUID, do func(), job func() error) uuid.UUID {
	t.Helper()
	held := &slow{arrived: make(chan struct{}, 1), goOn: make(chan struct{})}
	slowly := &pathway.Service{DB: s.DB, Places: held}
	var place uuid.UUID
	entered, followed := make(chan error, 1), make(chan error, 1)
	go func() {
		found, err := slowly.Enroll(as, path)
		if err == nil {
			place = found.ID
		}
		entered <- err
	}()
	select {
	case <-held.arrived:
	case err := <-entered:
		t.Fatalf("got on without a place: %v", err)
	}
	do()
	go func() { followed <- job() }()
	conn := pgtest.Superuser(t, s.db)
	const waiting = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for waits := 0; waits == 0 && len(followed) == 0; <-look.C {
		if err := conn.QueryRow(t.Context(), waiting).Scan(&waits); err != nil {
			t.Fatal(err)
		}
	}
	close(held.goOn)
	if err := <-entered; err != nil {
		t.Fatal(err)
	}
	if err := <-followed; err != nil {
		t.Fatal(err)
	}
	return place
}

// TestGetsOnMeanwhile: what happens between a learner's look and their getting on to the path is not missed by those who
// come to see whom it concerns.
func TestGetsOnMeanwhile(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	system := s.acme.System(t.Context())
	id, as := s.learner(t, "completes")
	courses := s.courses(t, 2)
	path := s.path(t, pathway.Definition{Courses: required(courses...), Need: outline.NeedAny, SelfEnroll: true})
	place := s.meanwhile(t, as, path.ID, func() { s.complete(t, id, courses[1]) }, func() error { return s.Advance(system, id) })
	if got := s.db.PathEnrollment.GetX(system, place).State; got != pathenrollment.StateCOMPLETED {
		t.Errorf("completed a course while getting on: the place is %s for ever", got)
	}

	id, as = s.learner(t, "is-offered")
	free, priced := s.offer(t, s.acme, "free", 0), s.offer(t, s.acme, "priced", 1900)
	path = s.path(t, pathway.Definition{Courses: required(free, priced), SelfEnroll: true})
	s.meanwhile(t, as, path.ID,
		func() { s.db.Publication.Update().Where(publication.CourseID(priced)).SetPriceAmount(0).ExecX(system) },
		func() error { return failed(s.Review(system, path.ID, uuid.Nil)) })
	if got := s.in(t, id, free, priced); !slices.Equal(got, []enrollment.State{"ACTIVE", "ACTIVE"}) {
		t.Errorf("a course became free while getting on: %q", got)
	}
}

// TestAssignedIsRecordedLast: when staff put a learner on a path, the audit log of the tenant, which everybody waits for who
// records something, is locked behind the courses in which places are given.
func TestAssignedIsRecordedLast(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	id, _ := s.learner(t, "given")
	courses := s.courses(t, 3)
	path := s.path(t, pathway.Definition{Slug: "p", Courses: required(courses[:2]...)})
	var places []int
	s.DB = pg.Open(s.db.Pool(), pg.Hooks{
		Announce: func(context.Context, *pg.Tx, []pg.Event) error { return nil },
		Record: func(ctx context.Context, tx *pg.Tx, entry pg.Entry) error {
			if entry.Action != "pathway.assigned" {
				return nil
			}
			n, err := tx.Enrollment.Query().Where(enrollment.LearnerID(id)).Count(ctx)
			places = append(places, n)
			return err
		},
	})
	admin := s.acme.AsAdmin(t.Context())
	if _, err := s.Assign(admin, pathway.Assignment{Path: path.ID, Learner: id}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(admin, filled(pathway.Definition{Slug: "p", Courses: required(courses...)})); err != nil {
		t.Fatal(err)
	}
	due := time.Now().Add(time.Hour)
	if _, err := s.Assign(admin, pathway.Assignment{Path: path.ID, Learner: id, DueAt: &due}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(places, []int{2, 3}) {
		t.Errorf("recorded when there were %v places, want 2, and 3 the second time", places)
	}
}

// TestReviewGoesOn reviews a path with more people than one batch has: everybody once, whoever of them has left.
func TestReviewGoesOn(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	const crowd, left = 205, 3
	system := s.acme.System(t.Context())
	courses := s.courses(t, 1)
	path := s.path(t, pathway.Definition{Courses: required(courses...)})
	for i := range crowd {
		id := pgtest.NewUser(t, s.db, s.acme, fmt.Sprintf("r%d", i), viewer.Learner)
		create := s.db.PathEnrollment.Create().SetPathID(path.ID).SetLearnerID(id).SetByStaff(true).SetEnrolledBy(s.acme.Admin)
		if i < left {
			create.SetState(pathenrollment.StateWITHDRAWN).SetLeftAt(time.Now())
		}
		create.ExecX(system)
	}
	given := func() int { return s.db.Enrollment.Query().Where(enrollment.CourseID(courses[0])).CountX(system) }
	last, err := s.Review(system, path.ID, uuid.Nil)
	if err != nil || last == uuid.Nil || given() != 200 {
		t.Fatalf("%d places after the first batch, the last %s: %v", given(), last, err)
	}
	if last, err = s.Review(system, path.ID, last); err != nil || last != uuid.Nil || given() != crowd-left {
		t.Errorf("%d places after the second one, the last %s: %v", given(), last, err)
	}
}

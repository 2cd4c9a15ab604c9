package jobs_test

import (
	"context"
	"testing"

	"lyceum/internal/compliance"
	"lyceum/internal/enrollment"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/learning"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
	"lyceum/jobs"
)

// streams has live streams told of what happens, as the server does.
func (f fixture) streams(t *testing.T) (fixture, *feed.Log) {
	t.Helper()
	inserter, err := jobs.NewInserter(f.Pool(), nil)
	if err != nil {
		t.Fatal(err)
	}
	log := &feed.Log{}
	f.db = pg.Open(f.Pool(), pg.Hooks{Announce: jobs.Announce(inserter, log), Record: compliance.Record})
	return f, log
}

// crossing locks something in a transaction, has somebody else begin what waits for it, and then asks for what they hold if
// they hold anything: they must not. Postgres would end such a circle after a second by failing one of the two.
func (f fixture) crossing(t *testing.T, lock func(ctx context.Context, tx *pg.Tx) error, other func() error, ask func(ctx context.Context, tx *pg.Tx) error) {
	t.Helper()
	ctx := f.acme.System(t.Context())
	conn := pgtest.Superuser(t, f.Database)
	done := make(chan error, 1)
	err := f.db.Tx(ctx, func(tx *pg.Tx) error {
		if err := lock(ctx, tx); err != nil {
			return err
		}
		go func() { done <- other() }()
		eventually(t, "the other one waits", func() bool {
			const waiting = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
			var n int
			if err := conn.QueryRow(t.Context(), waiting).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n > 0
		})
		// Far below the time after which Postgres looks for circles.
		if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '300ms'`); err != nil {
			return err
		}
		return ask(ctx, tx)
	})
	if err != nil {
		t.Errorf("the one who waits holds what is asked for: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("the other one: %v", err)
	}
}

// TestQuizAndBeat submits a quiz while a beat of the same place is being kept, which locks its progress first and tells the
// live streams last.
func TestQuizAndBeat(t *testing.T) {
	t.Parallel()
	f, log := setup(t).streams(t)
	x := f.newTested(t, "", "")
	who, place, open := x.sits(t, "sits", "Paris")
	if _, err := x.s.Learning.CompleteLesson(who, place.ID, x.stays); err != nil {
		t.Fatal(err)
	}
	f.crossing(t, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.CourseProgress.Query().Where(courseprogress.EnrollmentID(place.ID)).ForUpdate().Only(ctx)
		return err
	}, func() error {
		_, err := x.s.Assessment.SubmitAttempt(who, open.ID)
		return err
	}, func(ctx context.Context, tx *pg.Tx) error { return log.Tell(ctx, tx, learning.Moved(place.ID)...) })
}

// TestPathAndCourse puts a learner on a path while something else happens to their place in its second course.
func TestPathAndCourse(t *testing.T) {
	t.Parallel()
	f, log := setup(t).streams(t)
	s := services(f.db, f.store)
	first, second := f.publish(t, f.acme), f.publish(t, f.acme)
	if first.course.String() > second.course.String() {
		first, second = second, first
	}
	path := f.way(t, s.Pathway, pathway.Definition{}, first.course, second.course)
	learner := pgtest.NewUser(t, f.Database, f.acme, "walker", viewer.Learner)
	f.crossing(t, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO admissions (id, tenant_id, created_at, updated_at, course_id) VALUES (gen_random_uuid(), $1, now(), now(), $2)`,
			f.acme.ID, second.course)
		return err
	}, func() error {
		_, err := s.Pathway.Assign(f.acme.AsAdmin(t.Context()), pathway.Assignment{Path: path.ID, Learner: learner})
		return err
	}, func(ctx context.Context, tx *pg.Tx) error {
		if err := log.Tell(ctx, tx, feed.Change{Topic: enrollment.TopicOfLearner(learner)}); err != nil {
			return err
		}
		return tx.Record(ctx, pg.Entry{Action: "enrollment.assigned"})
	})
}

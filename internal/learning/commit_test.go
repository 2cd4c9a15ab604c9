package learning_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/lessonprogress"
	"lyceum/internal/learning"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// meter counts groups.
type meter struct{ groups, batches, largest atomic.Int64 }

func (m *meter) Committed(size, _ int, _ time.Duration) {
	m.groups.Add(1)
	m.batches.Add(int64(size))
	if n := int64(size); n > m.largest.Load() {
		m.largest.Store(n)
	}
}

// jam keeps the committer waiting for the lock of the class's learner, with a batch that is in its hands, until it
// is told to go on.
func (c *class) jam(t *testing.T) (goOn func()) {
	t.Helper()
	c.start(t)
	conn := pgtest.Superuser(t, c.db)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM learner_clocks FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	stuck := make(chan struct{})
	go func() {
		defer close(stuck)
		_, _ = c.RecordProgress(c.learner, c.place.ID, []learning.Played{{Lesson: c.lessons[0].ID}}) // It is there to wait.
	}()
	eventually(t, "the committer waits for a lock", func() bool { return c.waitsForLock(t) })
	return func() {
		_ = tx.Rollback(t.Context()) // It may have ended.
		<-stuck
	}
}

func (c *class) waitsForLock(t *testing.T) bool {
	t.Helper()
	conn := pgtest.Superuser(t, c.db)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	var n int
	err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
	return err == nil && n > 0
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// TestGroupCommit has people of two tenants report at once: all are answered, in few groups, each in their tenant.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(0))
	counted := &meter{}
	c.Meter = counted
	globex := pgtest.NewTenant(t, c.db, "globex")
	type seat struct {
		tenant pgtest.Tenant
		ctx    context.Context
		place  *ent.Enrollment
	}
	var seats []seat
	for i := range 24 {
		tenant := []pgtest.Tenant{c.tenant, globex}[i%2]
		user := pgtest.NewUser(t, c.db, tenant, fmt.Sprintf("learner-%d", i), viewer.Learner)
		seats = append(seats, seat{tenant, tenant.As(t.Context(), user, viewer.Learner), enroll(t, c.db, tenant, user, c.lessons)})
	}
	goOn := c.jam(t)
	var group sync.WaitGroup
	for i, at := range seats {
		group.Go(func() {
			got, err := c.RecordProgress(at.ctx, at.place.ID, c.play(0, learning.Segment{FromMS: i * 100, ToMS: (i + 1) * 100}))
			if err != nil || got.Progress.EnrollmentID != at.place.ID {
				t.Errorf("seat %d: %+v, %v", i, got, err)
			}
		})
	}
	eventually(t, "all wait", func() bool { return c.Waiting() == len(seats) })
	goOn()
	group.Wait()
	if largest := counted.largest.Load(); largest != int64(len(seats)) {
		t.Errorf("the largest group had %d batches, want all %d", largest, len(seats))
	}
	for i, at := range seats {
		row := c.db.LessonProgress.Query().Where(lessonprogress.EnrollmentID(at.place.ID)).OnlyX(at.tenant.System(t.Context()))
		if want := fmt.Sprintf("{[%d,%d)}", i*100, (i+1)*100); row.Watched.String() != want || row.TenantID != at.tenant.ID {
			t.Errorf("seat %d: %s in tenant %s, want %s", i, row.Watched, row.TenantID, want)
		}
	}
}

// TestPoisonedBatchFailsAlone puts batches into one group of which one cannot be written and one panics.
func TestPoisonedBatchFailsAlone(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(0), video(0), video(1_000))
	if _, err := pgtest.Superuser(t, c.db).Exec(t.Context(), `
		CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.lesson_id = '`+c.lessons[1].ID.String()+`' AND NEW.watched_ms > 0 THEN RAISE EXCEPTION 'poison'; END IF; RETURN NEW; END $$;
		CREATE TRIGGER poison BEFORE INSERT OR UPDATE ON lesson_progresses FOR EACH ROW EXECUTE FUNCTION poison();`); err != nil {
		t.Fatal(err)
	}
	c.DB = pg.Open(c.db.Pool(), pg.Hooks{Announce: func(context.Context, *pg.Tx, []pg.Event) error { panic("on purpose") }})
	goOn := c.jam(t)
	const good = 8
	var failed, panicked, kept atomic.Int64
	var group sync.WaitGroup
	send := func(lesson int, s learning.Segment, refused *atomic.Int64) {
		group.Go(func() {
			_, err := c.RecordProgress(c.learner, c.place.ID, c.play(lesson, s))
			switch {
			case err == nil:
				kept.Add(1)
			case fault.CodeOf(err) == fault.Internal && refused != nil:
				refused.Add(1)
			default:
				t.Errorf("lesson %d: %v", lesson, err)
			}
		})
	}
	send(1, learning.Segment{FromMS: 0, ToMS: 10}, &failed)
	send(2, learning.Segment{FromMS: 0, ToMS: 1_000}, &panicked)
	for i := range good {
		send(0, learning.Segment{FromMS: i * 10, ToMS: (i + 1) * 10}, nil)
	}
	eventually(t, "all wait", func() bool { return c.Waiting() == good+2 })
	goOn()
	group.Wait()
	if failed.Load() != 1 || panicked.Load() != 1 || kept.Load() != good {
		t.Errorf("%d failed, %d panicked, %d were kept; want 1, 1, %d", failed.Load(), panicked.Load(), kept.Load(), good)
	}
	if got := c.watched(t, 0).Watched.String(); got != "{[0,80)}" {
		t.Errorf("watched %s, want what the good ones said", got)
	}
}

// TestWhoLeavesBreaksNothing cancels a request that waits. It is not kept, and the others are.
func TestWhoLeavesBreaksNothing(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(0), video(0))
	goOn := c.jam(t)
	leaving, leave := context.WithCancel(c.learner)
	left, stayed := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := c.RecordProgress(leaving, c.place.ID, c.play(1, learning.Segment{FromMS: 0, ToMS: 10}))
		left <- err
	}()
	go func() {
		_, err := c.RecordProgress(c.learner, c.place.ID, c.play(0, learning.Segment{FromMS: 0, ToMS: 10}))
		stayed <- err
	}()
	eventually(t, "both wait", func() bool { return c.Waiting() == 2 })
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left was told %v", err)
	}
	goOn()
	if err := <-stayed; err != nil {
		t.Errorf("who stayed was told %v", err)
	}
	if c.db.LessonProgress.Query().Where(lessonprogress.LessonID(c.lessons[1].ID)).ExistX(c.learner) {
		t.Error("a batch was kept whose sender had left before its turn")
	}
}

// TestFullQueueSaysComeBack fills the queue behind a database that does not answer: whoever finds no room, and who
// has waited too long, is told to come back.
func TestFullQueueSaysComeBack(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(0))
	goOn := c.jam(t)
	var group sync.WaitGroup
	var refused atomic.Int64
	ctx, leave := context.WithCancel(c.learner)
	for range learning.MaxQueue {
		group.Go(func() {
			_, err := c.RecordProgress(ctx, c.place.ID, []learning.Played{{Lesson: c.lessons[0].ID}})
			if err != nil && !errors.Is(err, context.Canceled) {
				refused.Add(1)
			}
		})
	}
	eventually(t, "the queue is full", func() bool { return c.Waiting() == learning.MaxQueue || refused.Load() > 0 })
	_, err := c.RecordProgress(c.learner, c.place.ID, []learning.Played{{Lesson: c.lessons[0].ID}})
	busy, ok := errors.AsType[*fault.Error](err)
	if !ok || busy.Code != fault.Unavailable || busy.RetryAfter <= 0 {
		t.Errorf("with a full queue: %v, want Unavailable with a time to come back", err)
	}
	leave()
	group.Wait()
	late := make(chan error, 1)
	go func() {
		_, err := c.RecordProgress(c.learner, c.place.ID, []learning.Played{{Lesson: c.lessons[0].ID}})
		late <- err
	}()
	eventually(t, "those who left have made room", func() bool { return c.Waiting() == 1 })
	goOn()
	if err := <-late; err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// TestSlowDatabaseSaysComeBack has a group wait for longer than a commit may take.
func TestSlowDatabaseSaysComeBack(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(0))
	goOn := c.jam(t)
	defer goOn()
	_, err := c.RecordProgress(c.learner, c.place.ID, c.play(0, learning.Segment{FromMS: 0, ToMS: 10}))
	if busy, ok := errors.AsType[*fault.Error](err); !ok || busy.Code != fault.Unavailable || busy.RetryAfter <= 0 {
		t.Errorf("behind a lock: %v, want Unavailable with a time to come back", err)
	}
}

// TestDropOff counts who watched which minute, and tells nothing of few.
func TestDropOff(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(150_000), of(outline.Article))
	ctx := c.tenant.System(t.Context())
	version := c.db.CourseVersion.GetX(ctx, c.place.VersionID)
	c.db.Publication.Create().SetCourseID(c.place.CourseID).SetVersionID(version.ID).SetNumber(1).SetSlug(version.Slug).SetTitle(version.Title).
		SetInstructorID(c.tenant.Instructor).SetFirstPublishedAt(time.Now()).SetPublishedAt(time.Now()).SaveX(ctx)
	teacher := c.tenant.AsInstructor(t.Context())
	stays := [][]learning.Segment{
		{{FromMS: 0, ToMS: 60_000}},
		{{FromMS: 0, ToMS: 90_000}},
		{{FromMS: 0, ToMS: 150_000}},
		{{FromMS: 29_000, ToMS: 60_000}, {FromMS: 135_000, ToMS: 150_000}},
		{{FromMS: 0, ToMS: 29_999}},
	}
	for i, segments := range stays {
		got, err := c.DropOff(teacher, c.place.CourseID, c.lessons[0].ID)
		if err != nil || got.Learners != nil || len(got.Minutes) != 0 {
			t.Fatalf("of %d learners: %+v, %v; want nothing", i, got, err)
		}
		user := pgtest.NewUser(t, c.db, c.tenant, fmt.Sprintf("watcher-%d", i), viewer.Learner)
		place := c.db.Enrollment.Create().SetCourseID(c.place.CourseID).SetVersionID(version.ID).SetLearnerID(user).SetEnrolledBy(user).
			SetSource("SELF").SetEnrolledAt(time.Now().Add(-time.Hour)).SaveX(ctx)
		if _, err := c.RecordProgress(c.tenant.As(t.Context(), user, viewer.Learner), place.ID, c.play(0, segments...)); err != nil {
			t.Fatal(err)
		}
	}
	counted, n := pg.CountStatements(teacher)
	got, err := c.DropOff(counted, c.place.CourseID, c.lessons[0].ID)
	if err != nil || got.Learners == nil || *got.Learners != 5 || fmt.Sprint(got.Minutes) != "[4 2 2]" || n.Load() != 3 {
		t.Errorf("%+v, %v, %d statements; want 5 learners, [4 2 2], 3", got, err, n.Load())
	}
	if got, err := c.DropOff(teacher, c.place.CourseID, c.lessons[1].ID); got != nil || err != nil {
		t.Errorf("an article: %+v, %v", got, err)
	}
	for name, tt := range map[string]struct {
		ctx    context.Context
		lesson uuid.UUID
		code   fault.Code
	}{
		"a learner":      {c.learner, c.lessons[0].ID, fault.Forbidden},
		"no such lesson": {teacher, uuid.New(), fault.NotFound},
		"elsewhere":      {pgtest.NewTenant(t, c.db, "globex").AsInstructor(t.Context()), c.lessons[0].ID, fault.NotFound},
	} {
		if _, err := c.DropOff(tt.ctx, c.place.CourseID, tt.lesson); fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
}

package learning_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/lessonprogress"
	"lyceum/internal/learning"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pg/multirange"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// class is a tenant's learner in a course, and the service.
type class struct {
	*learning.Service

	db     *pgtest.Database
	tenant pgtest.Tenant
	// learner is signed in as the tenant's learner, whose place it is.
	learner context.Context
	place   *ent.Enrollment
	lessons []outline.Lesson
}

func video(durationMS int) outline.Lesson {
	return outline.Lesson{ID: uuid.New(), Kind: outline.Video, Required: true, DurationMS: durationMS}
}

func of(kind outline.Kind) outline.Lesson {
	return outline.Lesson{ID: uuid.New(), Kind: kind, Required: true}
}

// newClass enrolls acme's learner in a course of the lessons, an hour ago.
func newClass(t testing.TB, lessons ...outline.Lesson) *class {
	t.Helper()
	db := pgtest.New(t)
	c := &class{Service: &learning.Service{DB: db.DB}, db: db, tenant: pgtest.NewTenant(t, db, "acme"), lessons: lessons}
	c.learner = c.tenant.AsLearner(t.Context())
	c.place = enroll(t, db, c.tenant, c.tenant.Learner, lessons)
	return c
}

// enroll makes a course of the lessons and gives the learner a place in it.
func enroll(t testing.TB, db *pgtest.Database, tenant pgtest.Tenant, learner uuid.UUID, lessons []outline.Lesson) *ent.Enrollment {
	t.Helper()
	ctx := tenant.System(t.Context())
	course := db.Course.Create().SetSlug(uuid.NewString()).SetTitle("Course").SetInstructorID(tenant.Instructor).SaveX(ctx)
	o := outline.Outline{Modules: []outline.Module{{ID: uuid.New(), Lessons: lessons}}}
	version := db.CourseVersion.Create().
		SetCourseID(course.ID).SetNumber(1).SetSlug(course.Slug).SetTitle(course.Title).SetInstructorID(tenant.Instructor).
		SetContentHash("").SetOutline(o).SetLessonCount(len(lessons)).SetRequiredCount(o.Required()).SetDurationMs(0).
		SetPublishedBy(tenant.Instructor).SaveX(ctx)
	return db.Enrollment.Create().
		SetCourseID(course.ID).SetVersionID(version.ID).SetLearnerID(learner).SetEnrolledBy(learner).
		SetSource(enrollment.SourceSELF).SetEnrolledAt(time.Now().Add(-time.Hour)).SaveX(ctx)
}

// RecordProgress sends a batch that is not numbered.
func (c *class) RecordProgress(ctx context.Context, place uuid.UUID, lessons []learning.Played) (*learning.Recorded, error) {
	return c.Service.RecordProgress(ctx, place, learning.Batch{Lessons: lessons})
}

func (c *class) play(lesson int, segments ...learning.Segment) []learning.Played {
	return []learning.Played{{Lesson: c.lessons[lesson].ID, Segments: segments}}
}

// watched returns the row of the lesson.
func (c *class) watched(t *testing.T, lesson int) *ent.LessonProgress {
	t.Helper()
	return c.db.LessonProgress.Query().
		Where(lessonprogress.EnrollmentID(c.place.ID), lessonprogress.LessonID(c.lessons[lesson].ID)).OnlyX(c.learner)
}

func (c *class) progress(t *testing.T) *ent.CourseProgress {
	t.Helper()
	return c.db.CourseProgress.Query().Where(courseprogress.EnrollmentID(c.place.ID)).OnlyX(c.learner)
}

// kinds counts the events by kind.
func kinds(db *pgtest.Database) map[string]int {
	n := map[string]int{}
	for _, e := range db.Events() {
		n[e.Kind()]++
	}
	return n
}

func TestRecordProgress(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(100_000), video(50_000), of(outline.Article))

	got, err := c.RecordProgress(c.learner, c.place.ID, []learning.Played{
		{Lesson: c.lessons[0].ID, Segments: []learning.Segment{{FromMS: 0, ToMS: 30_000}, {FromMS: 20_000, ToMS: 40_000}}, PositionMS: new(40_000)},
		{Lesson: c.lessons[1].ID, Segments: []learning.Segment{{FromMS: 0, ToMS: 40_000}}, PositionMS: new(40_000)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []uuid.UUID{c.lessons[1].ID}; !slices.Equal(got.Completed, want) {
		t.Errorf("completed %v, want %v", got.Completed, want)
	}
	p := got.Progress
	if p.CompletedLessons != 1 || p.CompletedRequired != 1 || p.RequiredLessons != 3 || p.CompletedAt != nil ||
		*p.LastLessonID != c.lessons[1].ID || learning.Percent(p) != 33 {
		t.Errorf("progress: %+v", p)
	}
	first := c.watched(t, 0)
	if first.WatchedMs != 40_000 || first.PositionMs != 40_000 || first.CompletedAt != nil || first.Watched.String() != "{[0,40000)}" {
		t.Errorf("first lesson: %+v", first)
	}
	if second := c.watched(t, 1); second.WatchedMs != 40_000 || second.CompletedAt == nil {
		t.Errorf("second lesson: %+v", second)
	}

	// Again, late, and with the player back at the start: only the position changes.
	got, err = c.RecordProgress(c.learner, c.place.ID, []learning.Played{
		{Lesson: c.lessons[1].ID, Segments: []learning.Segment{{FromMS: 0, ToMS: 40_000}}, PositionMS: new(1_000)},
	})
	if err != nil || len(got.Completed) != 0 {
		t.Fatalf("the same again: %v, %v", got, err)
	}
	if second := c.watched(t, 1); second.WatchedMs != 40_000 || second.PositionMs != 1_000 {
		t.Errorf("second lesson after the same again: %+v", second)
	}
	if n := kinds(c.db); n["learning.lesson_completed"] != 1 || n["learning.course_completed"] != 0 {
		t.Errorf("events: %v", n)
	}
}

func TestCourseCompletes(t *testing.T) {
	t.Parallel()
	voluntary := outline.Lesson{ID: uuid.New(), Kind: outline.Link}
	c := newClass(t, video(10_000), of(outline.Article), of(outline.Quiz), voluntary)

	if _, err := c.RecordProgress(c.learner, c.place.ID, c.play(0, learning.Segment{FromMS: 2_000, ToMS: 10_000})); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CompleteLesson(c.learner, c.place.ID, c.lessons[1].ID); err != nil {
		t.Fatal(err)
	}
	if p := c.progress(t); p.CompletedAt != nil || p.CompletedRequired != 2 {
		t.Fatalf("without the quiz: %+v", p)
	}
	pass := func() error {
		return c.db.Tx(c.learner, func(tx *pg.Tx) error {
			return c.QuizGraded(c.learner, tx, c.place.ID, c.lessons[2].ID, c.place.VersionID, true)
		})
	}
	for range 2 {
		if err := pass(); err != nil {
			t.Fatal(err)
		}
	}
	p := c.progress(t)
	if p.CompletedAt == nil || p.CompletedRequired != 3 || p.CompletedLessons != 3 || learning.Percent(p) != 100 {
		t.Errorf("with all that is required: %+v", p)
	}
	// What is voluntary still counts afterwards, and completes nothing a second time.
	c.db.Enrollment.UpdateOne(c.place).SetState(enrollment.StateCOMPLETED).ExecX(c.tenant.System(t.Context()))
	got, err := c.CompleteLesson(c.learner, c.place.ID, voluntary.ID)
	if err != nil || got.Progress.CompletedLessons != 4 || !got.Progress.CompletedAt.Equal(*p.CompletedAt) {
		t.Errorf("the voluntary lesson: %+v, %v", got, err)
	}
	if n := kinds(c.db); n["learning.lesson_completed"] != 4 || n["learning.course_completed"] != 1 {
		t.Errorf("events: %v", n)
	}
	for _, e := range c.db.Events() {
		if e, ok := e.(learning.CourseCompleted); ok &&
			(e.Enrollment != c.place.ID || e.Learner != c.tenant.Learner || e.Course != c.place.CourseID || e.Tenant != c.tenant.ID || !e.At.Equal(*p.CompletedAt)) {
			t.Errorf("course completed: %+v", e)
		}
	}
}

func TestUnknownLength(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(0))
	got, err := c.RecordProgress(c.learner, c.place.ID, c.play(0, learning.Segment{FromMS: 0, ToMS: 600_000}))
	if err != nil || len(got.Completed) != 0 || c.watched(t, 0).WatchedMs != 600_000 {
		t.Fatalf("watching completed %v, %v", got, err)
	}
	got, err = c.CompleteLesson(c.learner, c.place.ID, c.lessons[0].ID)
	if err != nil || len(got.Completed) != 1 || got.Progress.CompletedAt == nil {
		t.Errorf("on the learner's word: %+v, %v", got, err)
	}
	if row := c.watched(t, 0); row.WatchedMs != 600_000 {
		t.Errorf("completing lost what was watched: %+v", row)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(10_000), of(outline.Article), of(outline.Quiz))
	globex := pgtest.NewTenant(t, c.db, "globex")
	foreign := enroll(t, c.db, globex, globex.Learner, []outline.Lesson{video(10_000)})
	gone := enroll(t, c.db, c.tenant, c.tenant.Learner, c.lessons)
	c.db.Enrollment.UpdateOne(gone).SetState(enrollment.StateWITHDRAWN).ExecX(c.tenant.System(t.Context()))
	batch := c.play(0, learning.Segment{FromMS: 0, ToMS: 1_000})

	for name, tt := range map[string]struct {
		ctx   context.Context
		place uuid.UUID
		batch []learning.Played
		code  fault.Code
	}{
		"nobody":                   {t.Context(), c.place.ID, batch, fault.Unauthenticated},
		"a visitor":                {c.tenant.Anonymous(t.Context()), c.place.ID, batch, fault.Unauthenticated},
		"support":                  {c.tenant.AsSupport(t.Context()), c.place.ID, batch, fault.Forbidden},
		"an instructor, not their": {c.tenant.AsInstructor(t.Context()), c.place.ID, batch, fault.NotFound},
		"another tenant's learner": {globex.AsLearner(t.Context()), c.place.ID, batch, fault.NotFound},
		"a foreign place":          {c.learner, foreign.ID, batch, fault.NotFound},
		"no such place":            {c.learner, uuid.New(), batch, fault.NotFound},
		"a place given up":         {c.learner, gone.ID, batch, fault.Conflict},
		"no such lesson":           {c.learner, c.place.ID, []learning.Played{{Lesson: uuid.New()}}, fault.NotFound},
		"an article":               {c.learner, c.place.ID, c.play(1, learning.Segment{FromMS: 0, ToMS: 1}), fault.BadInput},
		"past the end":             {c.learner, c.place.ID, c.play(0, learning.Segment{FromMS: 0, ToMS: 12_001}), fault.BadInput},
		"an empty batch":           {c.learner, c.place.ID, nil, fault.BadInput},
		"one good, one bad": {c.learner, c.place.ID, []learning.Played{
			{Lesson: c.lessons[0].ID, Segments: []learning.Segment{{FromMS: 0, ToMS: 1_000}}},
			{Lesson: c.lessons[0].ID, Segments: []learning.Segment{{FromMS: 3, ToMS: 2}}},
		}, fault.BadInput},
	} {
		if _, err := c.RecordProgress(tt.ctx, tt.place, tt.batch); fault.CodeOf(err) != tt.code {
			t.Errorf("played by %s: %v, want %s", name, err, tt.code)
		}
	}
	for name, tt := range map[string]struct {
		ctx           context.Context
		place, lesson uuid.UUID
		code          fault.Code
	}{
		"a visitor":        {c.tenant.Anonymous(t.Context()), c.place.ID, c.lessons[1].ID, fault.Unauthenticated},
		"support":          {c.tenant.AsSupport(t.Context()), c.place.ID, c.lessons[1].ID, fault.Forbidden},
		"an admin":         {c.tenant.AsAdmin(t.Context()), c.place.ID, c.lessons[1].ID, fault.NotFound},
		"a foreign place":  {c.learner, foreign.ID, c.lessons[1].ID, fault.NotFound},
		"a place given up": {c.learner, gone.ID, c.lessons[1].ID, fault.Conflict},
		"no such lesson":   {c.learner, c.place.ID, uuid.New(), fault.NotFound},
		"a quiz":           {c.learner, c.place.ID, c.lessons[2].ID, fault.Conflict},
		"a video":          {c.learner, c.place.ID, c.lessons[0].ID, fault.Conflict},
	} {
		if _, err := c.CompleteLesson(tt.ctx, tt.place, tt.lesson); fault.CodeOf(err) != tt.code {
			t.Errorf("completed by %s: %v, want %s", name, err, tt.code)
		}
	}
	err := c.db.Tx(c.learner, func(tx *pg.Tx) error {
		return c.QuizGraded(c.learner, tx, c.place.ID, uuid.New(), c.place.VersionID, true)
	})
	if err != nil {
		t.Errorf("the grade of a quiz that the version does not have any more: %v", err)
	}
	for _, tenant := range []pgtest.Tenant{c.tenant, globex} {
		ctx := tenant.System(t.Context())
		if n := c.db.LessonProgress.Query().CountX(ctx) + c.db.CourseProgress.Query().CountX(ctx); n != 0 {
			t.Errorf("%d rows of progress after refusals", n)
		}
	}
}

// TestClockCaps sends more than can have been played.
func TestClockCaps(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(0), video(0))
	ctx := c.tenant.System(t.Context())
	if _, err := c.CompleteLesson(c.learner, c.place.ID, c.lessons[0].ID); err != nil {
		t.Fatal(err)
	}
	set := func(credit int, ago time.Duration) {
		c.db.CourseProgress.Update().SetCreditMs(credit).SetCreditedAt(time.Now().Add(-ago)).ExecX(ctx)
	}
	// With 60 s of credit and nothing added by the clock, one minute of two counts, first lesson first.
	set(60_000, -time.Hour)
	batch := []learning.Played{
		{Lesson: c.lessons[0].ID, Segments: []learning.Segment{{FromMS: 100_000, ToMS: 140_000}, {FromMS: 0, ToMS: 10_000}}},
		{Lesson: c.lessons[1].ID, Segments: []learning.Segment{{FromMS: 0, ToMS: 70_000}}, PositionMS: new(70_000)},
	}
	send := func() *ent.CourseProgress {
		got, err := c.RecordProgress(c.learner, c.place.ID, batch)
		if err != nil {
			t.Fatal(err)
		}
		return got.Progress
	}
	if p := send(); p.CreditMs != 0 {
		t.Errorf("credit left: %d ms", p.CreditMs)
	}
	if got := c.watched(t, 0).Watched.String(); got != "{[0,10000),[100000,140000)}" {
		t.Errorf("first lesson: %s", got)
	}
	if got := c.watched(t, 1); got.Watched.String() != "{[0,10000)}" || got.WatchedMs != 10_000 || got.PositionMs != 70_000 {
		t.Errorf("second lesson: %+v", got)
	}
	// Sent again later, what was left out counts.
	set(0, 20*time.Second)
	send()
	if got := c.watched(t, 1).WatchedMs; got < 50_000 || got >= 70_000 {
		t.Errorf("20 s later: %d ms, want 50 s and little more", got)
	}
	// A long wait lets everything in, and leaves an hour at most.
	set(0, 24*time.Hour)
	if p := send(); p.CreditMs != 3_600_000 || c.watched(t, 1).WatchedMs != 70_000 {
		t.Errorf("a day later: credit %d, watched %d", p.CreditMs, c.watched(t, 1).WatchedMs)
	}
	// A flood of small batches is worth no more than the credit and the clock.
	began := time.Now()
	set(5_000, 0)
	for i := range 20 {
		from := 1_000_000 + i*1_000
		batch = c.play(1, learning.Segment{FromMS: from, ToMS: from + 1_000})
		send()
	}
	spent := c.watched(t, 1).WatchedMs - 70_000
	if most := 5_000 + 2*int(time.Since(began).Milliseconds()); spent < 5_000 || spent > most {
		t.Errorf("20 batches of a second were credited %d ms, want 5000 to %d", spent, most)
	}
}

// TestFirstBatchAfterEnrolling is held against the time since the place was taken.
func TestFirstBatchAfterEnrolling(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(0))
	c.db.Enrollment.UpdateOne(c.place).SetEnrolledAt(time.Now().Add(-10 * time.Second)).ExecX(c.tenant.System(t.Context()))
	if _, err := c.RecordProgress(c.learner, c.place.ID, c.play(0, learning.Segment{FromMS: 0, ToMS: 3_600_000})); err != nil {
		t.Fatal(err)
	}
	if got := c.watched(t, 0).WatchedMs; got < 80_000 || got > 90_000 {
		t.Errorf("10 s after enrolling %d ms were credited, want 80 s and little more", got)
	}
}

// TestCompletionRace crosses the line of the only lesson sixteen times at once.
func TestCompletionRace(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(10_000))
	errs := make([]error, 16)
	completed := make([]int, len(errs))
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			<-start
			got, err := c.RecordProgress(c.learner, c.place.ID, c.play(0, learning.Segment{FromMS: i * 100, ToMS: 9_000 + i*10}))
			if errs[i] = err; err == nil {
				completed[i] = len(got.Completed)
			}
		})
	}
	close(start)
	group.Wait()
	total := 0
	for i, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
		total += completed[i]
	}
	if n := kinds(c.db); n["learning.lesson_completed"] != 1 || n["learning.course_completed"] != 1 || total != 1 {
		t.Errorf("%d requests completed the lesson; events: %v", total, n)
	}
	if p := c.progress(t); p.CompletedLessons != 1 || p.CompletedAt == nil || c.watched(t, 0).WatchedMs != 9_150 {
		t.Errorf("progress: %+v", p)
	}
}

// TestLastLessonRace completes all lessons of a course at once, each by another request: the counters miss
// none, and whoever comes last completes the course.
func TestLastLessonRace(t *testing.T) {
	t.Parallel()
	lessons := []outline.Lesson{video(10_000), of(outline.Quiz)}
	for len(lessons) < 16 {
		lessons = append(lessons, of(outline.Article))
	}
	c := newClass(t, lessons...)
	errs := make([]error, len(lessons))
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range lessons {
		group.Go(func() {
			<-start
			switch lessons[i].Kind {
			case outline.Video:
				_, errs[i] = c.RecordProgress(c.learner, c.place.ID, c.play(i, learning.Segment{FromMS: 0, ToMS: 10_000}))
			case outline.Quiz:
				errs[i] = c.db.Tx(c.learner, func(tx *pg.Tx) error {
					return c.QuizGraded(c.learner, tx, c.place.ID, lessons[i].ID, c.place.VersionID, true)
				})
			default:
				_, errs[i] = c.CompleteLesson(c.learner, c.place.ID, lessons[i].ID)
			}
		})
	}
	close(start)
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if p := c.progress(t); p.CompletedLessons != 16 || p.CompletedRequired != 16 || p.CompletedAt == nil {
		t.Errorf("progress: %+v", p)
	}
	if n := kinds(c.db); n["learning.lesson_completed"] != 16 || n["learning.course_completed"] != 1 {
		t.Errorf("events: %v", n)
	}
}

// TestQuizPassedAfterLeaving is graded by the job when the learner has given the place up.
func TestQuizPassedAfterLeaving(t *testing.T) {
	t.Parallel()
	c := newClass(t, of(outline.Quiz), of(outline.Article))
	ctx := c.tenant.System(t.Context())
	c.db.Enrollment.UpdateOne(c.place).SetState(enrollment.StateWITHDRAWN).ExecX(ctx)
	if err := c.db.Tx(ctx, func(tx *pg.Tx) error {
		return c.QuizGraded(ctx, tx, c.place.ID, c.lessons[0].ID, c.place.VersionID, true)
	}); err != nil {
		t.Fatal(err)
	}
	if p := c.progress(t); p.CompletedLessons != 1 || p.LearnerID != c.tenant.Learner {
		t.Errorf("progress: %+v", p)
	}
}

// TestUnion plays at random, loses the order, sends things twice, and compares with a set of milliseconds.
func TestUnion(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(0))
	ctx := c.tenant.System(t.Context())
	rapid.Check(t, func(rt *rapid.T) {
		c.db.LessonProgress.Delete().ExecX(ctx)
		segment := rapid.Custom(func(rt *rapid.T) learning.Segment {
			from := rapid.IntRange(0, 300).Draw(rt, "from")
			return learning.Segment{FromMS: from, ToMS: from + rapid.IntRange(1, 80).Draw(rt, "length")}
		})
		batches := rapid.SliceOfN(rapid.SliceOfN(segment, 1, 6), 1, 4).Draw(rt, "batches")
		played := map[int]bool{}
		for _, b := range batches {
			for _, s := range b {
				for ms := s.FromMS; ms < s.ToMS; ms++ {
					played[ms] = true
				}
			}
		}
		sent := append(slices.Clone(batches), batches[rapid.IntRange(0, len(batches)-1).Draw(rt, "again")])
		order := rapid.Permutation(sent).Draw(rt, "order")
		for _, b := range order {
			if _, err := c.RecordProgress(c.learner, c.place.ID, c.play(0, b...)); err != nil {
				rt.Fatal(err)
			}
		}
		row := c.watched(t, 0)
		if row.WatchedMs != len(played) || row.Watched.Len() != len(played) {
			rt.Fatalf("%d ms watched, %s; want %d", row.WatchedMs, row.Watched, len(played))
		}
		for ms := range played {
			if !covers(row.Watched, ms) {
				rt.Fatalf("%d ms is missing from %s", ms, row.Watched)
			}
		}
	})
}

func covers(m multirange.Int4, ms int) bool {
	return slices.ContainsFunc(m, func(r multirange.Range) bool { return int(r.From) <= ms && ms < int(r.To) })
}

// TestNothingLost has learners report a minute each through many requests at once, in any order and partly
// twice.
func TestNothingLost(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(60_000))
	places := []*ent.Enrollment{c.place}
	ctxs := []context.Context{c.learner}
	for i := range 7 {
		id := pgtest.NewUser(t, c.db, c.tenant, fmt.Sprintf("learner%d", i), viewer.Learner)
		places = append(places, enroll(t, c.db, c.tenant, id, c.lessons))
		ctxs = append(ctxs, c.tenant.As(t.Context(), id, viewer.Learner))
	}
	var group sync.WaitGroup
	for i := range places {
		group.Go(func() {
			beats := rand.Perm(60)
			for _, beat := range append(beats, beats[:10]...) {
				_, err := c.RecordProgress(ctxs[i], places[i].ID, c.play(0, learning.Segment{FromMS: beat * 1_000, ToMS: (beat + 1) * 1_000}))
				if err != nil {
					t.Errorf("learner %d: %v", i, err)
					return
				}
			}
		})
	}
	group.Wait()
	rows := c.db.LessonProgress.Query().AllX(c.tenant.System(t.Context()))
	if len(rows) != len(places) {
		t.Errorf("%d rows, want %d", len(rows), len(places))
	}
	for _, row := range rows {
		if row.WatchedMs != 60_000 || row.CompletedAt == nil {
			t.Errorf("learner %s: %s", row.LearnerID, row.Watched)
		}
	}
	if n := kinds(c.db); n["learning.lesson_completed"] != len(places) || n["learning.course_completed"] != len(places) {
		t.Errorf("events: %v", n)
	}
}

// TestStatements sends batches of one and of fifty lessons.
func TestStatements(t *testing.T) {
	t.Parallel()
	lessons := make([]outline.Lesson, 50)
	for i := range lessons {
		lessons[i] = video(1_000)
	}
	c := newClass(t, lessons...)
	var counts []int64
	for _, n := range []int{1, 2, 50} {
		batch := make([]learning.Played, n)
		for i := range batch {
			batch[i] = learning.Played{Lesson: lessons[i].ID, Segments: []learning.Segment{{FromMS: 0, ToMS: 500}, {FromMS: n, ToMS: 1_000 - n}}}
		}
		ctx, counter := pg.CountStatements(c.learner)
		if _, err := c.RecordProgress(ctx, c.place.ID, batch); err != nil {
			t.Fatal(err)
		}
		counts = append(counts, counter.Load())
	}
	// Four read behind the lock (one of them the version in which the place is by now), three write the batch (one of them the learner's clock), and the rest completes.
	if counts[1] != counts[2] || counts[1] > 12 {
		t.Errorf("statements for 1, 2 and 50 lessons: %v", counts)
	}
}

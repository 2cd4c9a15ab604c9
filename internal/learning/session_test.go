package learning_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/learning"
)

// step is a batch about the first lesson, or what happens between two.
type step struct {
	// tab is the client's session, 0 for none; seq the batch's number in it.
	tab, seq       int
	from, to, rate int
	position       int
	age            time.Duration
	signs          []int
	// lesson is the lesson's place in the course.
	lesson int
	// pass is time that passes on the server's clock before the batch.
	pass time.Duration
}

// TestBatchesThatAddNothing sends what clients send that are slow, double, rewound, or liars. Seconds on end: each
// learner starts with a minute of credit, and nothing is poured in but what pass says.
func TestBatchesThatAddNothing(t *testing.T) {
	t.Parallel()
	const s = 1_000
	for name, tt := range map[string]struct {
		steps    []step
		watched  string
		second   int // ms of the second lesson
		position int
		time     int // ms on task in both
	}{
		"once":               {steps: []step{{tab: 1, seq: 1, from: 0, to: 10, position: 10, signs: []int{0, 10 * s}}}, watched: "{[0,10000)}", position: 10, time: 10 * s},
		"seeking":            {steps: []step{{tab: 1, seq: 1, from: 0, to: 5, position: 5}, {tab: 1, seq: 2, from: 300, to: 305, position: 305}}, watched: "{[0,5000),[300000,305000)}", position: 305},
		"replaying":          {steps: []step{{tab: 1, seq: 1, from: 0, to: 10, position: 10}, {tab: 1, seq: 2, from: 2, to: 10, position: 10}}, watched: "{[0,10000)}", position: 10},
		"a duplicate":        {steps: []step{{tab: 1, seq: 1, from: 0, to: 5, position: 5, signs: []int{0, s}}, {tab: 1, seq: 1, from: 5, to: 9, position: 9, signs: []int{0, s}}}, watched: "{[0,5000)}", position: 5, time: s},
		"reordering":         {steps: []step{{tab: 1, seq: 3, from: 20, to: 30, position: 30, signs: []int{0, s}}, {tab: 1, seq: 1, from: 0, to: 10, position: 10, signs: []int{0, s}}, {tab: 1, seq: 2, from: 10, to: 20, position: 20, signs: []int{0, s}}}, watched: "{[0,30000)}", position: 30, time: 3 * s},
		"two tabs, one film": {steps: []step{{tab: 1, seq: 1, from: 0, to: 10, position: 10}, {tab: 2, seq: 1, from: 0, to: 10, position: 10}}, watched: "{[0,10000)}", position: 10},
		"two tabs, two films": {steps: []step{{tab: 1, seq: 1, from: 0, to: 40, position: 40}, {tab: 2, seq: 1, lesson: 1, from: 0, to: 40}},
			watched: "{[0,40000)}", second: 20 * s, position: 40},
		"two tabs on task at once": {steps: []step{{tab: 1, seq: 1, signs: []int{0, 40 * s}}, {tab: 2, seq: 1, lesson: 1, signs: []int{0, 40 * s}}}, watched: "{}", time: 60 * s},
		"more than the clock": {steps: []step{{tab: 1, seq: 1, from: 0, to: 100}, {tab: 1, seq: 2, from: 100, to: 200}, {tab: 1, seq: 3, from: 200, to: 300, pass: 5 * time.Second}},
			watched: "{[0,60000),[200000,210000)}"},
		"a client's clock that leaps":  {steps: []step{{tab: 1, seq: 1, signs: []int{0, math.MaxInt32}}}, watched: "{}", time: 60 * s},
		"idle between two signs":       {steps: []step{{tab: 1, seq: 1, signs: []int{0, 1 * s, 3600 * s}}}, watched: "{}", time: 60 * s},
		"idle, with time to credit":    {steps: []step{{tab: 1, seq: 1, signs: []int{0, 1 * s, 3600 * s}, pass: time.Minute}}, watched: "{}", time: 61 * s},
		"faster than allowed":          {steps: []step{{tab: 1, seq: 1, from: 0, to: 10, rate: 4, position: 10}}, watched: "{}", position: 10},
		"as fast as allowed":           {steps: []step{{tab: 1, seq: 1, from: 0, to: 10, rate: 2, position: 10}}, watched: "{[0,10000)}", position: 10},
		"an old batch of another tab":  {steps: []step{{tab: 1, seq: 1, position: 7}, {tab: 2, seq: 1, position: 50}, {tab: 1, seq: 2, position: 9, age: time.Hour}}, watched: "{}", position: 50},
		"an overtaken one, other tab":  {steps: []step{{tab: 1, seq: 2, lesson: 1, position: 7}, {tab: 2, seq: 1, position: 50}, {tab: 1, seq: 1, position: 9}}, watched: "{}", position: 50},
		"the first tab goes on":        {steps: []step{{tab: 1, seq: 1, position: 7}, {tab: 2, seq: 1, position: 50}, {tab: 1, seq: 2, position: 9}}, watched: "{}", position: 9},
		"not numbered: the last one":   {steps: []step{{tab: 1, seq: 1, position: 7}, {from: 0, to: 5, position: 5}}, watched: "{[0,5000)}", position: 5},
		"a late one in its own lesson": {steps: []step{{tab: 1, seq: 2, lesson: 1, from: 0, to: 5}, {tab: 1, seq: 1, from: 0, to: 5, position: 5}}, watched: "{[0,5000)}", second: 5 * s, position: 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClass(t, video(0), video(0))
			ahead := time.Now().Add(time.Hour)
			c.start(t)
			c.freeze(t, 60_000, ahead)
			tabs := []uuid.UUID{uuid.Nil, uuid.New(), uuid.New()}
			for _, do := range tt.steps {
				if do.pass > 0 {
					c.pour(t, do.pass)
				}
				played := learning.Played{Lesson: c.lessons[do.lesson].ID, SignsMS: do.signs, PositionMS: &do.position}
				if do.to > 0 {
					played.Segments = []learning.Segment{{FromMS: do.from * s, ToMS: do.to * s, Rate: float64(do.rate)}}
				}
				_, err := c.Service.RecordProgress(c.learner, c.place.ID, learning.Batch{
					Lessons: []learning.Played{played}, Session: tabs[do.tab], Sequence: do.seq, Age: do.age,
				})
				if err != nil {
					t.Fatalf("%+v: %v", do, err)
				}
			}
			first, p := c.watched(t, 0), c.progress(t)
			if first.Watched.String() != tt.watched || first.PositionMs != tt.position {
				t.Errorf("watched %s, position %d; want %s, %d", first.Watched, first.PositionMs, tt.watched, tt.position)
			}
			if p.TimeMs != tt.time {
				t.Errorf("%d ms on task, want %d", p.TimeMs, tt.time)
			}
			if tt.second > 0 && c.watched(t, 1).WatchedMs != tt.second {
				t.Errorf("%d ms of the second lesson, want %d", c.watched(t, 1).WatchedMs, tt.second)
			}
		})
	}
}

// start makes the rows in which the credit stands.
func (c *class) start(t *testing.T) {
	t.Helper()
	if _, err := c.RecordProgress(c.learner, c.place.ID, []learning.Played{{Lesson: c.lessons[0].ID}}); err != nil {
		t.Fatal(err)
	}
}

// freeze gives the learner and the place so much credit, on a clock that is ahead and so pours nothing in.
func (c *class) freeze(t *testing.T, creditMS int, ahead time.Time) {
	t.Helper()
	c.setClock(t, creditMS, ahead)
	c.db.CourseProgress.Update().SetCreditMs(creditMS).SetCreditedAt(ahead).ExecX(c.tenant.System(t.Context()))
}

// pour adds what the time would have poured in.
func (c *class) pour(t *testing.T, d time.Duration) {
	t.Helper()
	ctx := c.tenant.System(t.Context())
	c.db.CourseProgress.Update().AddCreditMs(2 * int(d.Milliseconds())).ExecX(ctx)
	if _, err := c.db.Exec(ctx, `UPDATE learner_clocks SET credit_ms = credit_ms + 2 * $1, time_credit_ms = time_credit_ms + $1`, d.Milliseconds()); err != nil {
		t.Fatal(err)
	}
}

// TestTwoCoursesAtOnce plays in two courses what one clock allows for one.
func TestTwoCoursesAtOnce(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(0))
	other := enroll(t, c.db, c.tenant, c.tenant.Learner, c.lessons)
	second := *c
	second.place = other
	c.start(t)
	second.start(t)
	c.freeze(t, 60_000, time.Now().Add(time.Hour))
	total := 0
	for _, at := range []*class{c, &second} {
		if _, err := at.RecordProgress(c.learner, at.place.ID, c.play(0, learning.Segment{FromMS: 0, ToMS: 50_000})); err != nil {
			t.Fatal(err)
		}
		total += at.watched(t, 0).WatchedMs
	}
	if total != 60_000 {
		t.Errorf("%d ms were credited in two courses at once, want one minute", total)
	}
}

// TestLostAnswer sends a batch again that completed a lesson: it is answered as before, also when it comes twice.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(10_000), of(outline.Article))
	batch := learning.Batch{Lessons: c.play(0, learning.Segment{FromMS: 0, ToMS: 10_000}), Session: uuid.New(), Sequence: 1}
	for range 3 {
		got, err := c.Service.RecordProgress(c.learner, c.place.ID, batch)
		if err != nil || !slices.Equal(got.Completed, []uuid.UUID{c.lessons[0].ID}) || got.Progress.CompletedLessons != 1 {
			t.Fatalf("%+v, %v; want the completed lesson each time", got, err)
		}
	}
	if n := kinds(c.db)["learning.lesson_completed"]; n != 1 {
		t.Errorf("announced %d times", n)
	}
}

// TestTimeOnEveryKind counts time in lessons that are not played.
func TestTimeOnEveryKind(t *testing.T) {
	t.Parallel()
	kinds := []outline.Kind{outline.Article, outline.Quiz, outline.File, outline.Link}
	var lessons []outline.Lesson
	for _, kind := range kinds {
		lessons = append(lessons, of(kind))
	}
	c := newClass(t, lessons...)
	batch := learning.Batch{Session: uuid.New(), Sequence: 1}
	for _, l := range lessons {
		batch.Lessons = append(batch.Lessons, learning.Played{Lesson: l.ID, SignsMS: []int{1_000, 11_000}})
	}
	got, err := c.Service.RecordProgress(c.learner, c.place.ID, batch)
	if err != nil || got.Progress.TimeMs != 40_000 || len(got.Completed) != 0 {
		t.Fatalf("%+v, %v; want 40 s, and nothing completed", got, err)
	}
	for i := range lessons {
		if row := c.watched(t, i); row.TimeMs != 10_000 || row.PositionAt != nil {
			t.Errorf("%s: %+v", kinds[i], row)
		}
	}
}

package learning_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/gen/ent/lessonprogress"
	"lyceum/internal/learning"
	"lyceum/internal/platform/pg/multirange"
)

// The course that FuzzUnion plays: one video that ends and one of unknown length, in milliseconds. Everything that is
// played lies below playable.
const (
	ending   = 400
	playable = 1 << 10
)

// FuzzUnion plays batches, and compares what Postgres keeps with a model that ticks off single milliseconds. A byte
// sequence is read in fours: how to go on, where a segment begins, how long it is, and the rest of both.
func FuzzUnion(f *testing.F) {
	f.Add(uint16(1000), []byte{0, 10, 20, 0, 0, 25, 40, 0, 2, 0, 15, 0, 3, 0, 200, 0})
	f.Add(uint16(7), []byte{0, 5, 5, 0, 0, 0, 5, 0, 1, 5, 5, 0, 3, 200, 1, 1, 3, 0, 255, 0xff})
	f.Add(uint16(0), []byte{0, 255, 255, 0xff, 3, 0, 1, 0})
	c := newClass(f, video(ending), video(0))
	system := c.tenant.System(f.Context())
	f.Fuzz(func(t *testing.T, credit uint16, plays []byte) {
		c.db.LessonProgress.Delete().ExecX(system)
		c.db.CourseProgress.Delete().ExecX(system)
		m := model{credit: int(credit)}
		for i, batch := range batches(plays, c.lessons) {
			if i == 0 {
				// The first evidence makes the row in which the credit stands.
				if _, err := c.RecordProgress(c.learner, c.place.ID, []learning.Played{{Lesson: c.lessons[1].ID}}); err != nil {
					t.Fatalf("RecordProgress of a position: %v", err)
				}
			}
			// A clock that is ahead adds no credit, whatever time the test takes.
			c.setClock(t, 1<<40, time.Now().Add(time.Hour))
			c.db.CourseProgress.Update().SetCreditMs(m.credit).SetCreditedAt(time.Now().Add(time.Hour)).ExecX(system)
			got, err := c.RecordProgress(c.learner, c.place.ID, batch)
			if err != nil {
				t.Fatalf("RecordProgress(%+v): %v", batch, err)
			}
			completes := m.play(batch, c.lessons)
			if got.Progress.CreditMs != m.credit || slices.Contains(got.Completed, c.lessons[0].ID) != completes || len(got.Completed) > 1 {
				t.Fatalf("%+v: credit %d, completed %v; want %d, and the first lesson: %t",
					batch, got.Progress.CreditMs, got.Completed, m.credit, completes)
			}
		}
		for i, lesson := range c.lessons {
			row, err := c.db.LessonProgress.Query().
				Where(lessonprogress.EnrollmentID(c.place.ID), lessonprogress.LessonID(lesson.ID)).Only(c.learner)
			if ent.IsNotFound(err) {
				row = &ent.LessonProgress{}
			} else if err != nil {
				t.Fatal(err)
			}
			want := m.ranges(i)
			if row.Watched.String() != want.String() || row.WatchedMs != want.Len() || (row.CompletedAt != nil) != (i == 0 && m.completed) {
				t.Fatalf("lesson %d: watched %s, %d ms, completed %v; want %s", i, row.Watched, row.WatchedMs, row.CompletedAt, want)
			}
		}
		if n := c.db.CourseProgress.Query().Where(courseprogress.EnrollmentID(c.place.ID)).CountX(c.learner); n > 1 {
			t.Fatalf("%d rows of counters", n)
		}
	})
}

// setClock sets the learner's clock.
func (c *class) setClock(t testing.TB, creditMS int, at time.Time) {
	t.Helper()
	n, err := c.db.Exec(c.learner, `UPDATE learner_clocks SET credit_ms = $2, time_credit_ms = $2, credited_at = $3 WHERE learner_id = $1`, c.tenant.Learner, creditMS, at)
	if err != nil || n != 1 {
		t.Fatalf("set the learner's clock: %d rows, %v", n, err)
	}
}

// batches reads what is played. The two lowest bits of the first byte: which lesson, and whether a new batch begins.
func batches(plays []byte, lessons []outline.Lesson) [][]learning.Played {
	const most = 24
	var all [][]learning.Played
	for chunk := range slices.Chunk(plays[:min(len(plays), 4*most)], 4) {
		if len(chunk) < 4 {
			break
		}
		from := int(chunk[1]) + int(chunk[3]&3)<<8
		to := from + 1 + int(chunk[2])
		if len(all) == 0 || chunk[0]&2 != 0 {
			all = append(all, nil)
		}
		last := len(all) - 1
		all[last] = append(all[last], learning.Played{
			Lesson: lessons[chunk[0]&1].ID, PositionMS: &to, Segments: []learning.Segment{{FromMS: from, ToMS: min(to, playable)}},
		})
	}
	return all
}

// model is what is watched, millisecond by millisecond.
type model struct {
	watched [2][playable]bool
	credit  int
	// completed is true once the first lesson is.
	completed bool
}

// play credits the milliseconds that are new, lesson by lesson in the order of the batch and each from its beginning,
// for as long as there is credit. It reports whether the first lesson was completed by it.
func (m *model) play(batch []learning.Played, lessons []outline.Lesson) bool {
	var order []uuid.UUID
	played := map[uuid.UUID]*[playable]bool{}
	for _, p := range batch {
		if played[p.Lesson] == nil {
			order, played[p.Lesson] = append(order, p.Lesson), &[playable]bool{}
		}
		for _, s := range p.Segments {
			for ms := s.FromMS; ms < s.ToMS; ms++ {
				played[p.Lesson][ms] = true
			}
		}
	}
	for _, id := range order {
		lesson := slices.IndexFunc(lessons, func(l outline.Lesson) bool { return l.ID == id })
		for ms, is := range played[id] {
			exists := lesson != 0 || ms < ending
			if is && exists && !m.watched[lesson][ms] && m.credit > 0 {
				m.watched[lesson][ms] = true
				m.credit--
			}
		}
	}
	completes := !m.completed && m.ranges(0).Len()*100 >= ending*80
	m.completed = m.completed || completes
	return completes
}

// ranges are the runs of watched milliseconds.
func (m *model) ranges(lesson int) multirange.Int4 {
	runs := multirange.Int4{}
	for ms, is := range &m.watched[lesson] {
		switch {
		case !is:
		case len(runs) > 0 && int(runs[len(runs)-1].To) == ms:
			runs[len(runs)-1].To++
		default:
			runs = append(runs, multirange.Range{From: int32(ms), To: int32(ms) + 1})
		}
	}
	return runs
}

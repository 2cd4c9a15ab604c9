package learning

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg/multirange"
)

// account is all that a batch of one place changes, as it is behind its locks. Batches are booked one after
// another; what they lead to is written when all are.
type account struct {
	place    *ent.Enrollment
	outline  *outline.Outline
	progress *ent.CourseProgress
	clock    *clock
	lessons  map[uuid.UUID]*line
	sessions map[uuid.UUID]*session
	// booked says that there is something to write.
	booked bool
}

// clock is a learner's wall clock: the buckets of what they may still be credited, whatever they learn in.
type clock struct {
	learner uuid.UUID
	// creditMS is of video, timeMS of time on task.
	creditMS, timeMS int
	at               time.Time
}

// line is what there is of one lesson.
type line struct {
	id        uuid.UUID
	watched   multirange.Int4
	timeMS    int
	stand     stand
	completed bool
	// touched says that it is to be written.
	touched bool
}

// stand is where a player stood.
type stand struct {
	positionMS int
	// at is when, the zero time when nobody knows where.
	at      time.Time
	session uuid.UUID
	seq     int
}

// session is what was kept of a client's session.
type session struct {
	seen      multirange.Int4
	completed map[string][]uuid.UUID
	touched   bool
}

// maxGaps is how many ranges of sequence numbers are told apart in one session. Beyond, the oldest gap counts as seen.
const maxGaps = 256

// newest is the highest number seen, 0 when there is none.
func (s *session) newest() int {
	if len(s.seen) == 0 {
		return 0
	}
	return int(s.seen[len(s.seen)-1].To) - 1
}

func (s *session) see(seq int) {
	s.seen = s.seen.Union(multirange.Int4{{From: int32(seq), To: int32(seq) + 1}})
	if len(s.seen) > maxGaps {
		s.seen = slices.Insert(s.seen[2:], 0, multirange.Range{From: s.seen[0].From, To: s.seen[1].To})
	}
	s.touched = true
}

// booked is what a batch did.
type booked struct {
	// again says that the batch was kept before.
	again     bool
	completed []uuid.UUID
	// lengths are the lengths of the unions that grew, in milliseconds of video.
	lengths map[uuid.UUID]int
	// last is the lesson that the batch is about in the end.
	last uuid.UUID
}

// book adds a batch to the account. Now is the server's clock, behind the locks.
func (a *account) book(b Batch, lessons []folded, now time.Time) booked {
	s := a.sessions[b.Session]
	if s != nil && s.seen.Contains(int32(b.Sequence)) {
		return booked{again: true}
	}
	newest := s == nil || b.Sequence > s.newest()
	done := booked{lengths: map[uuid.UUID]int{}, last: lessons[len(lessons)-1].lesson.ID}
	a.credit(lessons, now, done.lengths)
	for _, f := range lessons {
		if f.position != nil {
			next := stand{positionMS: *f.position, at: now.Add(-b.Age), session: b.Session, seq: b.Sequence}
			if l := a.line(f.lesson.ID); l.stand.givesWay(next, newest) {
				l.stand = next
			}
		}
	}
	if newest || a.progress.LastLessonID == nil {
		a.progress.LastLessonID = &done.last
	}
	a.progress.LastActivityAt, a.progress.UpdatedAt = now, now
	if s != nil {
		s.see(b.Sequence)
	}
	a.booked = true
	return done
}

// credit adds what was watched and the time on task, as far as the buckets go.
func (a *account) credit(lessons []folded, now time.Time, lengths map[uuid.UUID]int) {
	here := allowance(a.progress.CreditMs, now.Sub(a.progress.CreditedAt), topSpeed)
	anywhere := allowance(a.clock.creditMS, now.Sub(a.clock.at), topSpeed)
	onTask := allowance(a.clock.timeMS, now.Sub(a.clock.at), realTime)
	left, timeLeft := max(min(here, anywhere), 0), max(onTask, 0)
	used, timeUsed := 0, 0
	for _, f := range lessons {
		l := a.line(f.lesson.ID)
		l.touched = true
		gained := f.watched.Minus(l.watched).First(left - used)
		if n := gained.Len(); n > 0 {
			l.watched = l.watched.Union(gained)
			lengths[f.lesson.ID] = l.watched.Len()
			used += n
		}
		spent := min(f.time, timeLeft-timeUsed)
		l.timeMS += spent
		timeUsed += spent
	}
	a.progress.CreditMs, a.progress.CreditedAt = leftOver(here, used), later(a.progress.CreditedAt, now)
	a.clock.creditMS, a.clock.timeMS = leftOver(anywhere, used), leftOver(onTask, timeUsed)
	a.clock.at = later(a.clock.at, now)
	a.progress.TimeMs += timeUsed
}

// later keeps a clock that ran back from pouring the same time in twice.
func later(a, b time.Time) time.Time {
	if b.Before(a) {
		return a
	}
	return b
}

func (a *account) line(lesson uuid.UUID) *line {
	l := a.lessons[lesson]
	if l == nil {
		l = &line{id: uuid.Must(uuid.NewV7())}
		a.lessons[lesson] = l
	}
	return l
}

// givesWay says whether the player stands where the next batch says. Within a session the numbers decide, and between
// sessions the server's time; a batch that its own session has overtaken says nothing about another's.
func (s stand) givesWay(next stand, newest bool) bool {
	switch {
	case s.at.IsZero():
		return true
	case next.session != uuid.Nil && next.session == s.session:
		return next.seq > s.seq
	default:
		return newest && !next.at.Before(s.at)
	}
}

// touched are the lessons that are to be written, in order.
func (a *account) touched() []uuid.UUID {
	var all []uuid.UUID
	for id, l := range a.lessons {
		if l.touched {
			all = append(all, id)
		}
	}
	slices.SortFunc(all, compareIDs)
	return all
}

package learning

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/platform/pg/multirange"
)

// The bounds of a batch.
const (
	maxLessons  = 50
	maxSegments = 500
	maxSigns    = 500
	maxRate     = 16
	// tolerance is how far past a video's end a player may report, in milliseconds: containers and players
	// round the length differently.
	tolerance = 2_000
)

// Batch is what a client reports at once of one place.
type Batch struct {
	Lessons []Played
	// Session is the client's, and Sequence the batch's number in it, from 1. Both are zero for a batch that is
	// not numbered.
	Session  uuid.UUID
	Sequence int
	// Age is how long ago the batch was made, by the client's clock.
	Age time.Duration
}

// Played is what happened in one lesson.
type Played struct {
	Lesson   uuid.UUID
	Segments []Segment
	// PositionMS is where the player stands, in milliseconds of the video; nil when nothing is known.
	PositionMS *int
	// SignsMS are the signs of life, in milliseconds of a clock that never jumps, ascending.
	SignsMS []int
}

// Segment is a stretch that was played, in milliseconds of the video, from included and to excluded.
type Segment struct {
	FromMS, ToMS int
	// Rate is the speed of playing, 0 when it is not known.
	Rate float64
}

// check holds the batch against what every batch must be, whatever the course.
func (b Batch) check() error {
	var c fault.Collector
	c.Check(len(b.Lessons) > 0 && len(b.Lessons) <= maxLessons, "lessons", "A batch holds 1 to 50 lessons.")
	segments, signs := 0, 0
	for _, p := range b.Lessons {
		segments += len(p.Segments)
		signs += len(p.SignsMS)
	}
	c.Check(segments <= maxSegments, "lessons", "A batch holds at most 500 segments.")
	c.Check(signs <= maxSigns, "lessons", "A batch holds at most 500 signs of life.")
	c.Check((b.Session == uuid.Nil) == (b.Sequence == 0), "sequence", "A session and a number in it come together.")
	// A range of sequence numbers ends one behind the last.
	c.Check(b.Sequence >= 0 && b.Sequence < math.MaxInt32, "sequence", "A batch's number is from 1 to 2147483646.")
	c.Check(b.Age >= 0, "ageMs", "A batch was made before it is sent.")
	// Only a batch of bearable size is read on.
	if err := c.Err(); err != nil {
		return err
	}
	for i, p := range b.Lessons {
		p.check(&c, fmt.Sprintf("lessons.%d", i))
	}
	return c.Err()
}

func (p Played) check(c *fault.Collector, field string) {
	c.Check(p.PositionMS == nil || inVideo(*p.PositionMS), field+".positionMs", "A position is from 0 to 2147483647.")
	for j, s := range p.Segments {
		at := fmt.Sprintf("%s.segments.%d", field, j)
		c.Check(inVideo(s.FromMS) && inVideo(s.ToMS) && s.FromMS < s.ToMS, at,
			"A segment goes from 0 or later to a later place, at most 2147483647.")
		// Written so that what is not a number fails, too.
		c.Check(s.Rate >= 0 && s.Rate <= maxRate, at+".rate", "The speed of playing is more than 0 and at most 16.")
	}
	outside := slices.ContainsFunc(p.SignsMS, func(ms int) bool { return !inVideo(ms) })
	c.Check(!outside && slices.IsSorted(p.SignsMS), field+".signs", "Signs of life ascend, from 0 to 2147483647.")
}

func inVideo(ms int) bool { return ms >= 0 && ms <= math.MaxInt32 }

// folded is one lesson of a batch, ready to be kept.
type folded struct {
	lesson  *outline.Lesson
	watched multirange.Int4
	// position is in milliseconds of the video, nil when nothing is known.
	position *int
	// time is what the signs of life tell of, in milliseconds.
	time int
}

// fold holds the batch against the course and puts together what it says of each lesson. Nothing lies past
// the end of a video in what it returns, and nothing that was played faster than topSpeed. Faults: NotFound for
// a lesson that the course does not have, BadInput for segments of one that is no video, and for segments past
// its end.
func fold(o *outline.Outline, batch []Played) ([]folded, error) {
	var c fault.Collector
	var all []folded
	place := map[uuid.UUID]int{}
	for i, p := range batch {
		lesson := o.Lesson(p.Lesson)
		if lesson == nil {
			return nil, errNoLesson()
		}
		c.Check(lesson.Kind == outline.Video || len(p.Segments) == 0, fmt.Sprintf("lessons.%d.segments", i), "Only videos are played.")
		end := math.MaxInt32
		if lesson.DurationMS > 0 {
			end = lesson.DurationMS
		}
		for j, s := range p.Segments {
			c.Check(s.ToMS <= end || s.ToMS-end <= tolerance, fmt.Sprintf("lessons.%d.segments.%d.toMs", i, j),
				fmt.Sprintf("The video is %d milliseconds long.", end))
		}
		at, known := place[p.Lesson]
		if !known {
			at = len(all)
			place[p.Lesson] = at
			all = append(all, folded{lesson: lesson})
		}
		all[at].watched = all[at].watched.Union(within(p.Segments, end))
		all[at].time += onTask(p.SignsMS)
		if p.PositionMS != nil && lesson.Kind == outline.Video {
			position := min(*p.PositionMS, end)
			all[at].position = &position
		}
	}
	return all, c.Err()
}

// within cuts the segments off at the end, and leaves out those that were rushed through.
func within(segments []Segment, end int) multirange.Int4 {
	kept := make(multirange.Int4, 0, len(segments))
	for _, s := range segments {
		if s.FromMS < end && s.Rate <= topSpeed {
			kept = append(kept, multirange.Range{From: int32(s.FromMS), To: int32(min(s.ToMS, end))})
		}
	}
	return kept
}

func errNoLesson() error {
	return fault.New(fault.NotFound, "There is no such lesson in the version you are enrolled in.")
}

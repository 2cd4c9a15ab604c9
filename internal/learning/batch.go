package learning

import (
	"fmt"
	"math"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/platform/pg/multirange"
)

// The bounds of a batch.
const (
	maxLessons  = 50
	maxSegments = 500
	// tolerance is how far past a video's end a player may report, in milliseconds: containers and players
	// round the length differently.
	tolerance = 2_000
)

// Played is what was played of one lesson.
type Played struct {
	Lesson   uuid.UUID
	Segments []Segment
	// PositionMS is where the player stands, in milliseconds of the video.
	PositionMS int
}

// Segment is a stretch that was played, in milliseconds of the video, from included and to excluded.
type Segment struct{ FromMS, ToMS int }

// checkBatch holds the batch against what every batch must be, whatever the course.
func checkBatch(batch []Played) error {
	var c fault.Collector
	c.Check(len(batch) > 0 && len(batch) <= maxLessons, "lessons", "A batch holds 1 to 50 lessons.")
	segments := 0
	for _, p := range batch {
		segments += len(p.Segments)
	}
	c.Check(segments <= maxSegments, "lessons", "A batch holds at most 500 segments.")
	// Only a batch of bearable size is read on.
	if err := c.Err(); err != nil {
		return err
	}
	for i, p := range batch {
		c.Check(inVideo(p.PositionMS), fmt.Sprintf("lessons.%d.positionMs", i), "A position is from 0 to 2147483647.")
		for j, s := range p.Segments {
			c.Check(inVideo(s.FromMS) && inVideo(s.ToMS) && s.FromMS < s.ToMS, fmt.Sprintf("lessons.%d.segments.%d", i, j),
				"A segment goes from 0 or later to a later place, at most 2147483647.")
		}
	}
	return c.Err()
}

func inVideo(ms int) bool { return ms >= 0 && ms <= math.MaxInt32 }

// folded is one lesson of a batch, ready to be kept.
type folded struct {
	lesson  *outline.Lesson
	watched multirange.Int4
	// position is in milliseconds of the video.
	position int
}

// fold holds the batch against the course and puts together what it says of each lesson. Nothing lies past
// the end of a video in what it returns. Faults: NotFound for a lesson that the course does not have,
// BadInput for one that is not a video and for segments past its end.
func fold(o *outline.Outline, batch []Played) ([]folded, error) {
	var c fault.Collector
	var all []folded
	place := map[uuid.UUID]int{}
	for i, p := range batch {
		lesson := o.Lesson(p.Lesson)
		if lesson == nil {
			return nil, errNoLesson()
		}
		c.Check(lesson.Kind == outline.Video, fmt.Sprintf("lessons.%d.lessonId", i), "Only videos are played.")
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
		all[at].watched = append(all[at].watched, within(p.Segments, end)...)
		all[at].position = min(p.PositionMS, end)
	}
	return all, c.Err()
}

// within cuts the segments off at the end.
func within(segments []Segment, end int) multirange.Int4 {
	kept := make(multirange.Int4, 0, len(segments))
	for _, s := range segments {
		if s.FromMS < end {
			kept = append(kept, multirange.Range{From: int32(s.FromMS), To: int32(min(s.ToMS, end))})
		}
	}
	return kept
}

func errNoLesson() error {
	return fault.New(fault.NotFound, "There is no such lesson in the version you are enrolled in.")
}

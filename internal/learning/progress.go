package learning

import (
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
)

// State is how far somebody is.
type State string

// The states. Without any evidence nothing has started.
const (
	NotStarted State = "NOT_STARTED"
	InProgress State = "IN_PROGRESS"
	Completed  State = "COMPLETED"
)

// Untouched is the progress of an enrollment that has no evidence yet and therefore no row.
func Untouched(place *ent.Enrollment, required int) *ent.CourseProgress {
	return &ent.CourseProgress{
		TenantID:        place.TenantID,
		EnrollmentID:    place.ID,
		LearnerID:       place.LearnerID,
		CourseID:        place.CourseID,
		RequiredLessons: required,
	}
}

// CourseState is how far a learner is in a course.
func CourseState(p *ent.CourseProgress) State {
	switch {
	case p.CompletedAt != nil:
		return Completed
	case p.LastActivityAt.IsZero():
		return NotStarted
	default:
		return InProgress
	}
}

// LessonState is how far a learner is in a lesson of which there is evidence.
func LessonState(p *ent.LessonProgress) State {
	if p.CompletedAt != nil {
		return Completed
	}
	return InProgress
}

// LastActivity is when the newest evidence came, nil before the first.
func LastActivity(p *ent.CourseProgress) *time.Time {
	if p.LastActivityAt.IsZero() {
		return nil
	}
	return &p.LastActivityAt
}

// notYet is the most that a course shows which is not completed: its rule may ask for more than its lessons.
const notYet = 99

// Percent is how much of the shortest way to complete the course is done, in lessons, 0 to 100 and rounded down. It is
// 100 when the course is completed, and only then; what was completed once stays at 100.
func Percent(p *ent.CourseProgress) int {
	switch {
	case p.CompletedAt != nil:
		return 100
	case p.RequiredLessons <= 0:
		return 0
	default:
		return min(p.CompletedRequired*100/p.RequiredLessons, notYet)
	}
}

// Next is the first lesson on the shortest way to complete the course that the evidence does not show completed, nil
// when no more lessons are needed. Where some modules are enough, it is of one of those of which the fewest lessons are
// left; what a rule asks for besides lessons is told by the standing.
func Next(o *outline.Outline, evidence []*ent.LessonProgress) *outline.Lesson {
	done := map[uuid.UUID]bool{}
	for _, p := range evidence {
		done[p.LessonID] = p.CompletedAt != nil
	}
	for _, module := range o.Way(done) {
		for _, lesson := range module.Parts() {
			if !done[lesson.ID] {
				return lesson
			}
		}
	}
	return nil
}

// tally is what dashboards show of the lessons that were completed.
type tally struct {
	// lessons are all of them; required are those of the shortest way to complete the course that are not needed any more.
	lessons, required int
}

// count tallies the completed lessons of the outline. Lessons that it does not have count for nothing; a module that
// was completed needs none.
func count(o *outline.Outline, done map[uuid.UUID]bool) tally {
	t := tally{required: o.Required() - o.Left(done)}
	for _, lesson := range o.Lessons() {
		if done[lesson.ID] {
			t.lessons++
		}
	}
	return t
}

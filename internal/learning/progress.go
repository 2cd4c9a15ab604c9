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

// Percent is the completed share of the required lessons, 0 to 100 and rounded down. What was completed
// once stays at 100.
func Percent(p *ent.CourseProgress) int {
	switch {
	case p.CompletedAt != nil:
		return 100
	case p.RequiredLessons <= 0:
		return 0
	default:
		return min(p.CompletedRequired*100/p.RequiredLessons, 100)
	}
}

// Next is the first required lesson that the evidence does not show completed, nil when there is none.
func Next(o *outline.Outline, evidence []*ent.LessonProgress) *outline.Lesson {
	done := map[uuid.UUID]bool{}
	for _, p := range evidence {
		done[p.LessonID] = p.CompletedAt != nil
	}
	required := required(o)
	for i := range required {
		if !done[required[i].ID] {
			return &required[i]
		}
	}
	return nil
}

// required are the lessons that complete the course, in order. A course that requires none requires all.
func required(o *outline.Outline) []outline.Lesson {
	all := o.Lessons()
	var some []outline.Lesson
	for _, lesson := range all {
		if lesson.Required {
			some = append(some, lesson)
		}
	}
	if len(some) == 0 {
		return all
	}
	return some
}

// tally is what dashboards show of the lessons that were completed.
type tally struct {
	lessons, required int
}

// count tallies the completed lessons of the outline. Lessons that it does not have count for nothing.
func count(o *outline.Outline, done map[uuid.UUID]bool) tally {
	var t tally
	for _, lesson := range o.Lessons() {
		if done[lesson.ID] {
			t.lessons++
		}
	}
	needed := required(o)
	for _, lesson := range needed {
		if done[lesson.ID] {
			t.required++
		}
	}
	return t
}

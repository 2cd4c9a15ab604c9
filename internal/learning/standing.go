package learning

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/learning/rule"
)

// Standing is how far somebody is with what completes a lesson, a module or a course.
type Standing struct {
	State State
	// CompletedAt never changes.
	CompletedAt *time.Time
	// Rule is what completes it.
	Rule               rule.Left
	Satisfied, Missing []*rule.Condition
}

// ModuleProgress is how far somebody is in a module.
type ModuleProgress struct {
	Module      *outline.Module
	CompletedAt *time.Time
	// Known is what that follows from.
	Known *Known
}

// Modules are the modules of the course, in order.
func (k *Known) Modules() []*ModuleProgress {
	all := make([]*ModuleProgress, len(k.Outline.Modules))
	for m := range k.Outline.Modules {
		module := &k.Outline.Modules[m]
		all[m] = &ModuleProgress{Module: module, CompletedAt: k.at(module.ID), Known: k}
	}
	return all
}

// LessonSitting is a lesson of somebody's course.
type LessonSitting struct {
	Lesson uuid.UUID
	Known  *Known
}

// Lessons are the lessons of the module, in order.
func (m *ModuleProgress) Lessons() []*LessonSitting {
	all := make([]*LessonSitting, len(m.Module.Lessons))
	for l := range m.Module.Lessons {
		all[l] = &LessonSitting{Lesson: m.Module.Lessons[l].ID, Known: m.Known}
	}
	return all
}

func (k *Known) at(node uuid.UUID) *time.Time {
	if at, ok := k.At[node]; ok {
		return &at
	}
	return nil
}

// Lesson is where the learner stands in the lesson. One that the outline no longer has is explained by nothing.
func (k *Known) Lesson(id uuid.UUID) (*Standing, error) {
	lesson := k.Outline.Lesson(id)
	if lesson == nil {
		return k.standing(id, rule.Left{}), nil
	}
	left, err := rule.LeftOfLesson(lesson, k.Evidence)
	if err != nil {
		return nil, fmt.Errorf("explain lesson: %w", err)
	}
	_, begun := k.Facts[id]
	return k.standing(id, left).begun(begun), nil
}

// ModuleStanding is where the learner stands in the module.
func (k *Known) ModuleStanding(m *outline.Module) (*Standing, error) {
	left, err := rule.LeftOfModule(m, k.Evidence)
	if err != nil {
		return nil, fmt.Errorf("explain module: %w", err)
	}
	begun := false
	for l := range m.Lessons {
		_, has := k.Facts[m.Lessons[l].ID]
		begun = begun || has
	}
	return k.standing(m.ID, left).begun(begun), nil
}

// CourseStanding is where the learner stands in the course.
func (k *Known) CourseStanding() (*Standing, error) {
	left, err := rule.LeftOfCourse(k.Outline, k.Evidence)
	if err != nil {
		return nil, fmt.Errorf("explain course: %w", err)
	}
	return k.standing(k.Course, left).begun(len(k.Facts) > 0), nil
}

func (k *Known) standing(node uuid.UUID, left rule.Left) *Standing {
	s := &Standing{
		State: NotStarted, CompletedAt: k.at(node), Rule: left,
		Satisfied: pointers(left.Met), Missing: pointers(left.Missing),
	}
	if s.CompletedAt != nil {
		s.State = Completed
	}
	return s
}

// begun says whether there is evidence.
func (s *Standing) begun(begun bool) *Standing {
	if begun && s.State == NotStarted {
		s.State = InProgress
	}
	return s
}

func pointers(list []rule.Condition) []*rule.Condition {
	all := make([]*rule.Condition, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return all
}

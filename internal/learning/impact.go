package learning

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/gen/ent/enrollment"
)

// Impact says what publishing a draft would change for those who learn by the version in force.
type Impact struct {
	// InForce is the number of that version, 0 when there is none.
	InForce int
	// InProgress have begun and not completed the course, NotStarted are in and have not begun.
	InProgress, NotStarted int
	// Added and Removed are the lessons that would be required, and would be no more; Changed stay required in another way.
	Added, Removed, Changed []outline.Lesson
	// Changes say in which ways: those of the course, of modules that stay, and of lessons in Changed, in the draft's order.
	Changes []Change
	// PoliciesChanged is true when there are changes of the course or of modules.
	PoliciesChanged bool
	// Mapped are lessons that would be gone, each with the new one that seems to take its place.
	Mapped []Mapped
}

// Mapped is a lesson whose evidence could count for another.
type Mapped struct{ From, To outline.Lesson }

// Impact compares the draft with the version in force. Nothing is written. Faults: those of Preview.
func (s *Service) Impact(ctx context.Context, courseID uuid.UUID) (*Impact, error) {
	if _, err := deciding(ctx); err != nil {
		return nil, err
	}
	draft, err := s.Drafts.DraftInFull(ctx, courseID)
	if err != nil {
		return nil, fmt.Errorf("read draft: %w", err)
	}
	version, err := s.version(ctx, courseID, nil)
	if fault.CodeOf(err) == fault.NotFound {
		version = &ent.CourseVersion{}
	} else if err != nil {
		return nil, err
	}
	impact := compare(&version.Outline, draft)
	impact.InForce = version.Number
	open := s.DB.Enrollment.Query().Where(enrollment.CourseID(courseID), enrollment.StateEQ(enrollment.StateACTIVE))
	if impact.InProgress, err = open.Clone().Where(begun(true)).Count(ctx); err != nil {
		return nil, fmt.Errorf("count who is in progress: %w", err)
	}
	if impact.NotStarted, err = open.Where(begun(false)).Count(ctx); err != nil {
		return nil, fmt.Errorf("count who has not begun: %w", err)
	}
	return impact, nil
}

// begun holds for places with progress that is not completed, or for those without any.
func begun(has bool) func(*sql.Selector) {
	return func(s *sql.Selector) {
		progress := sql.Table(courseprogress.Table)
		of := sql.Select(progress.C(courseprogress.FieldID)).From(progress).Where(sql.And(
			sql.ColumnsEQ(progress.C(courseprogress.FieldTenantID), s.C(enrollment.FieldTenantID)),
			sql.ColumnsEQ(progress.C(courseprogress.FieldEnrollmentID), s.C(enrollment.FieldID)),
		))
		if !has {
			s.Where(sql.Not(sql.Exists(of)))
			return
		}
		s.Where(sql.Exists(of.Where(sql.IsNull(progress.C(courseprogress.FieldCompletedAt)))))
	}
}

// compare says what changes from one outline to the next.
func compare(was, is *outline.Outline) *Impact {
	impact := &Impact{Changes: otherPolicies(was, is)}
	impact.PoliciesChanged = len(impact.Changes) > 0
	before, after := was.Asked(), is.Asked()
	for _, lesson := range was.Lessons() {
		if before[lesson.ID] && !after[lesson.ID] {
			impact.Removed = append(impact.Removed, lesson)
		}
		if is.Lesson(lesson.ID) == nil {
			impact.seek(lesson, was, is)
		}
	}
	for _, lesson := range is.Lessons() {
		if !after[lesson.ID] {
			continue
		}
		if !before[lesson.ID] {
			impact.Added = append(impact.Added, lesson)
			continue
		}
		if changes := otherDemands(was.Lesson(lesson.ID), &lesson); len(changes) > 0 {
			impact.Changed = append(impact.Changed, lesson)
			impact.Changes = append(impact.Changes, changes...)
		}
	}
	return impact
}

// seek looks for the new lesson that takes the place of one that is gone: of its kind, with its key or its title, and
// taking nobody else's place.
func (i *Impact) seek(gone outline.Lesson, was, is *outline.Outline) {
	taken := map[uuid.UUID]bool{}
	for _, m := range i.Mapped {
		taken[m.To.ID] = true
	}
	for _, fresh := range is.Lessons() {
		alike := fresh.Key == gone.Key || strings.EqualFold(fresh.Title, gone.Title)
		if fresh.Kind == gone.Kind && alike && was.Lesson(fresh.ID) == nil && !taken[fresh.ID] {
			i.Mapped = append(i.Mapped, Mapped{From: gone, To: fresh})
			return
		}
	}
}

package catalog

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/lesson"
	"lyceum/internal/gen/ent/module"
	"lyceum/internal/platform/input"
)

// ModuleOrder names a module and its lessons, in order, by their keys.
type ModuleOrder struct {
	Key     string
	Lessons []string
}

// Arrange puts the course's modules and lessons in this order, moves lessons to the modules that name them,
// and removes what is not named.
func (s *Service) Arrange(ctx context.Context, courseID uuid.UUID, order []ModuleOrder) (*ent.Course, error) {
	return s.edit(ctx, courseID, func(e *edit) (bool, error) {
		modules, err := e.tx.Module.Query().Where(module.CourseID(courseID)).All(ctx)
		if err != nil {
			return false, fmt.Errorf("read modules: %w", err)
		}
		lessons, err := e.tx.Lesson.Query().
			Where(lesson.CourseID(courseID)).
			Select(lesson.FieldKey, lesson.FieldModuleID, lesson.FieldPosition).
			All(ctx)
		if err != nil {
			return false, fmt.Errorf("read lessons: %w", err)
		}
		plan, err := arrange(modules, lessons, order)
		if err != nil {
			return false, err
		}
		return plan.changes(), e.carryOut(ctx, plan)
	})
}

// arrangement is what must be done to bring a course into an order. Rows that stay as they are are not in it.
type arrangement struct {
	modules, lessons               []spot
	removedModules, removedLessons []uuid.UUID
}

// spot is where a module or lesson goes. Modules have no home.
type spot struct {
	id, home uuid.UUID
	position int
}

func (a *arrangement) changes() bool {
	return len(a.modules)+len(a.lessons)+len(a.removedModules)+len(a.removedLessons) > 0
}

// arrange compares what there is with the order that is wanted. The error is a BadInput fault about keys
// that do not exist or stand there twice.
func arrange(modules []*ent.Module, lessons []*ent.Lesson, order []ModuleOrder) (*arrangement, error) {
	moduleOf := make(map[string]*ent.Module, len(modules))
	for _, m := range modules {
		moduleOf[m.Key] = m
	}
	lessonOf := make(map[string]*ent.Lesson, len(lessons))
	for _, l := range lessons {
		lessonOf[l.Key] = l
	}
	var c input.Checker
	plan := &arrangement{}
	for i, want := range order {
		home, exists := moduleOf[want.Key]
		c.Check(exists, input.Path("modules", i, "key"), "The course has no such module, or it is named twice.")
		if !exists {
			continue
		}
		delete(moduleOf, want.Key)
		if home.Position != i {
			plan.modules = append(plan.modules, spot{id: home.ID, position: i})
		}
		plan.fill(&c, i, home.ID, want.Lessons, lessonOf)
	}
	for _, m := range moduleOf {
		plan.removedModules = append(plan.removedModules, m.ID)
	}
	for _, l := range lessonOf {
		plan.removedLessons = append(plan.removedLessons, l.ID)
	}
	return plan, c.Err()
}

// fill plans the lessons of one module, and takes them out of those that are not named yet.
func (a *arrangement) fill(c *input.Checker, i int, home uuid.UUID, keys []string, unnamed map[string]*ent.Lesson) {
	for j, key := range keys {
		l, exists := unnamed[key]
		c.Check(exists, input.Path("modules", i, "lessons", j), "The course has no such lesson, or it is named twice.")
		if !exists {
			continue
		}
		delete(unnamed, key)
		if l.Position != j || l.ModuleID != home {
			a.lessons = append(a.lessons, spot{id: l.ID, home: home, position: j})
		}
	}
}

// One statement moves all: ent would need one for each row.
const (
	moveModules = `
		UPDATE modules SET position = spot.position, updated_at = now()
		FROM unnest($2::uuid[], $3::int[]) AS spot (id, position)
		WHERE modules.tenant_id = $1 AND modules.id = spot.id`
	moveLessons = `
		UPDATE lessons SET module_id = spot.home, position = spot.position, updated_at = now()
		FROM unnest($2::uuid[], $3::uuid[], $4::int[]) AS spot (id, home, position)
		WHERE lessons.tenant_id = $1 AND lessons.id = spot.id`
)

func (e *edit) carryOut(ctx context.Context, plan *arrangement) error {
	if len(plan.modules) > 0 {
		ids, _, positions := columns(plan.modules)
		if _, err := e.tx.Exec(ctx, moveModules, e.course.TenantID, ids, positions); err != nil {
			return fmt.Errorf("move modules: %w", err)
		}
	}
	if len(plan.lessons) > 0 {
		ids, homes, positions := columns(plan.lessons)
		if _, err := e.tx.Exec(ctx, moveLessons, e.course.TenantID, ids, homes, positions); err != nil {
			return fmt.Errorf("move lessons: %w", err)
		}
	}
	if len(plan.removedLessons) > 0 {
		if _, err := e.tx.Lesson.Delete().Where(lesson.IDIn(plan.removedLessons...)).Exec(ctx); err != nil {
			return fmt.Errorf("remove lessons: %w", err)
		}
	}
	// Modules go last: deleting one deletes the lessons that are still in it.
	if len(plan.removedModules) > 0 {
		if _, err := e.tx.Module.Delete().Where(module.IDIn(plan.removedModules...)).Exec(ctx); err != nil {
			return fmt.Errorf("remove modules: %w", err)
		}
	}
	return nil
}

// columns turns rows into the arrays that unnest takes.
func columns(spots []spot) (ids, homes []uuid.UUID, positions []int32) {
	for _, s := range spots {
		ids, homes, positions = append(ids, s.id), append(homes, s.home), append(positions, int32(s.position))
	}
	return ids, homes, positions
}

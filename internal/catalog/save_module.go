package catalog

import (
	"context"
	"fmt"
	"reflect"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/module"
	"lyceum/internal/platform/input"
)

const (
	maxModules       = 200
	maxModuleSummary = 2000
)

// ModuleInput is what an author says about a module. A nil Summary keeps what it is.
type ModuleInput struct {
	// Key is the module's identity in its course.
	Key, Title string
	Summary    *string
	// Completion says which lessons complete the module; all that it requires, and nothing more, is the default. Nil
	// keeps what it is.
	Completion *outline.Policy
}

func (in *ModuleInput) check(c *input.Checker) {
	c.Key("key", in.Key)
	c.Line("title", in.Title, 1, maxTitle)
	if in.Summary != nil {
		c.Text("summary", *in.Summary, maxModuleSummary)
	}
	checkPolicy(c, in.Completion)
}

// SaveModule creates the module with the key as the course's last, or changes its title and summary.
func (s *Service) SaveModule(ctx context.Context, courseID uuid.UUID, in ModuleInput) (*ent.Module, error) {
	var c input.Checker
	in.check(&c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	var saved *ent.Module
	_, err := s.edit(ctx, courseID, func(e *edit) (bool, error) {
		row, err := e.tx.Module.Query().Where(module.CourseID(courseID), module.Key(in.Key)).Only(ctx)
		switch {
		case ent.IsNotFound(err):
			saved, err = e.createModule(ctx, &in)
			return true, err
		case err != nil:
			return false, fmt.Errorf("find module: %w", err)
		}
		var changed bool
		saved, changed, err = e.changeModule(ctx, row, &in)
		return changed, err
	})
	return saved, err
}

// changeModule writes what the input says, and reports whether that changed anything.
func (e *edit) changeModule(ctx context.Context, row *ent.Module, in *ModuleInput) (*ent.Module, bool, error) {
	summary, completion := row.Summary, row.Completion
	set(&summary, in.Summary)
	if in.Completion != nil {
		completion = normalPolicy(in.Completion)
	}
	if row.Title == in.Title && row.Summary == summary && reflect.DeepEqual(row.Completion, completion) {
		return row, false, nil
	}
	update := e.tx.Module.UpdateOne(row).SetTitle(in.Title).SetSummary(summary)
	if completion == nil {
		update.ClearCompletion()
	} else {
		update.SetCompletion(completion)
	}
	saved, err := update.Save(ctx)
	return saved, true, wrap("change module", err)
}

func (e *edit) createModule(ctx context.Context, in *ModuleInput) (*ent.Module, error) {
	positions, err := e.tx.Module.Query().
		Where(module.CourseID(e.course.ID)).
		Order(module.ByPosition()).
		Select(module.FieldPosition).
		Ints(ctx)
	if err != nil {
		return nil, fmt.Errorf("count modules: %w", err)
	}
	var c input.Checker
	c.Count("key", len(positions)+1, maxModules)
	if err := c.Err(); err != nil {
		return nil, err
	}
	create := e.tx.Module.Create().
		SetCourseID(e.course.ID).
		SetKey(in.Key).
		SetTitle(in.Title).
		SetNillableSummary(in.Summary).
		SetPosition(behind(positions))
	if policy := normalPolicy(in.Completion); policy != nil {
		create.SetCompletion(policy)
	}
	made, err := create.Save(ctx)
	return made, wrap("create module", err)
}

// behind is the position after the last of these, which are sorted.
func behind(positions []int) int {
	if len(positions) == 0 {
		return 0
	}
	return positions[len(positions)-1] + 1
}

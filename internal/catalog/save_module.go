package catalog

import (
	"context"
	"fmt"

	"github.com/google/uuid"

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
}

func (in *ModuleInput) check(c *input.Checker) {
	c.Key("key", in.Key)
	c.Line("title", in.Title, 1, maxTitle)
	if in.Summary != nil {
		c.Text("summary", *in.Summary, maxModuleSummary)
	}
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
		summary := row.Summary
		set(&summary, in.Summary)
		if row.Title == in.Title && row.Summary == summary {
			saved = row
			return false, nil
		}
		saved, err = e.tx.Module.UpdateOne(row).SetTitle(in.Title).SetSummary(summary).Save(ctx)
		return true, wrap("change module", err)
	})
	return saved, err
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
	made, err := e.tx.Module.Create().
		SetCourseID(e.course.ID).
		SetKey(in.Key).
		SetTitle(in.Title).
		SetNillableSummary(in.Summary).
		SetPosition(behind(positions)).
		Save(ctx)
	return made, wrap("create module", err)
}

// behind is the position after the last of these, which are sorted.
func behind(positions []int) int {
	if len(positions) == 0 {
		return 0
	}
	return positions[len(positions)-1] + 1
}

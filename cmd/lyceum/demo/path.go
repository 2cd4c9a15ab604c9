package demo

import (
	"context"
	"fmt"

	"lyceum/internal/gen/ent/course"
	"lyceum/internal/gen/ent/learningpath"
)

// way is a learning path of a demo tenant.
type way struct {
	slug, title, about string
	// required and optional are slugs of courses, in their order.
	required, optional []string
}

// lookForPath notes the learning path that was never made. One that was, and has been changed since, is somebody's decision.
func (r *room) lookForPath(ctx context.Context) error {
	if r.path.slug == "" {
		return nil
	}
	there, err := r.DB.LearningPath.Query().Where(learningpath.Slug(r.path.slug)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for learning path: %w", err)
	}
	r.pathless = !there
	return nil
}

// offerPath makes and publishes the learning path as the tenant's instructor would.
func (r *room) offerPath(ctx context.Context) error {
	if !r.pathless {
		return nil
	}
	author, err := r.as(ctx, Instructor)
	if err != nil {
		return err
	}
	var parts []any
	for i, slug := range append(r.path.required, r.path.optional...) {
		found, err := r.DB.Course.Query().Where(course.Slug(slug)).Only(r.operator(ctx))
		if err != nil {
			return fmt.Errorf("find course %s: %w", slug, err)
		}
		parts = append(parts, map[string]any{"courseId": found.GlobalID().String(), "required": i < len(r.path.required)})
	}
	var saved struct {
		SaveLearningPath struct{ Path struct{ ID string } }
	}
	input := map[string]any{"slug": r.path.slug, "title": r.path.title, "description": r.path.about, "courses": parts}
	if err := author.run(ctx, r.documents.Text("save-learning-path"), map[string]any{"input": input}, &saved); err != nil {
		return fmt.Errorf("save learning path: %w", err)
	}
	made := map[string]any{"id": saved.SaveLearningPath.Path.ID}
	if err := author.run(ctx, r.documents.Text("publish-learning-path"), made, &struct{}{}); err != nil {
		return fmt.Errorf("publish learning path: %w", err)
	}
	r.Log.InfoContext(ctx, "demo learning path published", "tenant", r.Slug, "path", r.path.slug)
	return nil
}

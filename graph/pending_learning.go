package graph

import (
	"context"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
	"time"
)

func (courseProgressResolver) State(_ context.Context, _ *ent.CourseProgress) (model.ProgressState, error) {
	panic("pending")
}

func (courseProgressResolver) Percent(_ context.Context, _ *ent.CourseProgress) (int, error) {
	panic("pending")
}

func (courseProgressResolver) LastActivityAt(_ context.Context, _ *ent.CourseProgress) (*time.Time, error) {
	panic("pending")
}

func (courseProgressResolver) Lessons(_ context.Context, _ *ent.CourseProgress) ([]*ent.LessonProgress, error) {
	panic("pending")
}

func (lessonProgressResolver) LessonID(_ context.Context, _ *ent.LessonProgress) (*gid.ID, error) {
	panic("pending")
}

func (lessonProgressResolver) State(_ context.Context, _ *ent.LessonProgress) (model.ProgressState, error) {
	panic("pending")
}

func (mutationResolver) RecordProgress(_ context.Context, _ model.RecordProgressInput) (*model.RecordProgressPayload, error) {
	panic("pending")
}

func (mutationResolver) CompleteLesson(_ context.Context, _ model.CompleteLessonInput) (*model.RecordProgressPayload, error) {
	panic("pending")
}

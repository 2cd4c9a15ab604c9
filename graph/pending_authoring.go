package graph

import (
	"context"
	"lyceum/graph/relay"
	"lyceum/internal/catalog"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
)

func (courseDraftResolver) Price(_ context.Context, _ *ent.Course) (*catalog.Price, error) {
	panic("pending")
}

func (courseDraftResolver) Instructor(_ context.Context, _ *ent.Course) (*ent.User, error) {
	panic("pending")
}

func (courseDraftResolver) Prerequisites(_ context.Context, _ *ent.Course) ([]string, error) {
	panic("pending")
}

func (courseDraftResolver) Changed(_ context.Context, _ *ent.Course) (bool, error) { panic("pending") }

func (courseDraftResolver) Modules(_ context.Context, _ *ent.Course) ([]*ent.Module, error) {
	panic("pending")
}

func (courseDraftResolver) Versions(_ context.Context, _ *ent.Course) ([]*ent.CourseVersion, error) {
	panic("pending")
}

func (courseDraftResolver) Published(_ context.Context, _ *ent.Course) (*ent.CourseVersion, error) {
	panic("pending")
}

func (courseVersionResolver) PublishedBy(_ context.Context, _ *ent.CourseVersion) (*ent.User, error) {
	panic("pending")
}

func (lessonDraftResolver) Asset(_ context.Context, _ *ent.Lesson) (*ent.Asset, error) {
	panic("pending")
}

func (lessonDraftResolver) Attachments(_ context.Context, _ *ent.Lesson) ([]*model.Attachment, error) {
	panic("pending")
}

func (lessonDraftResolver) Quiz(_ context.Context, _ *ent.Lesson) (*model.QuizDraft, error) {
	panic("pending")
}

func (moduleDraftResolver) Lessons(_ context.Context, _ *ent.Module) ([]*ent.Lesson, error) {
	panic("pending")
}

func (mutationResolver) SaveCourse(_ context.Context, _ model.SaveCourseInput) (*model.CourseDraftPayload, error) {
	panic("pending")
}

func (mutationResolver) SaveModule(_ context.Context, _ model.SaveModuleInput) (*model.SaveModulePayload, error) {
	panic("pending")
}

func (mutationResolver) SaveLesson(_ context.Context, _ model.SaveLessonInput) (*model.SaveLessonPayload, error) {
	panic("pending")
}

func (mutationResolver) ArrangeCourse(_ context.Context, _ model.ArrangeCourseInput) (*model.CourseDraftPayload, error) {
	panic("pending")
}

func (mutationResolver) PublishCourse(_ context.Context, _ model.PublishCourseInput) (*model.PublishCoursePayload, error) {
	panic("pending")
}

func (mutationResolver) UnpublishCourse(_ context.Context, _ gid.ID) (*model.CourseDraftPayload, error) {
	panic("pending")
}

func (mutationResolver) RevertCourse(_ context.Context, _ gid.ID, _ int) (*model.PublishCoursePayload, error) {
	panic("pending")
}

func (mutationResolver) ArchiveCourse(_ context.Context, _ gid.ID) (*model.CourseDraftPayload, error) {
	panic("pending")
}

func (mutationResolver) SaveCategory(_ context.Context, _ model.SaveCategoryInput) (*model.SaveCategoryPayload, error) {
	panic("pending")
}

func (queryResolver) CourseDrafts(_ context.Context, _ *int, _ *string) (*relay.CourseDraftConnection, error) {
	panic("pending")
}

func (queryResolver) CourseDraft(_ context.Context, _ *gid.ID, _ *string) (*ent.Course, error) {
	panic("pending")
}

package graph

import (
	"context"
	"lyceum/graph/relay"
	"lyceum/internal/catalog"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
)

func (courseResolver) Categories(_ context.Context, _ *catalog.Course) ([]*ent.Category, error) {
	panic("pending")
}

func (courseResolver) Instructor(_ context.Context, _ *catalog.Course) (*ent.User, error) {
	panic("pending")
}

func (courseResolver) Prerequisites(_ context.Context, _ *catalog.Course) ([]*catalog.Course, error) {
	panic("pending")
}

func (courseResolver) Enrollment(_ context.Context, _ *catalog.Course) (*ent.Enrollment, error) {
	panic("pending")
}

func (courseConnectionResolver) TotalCount(_ context.Context, _ *relay.CourseConnection) (int, error) {
	panic("pending")
}

func (lessonResolver) Content(_ context.Context, _ *catalog.Lesson) (model.LessonContent, error) {
	panic("pending")
}

func (lessonResolver) Progress(_ context.Context, _ *catalog.Lesson) (*ent.LessonProgress, error) {
	panic("pending")
}

func (queryResolver) Courses(_ context.Context, _ *int, _ *string, _ *model.CourseFilter, _ *model.CourseOrder) (*relay.CourseConnection, error) {
	panic("pending")
}

func (queryResolver) Course(_ context.Context, _ *gid.ID, _ *string) (*catalog.Course, error) {
	panic("pending")
}

func (queryResolver) Lesson(_ context.Context, _ gid.ID, _ gid.ID) (*catalog.Lesson, error) {
	panic("pending")
}

func (queryResolver) Categories(_ context.Context) ([]*ent.Category, error) { panic("pending") }

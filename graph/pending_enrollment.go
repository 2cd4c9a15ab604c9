package graph

import (
	"context"
	"lyceum/graph/relay"
	"lyceum/internal/catalog"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
)

func (enrollmentResolver) Learner(_ context.Context, _ *ent.Enrollment) (*ent.User, error) {
	panic("pending")
}

func (enrollmentResolver) Course(_ context.Context, _ *ent.Enrollment) (*catalog.Course, error) {
	panic("pending")
}

func (enrollmentResolver) Progress(_ context.Context, _ *ent.Enrollment) (*ent.CourseProgress, error) {
	panic("pending")
}

func (enrollmentResolver) NextLesson(_ context.Context, _ *ent.Enrollment) (*catalog.Lesson, error) {
	panic("pending")
}

func (enrollmentResolver) Certificate(_ context.Context, _ *ent.Enrollment) (*ent.Certificate, error) {
	panic("pending")
}

func (mutationResolver) Enroll(_ context.Context, _ model.EnrollInput) (*model.EnrollmentPayload, error) {
	panic("pending")
}

func (mutationResolver) AssignCourse(_ context.Context, _ model.AssignCourseInput) (*model.EnrollmentPayload, error) {
	panic("pending")
}

func (mutationResolver) Withdraw(_ context.Context, _ gid.ID) (*model.EnrollmentPayload, error) {
	panic("pending")
}

func (queryResolver) MyEnrollments(_ context.Context, _ *int, _ *string, _ *enrollment.State) (*relay.EnrollmentConnection, error) {
	panic("pending")
}

func (queryResolver) Enrollments(_ context.Context, _ gid.ID, _ *int, _ *string, _ *enrollment.State) (*relay.EnrollmentConnection, error) {
	panic("pending")
}

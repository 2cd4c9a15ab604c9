package graph

import (
	"context"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	places "lyceum/internal/enrollment"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/learning"
	"lyceum/internal/platform/gid"
)

func (r queryResolver) PublishImpact(ctx context.Context, courseID gid.ID) (*learning.Impact, error) {
	course, err := idOf(courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return r.services.Learning.Impact(ctx, course)
}

func (r queryResolver) EnrollmentMigration(ctx context.Context, courseID gid.ID) (*ent.EnrollmentMigration, error) {
	course, err := idOf(courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return r.services.Enrollment.MigrationOf(ctx, course)
}

func (r mutationResolver) MigrateEnrollments(
	ctx context.Context, in model.MigrateEnrollmentsInput,
) (*model.MigrateEnrollmentsPayload, error) {
	course, err := idOf(in.CourseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	mapping, err := mappingOf(in.Mapping)
	if err != nil {
		return nil, err
	}
	started, err := r.services.Enrollment.StartMigration(ctx, places.Migration{Course: course, Places: in.Places, Mapping: mapping})
	if err != nil {
		return nil, err
	}
	return &model.MigrateEnrollmentsPayload{Migration: started}, nil
}

// mappingOf reads where lessons lead; none leads twice.
func mappingOf(in []*model.LessonMappingInput) (map[uuid.UUID]uuid.UUID, error) {
	mapping := make(map[uuid.UUID]uuid.UUID, len(in))
	for _, pair := range in {
		from, err := idOf(pair.FromLessonID, ent.GIDLesson)
		if err != nil {
			return nil, err
		}
		to, err := idOf(pair.ToLessonID, ent.GIDLesson)
		if err != nil {
			return nil, err
		}
		if _, twice := mapping[from]; twice {
			return nil, fault.Invalid("mapping", "No lesson is mapped to two.")
		}
		mapping[from] = to
	}
	return mapping, nil
}

func (impactLessonResolver) ID(_ context.Context, l *outline.Lesson) (*gid.ID, error) {
	return lessonID(l.ID), nil
}

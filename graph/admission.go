package graph

import (
	"context"

	places "lyceum/internal/enrollment"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
)

func (r queryResolver) CourseAdmission(ctx context.Context, courseID gid.ID) (*places.Standing, error) {
	course, err := idOf(courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return r.services.Enrollment.AdmissionOf(ctx, course)
}

func (r mutationResolver) SaveCourseAdmission(
	ctx context.Context, in model.SaveCourseAdmissionInput,
) (*model.SaveCourseAdmissionPayload, error) {
	course, err := idOf(in.CourseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	terms := places.Terms{Course: course, Capacity: in.Capacity, DueDays: in.DueDays}
	for _, id := range in.EquivalentIds {
		equivalent, err := idOf(*id, ent.GIDCourse)
		if err != nil {
			return nil, err
		}
		terms.Equivalents = append(terms.Equivalents, equivalent)
	}
	standing, err := r.services.Enrollment.SaveTerms(ctx, terms)
	if err != nil {
		return nil, err
	}
	return &model.SaveCourseAdmissionPayload{Admission: standing}, nil
}

func (courseAdmissionResolver) EquivalentIds(_ context.Context, s *places.Standing) ([]*gid.ID, error) { //nolint:revive // the generated interface spells it so
	ids := make([]*gid.ID, len(s.Equivalents))
	for i, course := range s.Equivalents {
		id := gid.New(ent.GIDCourse, course)
		ids[i] = &id
	}
	return ids, nil
}

package graph

import (
	"context"

	"lyceum/graph/loader"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/learning"
	"lyceum/internal/learning/rule"
	"lyceum/internal/platform/gid"
	"lyceum/internal/viewer"
)

func (courseProgressResolver) Modules(ctx context.Context, p *ent.CourseProgress) ([]*learning.ModuleProgress, error) {
	known, err := loader.From(ctx).Known.Load(ctx, p.EnrollmentID)
	if err != nil {
		return nil, err
	}
	return known.Modules(), nil
}

func (courseProgressResolver) Completion(ctx context.Context, p *ent.CourseProgress) (*learning.Standing, error) {
	known, err := loader.From(ctx).Known.Load(ctx, p.EnrollmentID)
	if err != nil {
		return nil, err
	}
	return known.CourseStanding()
}

func (lessonProgressResolver) Completion(ctx context.Context, p *ent.LessonProgress) (*learning.Standing, error) {
	known, err := loader.From(ctx).Known.Load(ctx, p.EnrollmentID)
	if err != nil {
		return nil, err
	}
	return known.Lesson(p.LessonID)
}

func (moduleProgressResolver) ModuleID(_ context.Context, p *learning.ModuleProgress) (*gid.ID, error) {
	id := gid.New(ent.GIDModule, p.Module.ID)
	return &id, nil
}

func (moduleProgressResolver) Completion(_ context.Context, p *learning.ModuleProgress) (*learning.Standing, error) {
	return p.Known.ModuleStanding(p.Module)
}

func (lessonCompletionResolver) LessonID(_ context.Context, p *learning.LessonSitting) (*gid.ID, error) {
	return lessonID(p.Lesson), nil
}

func (lessonCompletionResolver) Completion(_ context.Context, p *learning.LessonSitting) (*learning.Standing, error) {
	return p.Known.Lesson(p.Lesson)
}

func (completionResolver) State(_ context.Context, s *learning.Standing) (model.ProgressState, error) {
	return model.ProgressState(s.State), nil
}

func (completionResolver) Rule(_ context.Context, s *learning.Standing) (*model.CompletionRule, error) {
	return &model.CompletionRule{Expression: s.Rule.Rule, Policy: s.Rule.Policy, Version: s.Rule.Version}, nil
}

func (completionConditionResolver) Text(ctx context.Context, c *rule.Condition) (string, error) {
	locale, err := localeOf(ctx)
	if err != nil {
		return "", err
	}
	return c.Text(locale), nil
}

// localeOf is the language the viewer reads, or the tenant's.
func localeOf(ctx context.Context) (string, error) {
	v, _ := viewer.From(ctx)
	set := loader.From(ctx)
	reader, err := loader.Optional(set.User.Load(ctx, v.User))
	if err != nil {
		return "", err
	}
	if reader != nil && reader.Locale != "" {
		return reader.Locale, nil
	}
	school, err := set.Tenant.Load(ctx, v.Tenant)
	if err != nil {
		return "", err
	}
	return school.Locale, nil
}

func (completionConditionResolver) PartID(_ context.Context, c *rule.Condition) (*gid.ID, error) {
	if c.Part == nil {
		return nil, nil //nolint:nilnil // the condition is about no part
	}
	prefix := ent.GIDLesson
	if c.Code == rule.AskModule {
		prefix = ent.GIDModule
	}
	id := gid.New(prefix, *c.Part)
	return &id, nil
}

func (r queryResolver) CompletionPreview(ctx context.Context, courseID gid.ID) (*learning.Report, error) {
	course, err := idOf(courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return r.services.Learning.Preview(ctx, course)
}

func (r queryResolver) CompletionReport(ctx context.Context, courseID gid.ID, number *int) (*learning.Report, error) {
	course, err := idOf(courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return r.services.Learning.Report(ctx, course, number)
}

func (r mutationResolver) SignOffLearner(
	ctx context.Context, in model.SignOffLearnerInput,
) (*model.RecordProgressPayload, error) {
	said, err := attested(in.EnrollmentID, in.PartID, in.Note)
	if err != nil {
		return nil, err
	}
	return recorded(r.services.Learning.SignOff(ctx, said))
}

func (r mutationResolver) RecordAttendance(
	ctx context.Context, in model.RecordAttendanceInput,
) (*model.RecordProgressPayload, error) {
	said, err := attested(in.EnrollmentID, in.PartID, in.Note)
	if err != nil {
		return nil, err
	}
	said.Minutes = in.Minutes
	return recorded(r.services.Learning.RecordAttendance(ctx, said))
}

func attested(enrollment gid.ID, part *gid.ID, note *string) (learning.Attested, error) {
	place, err := idOf(enrollment, ent.GIDEnrollment)
	if err != nil {
		return learning.Attested{}, err
	}
	said := learning.Attested{Enrollment: place, Note: value(note)}
	if part == nil {
		return said, nil
	}
	id, err := idOf(*part, ent.GIDLesson)
	if err != nil {
		id, err = idOf(*part, ent.GIDModule)
	}
	said.Part = &id
	return said, err
}

func (r mutationResolver) CompleteForLearner(
	ctx context.Context, in model.CompleteForLearnerInput,
) (*model.RecordProgressPayload, error) {
	place, err := idOf(in.EnrollmentID, ent.GIDEnrollment)
	if err != nil {
		return nil, err
	}
	lesson, err := optionalID(in.LessonID, ent.GIDLesson)
	if err != nil {
		return nil, err
	}
	return recorded(r.services.Learning.Complete(ctx, place, lesson, in.Reason))
}

func (r mutationResolver) ApplyCompletions(
	ctx context.Context, in model.ApplyCompletionsInput,
) (*model.ApplyCompletionsPayload, error) {
	course, err := idOf(in.CourseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	after, err := optionalID(in.After, ent.GIDEnrollment)
	if err != nil {
		return nil, err
	}
	done, err := r.services.Learning.Apply(ctx, course, learning.Going{Number: in.Number, After: after, First: in.First})
	if err != nil {
		return nil, err
	}
	payload := &model.ApplyCompletionsPayload{
		Examined: done.Examined, CompletedLessons: done.Lessons, CompletedCourses: done.Courses,
	}
	if done.Next != nil {
		next := gid.New(ent.GIDEnrollment, *done.Next)
		payload.Next = &next
	}
	return payload, nil
}

package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/graph/relay"
	"lyceum/internal/catalog"
	places "lyceum/internal/enrollment"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/model"
	"lyceum/internal/learning"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
)

func (r queryResolver) MyEnrollments(
	ctx context.Context, first *int, after *string, state *enrollment.State, overdue *bool,
) (*relay.EnrollmentConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	return enrollmentConnection(ctx)(r.services.Enrollment.Mine(ctx, request, places.Filter{State: value(state), Overdue: overdue}))
}

func (r queryResolver) Enrollments(
	ctx context.Context, courseID gid.ID, first *int, after *string, state *enrollment.State, overdue *bool,
) (*relay.EnrollmentConnection, error) {
	course, err := idOf(courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	return enrollmentConnection(ctx)(r.services.Enrollment.OfCourse(ctx, course, request, places.Filter{State: value(state), Overdue: overdue}))
}

// enrollmentConnection makes a connection of a page, and has what is asked of its rows loaded for all of them at once.
func enrollmentConnection(ctx context.Context) func(page.Page[*ent.Enrollment], error) (*relay.EnrollmentConnection, error) {
	return func(found page.Page[*ent.Enrollment], err error) (*relay.EnrollmentConnection, error) {
		if err != nil {
			return nil, err
		}
		set := loader.From(ctx)
		ahead(ctx, set.User, "learner", found.Rows, func(e *ent.Enrollment) uuid.UUID { return e.LearnerID })
		ahead(ctx, set.Version, "course", found.Rows, func(e *ent.Enrollment) uuid.UUID { return e.VersionID })
		ahead(ctx, set.CourseProgress, "progress", found.Rows, func(e *ent.Enrollment) uuid.UUID { return e.ID })
		return &relay.EnrollmentConnection{Page: relay.From(found)}, nil
	}
}

func (r mutationResolver) Enroll(ctx context.Context, in model.EnrollInput) (*model.EnrollmentPayload, error) {
	course, err := idOf(in.CourseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return enrollmentPayload(r.services.Enrollment.Enroll(ctx, course))
}

func (r mutationResolver) AssignCourse(
	ctx context.Context, in model.AssignCourseInput,
) (*model.EnrollmentPayload, error) {
	course, err := idOf(in.CourseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	learner, err := idOf(in.LearnerID, ent.GIDUser)
	if err != nil {
		return nil, err
	}
	return enrollmentPayload(r.services.Enrollment.Assign(ctx, places.Assignment{
		Course: course, Learner: learner, DueAt: in.DueAt,
		Invite: in.Invite, Source: in.Source, Reference: in.Reference, EndsAt: in.EndsAt,
	}))
}

func (r mutationResolver) Withdraw(ctx context.Context, id gid.ID) (*model.EnrollmentPayload, error) {
	place, err := idOf(id, ent.GIDEnrollment)
	if err != nil {
		return nil, err
	}
	return enrollmentPayload(r.services.Enrollment.Withdraw(ctx, place))
}

func (r mutationResolver) AnswerInvitation(ctx context.Context, in model.AnswerInvitationInput) (*model.EnrollmentPayload, error) {
	place, err := idOf(in.EnrollmentID, ent.GIDEnrollment)
	if err != nil {
		return nil, err
	}
	return enrollmentPayload(r.services.Enrollment.AnswerInvitation(ctx, place, in.Accept))
}

func (r mutationResolver) RevokeGrant(ctx context.Context, in model.RevokeGrantInput) (*model.EnrollmentPayload, error) {
	place, err := idOf(in.EnrollmentID, ent.GIDEnrollment)
	if err != nil {
		return nil, err
	}
	return enrollmentPayload(r.services.Enrollment.RevokeGrant(ctx, place, in.Source, in.Reference))
}

func enrollmentPayload(place *ent.Enrollment, err error) (*model.EnrollmentPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.EnrollmentPayload{Enrollment: place}, nil
}

func (enrollmentResolver) Learner(ctx context.Context, e *ent.Enrollment) (*ent.User, error) {
	return learnerOf(ctx, loader.From(ctx), e)
}

func learnerOf(ctx context.Context, set *loader.Set, e *ent.Enrollment) (*ent.User, error) {
	return loader.Optional(set.User.Load(ctx, e.LearnerID))
}

func (enrollmentResolver) Course(ctx context.Context, e *ent.Enrollment) (*catalog.Course, error) {
	return courseOf(ctx, loader.From(ctx), e)
}

// courseOf is the course in the version that the place is pinned to.
func courseOf(ctx context.Context, set *loader.Set, e *ent.Enrollment) (*catalog.Course, error) {
	return set.Version.Load(ctx, e.VersionID)
}

func (enrollmentResolver) Progress(ctx context.Context, e *ent.Enrollment) (*ent.CourseProgress, error) {
	return progressOf(ctx, loader.From(ctx), e)
}

// progressOf is the progress in a place. Of one without evidence there is no row.
func progressOf(ctx context.Context, set *loader.Set, e *ent.Enrollment) (*ent.CourseProgress, error) {
	progress, err := loader.Optional(set.CourseProgress.Load(ctx, e.ID))
	if err != nil || progress != nil {
		return progress, err
	}
	course, err := set.Version.Load(ctx, e.VersionID)
	if err != nil {
		return nil, err
	}
	return learning.Untouched(e, course.RequiredCount), nil
}

func (enrollmentResolver) NextLesson(ctx context.Context, e *ent.Enrollment) (*catalog.Lesson, error) {
	course, err := loader.From(ctx).Version.Load(ctx, e.VersionID)
	if err != nil {
		return nil, err
	}
	evidence, err := loader.From(ctx).Evidence.Load(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	next := learning.Next(&course.Outline, evidence)
	if next == nil {
		return nil, nil //nolint:nilnil // everything is done
	}
	return course.Lesson(next.ID), nil
}

// Overdue is told by this machine's clock; what counts is decided by the database's.
func (enrollmentResolver) Overdue(_ context.Context, e *ent.Enrollment) (bool, error) {
	return places.Overdue(e, time.Now()), nil
}

// WaitlistPosition costs nothing for places that do not wait.
func (enrollmentResolver) WaitlistPosition(ctx context.Context, e *ent.Enrollment) (*int, error) {
	if e.State != enrollment.StateWAITLISTED {
		return nil, nil //nolint:nilnil // it stands nowhere
	}
	position, err := loader.From(ctx).Position.Load(ctx, e.ID)
	if loader.IsNotFound(err) {
		return nil, nil //nolint:nilnil // it was let in meanwhile
	} else if err != nil {
		return nil, err
	}
	return &position, nil
}

func (enrollmentResolver) Grants(ctx context.Context, e *ent.Enrollment) ([]*ent.EnrollmentGrant, error) {
	return loader.From(ctx).Grants.Load(ctx, e.ID)
}

func (enrollmentResolver) History(ctx context.Context, e *ent.Enrollment) ([]*ent.EnrollmentChange, error) {
	return loader.From(ctx).Changes.Load(ctx, e.ID)
}

func (enrollmentGrantResolver) Source(_ context.Context, g *ent.EnrollmentGrant) (enrollment.Source, error) {
	return enrollment.Source(g.Source), nil
}

func (enrollmentChangeResolver) State(_ context.Context, c *ent.EnrollmentChange) (enrollment.State, error) {
	return enrollment.State(c.State), nil
}

func (enrollmentChangeResolver) By(ctx context.Context, c *ent.EnrollmentChange) (*ent.User, error) {
	if c.ChangedBy == uuid.Nil {
		return nil, nil //nolint:nilnil // Lyceum itself
	}
	return loader.Optional(loader.From(ctx).User.Load(ctx, c.ChangedBy))
}

func (enrollmentResolver) Certificate(ctx context.Context, e *ent.Enrollment) (*ent.Certificate, error) {
	return loader.Optional(loader.From(ctx).Certificate.Load(ctx, e.ID))
}

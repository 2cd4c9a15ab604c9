package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/graph/relay"
	"lyceum/internal/catalog"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/gen/model"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
)

func (r queryResolver) LearningPaths(ctx context.Context, first *int, after *string) (*relay.LearningPathConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	return pathConnection(ctx)(r.services.Pathway.Offered(ctx, request))
}

func (r queryResolver) AllLearningPaths(ctx context.Context, first *int, after *string) (*relay.LearningPathConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	return pathConnection(ctx)(r.services.Pathway.All(ctx, request))
}

// pathConnection makes a connection of a page, and has what is asked of its rows loaded for all of them at once.
func pathConnection(ctx context.Context) func(page.Page[*ent.LearningPath], error) (*relay.LearningPathConnection, error) {
	return func(found page.Page[*ent.LearningPath], err error) (*relay.LearningPathConnection, error) {
		if err != nil {
			return nil, err
		}
		set := loader.From(ctx)
		ahead(ctx, set.PathCourses, "courses", found.Rows, func(p *ent.LearningPath) uuid.UUID { return p.ID })
		ahead(ctx, set.PathPlace, "enrollment", found.Rows, func(p *ent.LearningPath) uuid.UUID { return p.ID })
		return &relay.LearningPathConnection{Page: relay.From(found)}, nil
	}
}

func (r queryResolver) LearningPath(ctx context.Context, id *gid.ID, slug *string) (*ent.LearningPath, error) {
	key, err := either(id, slug, ent.GIDLearningPath)
	if err != nil {
		return absent[ent.LearningPath](nil, err)
	}
	return absent(byEither(ctx, key, r.services.Pathway.Path, r.services.Pathway.PathBySlug))
}

func (r queryResolver) MyPathEnrollments(ctx context.Context, first *int, after *string) (*relay.PathEnrollmentConnection, error) {
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	return pathEnrollmentConnection(ctx)(r.services.Pathway.Mine(ctx, request))
}

func (r queryResolver) PathEnrollments(
	ctx context.Context, pathID gid.ID, first *int, after *string,
) (*relay.PathEnrollmentConnection, error) {
	path, err := idOf(pathID, ent.GIDLearningPath)
	if err != nil {
		return nil, err
	}
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	return pathEnrollmentConnection(ctx)(r.services.Pathway.OfPath(ctx, path, request))
}

func pathEnrollmentConnection(
	ctx context.Context,
) func(page.Page[*ent.PathEnrollment], error) (*relay.PathEnrollmentConnection, error) {
	return func(found page.Page[*ent.PathEnrollment], err error) (*relay.PathEnrollmentConnection, error) {
		if err != nil {
			return nil, err
		}
		set := loader.From(ctx)
		ahead(ctx, set.Path, "path", found.Rows, func(p *ent.PathEnrollment) uuid.UUID { return p.PathID })
		ahead(ctx, set.User, "learner", found.Rows, func(p *ent.PathEnrollment) uuid.UUID { return p.LearnerID })
		for _, field := range []string{"steps", "neededCount", "reachedCount"} {
			ahead(ctx, set.PathStanding, field, found.Rows, func(p *ent.PathEnrollment) uuid.UUID { return p.ID })
		}
		return &relay.PathEnrollmentConnection{Page: relay.From(found)}, nil
	}
}

func (r mutationResolver) SaveLearningPath(ctx context.Context, in model.SaveLearningPathInput) (*model.LearningPathPayload, error) {
	parts := make([]pathway.Part, len(in.Courses))
	for i, part := range in.Courses {
		course, err := idOf(part.CourseID, ent.GIDCourse)
		if err != nil {
			return nil, err
		}
		parts[i] = pathway.Part{Course: course, Required: part.Required}
	}
	return pathPayload(r.services.Pathway.Save(ctx, pathway.Definition{
		Slug: in.Slug, Title: in.Title, Description: in.Description, Courses: parts, Need: in.Need, Count: value(in.Count),
		Ordered: in.Ordered, SelfEnroll: in.SelfEnroll, Visibility: in.Visibility, DueDays: in.DueDays, ExpectedRevision: in.ExpectedRevision,
	}))
}

func (r mutationResolver) PublishLearningPath(ctx context.Context, id gid.ID) (*model.LearningPathPayload, error) {
	path, err := idOf(id, ent.GIDLearningPath)
	if err != nil {
		return nil, err
	}
	return pathPayload(r.services.Pathway.Publish(ctx, path))
}

func (r mutationResolver) ArchiveLearningPath(ctx context.Context, id gid.ID) (*model.LearningPathPayload, error) {
	path, err := idOf(id, ent.GIDLearningPath)
	if err != nil {
		return nil, err
	}
	return pathPayload(r.services.Pathway.Archive(ctx, path))
}

func pathPayload(path *ent.LearningPath, err error) (*model.LearningPathPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.LearningPathPayload{Path: path}, nil
}

func (r mutationResolver) EnrollInPath(ctx context.Context, pathID gid.ID) (*model.PathEnrollmentPayload, error) {
	path, err := idOf(pathID, ent.GIDLearningPath)
	if err != nil {
		return nil, err
	}
	return pathEnrollmentPayload(r.services.Pathway.Enroll(ctx, path))
}

func (r mutationResolver) AssignPath(ctx context.Context, in model.AssignPathInput) (*model.PathEnrollmentPayload, error) {
	path, err := idOf(in.PathID, ent.GIDLearningPath)
	if err != nil {
		return nil, err
	}
	learner, err := idOf(in.LearnerID, ent.GIDUser)
	if err != nil {
		return nil, err
	}
	return pathEnrollmentPayload(r.services.Pathway.Assign(ctx, pathway.Assignment{Path: path, Learner: learner, DueAt: in.DueAt}))
}

func (r mutationResolver) WithdrawFromPath(ctx context.Context, id gid.ID) (*model.PathEnrollmentPayload, error) {
	place, err := idOf(id, ent.GIDPathEnrollment)
	if err != nil {
		return nil, err
	}
	return pathEnrollmentPayload(r.services.Pathway.Withdraw(ctx, place))
}

func (r mutationResolver) RevokePathEnrollment(ctx context.Context, id gid.ID) (*model.PathEnrollmentPayload, error) {
	place, err := idOf(id, ent.GIDPathEnrollment)
	if err != nil {
		return nil, err
	}
	return pathEnrollmentPayload(r.services.Pathway.Revoke(ctx, place))
}

func pathEnrollmentPayload(place *ent.PathEnrollment, err error) (*model.PathEnrollmentPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.PathEnrollmentPayload{Enrollment: place}, nil
}

func (learningPathResolver) Courses(ctx context.Context, p *ent.LearningPath) ([]*ent.PathCourse, error) {
	return loader.From(ctx).PathCourses.Load(ctx, p.ID)
}

func (learningPathResolver) Enrollment(ctx context.Context, p *ent.LearningPath) (*ent.PathEnrollment, error) {
	return loader.Optional(loader.From(ctx).PathPlace.Load(ctx, p.ID))
}

// Course is null where the viewer does not see it, and its line stays: docs/decisions/0180-learning-paths.md says why.
func (learningPathCourseResolver) Course(ctx context.Context, c *ent.PathCourse) (*catalog.Course, error) {
	return loader.Optional(loader.From(ctx).Published.Load(ctx, c.CourseID))
}

func (learningPathCourseResolver) Draft(ctx context.Context, c *ent.PathCourse) (*ent.Course, error) {
	return loader.Optional(loader.From(ctx).Draft.Load(ctx, c.CourseID))
}

func (pathEnrollmentResolver) Path(ctx context.Context, p *ent.PathEnrollment) (*ent.LearningPath, error) {
	return loader.From(ctx).Path.Load(ctx, p.PathID)
}

func (pathEnrollmentResolver) Learner(ctx context.Context, p *ent.PathEnrollment) (*ent.User, error) {
	return loader.Optional(loader.From(ctx).User.Load(ctx, p.LearnerID))
}

// Overdue is told by this machine's clock.
func (pathEnrollmentResolver) Overdue(_ context.Context, p *ent.PathEnrollment) (bool, error) {
	return pathway.Overdue(p, time.Now()), nil
}

func (pathEnrollmentResolver) NeededCount(ctx context.Context, p *ent.PathEnrollment) (int, error) {
	standing, err := loader.From(ctx).PathStanding.Load(ctx, p.ID)
	if err != nil {
		return 0, err
	}
	return standing.Needed, nil
}

// ReachedCount of a path that is completed is all, whatever it asks for by now.
func (pathEnrollmentResolver) ReachedCount(ctx context.Context, p *ent.PathEnrollment) (int, error) {
	standing, err := loader.From(ctx).PathStanding.Load(ctx, p.ID)
	if err != nil {
		return 0, err
	}
	if p.State == pathenrollment.StateCOMPLETED {
		return standing.Needed, nil
	}
	return standing.Reached, nil
}

func (pathEnrollmentResolver) Steps(ctx context.Context, p *ent.PathEnrollment) ([]*pathway.Step, error) {
	standing, err := loader.From(ctx).PathStanding.Load(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return standing.Steps, nil
}

func (pathStepResolver) Course(ctx context.Context, s *pathway.Step) (*catalog.Course, error) {
	return loader.Optional(loader.From(ctx).Published.Load(ctx, s.Course))
}

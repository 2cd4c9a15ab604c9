package loader

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/vikstrous/dataloadgen"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/gen/ent/pathcourse"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/pathway"
	"lyceum/internal/viewer"
)

// Paths is the loaders of learning paths.
type Paths struct {
	// Path finds learning paths by id, PathEnrollment places on them.
	Path           *dataloadgen.Loader[uuid.UUID, *ent.LearningPath]
	PathEnrollment *dataloadgen.Loader[uuid.UUID, *ent.PathEnrollment]
	// PathCourses finds the courses of learning paths, in their order.
	PathCourses *dataloadgen.Loader[uuid.UUID, []*ent.PathCourse]
	// PathPlace finds the viewer's own place by path.
	PathPlace *dataloadgen.Loader[uuid.UUID, *ent.PathEnrollment]
	// PathStanding finds how far learners are, by their place.
	PathStanding *dataloadgen.Loader[uuid.UUID, *pathway.Standing]
}

func newPaths(s Sources) Paths {
	return Paths{
		Path: byID(readable(func(ctx context.Context, ids []uuid.UUID) ([]*ent.LearningPath, error) {
			return s.DB.LearningPath.Query().Where(learningpath.IDIn(ids...)).All(ctx)
		}), func(p *ent.LearningPath) uuid.UUID { return p.ID }),
		PathEnrollment: byID(members(func(ctx context.Context, _ viewer.Viewer, ids []uuid.UUID) ([]*ent.PathEnrollment, error) {
			return s.DB.PathEnrollment.Query().Where(pathenrollment.IDIn(ids...)).All(ctx)
		}), func(p *ent.PathEnrollment) uuid.UUID { return p.ID }),
		PathCourses: grouped(func(ctx context.Context, paths []uuid.UUID) ([]*ent.PathCourse, error) {
			return s.DB.PathCourse.Query().Where(pathcourse.PathIDIn(paths...)).Order(pathcourse.ByPosition(), pathcourse.ByID()).All(ctx)
		}, func(c *ent.PathCourse) uuid.UUID { return c.PathID }),
		// Staff may see everybody's places; these are the viewer's own.
		PathPlace: byID(members(func(ctx context.Context, v viewer.Viewer, paths []uuid.UUID) ([]*ent.PathEnrollment, error) {
			return s.DB.PathEnrollment.Query().
				Where(pathenrollment.LearnerID(v.User), pathenrollment.PathIDIn(paths...)).All(ctx)
		}), func(p *ent.PathEnrollment) uuid.UUID { return p.PathID }),
		PathStanding: mapped(s.standings),
	}
}

// standings reads the places anew, as the viewer may.
func (s Sources) standings(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*pathway.Standing, error) {
	places, err := s.DB.PathEnrollment.Query().Where(pathenrollment.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load %d places on learning paths: %w", len(ids), err)
	}
	found, err := s.Pathway.Standings(ctx, places)
	if err != nil {
		return nil, fmt.Errorf("load standings of %d places: %w", len(places), err)
	}
	return found, nil
}

package pathway

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/gen/ent/pathcourse"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/policy"
)

// reviewAtOnce bounds what one review does; the next goes on.
const reviewAtOnce = 200

// Advance holds the paths that the learner is on against what they have completed: the next courses open, and what is
// reached is completed. It is for Lyceum itself, when a course is completed; a second call changes nothing.
func (s *Service) Advance(ctx context.Context, learner uuid.UUID) error {
	if err := policy.Require(ctx); err != nil {
		return err
	}
	ids, err := s.DB.PathEnrollment.Query().
		Where(pathenrollment.LearnerID(learner), pathenrollment.StateEQ(active)).Order(pathenrollment.ByID()).IDs(ctx)
	if err != nil {
		return fmt.Errorf("find learning paths of learner: %w", err)
	}
	return s.resumeAll(ctx, ids)
}

// Review is Advance for everybody on the path, when it has changed: for 200 places behind the one given, by id. It returns
// the last of them, or uuid.Nil when there are no more.
func (s *Service) Review(ctx context.Context, path, after uuid.UUID) (last uuid.UUID, err error) {
	if err := policy.Require(ctx); err != nil {
		return uuid.Nil, err
	}
	ids, err := s.DB.PathEnrollment.Query().
		Where(pathenrollment.PathID(path), pathenrollment.StateEQ(active), pathenrollment.IDGT(after)).
		Order(pathenrollment.ByID()).Limit(reviewAtOnce).IDs(ctx)
	if err != nil {
		return uuid.Nil, fmt.Errorf("find places in learning path: %w", err)
	}
	if err := s.resumeAll(ctx, ids); err != nil || len(ids) < reviewAtOnce {
		return uuid.Nil, err
	}
	return ids[len(ids)-1], nil
}

// With returns the paths of which the course is one and that learners may be on: when it is offered again, or something else
// counts as it, they are to be reviewed.
func (s *Service) With(ctx context.Context, course uuid.UUID) ([]uuid.UUID, error) {
	if err := policy.Require(ctx); err != nil {
		return nil, err
	}
	var paths []uuid.UUID
	err := s.DB.PathCourse.Query().Where(pathcourse.CourseID(course)).Select(pathcourse.FieldPathID).Scan(ctx, &paths)
	if err != nil {
		return nil, fmt.Errorf("find learning paths of course: %w", err)
	}
	live, err := s.DB.LearningPath.Query().Where(learningpath.IDIn(paths...), learningpath.StateNEQ(learningpath.StateDRAFT)).
		Order(learningpath.ByID()).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("find learning paths of course: %w", err)
	}
	return live, nil
}

func (s *Service) resumeAll(ctx context.Context, ids []uuid.UUID) error {
	for _, id := range ids {
		if err := s.resume(ctx, id); err != nil {
			return fmt.Errorf("resume learning path: %w", err)
		}
	}
	return nil
}

package pathway

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/gen/ent/pathcourse"
	"lyceum/internal/gen/ent/pathenrollment"
	"lyceum/internal/platform/pg"
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
	var ids []uuid.UUID
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		// Who gets on to a path at this moment may have looked before the course was completed, and is to be found.
		if _, err := takeTurn(ctx, tx, learner); err != nil {
			return err
		}
		var err error
		ids, err = tx.PathEnrollment.Query().
			Where(pathenrollment.LearnerID(learner), pathenrollment.StateEQ(active)).Order(pathenrollment.ByID()).IDs(ctx)
		return wrap("find learning paths of learner", err)
	})
	if err != nil {
		return err
	}
	return s.resumeAll(ctx, ids)
}

// Review is Advance for everybody on the path, when it has changed: for 200 places behind the one given. It returns the last
// of them, or uuid.Nil when there are no more.
func (s *Service) Review(ctx context.Context, path, after uuid.UUID) (last uuid.UUID, err error) {
	if err := policy.Require(ctx); err != nil {
		return uuid.Nil, err
	}
	// By the learner, as an index has them: a batch costs what is in it, however many there are on the path.
	query := s.DB.PathEnrollment.Query().
		Where(pathenrollment.PathID(path), pathenrollment.StateEQ(active)).Order(pathenrollment.ByLearnerID()).Limit(reviewAtOnce)
	if after == uuid.Nil {
		err = s.settled(ctx, path)
	} else {
		var reached *ent.PathEnrollment
		if reached, err = s.DB.PathEnrollment.Get(ctx, after); err == nil {
			query.Where(pathenrollment.LearnerIDGT(reached.LearnerID))
		}
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("begin review of learning path: %w", err)
	}
	ids, err := query.IDs(ctx)
	if err != nil {
		return uuid.Nil, fmt.Errorf("find places in learning path: %w", err)
	}
	if err := s.resumeAll(ctx, ids); err != nil || len(ids) < reviewAtOnce {
		return uuid.Nil, err
	}
	return ids[len(ids)-1], nil
}

// settled waits for those who get on to the path at this moment: they may have looked before what it is reviewed for.
func (s *Service) settled(ctx context.Context, path uuid.UUID) error {
	return s.DB.Tx(ctx, func(tx *pg.Tx) error {
		_, err := tx.LearningPath.Query().Where(learningpath.ID(path)).ForUpdate().Exist(ctx)
		return wrap("lock learning path", err)
	})
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

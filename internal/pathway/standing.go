package pathway

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/equivalence"
	"lyceum/internal/gen/ent/learningpath"
	"lyceum/internal/gen/ent/pathcourse"
)

// StepState is how far a learner is with one course of a path.
type StepState string

// The states of a step. A LOCKED one opens when the required courses before it are completed.
const (
	Locked StepState = "LOCKED"
	Open   StepState = "OPEN"
	Done   StepState = "COMPLETED"
)

// Step is one course of a path, for one learner.
type Step struct {
	Course   uuid.UUID
	Required bool
	State    StepState
	// Place is the learner's in the course itself, whatever gave it; nil for none.
	Place *ent.Enrollment
}

// Standing is how far a learner is on a path.
type Standing struct {
	Steps []*Step
	// Needed is how many of the required courses complete the path, and Reached how many of so many are completed.
	Needed, Reached int
}

// complete reports whether the path asks for nothing more. A path that requires nothing is never completed.
func (s *Standing) complete() bool { return s.Needed > 0 && s.Reached == s.Needed }

// needed is how many of so many required courses complete a path.
func needed(p *ent.LearningPath, required int) int {
	switch p.Need {
	case outline.NeedAny:
		return min(1, required)
	case outline.NeedAtLeast:
		return min(p.NeedCount, required)
	default:
		return required
	}
}

// stand holds what a learner has done against the path. The courses come in their order; done says of a course whether it
// was completed, itself or in an equivalent.
func stand(p *ent.LearningPath, courses []*ent.PathCourse, done func(course uuid.UUID) bool) *Standing {
	s := &Standing{Steps: make([]*Step, len(courses))}
	required, reached, way := 0, 0, true
	for i, c := range courses {
		step := &Step{Course: c.CourseID, Required: c.Required, State: Open}
		switch {
		case done(c.CourseID):
			step.State = Done
		case p.Ordered && !way:
			step.State = Locked
		}
		if c.Required {
			required++
			if step.State == Done {
				reached++
			} else {
				way = false
			}
		}
		s.Steps[i] = step
	}
	s.Needed = needed(p, required)
	s.Reached = min(reached, s.Needed)
	return s
}

// Standings tells how far the learners of the places are, by the place's id, as far as the viewer sees them. It costs four
// statements, however many places there are.
func (s *Service) Standings(ctx context.Context, places []*ent.PathEnrollment) (map[uuid.UUID]*Standing, error) {
	return standings(ctx, s.DB.Client, places)
}

func standings(ctx context.Context, db *ent.Client, places []*ent.PathEnrollment) (map[uuid.UUID]*Standing, error) {
	w, err := surveyOf(ctx, db, places)
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]*Standing, len(places))
	for _, place := range places {
		path := w.paths[place.PathID]
		if path == nil {
			continue
		}
		mine := w.taken[place.LearnerID]
		standing := stand(path, w.courses[place.PathID], func(course uuid.UUID) bool { return w.done(mine, course) })
		for _, step := range standing.Steps {
			step.Place = mine[step.Course]
		}
		found[place.ID] = standing
	}
	return found, nil
}

// survey is what has to be known of some places in paths.
type survey struct {
	paths   map[uuid.UUID]*ent.LearningPath
	courses map[uuid.UUID][]*ent.PathCourse
	// counts are the courses that count as the course.
	counts map[uuid.UUID][]uuid.UUID
	// taken are the places in courses, by learner and course.
	taken map[uuid.UUID]map[uuid.UUID]*ent.Enrollment
}

// done reports whether one of the places completes the course.
func (w *survey) done(mine map[uuid.UUID]*ent.Enrollment, course uuid.UUID) bool {
	for _, id := range append([]uuid.UUID{course}, w.counts[course]...) {
		if place := mine[id]; place != nil && place.State == enrollment.StateCOMPLETED {
			return true
		}
	}
	return false
}

func surveyOf(ctx context.Context, db *ent.Client, places []*ent.PathEnrollment) (*survey, error) {
	w := &survey{
		paths: map[uuid.UUID]*ent.LearningPath{}, courses: map[uuid.UUID][]*ent.PathCourse{},
		counts: map[uuid.UUID][]uuid.UUID{}, taken: map[uuid.UUID]map[uuid.UUID]*ent.Enrollment{},
	}
	ids, learners := make([]uuid.UUID, len(places)), make([]uuid.UUID, len(places))
	for i, place := range places {
		ids[i], learners[i] = place.PathID, place.LearnerID
	}
	paths, err := db.LearningPath.Query().Where(learningpath.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read learning paths: %w", err)
	}
	for _, path := range paths {
		w.paths[path.ID] = path
	}
	steps, err := db.PathCourse.Query().Where(pathcourse.PathIDIn(ids...)).Order(pathcourse.ByPosition(), pathcourse.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read courses of learning paths: %w", err)
	}
	courses := make([]uuid.UUID, len(steps))
	for i, step := range steps {
		w.courses[step.PathID] = append(w.courses[step.PathID], step)
		courses[i] = step.CourseID
	}
	if err := w.look(ctx, db, courses, learners); err != nil {
		return nil, err
	}
	return w, nil
}

// look reads which courses count as well, and the places of the learners in all of them.
func (w *survey) look(ctx context.Context, db *ent.Client, courses, learners []uuid.UUID) error {
	others, err := db.Equivalence.Query().Where(equivalence.CourseIDIn(courses...)).All(ctx)
	if err != nil {
		return fmt.Errorf("read equivalent courses: %w", err)
	}
	for _, other := range others {
		w.counts[other.CourseID] = append(w.counts[other.CourseID], other.CountsID)
		courses = append(courses, other.CountsID)
	}
	taken, err := db.Enrollment.Query().Where(enrollment.LearnerIDIn(learners...), enrollment.CourseIDIn(courses...)).All(ctx)
	if err != nil {
		return fmt.Errorf("read places in courses: %w", err)
	}
	for _, place := range taken {
		if w.taken[place.LearnerID] == nil {
			w.taken[place.LearnerID] = map[uuid.UUID]*ent.Enrollment{}
		}
		w.taken[place.LearnerID][place.CourseID] = place
	}
	return nil
}

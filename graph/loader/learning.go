package loader

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/assessment"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/attempt"
	"lyceum/internal/gen/ent/certificate"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentchange"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/gen/ent/lessonprogress"
	"lyceum/internal/learning"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// Learning is the loaders of places, progress and attempts.
type Learning struct {
	// Enrollment finds places by id, Attempt attempts.
	Enrollment *Loader[uuid.UUID, *ent.Enrollment]
	Attempt    *Loader[uuid.UUID, *ent.Attempt]
	// CourseProgress finds the counters of enrollments; of one without evidence it says IsNotFound.
	CourseProgress *Loader[uuid.UUID, *ent.CourseProgress]
	// Evidence finds the lessons of enrollments of which there is evidence, in the order in which it came.
	Evidence *Loader[uuid.UUID, []*ent.LessonProgress]
	// Grants and Changes find why enrollments are there and what happened to them, the oldest first.
	Grants  *Loader[uuid.UUID, []*ent.EnrollmentGrant]
	Changes *Loader[uuid.UUID, []*ent.EnrollmentChange]
	// Position finds where enrollments stand on their waiting lists; of one that does not wait it says IsNotFound.
	Position *Loader[uuid.UUID, int]
	// Known finds what is known of enrollments, for the rules that complete things.
	Known *Loader[uuid.UUID, *learning.Known]
	// Certificate finds the certificates of enrollments.
	Certificate *Loader[uuid.UUID, *ent.Certificate]
	// Attempts finds the viewer's own attempts at quiz lessons, newest first.
	Attempts *Loader[uuid.UUID, []*ent.Attempt]
	// Asked finds the questions of attempts that were read already.
	Asked *Loader[*ent.Attempt, []*assessment.Question]
}

func newLearning(s Sources) Learning {
	return Learning{
		Enrollment: byID(members(func(ctx context.Context, _ viewer.Viewer, ids []uuid.UUID) ([]*ent.Enrollment, error) {
			return s.DB.Enrollment.Query().Where(enrollment.IDIn(ids...)).All(ctx)
		}), func(e *ent.Enrollment) uuid.UUID { return e.ID }),
		Attempt: byID(members(func(ctx context.Context, _ viewer.Viewer, ids []uuid.UUID) ([]*ent.Attempt, error) {
			return s.DB.Attempt.Query().Where(attempt.IDIn(ids...)).All(ctx)
		}), func(a *ent.Attempt) uuid.UUID { return a.ID }),
		CourseProgress: byID(func(ctx context.Context, places []uuid.UUID) ([]*ent.CourseProgress, error) {
			return s.DB.CourseProgress.Query().Where(courseprogress.EnrollmentIDIn(places...)).All(ctx)
		}, func(p *ent.CourseProgress) uuid.UUID { return p.EnrollmentID }),
		Evidence: grouped(func(ctx context.Context, places []uuid.UUID) ([]*ent.LessonProgress, error) {
			return s.DB.LessonProgress.Query().
				Where(lessonprogress.EnrollmentIDIn(places...)).Order(lessonprogress.ByID()).All(ctx)
		}, func(p *ent.LessonProgress) uuid.UUID { return p.EnrollmentID }),
		Grants: grouped(func(ctx context.Context, places []uuid.UUID) ([]*ent.EnrollmentGrant, error) {
			return s.DB.EnrollmentGrant.Query().
				Where(enrollmentgrant.EnrollmentIDIn(places...)).Order(enrollmentgrant.ByCreatedAt(), enrollmentgrant.ByID()).All(ctx)
		}, func(g *ent.EnrollmentGrant) uuid.UUID { return g.EnrollmentID }),
		Changes: grouped(func(ctx context.Context, places []uuid.UUID) ([]*ent.EnrollmentChange, error) {
			return s.DB.EnrollmentChange.Query().
				Where(enrollmentchange.EnrollmentIDIn(places...)).Order(enrollmentchange.ByChangedAt(), enrollmentchange.ByID()).All(ctx)
		}, func(c *ent.EnrollmentChange) uuid.UUID { return c.EnrollmentID }),
		Position: mapped(s.Enrollment.Positions),
		Known:    mapped(s.known),
		Certificate: byID(func(ctx context.Context, places []uuid.UUID) ([]*ent.Certificate, error) {
			return s.DB.Certificate.Query().Where(certificate.EnrollmentIDIn(places...)).All(ctx)
		}, func(c *ent.Certificate) uuid.UUID { return c.EnrollmentID }),
		// Staff may see everybody's attempts; these are the viewer's own.
		Attempts: grouped(members(func(ctx context.Context, v viewer.Viewer, lessons []uuid.UUID) ([]*ent.Attempt, error) {
			return s.DB.Attempt.Query().
				Where(attempt.LearnerID(v.User), attempt.LessonIDIn(lessons...)).
				Order(attempt.ByNumber(sql.OrderDesc())).All(ctx)
		}), func(a *ent.Attempt) uuid.UUID { return a.LessonID }),
		Asked: mapped(s.asked),
	}
}

// members finds nothing for visitors, who have nothing of what only members have.
func members[T any](
	find func(context.Context, viewer.Viewer, []uuid.UUID) ([]T, error),
) func(context.Context, []uuid.UUID) ([]T, error) {
	return func(ctx context.Context, ids []uuid.UUID) ([]T, error) {
		v, err := policy.Signed(ctx)
		if err != nil {
			return nil, nil //nolint:nilerr // a visitor has none
		}
		return find(ctx, v, ids)
	}
}

// known reads the places, the versions that they pin, and the evidence.
func (s Sources) known(ctx context.Context, places []uuid.UUID) (map[uuid.UUID]*learning.Known, error) {
	rows, err := s.DB.Enrollment.Query().Where(enrollment.IDIn(places...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load %d places: %w", len(places), err)
	}
	versions := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		versions[i] = row.VersionID
	}
	courses, err := s.Catalog.Versions(ctx, versions)
	if err != nil {
		return nil, fmt.Errorf("load versions of %d places: %w", len(places), err)
	}
	outlines := make(map[uuid.UUID]*outline.Outline, len(courses))
	for _, course := range courses {
		outlines[course.ID] = &course.Outline
	}
	sittings := make([]learning.Sitting, 0, len(rows))
	for _, row := range rows {
		if pinned := outlines[row.VersionID]; pinned != nil {
			sittings = append(sittings, learning.Sitting{Place: row, Outline: pinned})
		}
	}
	known, err := learning.Find(ctx, s.DB.Client, time.Now(), sittings)
	if err != nil {
		return nil, fmt.Errorf("load what is known of %d places: %w", len(places), err)
	}
	return known, nil
}

// asked keys questions by the attempt itself: what is asked stands in its row.
func (s Sources) asked(ctx context.Context, attempts []*ent.Attempt) (map[*ent.Attempt][]*assessment.Question, error) {
	byID, err := s.Assessment.Questions(ctx, attempts)
	if err != nil {
		return nil, fmt.Errorf("load questions of %d attempts: %w", len(attempts), err)
	}
	asked := make(map[*ent.Attempt][]*assessment.Question, len(attempts))
	for _, a := range attempts {
		asked[a] = byID[a.ID]
	}
	return asked, nil
}

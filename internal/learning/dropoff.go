package learning

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// fewest is how many learners make a crowd: of fewer nothing is told, for one could tell who it was.
const fewest = 5

// DropOff is how far into a video its learners got.
type DropOff struct {
	// Learners watched any of it; nil when they were fewer than fewest.
	Learners *int
	// Minutes has how many watched at least half of each minute.
	Minutes []int
}

// stayed counts, for each minute of a video, the places in which at least half of it was watched; of the last minute,
// half of what there is. Each row says besides how many watched anything at all.
const stayed = `
WITH watched AS (
	SELECT l.watched FROM lesson_progresses l
	JOIN enrollments e ON e.tenant_id = l.tenant_id AND e.id = l.enrollment_id
	WHERE l.tenant_id = $1 AND e.course_id = $2 AND l.lesson_id = $3 AND NOT isempty(l.watched)
)
SELECT (SELECT count(*) FROM watched), (SELECT count(*) FROM watched WHERE 2 * (
	SELECT coalesce(sum(upper(part) - lower(part)), 0) FROM unnest(watched.watched * int4multirange(int4range(m, least(m + 60000, $4)))) AS part
) >= least(60000, $4 - m))
FROM generate_series(0, $4 - 1, 60000) AS m ORDER BY m`

// DropOff says who stayed for how long in a video of the published version, for those who teach. It is nil for a lesson
// that is no video of known length. Faults: Unauthenticated and Forbidden; NotFound for a course or lesson that
// is not there.
func (s *Service) DropOff(ctx context.Context, courseID, lessonID uuid.UUID) (*DropOff, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	lesson, err := s.published(ctx, courseID, lessonID)
	if err != nil {
		return nil, err
	}
	if lesson.Kind != outline.Video || lesson.DurationMS <= 0 {
		return nil, nil //nolint:nilnil // there is nothing to count
	}
	rows, err := s.DB.Query(ctx, stayed, viewer.Tenant(ctx), courseID, lessonID, lesson.DurationMS)
	if err != nil {
		return nil, fmt.Errorf("count who stayed: %w", err)
	}
	var learners, there int
	found := &DropOff{Minutes: []int{}}
	err = pg.ForEach(rows, []any{&learners, &there}, func() error {
		found.Minutes = append(found.Minutes, there)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count who stayed: %w", err)
	}
	if learners < fewest {
		return &DropOff{Minutes: []int{}}, nil
	}
	found.Learners = &learners
	return found, nil
}

// published returns a lesson of the version in force.
func (s *Service) published(ctx context.Context, courseID, lessonID uuid.UUID) (*outline.Lesson, error) {
	missing := fault.New(fault.NotFound, "There is no such lesson in the published version.")
	inForce, err := s.DB.Publication.Query().Where(publication.CourseID(courseID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, missing
	} else if err != nil {
		return nil, fmt.Errorf("find publication: %w", err)
	}
	version, err := s.DB.CourseVersion.Query().Where(courseversion.ID(inForce.VersionID)).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("read outline: %w", err)
	}
	lesson := version.Outline.Lesson(lessonID)
	if lesson == nil {
		return nil, missing
	}
	return lesson, nil
}

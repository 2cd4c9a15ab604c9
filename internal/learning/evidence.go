package learning

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// Evidence is written in SQL of its own: whether a row was completed by this statement or before is something that
// only RETURNING tells. Rows are locked by course_progresses first (see begin).

// completeOnce completes those of the lessons that were not, and returns them: each lesson of an enrollment
// comes out of it once, ever.
const completeOnce = `
INSERT INTO lesson_progresses AS l
	(id, tenant_id, created_at, updated_at, enrollment_id, learner_id, lesson_id, watched, completed_at)
SELECT n.id, $1, $4, $4, $2, $3, n.lesson_id, '{}', $4
FROM unnest($5::uuid[], $6::uuid[]) AS n (id, lesson_id)
ON CONFLICT (tenant_id, enrollment_id, lesson_id) DO UPDATE
	SET completed_at = EXCLUDED.completed_at, updated_at = EXCLUDED.updated_at
	WHERE l.completed_at IS NULL
RETURNING lesson_id`

// cross completes the lessons and returns those that were not completed before.
func (st *study) cross(ctx context.Context, lessons []uuid.UUID) (map[uuid.UUID]bool, error) {
	if len(lessons) == 0 {
		return nil, nil //nolint:nilnil // nothing was asked
	}
	ids := make([]uuid.UUID, len(lessons))
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7())
	}
	rows, err := st.tx.Query(ctx, completeOnce,
		st.place.TenantID, st.place.ID, st.place.LearnerID, st.now, ids, lessons)
	if err != nil {
		return nil, fmt.Errorf("complete lessons: %w", err)
	}
	defer rows.Close()
	crossed := map[uuid.UUID]bool{}
	for rows.Next() {
		var lesson uuid.UUID
		if err := rows.Scan(&lesson); err != nil {
			return nil, fmt.Errorf("read completed lessons: %w", err)
		}
		crossed[lesson] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("complete lessons: %w", err)
	}
	return crossed, nil
}

// firstEvidence makes the row that holds an enrollment's counters and, by its lock, puts what happens to it
// in order. Two first requests may both run it. It makes none when the place has left the version, and keeps it in it
// until the transaction ends.
const firstEvidence = `
WITH place AS (SELECT id FROM enrollments WHERE tenant_id = $2 AND id = $3 AND version_id = $9 FOR KEY SHARE)
INSERT INTO course_progresses
	(id, tenant_id, created_at, updated_at, enrollment_id, learner_id, course_id, required_lessons, last_activity_at, credit_ms, credited_at)
SELECT $1, $2, clock_timestamp(), clock_timestamp(), id, $4, $5, $6, clock_timestamp(), $7, $8 FROM place
ON CONFLICT (tenant_id, enrollment_id) DO NOTHING`

// start runs firstEvidence, and reports whether it made the row.
func (st *study) start(ctx context.Context) (bool, error) {
	made, err := st.tx.Exec(ctx, firstEvidence, uuid.Must(uuid.NewV7()), st.place.TenantID, st.place.ID, st.place.LearnerID,
		st.place.CourseID, st.outline.Required(), firstCredit, st.place.EnrolledAt, st.place.VersionID)
	if err != nil {
		return false, fmt.Errorf("start progress: %w", err)
	}
	return made > 0, nil
}

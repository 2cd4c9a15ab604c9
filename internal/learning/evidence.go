package learning

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// Evidence is written in SQL of its own: a union of ranges has to be made where the ranges are, a batch is
// one statement however many lessons it holds, and whether a row was completed by this statement or before
// is something that only RETURNING tells. Rows are locked by course_progresses first (see begin).

// addWatched adds what was played to what had been watched, in one statement. Played holds the batch as it
// came; gained the parts of it that are new, counted through in the order of the batch; credited those that
// the allowance covers, the last of them cut where it ends.
const addWatched = `
WITH played AS (
	SELECT p.lesson_id, p.id, p.watched::int4multirange AS watched, p.position_ms, p.place
	FROM unnest($5::uuid[], $6::uuid[], $7::text[], $8::bigint[]) WITH ORDINALITY AS p (id, lesson_id, watched, position_ms, place)
), gained AS (
	SELECT played.lesson_id, part, sum(upper(part) - lower(part)) OVER (ORDER BY played.place, lower(part)) AS through
	FROM played
	LEFT JOIN lesson_progresses before
		ON before.tenant_id = $1 AND before.enrollment_id = $2 AND before.lesson_id = played.lesson_id
	CROSS JOIN LATERAL unnest(played.watched - coalesce(before.watched, '{}')) AS part
), credited AS (
	SELECT lesson_id, range_agg(int4range(lower(part), upper(part) - greatest(through - $9, 0)::int)) AS watched
	FROM gained
	WHERE through - (upper(part) - lower(part)) < $9
	GROUP BY lesson_id
), kept AS (
	INSERT INTO lesson_progresses AS l
		(id, tenant_id, created_at, updated_at, enrollment_id, learner_id, lesson_id, watched, watched_ms, position_ms)
	SELECT played.id, $1, $4, $4, $2, $3, played.lesson_id, coalesce(credited.watched, '{}'),
		(SELECT coalesce(sum(upper(part) - lower(part)), 0) FROM unnest(credited.watched) AS part), played.position_ms
	FROM played LEFT JOIN credited USING (lesson_id)
	ON CONFLICT (tenant_id, enrollment_id, lesson_id) DO UPDATE SET
		watched = l.watched + EXCLUDED.watched,
		watched_ms = (SELECT coalesce(sum(upper(part) - lower(part)), 0) FROM unnest(l.watched + EXCLUDED.watched) AS part),
		position_ms = EXCLUDED.position_ms,
		updated_at = EXCLUDED.updated_at
	RETURNING lesson_id, watched_ms
)
SELECT kept.lesson_id, kept.watched_ms,
	(SELECT coalesce(sum(upper(part) - lower(part)), 0) FROM unnest(credited.watched) AS part)
FROM kept LEFT JOIN credited USING (lesson_id)`

// watch keeps what was played, as far as the allowance goes. It returns the length of each lesson's union
// and how much was credited in all, in milliseconds of video.
func (st *study) watch(ctx context.Context, batch []folded, allowance int) (lengths map[uuid.UUID]int, credited int, err error) {
	ids, lessons := make([]uuid.UUID, len(batch)), make([]uuid.UUID, len(batch))
	watched, positions := make([]string, len(batch)), make([]int, len(batch))
	for i, f := range batch {
		ids[i], lessons[i] = uuid.Must(uuid.NewV7()), f.lesson.ID
		watched[i], positions[i] = f.watched.String(), f.position
	}
	rows, err := st.tx.Query(ctx, addWatched,
		st.place.TenantID, st.place.ID, st.place.LearnerID, st.now, ids, lessons, watched, positions, allowance)
	if err != nil {
		return nil, 0, fmt.Errorf("add watched ranges: %w", err)
	}
	defer rows.Close()
	lengths = make(map[uuid.UUID]int, len(batch))
	for rows.Next() {
		var lesson uuid.UUID
		var length, gained int
		if err := rows.Scan(&lesson, &length, &gained); err != nil {
			return nil, 0, fmt.Errorf("read watched ranges: %w", err)
		}
		lengths[lesson] = length
		credited += gained
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("add watched ranges: %w", err)
	}
	return lengths, credited, nil
}

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
// in order. Two first requests may both run it.
const firstEvidence = `
INSERT INTO course_progresses
	(id, tenant_id, created_at, updated_at, enrollment_id, learner_id, course_id, required_lessons, last_activity_at, credit_ms, credited_at)
VALUES ($1, $2, clock_timestamp(), clock_timestamp(), $3, $4, $5, $6, clock_timestamp(), $7, $8)
ON CONFLICT (tenant_id, enrollment_id) DO NOTHING`

// start runs firstEvidence.
func (st *study) start(ctx context.Context) error {
	_, err := st.tx.Exec(ctx, firstEvidence, uuid.Must(uuid.NewV7()), st.place.TenantID,
		st.place.ID, st.place.LearnerID, st.place.CourseID, st.outline.Required(), firstCredit, st.place.EnrolledAt)
	if err != nil {
		return fmt.Errorf("start progress: %w", err)
	}
	return nil
}

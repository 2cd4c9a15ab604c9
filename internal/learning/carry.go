package learning

import (
	"context"
	"fmt"
	"maps"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/gen/ent/courseversion"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// carryEvidence adds the evidence of one lesson to that of another: what was watched is united, time adds up, and what was
// completed, or declared, is so since then, unless it was before. The first lesson keeps its own.
const carryEvidence = `
INSERT INTO lesson_progresses AS l
	(id, tenant_id, created_at, updated_at, enrollment_id, learner_id, lesson_id, watched, watched_ms, time_ms, position_ms, declared_at, completed_at)
SELECT n.id, $1, $3, $3, $2, o.learner_id, n.into_id, o.watched, o.watched_ms, o.time_ms, o.position_ms, o.declared_at, o.completed_at
FROM unnest($4::uuid[], $5::uuid[], $6::uuid[]) AS n (id, from_id, into_id)
JOIN lesson_progresses o ON o.tenant_id = $1 AND o.enrollment_id = $2 AND o.lesson_id = n.from_id
ON CONFLICT (tenant_id, enrollment_id, lesson_id) DO UPDATE SET
	watched = l.watched + EXCLUDED.watched,
	watched_ms = (SELECT coalesce(sum(upper(part) - lower(part)), 0) FROM unnest(l.watched + EXCLUDED.watched) AS part),
	time_ms = l.time_ms + EXCLUDED.time_ms,
	declared_at = coalesce(l.declared_at, EXCLUDED.declared_at),
	completed_at = coalesce(l.completed_at, EXCLUDED.completed_at),
	updated_at = EXCLUDED.updated_at`

// carryCompletions keeps, for a lesson that is completed by another's evidence, when and by what that was.
const carryCompletions = `
INSERT INTO completions
	(id, tenant_id, created_at, updated_at, enrollment_id, learner_id, course_id, node_id, node, rule_version, version_id, by, actor_id, reason, completed_at)
SELECT n.id, $1, $3, $3, $2, o.learner_id, o.course_id, n.into_id, o.node, o.rule_version, o.version_id, o.by, o.actor_id, o.reason, o.completed_at
FROM unnest($4::uuid[], $5::uuid[], $6::uuid[]) AS n (id, from_id, into_id)
JOIN completions o ON o.tenant_id = $1 AND o.enrollment_id = $2 AND o.node_id = n.from_id
ON CONFLICT (tenant_id, enrollment_id, node_id) DO NOTHING`

// carryAttestations says of the lesson what staff said of the other.
const carryAttestations = `
INSERT INTO attestations (id, tenant_id, created_at, updated_at, enrollment_id, learner_id, node_id, kind, minutes, note, made_by)
SELECT gen_random_uuid(), $1, o.created_at, $3, $2, o.learner_id, n.into_id, o.kind, o.minutes, o.note, o.made_by
FROM unnest($4::uuid[], $5::uuid[], $6::uuid[]) AS n (id, from_id, into_id)
JOIN attestations o ON o.tenant_id = $1 AND o.enrollment_id = $2 AND o.node_id = n.from_id`

// Hold keeps others from adding evidence to the place until the transaction ends. Whoever brings the first waits for the
// place itself, which the caller locks next.
func (s *Service) Hold(ctx context.Context, tx *pg.Tx, place uuid.UUID) error {
	if err := policy.Require(ctx); err != nil {
		return err
	}
	_, err := tx.CourseProgress.Query().Where(courseprogress.EnrollmentID(place)).ForUpdate().Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return fmt.Errorf("lock progress: %w", err)
	}
	return nil
}

// Carry makes the evidence of lessons count for those that they are mapped to, one to one, and counts anew what has
// been completed in the version that the place is pinned to. It takes nothing back: what was completed stays, with
// its date. What the new version's rules complete by it is completed now, by the staff who moved the place. Enrollment
// calls it once, as the system, when a place moves to a newer version.
func (s *Service) Carry(ctx context.Context, tx *pg.Tx, placeID, actor uuid.UUID, mapping map[uuid.UUID]uuid.UUID) error {
	if err := policy.Require(ctx); err != nil {
		return err
	}
	begun, err := tx.CourseProgress.Query().Where(courseprogress.EnrollmentID(placeID)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("find progress: %w", err)
	}
	if !begun {
		return nil
	}
	place, err := tx.Enrollment.Query().Where(enrollment.ID(placeID)).Only(ctx)
	if err != nil {
		return fmt.Errorf("find enrollment: %w", err)
	}
	st, err := begin(ctx, tx, place)
	if err != nil {
		return err
	}
	if err := st.carry(ctx, mapping); err != nil {
		return err
	}
	st.under = decision{by: completion.ByREPORT, version: &place.VersionID, outline: st.outline, actor: &actor}
	return st.recount(ctx)
}

// carry adds the evidence.
func (st *study) carry(ctx context.Context, mapping map[uuid.UUID]uuid.UUID) error {
	mapping, err := st.uncarried(ctx, mapping)
	if err != nil || len(mapping) == 0 {
		return err
	}
	for _, statement := range []string{carryEvidence, carryCompletions, carryAttestations} {
		var ids, from, into []uuid.UUID
		for old, fresh := range mapping {
			ids, from, into = append(ids, uuid.Must(uuid.NewV7())), append(from, old), append(into, fresh)
		}
		if _, err := st.tx.Exec(ctx, statement, st.place.TenantID, st.place.ID, st.now, ids, from, into); err != nil {
			return fmt.Errorf("carry evidence: %w", err)
		}
	}
	return nil
}

// uncarried leaves out of the mapping what an earlier move of the place has carried to the same lessons: time and
// attendance would count twice. Where the place comes from a version that has the lesson again, all of it is carried once
// more: nothing that came since is lost.
func (st *study) uncarried(ctx context.Context, mapping map[uuid.UUID]uuid.UUID) (map[uuid.UUID]uuid.UUID, error) {
	if len(mapping) == 0 {
		return nil, nil //nolint:nilnil // nothing is mapped
	}
	all, err := st.moves(ctx)
	if err != nil || len(all) < 2 {
		return mapping, err
	}
	earlier := all[:len(all)-1] // the last one is going on
	from, err := st.tx.CourseVersion.Query().Where(courseversion.ID(earlier[len(earlier)-1].version)).
		Select(courseversion.FieldID, courseversion.FieldOutline).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("read outline of the version before: %w", err)
	}
	left := maps.Clone(mapping)
	for _, m := range earlier {
		maps.DeleteFunc(left, func(old, fresh uuid.UUID) bool {
			return m.mapping[old] == fresh && from.Outline.Lesson(old) == nil
		})
	}
	return left, nil
}

// recount sets the counters to what the outline asks for now, and completes what its rules complete.
func (st *study) recount(ctx context.Context) error {
	done, err := st.done(ctx)
	if err != nil {
		return err
	}
	now := count(st.outline, done)
	change := st.tx.CourseProgress.UpdateOne(st.progress).
		SetCompletedLessons(now.lessons).SetCompletedRequired(now.required).SetRequiredLessons(st.outline.Required())
	_, err = st.end(ctx, nil, change)
	return err
}

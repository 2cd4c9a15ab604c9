package learning

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/completion"
	"lyceum/internal/learning/rule"
	"lyceum/internal/platform/pg"
)

// decision is who says that something is completed.
type decision struct {
	by completion.By
	// version and outline are those whose rules are applied; nil are the pinned ones.
	version *uuid.UUID
	outline *outline.Outline
	// actor and reason are of staff.
	actor  *uuid.UUID
	reason string
	// lesson and course are completed whatever their rules say.
	lesson *uuid.UUID
	course bool
}

// rules are the outline whose rules decide.
func (st *study) rules() *outline.Outline {
	if st.under.outline != nil {
		return st.under.outline
	}
	return st.outline
}

// complete completes the lessons of which there is evidence enough, and what follows from them. It returns the lessons
// that were not completed before, in the order of the course, and what is to be announced. Counters are set in change.
//
// A course without rules of its author costs nothing more here until a lesson is completed. In one with rules, all of
// them are held against all evidence, whatever it was that came: time, staff and quizzes complete lessons, too.
func (st *study) complete(
	ctx context.Context, lessons []uuid.UUID, change *ent.CourseProgressUpdateOne,
) (completed []uuid.UUID, events []pg.Event, err error) {
	known, lessons, err := st.satisfied(ctx, lessons)
	if err != nil {
		return nil, nil, err
	}
	crossed, err := st.cross(ctx, lessons)
	if err != nil || len(crossed) == 0 && known == nil {
		return nil, nil, err
	}
	done, err := st.done(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(crossed) > 0 {
		now := count(st.outline, done)
		change.SetCompletedLessons(now.lessons).SetCompletedRequired(now.required).SetRequiredLessons(st.outline.Required())
	}
	for _, lesson := range st.rules().Lessons() {
		if crossed[lesson.ID] {
			completed = append(completed, lesson.ID)
			events = append(events, st.lessonCompleted(lesson.ID))
		}
	}
	more, err := st.groups(ctx, known, crossed, done, change)
	return completed, append(events, more...), err
}

// satisfied adds the lessons whose rules hold to those of which there is evidence enough by their kind. What is known
// is nil where no author wrote a rule and nobody applies a version's: nothing had to be read.
func (st *study) satisfied(ctx context.Context, lessons []uuid.UUID) (*Known, []uuid.UUID, error) {
	if st.under.by == completion.ByRULE && !st.outline.HasRules() {
		return nil, lessons, nil
	}
	all, err := Find(ctx, st.tx.Client, st.now, []Sitting{{Place: st.place, Outline: st.rules()}})
	if err != nil {
		return nil, nil, err
	}
	known := all[st.place.ID]
	var enough []uuid.UUID
	for _, id := range lessons {
		if lesson := st.rules().Lesson(id); lesson != nil && lesson.Completion == "" {
			enough = append(enough, id)
		}
	}
	if st.under.lesson != nil {
		enough = append(enough, *st.under.lesson)
	}
	outcome, err := rule.Evaluate(st.rules(), known.Evidence)
	if err != nil {
		return nil, nil, fmt.Errorf("evaluate rules: %w", err)
	}
	for _, lesson := range outcome.Lessons {
		enough = append(enough, lesson.Node)
	}
	return known, distinct(enough), nil
}

// distinct drops what stands twice: a statement cannot touch a row twice.
func distinct(ids []uuid.UUID) []uuid.UUID {
	seen := make(map[uuid.UUID]bool, len(ids))
	var once []uuid.UUID
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	return once
}

// groups completes the modules and the course that the lessons complete, and keeps what was decided.
func (st *study) groups(
	ctx context.Context, known *Known, crossed, lessons map[uuid.UUID]bool, change *ent.CourseProgressUpdateOne,
) ([]pg.Event, error) {
	done := lessons
	evidence := rule.Evidence{Course: st.place.CourseID}
	if known != nil {
		evidence = known.Evidence
		for node, is := range known.Done {
			done[node] = done[node] || is
		}
	}
	done[st.place.CourseID] = st.progress.CompletedAt != nil
	outcome, err := rule.Groups(st.rules(), evidence, done)
	if err != nil {
		return nil, fmt.Errorf("evaluate modules: %w", err)
	}
	nodes := st.decided(crossed)
	for _, module := range outcome.Modules {
		// Where nothing was read, a module counts when one of its lessons was completed just now.
		if known != nil || touched(st.rules(), module.Node, crossed) {
			nodes = append(nodes, node{module.Node, completion.NodeMODULE, module.Version})
		}
	}
	course := st.course(outcome)
	if course != nil {
		nodes = append(nodes, *course)
		change.SetCompletedAt(st.now)
	}
	fresh, err := st.keep(ctx, nodes)
	if err != nil {
		return nil, err
	}
	var events []pg.Event
	for _, n := range nodes {
		if n.kind == completion.NodeMODULE && fresh[n.id] {
			events = append(events, st.moduleCompleted(n.id))
		}
	}
	if course != nil {
		events = append(events, st.courseCompleted())
	}
	return events, nil
}

// course is the course as it is completed now, nil when it is not, or was before.
func (st *study) course(outcome rule.Outcome) *node {
	switch {
	case st.progress.CompletedAt != nil:
		return nil
	case outcome.Course != nil:
		return &node{st.place.CourseID, completion.NodeCOURSE, outcome.Course.Version}
	case st.under.course:
		return &node{st.place.CourseID, completion.NodeCOURSE, ""}
	default:
		return nil
	}
}

// decided are the lessons that were completed now, with the versions of their rules.
func (st *study) decided(crossed map[uuid.UUID]bool) []node {
	var nodes []node
	for _, lesson := range st.rules().Lessons() {
		if !crossed[lesson.ID] {
			continue
		}
		version := rule.VersionOf(&lesson)
		if st.under.lesson != nil && *st.under.lesson == lesson.ID {
			version = ""
		}
		nodes = append(nodes, node{lesson.ID, completion.NodeLESSON, version})
	}
	return nodes
}

// touched says whether one of the module's lessons is among these.
func touched(o *outline.Outline, module uuid.UUID, lessons map[uuid.UUID]bool) bool {
	for m := range o.Modules {
		if o.Modules[m].ID != module {
			continue
		}
		for l := range o.Modules[m].Lessons {
			if lessons[o.Modules[m].Lessons[l].ID] {
				return true
			}
		}
	}
	return false
}

// node is a lesson, a module or a course that is completed now.
type node struct {
	id      uuid.UUID
	kind    completion.Node
	version string
}

// keepOnce keeps what was decided, and returns what had not been: each node of a place comes out of it once, ever.
const keepOnce = `
INSERT INTO completions
	(id, tenant_id, created_at, updated_at, enrollment_id, learner_id, course_id, node_id, node, rule_version, version_id, by, actor_id, reason, completed_at)
SELECT n.id, $1, $2, $2, $3, $4, $5, n.node_id, n.node, n.rule_version, $6, n.by,
	CASE WHEN n.by <> 'RULE' THEN $7::uuid END, CASE WHEN n.by = 'STAFF' THEN $8 ELSE '' END, $2
FROM unnest($9::uuid[], $10::uuid[], $11::text[], $12::text[], $13::text[]) AS n (id, node_id, node, rule_version, by)
ON CONFLICT (tenant_id, enrollment_id, node_id) DO NOTHING
RETURNING node_id`

// by says who decided on the node: what follows from a decision of staff follows by rule.
func (st *study) by(n node) completion.By {
	if st.under.by == completion.BySTAFF && n.version != "" {
		return completion.ByRULE
	}
	return st.under.by
}

// keep runs keepOnce.
func (st *study) keep(ctx context.Context, nodes []node) (fresh map[uuid.UUID]bool, err error) {
	fresh = map[uuid.UUID]bool{}
	if len(nodes) == 0 {
		return fresh, nil
	}
	ids, of := make([]uuid.UUID, len(nodes)), make([]uuid.UUID, len(nodes))
	kinds, versions, bys := make([]string, len(nodes)), make([]string, len(nodes)), make([]string, len(nodes))
	for i, n := range nodes {
		ids[i], of[i] = uuid.Must(uuid.NewV7()), n.id
		kinds[i], versions[i], bys[i] = string(n.kind), n.version, string(st.by(n))
	}
	version := st.place.VersionID
	if st.under.version != nil {
		version = *st.under.version
	}
	rows, err := st.tx.Query(ctx, keepOnce,
		st.place.TenantID, st.now, st.place.ID, st.place.LearnerID, st.place.CourseID,
		version, st.under.actor, st.under.reason, ids, of, kinds, versions, bys)
	if err != nil {
		return nil, fmt.Errorf("keep completions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read completions: %w", err)
		}
		fresh[id] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("keep completions: %w", err)
	}
	return fresh, nil
}

// declareOnce keeps the learner's word, the first time.
const declareOnce = `
INSERT INTO lesson_progresses AS l
	(id, tenant_id, created_at, updated_at, enrollment_id, learner_id, lesson_id, watched, declared_at)
VALUES ($1, $2, $5, $5, $3, $4, $6, '{}', $5)
ON CONFLICT (tenant_id, enrollment_id, lesson_id) DO UPDATE
	SET declared_at = EXCLUDED.declared_at, updated_at = EXCLUDED.updated_at
	WHERE l.declared_at IS NULL`

// declare keeps that the learner says to be done with a lesson that has a rule of its own.
func (st *study) declare(ctx context.Context, lesson uuid.UUID) error {
	if st.outline.Lesson(lesson).Completion == "" {
		return nil
	}
	_, err := st.tx.Exec(ctx, declareOnce,
		uuid.Must(uuid.NewV7()), st.place.TenantID, st.place.ID, st.place.LearnerID, st.now, lesson)
	if err != nil {
		return fmt.Errorf("keep declaration: %w", err)
	}
	return nil
}

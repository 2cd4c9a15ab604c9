package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/course"
	"lyceum/internal/gen/ent/prerequisite"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// Prerequisites are in force as soon as they are saved: they say who may enroll, not what a version holds.

// PrerequisitesOf returns what the courses ask for, each course's in the order in which it was said.
func (s *Service) PrerequisitesOf(ctx context.Context, courses []uuid.UUID) ([]*ent.Prerequisite, error) {
	rows, err := s.DB.Prerequisite.Query().
		Where(prerequisite.CourseIDIn(courses...)).
		Order(prerequisite.ByID()).
		All(ctx)
	return rows, wrap("read prerequisites", err)
}

// CoursesByID returns the drafts with these ids.
func (s *Service) CoursesByID(ctx context.Context, ids []uuid.UUID) ([]*ent.Course, error) {
	rows, err := s.DB.Course.Query().Where(course.IDIn(ids...)).All(ctx)
	return rows, wrap("read drafts", err)
}

// findRequired returns the ids of the courses with these slugs, and records those that do not exist. Nil
// slugs give nil.
func (s *Service) findRequired(ctx context.Context, c *input.Checker, slugs []string) ([]uuid.UUID, error) {
	if slugs == nil {
		return nil, nil
	}
	rows, err := s.DB.Course.Query().Where(course.SlugIn(slugs...)).Select(course.FieldSlug).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find prerequisites: %w", err)
	}
	found := make(map[string]uuid.UUID, len(rows))
	for _, row := range rows {
		found[row.Slug] = row.ID
	}
	ids := make([]uuid.UUID, len(slugs))
	for i, slug := range slugs {
		id, exists := found[slug]
		c.Check(exists, input.Path("prerequisites", i), "There is no course with this slug.")
		ids[i] = id
	}
	return ids, nil
}

// savePrerequisites makes these courses the prerequisites of the locked course and reports whether that
// changed anything. Nil leaves them as they are.
func savePrerequisites(ctx context.Context, tx *pg.Tx, of uuid.UUID, wanted []uuid.UUID) (bool, error) {
	if wanted == nil {
		return false, nil
	}
	var there []uuid.UUID
	err := tx.Prerequisite.Query().
		Where(prerequisite.CourseID(of)).
		Order(prerequisite.ByID()).
		Select(prerequisite.FieldRequiresID).
		Scan(ctx, &there)
	if err != nil {
		return false, fmt.Errorf("read prerequisites: %w", err)
	}
	if slices.Equal(there, wanted) {
		return false, nil
	}
	if err := refuseCycle(ctx, tx, of, wanted); err != nil {
		return false, err
	}
	return true, replacePrerequisites(ctx, tx, of, wanted)
}

func replacePrerequisites(ctx context.Context, tx *pg.Tx, of uuid.UUID, wanted []uuid.UUID) error {
	if _, err := tx.Prerequisite.Delete().Where(prerequisite.CourseID(of)).Exec(ctx); err != nil {
		return fmt.Errorf("remove prerequisites: %w", err)
	}
	if len(wanted) == 0 {
		return nil
	}
	fresh := make([]*ent.PrerequisiteCreate, len(wanted))
	for i, id := range wanted {
		fresh[i] = tx.Prerequisite.Create().SetCourseID(of).SetRequiresID(id)
	}
	return wrap("add prerequisites", tx.Prerequisite.CreateBulk(fresh...).Exec(ctx))
}

// lockGraph makes changes of a tenant's prerequisites follow each other: two that are harmless alone can
// close a ring together, and neither would see the other's row. In 64 bits no two tenants wait for each other.
const lockGraph = `SELECT pg_advisory_xact_lock(hashtextextended('prerequisites ' || $1::text, 0))`

// reaching are those of the courses from which the course can be reached along prerequisites. ent has no
// recursive queries. UNION drops what was seen before, so the walk ends.
const reaching = `
	WITH RECURSIVE walk (start, id) AS (
		SELECT id, id FROM unnest($2::uuid[]) AS wanted (id)
		UNION
		SELECT walk.start, p.requires_id FROM walk JOIN prerequisites p ON p.tenant_id = $3 AND p.course_id = walk.id
	)
	SELECT DISTINCT start FROM walk WHERE id = $1`

// refuseCycle returns a BadInput fault when one of the wanted courses asks, directly or through others,
// for the course itself.
func refuseCycle(ctx context.Context, tx *pg.Tx, of uuid.UUID, wanted []uuid.UUID) error {
	tenant := viewer.Tenant(ctx)
	if _, err := tx.Exec(ctx, lockGraph, tenant); err != nil {
		return fmt.Errorf("lock prerequisites: %w", err)
	}
	rows, err := tx.Query(ctx, reaching, of, wanted, tenant)
	if err != nil {
		return fmt.Errorf("follow prerequisites: %w", err)
	}
	defer rows.Close()
	var c input.Checker
	for rows.Next() {
		var start uuid.UUID
		if err := rows.Scan(&start); err != nil {
			return fmt.Errorf("follow prerequisites: %w", err)
		}
		c.Check(false, input.Path("prerequisites", slices.Index(wanted, start)),
			"This course asks for the one that is saved, directly or through others: nobody could begin.")
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("follow prerequisites: %w", err)
	}
	return c.Err()
}

// Package analytics counts what happens: a few numbers for each course and day, which dashboards add up.
package analytics

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// Count is one of the numbers of a day.
type Count string

// The numbers there are, as the columns of daily_facts.
const (
	Enrollments       Count = "enrollments"
	LessonCompletions Count = "lesson_completions"
	CourseCompletions Count = "course_completions"
	Certificates      Count = "certificates"
)

// Fact is one thing to count.
type Fact struct {
	// Event is what it follows from, and is counted once.
	Event  uuid.UUID
	Course uuid.UUID
	// At says the day, in UTC.
	At    time.Time
	Count Count
}

// Service is the analytics context.
type Service struct{}

// Record counts the fact, unless its event is counted already.
func (*Service) Record(ctx context.Context, tx *pg.Tx, f Fact) error {
	const statement = `
		WITH fresh AS (
			INSERT INTO counted_events (tenant_id, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING tenant_id
		)
		INSERT INTO daily_facts AS d (id, tenant_id, created_at, updated_at, course_id, day, enrollments, lesson_completions,
			course_completions, certificates)
		SELECT $3, tenant_id, now(), now(), $4, ($5::timestamptz AT TIME ZONE 'UTC')::date, ($6 = 'enrollments')::int,
			($6 = 'lesson_completions')::int, ($6 = 'course_completions')::int, ($6 = 'certificates')::int
		FROM fresh
		ON CONFLICT (tenant_id, course_id, day) DO UPDATE
		SET updated_at = now(), enrollments = d.enrollments + excluded.enrollments,
			lesson_completions = d.lesson_completions + excluded.lesson_completions,
			course_completions = d.course_completions + excluded.course_completions,
			certificates = d.certificates + excluded.certificates`
	id := uuid.Must(uuid.NewV7())
	if _, err := tx.Exec(ctx, statement, viewer.Tenant(ctx), f.Event, id, f.Course, f.At, string(f.Count)); err != nil {
		return fmt.Errorf("count %s: %w", f.Count, err)
	}
	return nil
}

package analytics

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

const (
	// idleDays is how long a learner does nothing before they count as stuck.
	idleDays = 14
	// failures is how many failed attempts at one quiz count as stuck.
	failures = 3
	// mostStuck is how many stuck learners a report names, those who are stuck longest.
	mostStuck = 10
	// reportDays is how far back completions are counted.
	reportDays = 30
)

// Dashboards reads what staff see of their courses.
type Dashboards struct{ DB *pg.DB }

// Report is how a course's learners get on.
type Report struct {
	Course uuid.UUID
	// Learners have a place that is active or completed.
	Learners, NotStarted, Completed int
	// Progress counts those who have started and not completed, by quarters of what is required.
	Progress [4]int
	// StuckCount is how many are stuck, of whom Stuck names some.
	StuckCount int
	Stuck      []Stuck
	// Completions are those of the last 30 days, in UTC; days without any are left out.
	Completions []Day
}

// Stuck is a learner who does not get on.
type Stuck struct {
	Enrollment uuid.UUID
	// Since is when they did something last.
	Since time.Time
	// Failed is how often they failed the quiz that they failed most often, without having passed it.
	Failed int
}

// Day is how many completed a course on a day.
type Day struct {
	Date  time.Time
	Count int
}

// Reports returns the reports of the courses, in any order: in three statements, however many there are. Faults:
// Unauthenticated and Forbidden.
func (d *Dashboards) Reports(ctx context.Context, courses []uuid.UUID) ([]*Report, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin, viewer.Support); err != nil {
		return nil, err
	}
	byCourse := make(map[uuid.UUID]*Report, len(courses))
	reports := make([]*Report, len(courses))
	for i, id := range courses {
		reports[i] = &Report{Course: id}
		byCourse[id] = reports[i]
	}
	for _, read := range []func(context.Context, []uuid.UUID, map[uuid.UUID]*Report) error{d.spread, d.stuck, d.completions} {
		if err := read(ctx, courses, byCourse); err != nil {
			return nil, err
		}
	}
	return reports, nil
}

// spreadQuery counts the places of courses by how far they are.
const spreadQuery = `
	SELECT e.course_id, count(*),
		count(*) FILTER (WHERE e.state <> 'COMPLETED' AND p.id IS NULL),
		count(*) FILTER (WHERE e.state = 'COMPLETED'),
		count(*) FILTER (WHERE e.state <> 'COMPLETED' AND p.completed_required * 4 < p.required_lessons),
		count(*) FILTER (WHERE e.state <> 'COMPLETED' AND p.completed_required * 4 >= p.required_lessons AND p.completed_required * 2 < p.required_lessons),
		count(*) FILTER (WHERE e.state <> 'COMPLETED' AND p.completed_required * 2 >= p.required_lessons AND p.completed_required * 4 < p.required_lessons * 3),
		count(*) FILTER (WHERE e.state <> 'COMPLETED' AND p.completed_required * 4 >= p.required_lessons * 3)
	FROM enrollments e LEFT JOIN course_progresses p ON p.tenant_id = e.tenant_id AND p.enrollment_id = e.id
	WHERE e.tenant_id = $1 AND e.course_id = ANY($2) AND e.state IN ('ACTIVE', 'COMPLETED')
	GROUP BY e.course_id`

func (d *Dashboards) spread(ctx context.Context, courses []uuid.UUID, into map[uuid.UUID]*Report) error {
	rows, err := d.DB.Query(ctx, spreadQuery, viewer.Tenant(ctx), courses)
	if err != nil {
		return fmt.Errorf("count progress: %w", err)
	}
	var course uuid.UUID
	var r Report
	err = pg.ForEach(rows, []any{&course, &r.Learners, &r.NotStarted, &r.Completed, &r.Progress[0], &r.Progress[1], &r.Progress[2], &r.Progress[3]}, func() error {
		to := into[course]
		to.Learners, to.NotStarted, to.Completed, to.Progress = r.Learners, r.NotStarted, r.Completed, r.Progress
		return nil
	})
	if err != nil {
		return fmt.Errorf("count progress: %w", err)
	}
	return nil
}

// stuckQuery finds active places where nothing has happened for long, or a quiz is failed again and again; the first few
// of each course, with how many there are.
const stuckQuery = `
	SELECT course_id, id, since, failed, of FROM (
		SELECT e.course_id, e.id, s.since, f.failed,
			count(*) OVER (PARTITION BY e.course_id) AS of,
			row_number() OVER (PARTITION BY e.course_id ORDER BY s.since, e.id) AS nth
		FROM enrollments e
		LEFT JOIN course_progresses p ON p.tenant_id = e.tenant_id AND p.enrollment_id = e.id
		CROSS JOIN LATERAL (SELECT coalesce(p.last_activity_at, e.enrolled_at) AS since) s
		CROSS JOIN LATERAL (
			SELECT coalesce(max(n), 0) AS failed FROM (
				SELECT count(*) AS n FROM attempts a
				WHERE a.tenant_id = e.tenant_id AND a.enrollment_id = e.id AND a.state <> 'IN_PROGRESS'
				GROUP BY a.lesson_id HAVING NOT bool_or(a.passed)
			) quizzes
		) f
		WHERE e.tenant_id = $1 AND e.course_id = ANY($2) AND e.state = 'ACTIVE'
			AND (s.since < now() - make_interval(days => $3) OR f.failed >= $4)
	) found
	WHERE nth <= $5 ORDER BY course_id, nth`

func (d *Dashboards) stuck(ctx context.Context, courses []uuid.UUID, into map[uuid.UUID]*Report) error {
	rows, err := d.DB.Query(ctx, stuckQuery, viewer.Tenant(ctx), courses, idleDays, failures, mostStuck)
	if err != nil {
		return fmt.Errorf("find stuck learners: %w", err)
	}
	var course uuid.UUID
	var s Stuck
	var of int
	err = pg.ForEach(rows, []any{&course, &s.Enrollment, &s.Since, &s.Failed, &of}, func() error {
		into[course].Stuck, into[course].StuckCount = append(into[course].Stuck, s), of
		return nil
	})
	if err != nil {
		return fmt.Errorf("find stuck learners: %w", err)
	}
	return nil
}

// completionsQuery counts the completions of courses by day.
const completionsQuery = `
	SELECT course_id, date_trunc('day', completed_at, 'UTC') AS day, count(*)
	FROM enrollments
	WHERE tenant_id = $1 AND course_id = ANY($2) AND completed_at >= date_trunc('day', now(), 'UTC') - make_interval(days => $3)
	GROUP BY course_id, day ORDER BY course_id, day`

func (d *Dashboards) completions(ctx context.Context, courses []uuid.UUID, into map[uuid.UUID]*Report) error {
	rows, err := d.DB.Query(ctx, completionsQuery, viewer.Tenant(ctx), courses, reportDays)
	if err != nil {
		return fmt.Errorf("count completions: %w", err)
	}
	var course uuid.UUID
	var day Day
	err = pg.ForEach(rows, []any{&course, &day.Date, &day.Count}, func() error {
		day.Date = day.Date.UTC()
		into[course].Completions = append(into[course].Completions, day)
		return nil
	})
	if err != nil {
		return fmt.Errorf("count completions: %w", err)
	}
	return nil
}

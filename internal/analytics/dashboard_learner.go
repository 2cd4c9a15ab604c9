package analytics

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// mostPlaces is how many active places a learner's dashboard looks at.
const mostPlaces = 100

// Learner is what a learner's dashboard shows of their places, by id.
type Learner struct {
	// Recommended is where to go on: where they learned last, else what is due next, else what they took up last;
	// uuid.Nil when there is nothing to learn.
	Recommended uuid.UUID
	// InProgress are the active places, the latest activity first.
	InProgress []uuid.UUID
	// Due are those of them with a date, the earliest first: what is overdue leads.
	Due []uuid.UUID
}

// learnerQuery finds a learner's active places, where they learned last before what is due next.
const learnerQuery = `
	SELECT e.id, e.due_at
	FROM enrollments e LEFT JOIN course_progresses p ON p.tenant_id = e.tenant_id AND p.enrollment_id = e.id
	WHERE e.tenant_id = $1 AND e.learner_id = $2 AND e.state = 'ACTIVE' AND p.completed_at IS NULL
	ORDER BY p.last_activity_at DESC NULLS LAST, e.due_at NULLS LAST, e.enrolled_at DESC, e.id
	LIMIT $3`

// Mine returns the viewer's own dashboard. The fault is Unauthenticated.
func (d *Dashboards) Mine(ctx context.Context) (*Learner, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := d.DB.Query(ctx, learnerQuery, v.Tenant, v.User, mostPlaces)
	if err != nil {
		return nil, fmt.Errorf("find places: %w", err)
	}
	mine := &Learner{}
	dates := map[uuid.UUID]time.Time{}
	var id uuid.UUID
	var dueAt *time.Time
	err = pg.ForEach(rows, []any{&id, &dueAt}, func() error {
		mine.InProgress = append(mine.InProgress, id)
		if dueAt != nil {
			mine.Due, dates[id] = append(mine.Due, id), *dueAt
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find places: %w", err)
	}
	slices.SortStableFunc(mine.Due, func(a, b uuid.UUID) int { return dates[a].Compare(dates[b]) })
	if len(mine.InProgress) > 0 {
		mine.Recommended = mine.InProgress[0]
	}
	return mine, nil
}

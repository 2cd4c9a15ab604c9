package limit

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// played is one stretch of one lesson.
type played struct {
	tenant, enrollment, learner, lesson uuid.UUID
	watched                             string
}

// waiting is a stretch whose sender waits for the commit.
type waiting struct {
	played

	done chan error
}

// committer folds all that waits into one transaction: a statement a tenant, one commit.
type committer struct {
	pool  *pgxpool.Pool
	queue chan waiting
}

// The bounds of a group and of what may wait.
const (
	maxGroup   = 1_000
	maxWaiting = 10_000
)

func newCommitter(pool *pgxpool.Pool) *committer {
	return &committer{pool: pool, queue: make(chan waiting, maxWaiting)}
}

func (c *committer) keep(ctx context.Context, p played) error {
	w := waiting{played: p, done: make(chan error, 1)}
	select {
	case c.queue <- w:
		return <-w.done
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *committer) run(ctx context.Context) {
	for {
		select {
		case first := <-c.queue:
			group := c.gather(first)
			err := c.write(ctx, group)
			for _, w := range group {
				w.done <- err
			}
		case <-ctx.Done():
			return
		}
	}
}

// gather takes what queued while the last commit was under way.
func (c *committer) gather(first waiting) []waiting {
	group := []waiting{first}
	for len(group) < maxGroup {
		select {
		case w := <-c.queue:
			group = append(group, w)
		default:
			return group
		}
	}
	return group
}

// keepAll adds stretches to what was watched. Those of one lesson and place are merged first: a statement touches a row once.
const keepAll = `
INSERT INTO lesson_progresses AS l (id, tenant_id, created_at, updated_at, enrollment_id, learner_id, lesson_id, watched, watched_ms)
SELECT gen_random_uuid(), $1, now(), now(), enrollment, learner, lesson, range_agg(part), sum(upper(part) - lower(part))
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[]) AS p (enrollment, learner, lesson, watched),
	unnest(p.watched::int4multirange) AS part
GROUP BY enrollment, learner, lesson
ORDER BY enrollment, lesson
ON CONFLICT (tenant_id, enrollment_id, lesson_id) DO UPDATE SET watched = l.watched + EXCLUDED.watched,
	watched_ms = (SELECT sum(upper(part) - lower(part)) FROM unnest(l.watched + EXCLUDED.watched) AS part), updated_at = now()`

// write writes the group in one transaction.
func (c *committer) write(ctx context.Context, group []waiting) error {
	slices.SortStableFunc(group, func(a, b waiting) int { return slices.Compare(a.tenant[:], b.tenant[:]) })
	batch := &pgx.Batch{}
	for _, of := range byTenant(group) {
		tenant := of[0].tenant
		var enrollments, learners, lessons []uuid.UUID
		var watched []string
		for _, w := range of {
			enrollments, learners, lessons = append(enrollments, w.enrollment), append(learners, w.learner), append(lessons, w.lesson)
			watched = append(watched, w.watched)
		}
		batch.Queue("SELECT set_config('app.tenant_id', $1, true)", tenant.String())
		batch.Queue(keepAll, tenant, enrollments, learners, lessons, watched)
	}
	if err := c.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("commit a group: %w", err)
	}
	return nil
}

// byTenant cuts a group that is sorted by tenant where the tenant changes.
func byTenant(group []waiting) [][]waiting {
	var parts [][]waiting
	start := 0
	for i := range group {
		if i+1 == len(group) || group[i+1].tenant != group[i].tenant {
			parts = append(parts, group[start:i+1])
			start = i + 1
		}
	}
	return parts
}

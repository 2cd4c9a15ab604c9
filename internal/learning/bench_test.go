package learning_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/learning"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// bareUpsert is the least that a batch could be: one statement, and no clock, session, counter or rule.
const bareUpsert = `
INSERT INTO lesson_progresses AS l (id, tenant_id, created_at, updated_at, enrollment_id, learner_id, lesson_id, watched, watched_ms)
VALUES ($1, $2, now(), now(), $3, $4, $5, $6::text::int4multirange, 0)
ON CONFLICT (tenant_id, enrollment_id, lesson_id) DO UPDATE SET watched = l.watched + EXCLUDED.watched, updated_at = EXCLUDED.updated_at`

// BenchmarkGroupCommit has so many people report at once, in groups and each with a bare upsert. Run it on a server
// with fsync for what commits cost.
func BenchmarkGroupCommit(b *testing.B) {
	c := newClass(b, video(0))
	places := make([]*ent.Enrollment, 512)
	for i := range places {
		user := pgtest.NewUser(b, c.db, c.tenant, fmt.Sprintf("learner-%d", i), viewer.Learner)
		places[i] = enroll(b, c.db, c.tenant, user, c.lessons)
	}
	for _, writers := range []int{32, 512} {
		for name, write := range map[string]func(at *ent.Enrollment, from int) error{
			"group": func(at *ent.Enrollment, from int) error {
				ctx := c.tenant.As(b.Context(), at.LearnerID, viewer.Learner)
				_, err := c.Service.RecordProgress(ctx, at.ID, learning.Batch{
					Lessons: c.play(0, learning.Segment{FromMS: from, ToMS: from + 30}), Session: at.ID, Sequence: from/30 + 1,
				})
				return err
			},
			"upsert": func(at *ent.Enrollment, from int) error {
				_, err := c.db.Exec(c.tenant.As(b.Context(), at.LearnerID, viewer.Learner), bareUpsert,
					uuid.Must(uuid.NewV7()), at.TenantID, at.ID, at.LearnerID, c.lessons[0].ID, fmt.Sprintf("{[%d,%d)}", from, from+30))
				return err
			},
		} {
			b.Run(fmt.Sprintf("%s/%d", name, writers), func(b *testing.B) {
				var next atomic.Int64
				var group sync.WaitGroup
				for w := range writers {
					group.Go(func() {
						for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
							if err := write(places[w], int(n)*30); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				group.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "batches/s")
			})
		}
	}
}

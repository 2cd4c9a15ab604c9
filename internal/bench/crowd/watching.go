package crowd

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/load"
	"lyceum/internal/bench/question"
)

// watching is everybody who watches a film.
type watching struct {
	speak  speaker
	people []*person
}

// person is a learner in front of a film, who reports what was played since the report before.
type person struct {
	visit   dataset.Visit
	session string

	mu       sync.Mutex
	began    time.Time
	sequence int
	// at is how far the film was played and reported; kept is how far the server said it keeps. Milliseconds of the film.
	at, kept int
	// failed is set once a report was not acknowledged: nobody knows then whether it was kept.
	failed bool
}

// firstMS is where everybody begins: seeded learners have watched the minute before. lastMS is where the shortest film
// ends.
const (
	firstMS = 60_000
	lastMS  = 300_000
)

func newWatching(visits []dataset.Visit, speak speaker) *watching {
	w := &watching{speak: speak}
	for _, visit := range visits {
		w.people = append(w.people, &person{visit: visit, session: uuid.NewString(), began: time.Now(), at: firstMS, kept: firstMS})
	}
	return w
}

// report has the n-th person in turn report what they watched since the last time, at the speed of time.
func (w *watching) report(ctx context.Context, conn *load.Conn, n int) error {
	p := w.people[n%len(w.people)]
	p.mu.Lock()
	defer p.mu.Unlock()
	to := min(firstMS+int(time.Since(p.began).Milliseconds()), lastMS)
	if to <= p.at {
		to = p.at + 1
	}
	p.sequence++
	err := conn.Ask(ctx, w.speak.report(p, p.at, to), question.Accept)
	p.at = to
	if err != nil {
		p.failed = true
		return fmt.Errorf("report progress: %w", err)
	}
	if !p.failed {
		p.kept = to
	}
	return nil
}

// acknowledged is of how many people something was acknowledged, and how much.
func (w *watching) acknowledged() (people int, total time.Duration) {
	for _, p := range w.people {
		if p.kept > firstMS {
			people++
			total += time.Duration(p.kept-firstMS) * time.Millisecond
		}
	}
	return people, total
}

// lookedAtOnce bounds the statements of one round trip.
const lookedAtOnce = 500

// lost counts the people of whom the database misses something that was acknowledged.
func (w *watching) lost(ctx context.Context, conn *pgx.Conn) (int, error) {
	const covers = `SELECT coalesce((SELECT watched @> int4multirange(int4range($3, $4)) FROM lesson_progresses
		WHERE tenant_id = $1 AND enrollment_id = $2 AND lesson_id = $5), false)`
	n := 0
	for some := range slices.Chunk(w.people, lookedAtOnce) {
		batch := &pgx.Batch{}
		for _, p := range some {
			if p.kept == firstMS {
				continue
			}
			batch.Queue(covers, p.visit.Tenant, p.visit.Enrollment, firstMS, p.kept, p.visit.Lessons[0]).QueryRow(func(row pgx.Row) error {
				var there bool
				if err := row.Scan(&there); err != nil {
					return fmt.Errorf("look for what was acknowledged: %w", err)
				}
				if !there {
					n++
				}
				return nil
			})
		}
		if err := conn.SendBatch(ctx, batch).Close(); err != nil {
			return 0, fmt.Errorf("look for what was acknowledged: %w", err)
		}
	}
	return n, nil
}

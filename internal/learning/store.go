package learning

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
)

// What is read and written for a whole group. Reading is a statement of its own behind the one that locks: one
// that has waited for a lock still sees the other tables as they were before.

const readLessons = `
SELECT enrollment_id, lesson_id, id, watched, time_ms, position_ms, position_at, position_session, position_seq, completed_at IS NOT NULL
FROM lesson_progresses
WHERE tenant_id = $1 AND (enrollment_id, lesson_id) IN (SELECT p.enrollment_id, p.lesson_id FROM unnest($2::uuid[], $3::uuid[]) AS p (enrollment_id, lesson_id))`

const readSessions = `
SELECT enrollment_id, session_id, seen, completed FROM play_sessions
WHERE tenant_id = $1 AND (enrollment_id, session_id) IN (SELECT p.enrollment_id, p.session_id FROM unnest($2::uuid[], $3::uuid[]) AS p (enrollment_id, session_id))`

// lookAt sends the statements that lock and read what the batches change, and returns the server's clock behind all locks.
func lookAt(ctx context.Context, g *pg.Group, ledgers []*ledger) (time.Time, error) {
	var now time.Time
	last := ledgers[len(ledgers)-1]
	err := sendEach(ctx, g, ledgers, func(l *ledger) []pg.Statement {
		all := append([]pg.Statement{l.lock(), l.readLessons()}, l.readSessions()...)
		if l == last {
			all = append(all, readClock(&now))
		}
		return all
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("lock and read evidence: %w", err)
	}
	return now.UTC(), nil
}

func readClock(now *time.Time) pg.Statement {
	return pg.Statement{SQL: `SELECT clock_timestamp()`, Read: func(rows pg.Rows) error {
		for rows.Next() {
			if err := rows.Scan(now); err != nil {
				return fmt.Errorf("read the database clock: %w", err)
			}
		}
		return nil
	}}
}

func (l *ledger) readLessons() pg.Statement {
	var places, lessons []uuid.UUID
	for _, s := range l.sent {
		for _, p := range s.batch.Lessons {
			places, lessons = append(places, s.place), append(lessons, p.Lesson)
		}
	}
	return pg.Statement{SQL: readLessons, Args: []any{l.tenant, places, lessons}, Read: func(rows pg.Rows) error {
		for rows.Next() {
			var place, lesson uuid.UUID
			var at *time.Time
			var session *uuid.UUID
			row := &line{}
			err := rows.Scan(&place, &lesson, &row.id, &row.watched, &row.timeMS, &row.stand.positionMS, &at, &session, &row.stand.seq, &row.completed)
			if err != nil {
				return fmt.Errorf("read evidence of a lesson: %w", err)
			}
			if at != nil {
				row.stand.at = *at
			}
			if session != nil {
				row.stand.session = *session
			}
			if a := l.accounts[place]; a != nil {
				a.lessons[lesson] = row
			}
		}
		return nil
	}}
}

func (l *ledger) readSessions() []pg.Statement {
	var places, sessions []uuid.UUID
	for _, s := range l.sent {
		if s.batch.Session != uuid.Nil {
			places, sessions = append(places, s.place), append(sessions, s.batch.Session)
		}
	}
	if len(places) == 0 {
		return nil
	}
	return []pg.Statement{{SQL: readSessions, Args: []any{l.tenant, places, sessions}, Read: func(rows pg.Rows) error {
		for rows.Next() {
			var place, id uuid.UUID
			var completed []byte
			row := &session{}
			if err := rows.Scan(&place, &id, &row.seen, &completed); err != nil {
				return fmt.Errorf("read session: %w", err)
			}
			if err := json.Unmarshal(completed, &row.completed); err != nil {
				return fmt.Errorf("decode session: %w", err)
			}
			if a := l.accounts[place]; a != nil {
				a.sessions[id] = row
			}
		}
		return nil
	}}}
}

const writeClocks = `
UPDATE learner_clocks AS k SET credit_ms = n.credit_ms, time_credit_ms = n.time_credit_ms, credited_at = n.credited_at
FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[]) AS n (learner_id, credit_ms, time_credit_ms, credited_at)
WHERE k.tenant_id = $1 AND k.learner_id = n.learner_id`

const writeProgress = `
UPDATE course_progresses AS p SET credit_ms = n.credit_ms, credited_at = n.credited_at, time_ms = n.time_ms,
	last_lesson_id = n.last_lesson_id, last_activity_at = n.last_activity_at, updated_at = n.last_activity_at
FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::uuid[], $7::timestamptz[])
	AS n (id, credit_ms, credited_at, time_ms, last_lesson_id, last_activity_at)
WHERE p.tenant_id = $1 AND p.id = n.id`

// writeLessons sets what was worked out behind the lock of the place, which every writer of these rows holds.
const writeLessons = `
INSERT INTO lesson_progresses AS l
	(id, tenant_id, created_at, updated_at, enrollment_id, learner_id, lesson_id,
		watched, watched_ms, time_ms, position_ms, position_at, position_session, position_seq)
SELECT n.id, $1, $2, $2, n.enrollment_id, n.learner_id, n.lesson_id,
	n.watched::int4multirange, n.watched_ms, n.time_ms, n.position_ms, n.position_at, n.position_session, n.position_seq
FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[],
	$11::timestamptz[], $12::uuid[], $13::bigint[])
	AS n (id, enrollment_id, learner_id, lesson_id, watched, watched_ms, time_ms, position_ms, position_at, position_session, position_seq)
ON CONFLICT (tenant_id, enrollment_id, lesson_id) DO UPDATE SET
	watched = EXCLUDED.watched, watched_ms = EXCLUDED.watched_ms, time_ms = EXCLUDED.time_ms,
	position_ms = EXCLUDED.position_ms, position_at = EXCLUDED.position_at,
	position_session = EXCLUDED.position_session, position_seq = EXCLUDED.position_seq, updated_at = EXCLUDED.updated_at`

// writeSessions keeps the sequence numbers, and forgets what the place's sessions of long ago were.
const writeSessions = `
WITH forgotten AS (
	DELETE FROM play_sessions WHERE tenant_id = $1 AND enrollment_id = ANY($3) AND updated_at < $2::timestamptz - interval '90 days'
		AND NOT (session_id = ANY($4))
)
INSERT INTO play_sessions (tenant_id, enrollment_id, session_id, seen, updated_at)
SELECT $1, n.enrollment_id, n.session_id, n.seen::int4multirange, $2
FROM unnest($3::uuid[], $4::uuid[], $5::text[]) AS n (enrollment_id, session_id, seen)
ON CONFLICT (tenant_id, enrollment_id, session_id) DO UPDATE SET seen = EXCLUDED.seen, updated_at = EXCLUDED.updated_at`

// write are the statements that write what the batches led to.
func (l *ledger) write(now time.Time) []pg.Statement {
	changed := l.changed()
	if len(changed) == 0 {
		return nil
	}
	all := []pg.Statement{l.writeClocks(changed), l.writeProgress(changed), l.writeLessons(changed, now)}
	return append(all, l.writeSessions(changed, now)...)
}

// changed are the accounts in which something was booked.
func (l *ledger) changed() []*account {
	var all []*account
	for _, s := range l.sent {
		if a := l.accounts[s.place]; a != nil && a.booked {
			a.booked = false
			all = append(all, a)
		}
	}
	return all
}

func (l *ledger) writeClocks(changed []*account) pg.Statement {
	var learners []uuid.UUID
	var credit, timeCredit []int
	var at []time.Time
	written := map[*clock]bool{}
	for _, a := range changed {
		if k := a.clock; !written[k] {
			written[k] = true
			learners, credit = append(learners, k.learner), append(credit, k.creditMS)
			timeCredit, at = append(timeCredit, k.timeMS), append(at, k.at)
		}
	}
	return pg.Statement{SQL: writeClocks, Args: []any{l.tenant, learners, credit, timeCredit, at}}
}

func (l *ledger) writeProgress(changed []*account) pg.Statement {
	var ids []uuid.UUID
	var lessons []*uuid.UUID
	var credit, timeMS []int
	var creditedAt, activeAt []time.Time
	for _, a := range changed {
		p := a.progress
		ids, lessons = append(ids, p.ID), append(lessons, p.LastLessonID)
		credit, timeMS = append(credit, p.CreditMs), append(timeMS, p.TimeMs)
		creditedAt, activeAt = append(creditedAt, p.CreditedAt), append(activeAt, p.LastActivityAt)
	}
	return pg.Statement{SQL: writeProgress, Args: []any{l.tenant, ids, credit, creditedAt, timeMS, lessons, activeAt}}
}

func (l *ledger) writeLessons(changed []*account, now time.Time) pg.Statement {
	var ids, places, learners, lessons []uuid.UUID
	var watched []string
	var watchedMS, timeMS, positions, seqs []int
	var at []*time.Time
	var sessions []*uuid.UUID
	for _, a := range changed {
		for _, id := range a.touched() {
			row := a.lessons[id]
			ids, places = append(ids, row.id), append(places, a.place.ID)
			learners, lessons = append(learners, a.place.LearnerID), append(lessons, id)
			watched, watchedMS = append(watched, row.watched.String()), append(watchedMS, row.watched.Len())
			timeMS, positions = append(timeMS, row.timeMS), append(positions, row.stand.positionMS)
			at, seqs = append(at, orNull(row.stand.at)), append(seqs, row.stand.seq)
			sessions = append(sessions, orNull(row.stand.session))
		}
	}
	return pg.Statement{SQL: writeLessons, Args: []any{
		l.tenant, now, ids, places, learners, lessons, watched, watchedMS, timeMS, positions, at, sessions, seqs,
	}}
}

// orNull is null for the zero value.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func (l *ledger) writeSessions(changed []*account, now time.Time) []pg.Statement {
	var places, sessions []uuid.UUID
	var seen []string
	for _, a := range changed {
		for id, s := range a.sessions {
			if s.touched {
				places, sessions, seen = append(places, a.place.ID), append(sessions, id), append(seen, s.seen.String())
			}
		}
	}
	if len(places) == 0 {
		return nil
	}
	return []pg.Statement{{SQL: writeSessions, Args: []any{l.tenant, now, places, sessions, seen}}}
}

// rememberCompleted keeps what a batch completed for its being sent again.
const rememberCompleted = `
UPDATE play_sessions SET completed = completed || jsonb_build_object($4::text, to_jsonb($5::uuid[]))
WHERE tenant_id = $1 AND enrollment_id = $2 AND session_id = $3`

func (st *study) rememberCompleted(ctx context.Context, b Batch, completed []uuid.UUID) error {
	if b.Session == uuid.Nil || len(completed) == 0 {
		return nil
	}
	_, err := st.tx.Exec(ctx, rememberCompleted, st.place.TenantID, st.place.ID, b.Session, strconv.Itoa(b.Sequence), completed)
	if err != nil {
		return fmt.Errorf("remember what was completed: %w", err)
	}
	return nil
}

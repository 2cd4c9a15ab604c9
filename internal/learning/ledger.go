package learning

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
)

// ledger is one tenant's part of a group of batches: the accounts that they are booked in.
type ledger struct {
	tenant   uuid.UUID
	sent     []*sent
	accounts map[uuid.UUID]*account         // by enrollment
	clocks   map[uuid.UUID]*clock           // by learner
	outlines map[uuid.UUID]*outline.Outline // by version
	// unopened are the places that have had no evidence, by id.
	unopened map[uuid.UUID]*ent.Enrollment
}

func newLedger(tenant uuid.UUID) *ledger {
	return &ledger{
		tenant: tenant, accounts: map[uuid.UUID]*account{}, clocks: map[uuid.UUID]*clock{},
		outlines: map[uuid.UUID]*outline.Outline{}, unopened: map[uuid.UUID]*ent.Enrollment{},
	}
}

// lockAccounts locks what a batch changes, learners before places and both in order, so that two groups wait for
// each other in one direction only. What has had no evidence yet does not come out of it.
const lockAccounts = `
SELECT e.id, e.learner_id, e.course_id, e.version_id, e.state, e.enrolled_at,
	p.id, p.completed_lessons, p.completed_required, p.required_lessons, p.last_lesson_id, p.last_activity_at, p.time_ms,
	p.credit_ms, p.credited_at, p.completed_at, p.created_at, p.updated_at,
	k.credit_ms, k.time_credit_ms, k.credited_at
FROM enrollments e
JOIN learner_clocks k ON k.tenant_id = e.tenant_id AND k.learner_id = e.learner_id
JOIN course_progresses p ON p.tenant_id = e.tenant_id AND p.enrollment_id = e.id
WHERE e.tenant_id = $1 AND e.id = ANY($2)
ORDER BY e.learner_id, e.id
FOR UPDATE OF k, p`

// locks are the statements that lock the accounts which are not there yet, and know the version that each place is pinned to
// behind the lock: a place may have moved while it was waited for.
func (l *ledger) locks() []pg.Statement {
	if len(l.unopened) > 0 {
		// Making accounts has locked their places too, and so it costs nothing to lock them here as well.
		return []pg.Statement{l.locking(lockAccounts + ` FOR KEY SHARE OF e`)}
	}
	return []pg.Statement{l.locking(lockAccounts), l.pinned()}
}

func (l *ledger) locking(statement string) pg.Statement {
	return pg.Statement{SQL: statement, Args: []any{l.tenant, l.missing()}, Read: func(rows pg.Rows) error {
		for rows.Next() {
			e, p, k := &ent.Enrollment{TenantID: l.tenant}, &ent.CourseProgress{TenantID: l.tenant}, &clock{}
			err := rows.Scan(&e.ID, &e.LearnerID, &e.CourseID, &e.VersionID, &e.State, &e.EnrolledAt,
				&p.ID, &p.CompletedLessons, &p.CompletedRequired, &p.RequiredLessons, &p.LastLessonID, &p.LastActivityAt, &p.TimeMs,
				&p.CreditMs, &p.CreditedAt, &p.CompletedAt, &p.CreatedAt, &p.UpdatedAt,
				&k.creditMS, &k.timeMS, &k.at)
			if err != nil {
				return fmt.Errorf("read locked progress: %w", err)
			}
			p.EnrollmentID, p.LearnerID, p.CourseID, k.learner = e.ID, e.LearnerID, e.CourseID, e.LearnerID
			l.open(e, p, k)
		}
		return nil
	}}
}

func (l *ledger) open(e *ent.Enrollment, p *ent.CourseProgress, k *clock) {
	if l.clocks[k.learner] == nil {
		l.clocks[k.learner] = k
	}
	l.accounts[e.ID] = &account{
		place: e, progress: p, clock: l.clocks[k.learner], lessons: map[uuid.UUID]*line{}, sessions: map[uuid.UUID]*session{},
	}
}

// missing are the places of the batches that have no account yet, in order.
func (l *ledger) missing() []uuid.UUID {
	ids := []uuid.UUID{}
	for _, s := range l.sent {
		if l.accounts[s.place] == nil && !slices.Contains(ids, s.place) {
			ids = append(ids, s.place)
		}
	}
	slices.SortFunc(ids, compareIDs)
	return ids
}

func compareIDs(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }

const readPlaces = `
SELECT id, learner_id, course_id, version_id, state, enrolled_at FROM enrollments WHERE tenant_id = $1 AND id = ANY($2)`

// places is the statement that reads the places without evidence, whether or not somebody may learn in them.
func (l *ledger) places() pg.Statement {
	return pg.Statement{SQL: readPlaces, Args: []any{l.tenant, l.missing()}, Read: func(rows pg.Rows) error {
		for rows.Next() {
			e := &ent.Enrollment{TenantID: l.tenant}
			if err := rows.Scan(&e.ID, &e.LearnerID, &e.CourseID, &e.VersionID, &e.State, &e.EnrolledAt); err != nil {
				return fmt.Errorf("read place: %w", err)
			}
			l.unopened[e.ID] = e
		}
		return nil
	}}
}

// pinned is the statement that reads, behind the locks, the versions that the places are pinned to: whoever waited for a
// place that moved still sees the old one.
func (l *ledger) pinned() pg.Statement {
	return pg.Statement{SQL: readPins, Args: []any{l.tenant, l.missing()}, Read: func(rows pg.Rows) error {
		for rows.Next() {
			var place, version uuid.UUID
			if err := rows.Scan(&place, &version); err != nil {
				return fmt.Errorf("read version of place: %w", err)
			}
			if a := l.accounts[place]; a != nil {
				a.place.VersionID = version
			}
		}
		return nil
	}}
}

const readPins = `SELECT id, version_id FROM enrollments WHERE tenant_id = $1 AND id = ANY($2)`

const outlinesOf = `SELECT id, outline FROM course_versions WHERE tenant_id = $1 AND id = ANY($2)`

// readOutlines is the statement that reads the versions which this process does not remember.
func (l *ledger) readOutlines(memory *outlines, versions []uuid.UUID) pg.Statement {
	return pg.Statement{SQL: outlinesOf, Args: []any{l.tenant, versions}, Read: func(rows pg.Rows) error {
		for rows.Next() {
			var id uuid.UUID
			var text []byte
			if err := rows.Scan(&id, &text); err != nil {
				return fmt.Errorf("read outline: %w", err)
			}
			published := &outline.Outline{}
			if err := json.Unmarshal(text, published); err != nil {
				return fmt.Errorf("decode outline %s: %w", id, err)
			}
			l.outlines[id] = published
			memory.put(l.tenant, id, published)
		}
		return nil
	}}
}

// firstAccounts makes the rows in which places and their learners are counted. A new place brings credit along, for
// its learner as for itself. Two groups may both run it. It makes none for a place that has left the version, and keeps
// the others in it until the transaction ends.
const firstAccounts = `
WITH places AS (
	SELECT n.id, e.id AS enrollment_id, n.learner_id, n.course_id, n.required, n.since
	FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::timestamptz[], $9::uuid[])
		AS n (id, enrollment_id, learner_id, course_id, required, since, version_id)
	JOIN enrollments e ON e.tenant_id = $1 AND e.id = n.enrollment_id AND e.version_id = n.version_id
	ORDER BY e.id FOR KEY SHARE OF e
), opened AS (
	INSERT INTO course_progresses
		(id, tenant_id, created_at, updated_at, enrollment_id, learner_id, course_id, required_lessons, last_activity_at, credit_ms, credited_at)
	SELECT id, $1, clock_timestamp(), clock_timestamp(), enrollment_id, learner_id, course_id, required, clock_timestamp(), $8, since FROM places
	ON CONFLICT (tenant_id, enrollment_id) DO NOTHING
	RETURNING learner_id, credited_at
)
INSERT INTO learner_clocks AS k (tenant_id, learner_id, credit_ms, time_credit_ms, credited_at)
SELECT $1, learner_id, count(*) * $8, count(*) * $8, min(credited_at) FROM opened GROUP BY learner_id ORDER BY learner_id
ON CONFLICT (tenant_id, learner_id) DO UPDATE
	SET credit_ms = k.credit_ms + EXCLUDED.credit_ms, time_credit_ms = k.time_credit_ms + EXCLUDED.time_credit_ms`

// firstClocks makes the clocks of learners whose places are counted already.
const firstClocks = `
INSERT INTO learner_clocks (tenant_id, learner_id, credit_ms, time_credit_ms, credited_at)
SELECT $1, p.learner_id, $4, $4, min(n.since) FROM unnest($2::uuid[], $3::timestamptz[]) AS n (enrollment_id, since)
JOIN course_progresses p ON p.tenant_id = $1 AND p.enrollment_id = n.enrollment_id
GROUP BY p.learner_id ORDER BY p.learner_id
ON CONFLICT (tenant_id, learner_id) DO NOTHING`

// first are the statements that make rows for the places.
func (l *ledger) first(places []*ent.Enrollment) []pg.Statement {
	var ids, enrollments, learners, courses, versions []uuid.UUID
	var required []int
	var since []time.Time
	for _, e := range places {
		ids, enrollments = append(ids, uuid.Must(uuid.NewV7())), append(enrollments, e.ID)
		learners, courses, versions = append(learners, e.LearnerID), append(courses, e.CourseID), append(versions, e.VersionID)
		required, since = append(required, l.outlines[e.VersionID].Required()), append(since, e.EnrolledAt)
	}
	return []pg.Statement{
		{SQL: firstAccounts, Args: []any{l.tenant, ids, enrollments, learners, courses, required, since, firstCredit, versions}},
		{SQL: firstClocks, Args: []any{l.tenant, enrollments, since, firstCredit}},
	}
}

// load fills the ledgers: it locks the accounts and reads what the batches change, and returns the server's clock behind
// all locks. Where accounts are missing that have had no evidence yet, it makes them and looks again; one whose place
// moved before it was made is still missing then.
func (s *Service) load(ctx context.Context, g *pg.Group, ledgers []*ledger) (time.Time, error) {
	now, err := lookAt(ctx, g, ledgers)
	if err != nil {
		return time.Time{}, err
	}
	for range maxMoves {
		made, err := s.begin(ctx, g, ledgers)
		if err != nil {
			return time.Time{}, err
		}
		if !made {
			break
		}
		if now, err = lookAt(ctx, g, ledgers); err != nil {
			return time.Time{}, err
		}
	}
	if err := s.learnOutlines(ctx, g, ledgers, (*ledger).taken); err != nil {
		return time.Time{}, err
	}
	for _, l := range ledgers {
		l.settle()
	}
	return now, nil
}

// begin makes the accounts that are missing, and says whether there were any. Nothing is made for batches that are refused.
func (s *Service) begin(ctx context.Context, g *pg.Group, ledgers []*ledger) (made bool, err error) {
	err = sendEach(ctx, g, ledgers, func(l *ledger) []pg.Statement {
		if len(l.missing()) == 0 {
			return nil
		}
		return []pg.Statement{l.places()}
	})
	if err != nil {
		return false, fmt.Errorf("read places: %w", err)
	}
	err = s.learnOutlines(ctx, g, ledgers, func(l *ledger) []*ent.Enrollment { return slices.Collect(maps.Values(l.unopened)) })
	if err != nil {
		return false, err
	}
	err = sendEach(ctx, g, ledgers, func(l *ledger) []pg.Statement {
		begun := l.begun()
		if len(begun) == 0 {
			return nil
		}
		made = true
		return l.first(begun)
	})
	if err != nil {
		return false, fmt.Errorf("start progress: %w", err)
	}
	return made, nil
}

// settle gives the accounts their outlines, and the sessions in which nothing was seen yet.
func (l *ledger) settle() {
	for _, a := range l.accounts {
		a.outline = l.outlines[a.place.VersionID]
	}
	for _, s := range l.sent {
		a := l.accounts[s.place]
		if a != nil && s.batch.Session != uuid.Nil && a.sessions[s.batch.Session] == nil {
			a.sessions[s.batch.Session] = &session{completed: map[string][]uuid.UUID{}}
		}
	}
}

// begun are the places without an account of which a batch will be booked, in order.
func (l *ledger) begun() []*ent.Enrollment {
	var places []*ent.Enrollment
	for _, id := range l.missing() {
		good := slices.ContainsFunc(l.sent, func(s *sent) bool {
			if s.place != id {
				return false
			}
			_, err := l.fold(s)
			return err == nil
		})
		if good {
			places = append(places, l.unopened[id])
		}
	}
	return places
}

func (l *ledger) taken() []*ent.Enrollment {
	var all []*ent.Enrollment
	for _, a := range l.accounts {
		all = append(all, a.place)
	}
	return all
}

// learnOutlines reads the outlines of the places that are not known yet.
func (s *Service) learnOutlines(ctx context.Context, g *pg.Group, ledgers []*ledger, of func(*ledger) []*ent.Enrollment) error {
	err := sendEach(ctx, g, ledgers, func(l *ledger) []pg.Statement {
		var versions []uuid.UUID
		for _, e := range of(l) {
			if known := s.outlines.get(l.tenant, e.VersionID); known != nil {
				l.outlines[e.VersionID] = known
			} else if !slices.Contains(versions, e.VersionID) {
				versions = append(versions, e.VersionID)
			}
		}
		if len(versions) == 0 {
			return nil
		}
		return []pg.Statement{l.readOutlines(&s.outlines, versions)}
	})
	if err != nil {
		return fmt.Errorf("read outlines: %w", err)
	}
	return nil
}

// sendEach sends what each ledger has to say, in one round trip, or in none when nobody has anything.
func sendEach(ctx context.Context, g *pg.Group, ledgers []*ledger, statements func(*ledger) []pg.Statement) error {
	parts := partsOf(ledgers, statements)
	if len(parts) == 0 {
		return nil
	}
	return g.Send(ctx, parts)
}

// finishEach sends what each ledger has to say, and commits.
func finishEach(ctx context.Context, g *pg.Group, ledgers []*ledger, statements func(*ledger) []pg.Statement) error {
	return g.Finish(ctx, partsOf(ledgers, statements))
}

func partsOf(ledgers []*ledger, statements func(*ledger) []pg.Statement) []pg.Part {
	var parts []pg.Part
	for _, l := range ledgers {
		if all := statements(l); len(all) > 0 {
			parts = append(parts, pg.Part{Tenant: l.tenant, Statements: all})
		}
	}
	return parts
}

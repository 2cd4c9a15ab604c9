package engagement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/engagement/deserve"
	"lyceum/internal/gen/ent/pointrule"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// Deed is something that a learner did.
type Deed struct {
	// Event is what says so.
	Event   uuid.UUID
	Learner uuid.UUID
	Course  uuid.UUID
	At      time.Time
	// Reason is what it earns points for; "" for what counts as a day of learning and earns none.
	Reason pointrule.Reason
	// Subject is the lesson or the course: for the same one nobody gets points twice.
	Subject uuid.UUID
}

// Credit writes down all that follows from the deed: points, the day, and achievements. It is the same whether the
// deed is told once or several times, and in which order deeds are told.
func (s *Service) Credit(ctx context.Context, tx *pg.Tx, d Deed) error {
	if err := takeTurn(ctx, tx, d.Learner); err != nil {
		return err
	}
	if err := keepDay(ctx, tx, d); err != nil {
		return err
	}
	if d.Reason != "" {
		if err := addPoints(ctx, tx, d); err != nil {
			return err
		}
	}
	return award(ctx, tx, d.Learner)
}

// takeTurn makes the deeds of a learner wait for each other: each sees what the ones before it led to.
func takeTurn(ctx context.Context, tx *pg.Tx, learner uuid.UUID) error {
	const lock = `SELECT pg_advisory_xact_lock(hashtextextended('engagement ' || $1::text, 0))`
	if _, err := tx.Exec(ctx, lock, learner); err != nil {
		return fmt.Errorf("lock learner: %w", err)
	}
	return nil
}

// addPoints adds to the ledger what the deed was worth when it was done.
func addPoints(ctx context.Context, tx *pg.Tx, d Deed) error {
	worth, err := worth(ctx, tx, d.Reason, d.At)
	if err != nil {
		return err
	}
	const statement = `
		INSERT INTO point_entries (tenant_id, learner_id, reason, subject_id, course_id, event_id, points, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`
	_, err = tx.Exec(ctx, statement, viewer.Tenant(ctx), d.Learner, string(d.Reason), d.Subject, d.Course, d.Event, worth, d.At)
	if err != nil {
		return fmt.Errorf("add points: %w", err)
	}
	return nil
}

// award gives the learner every achievement that they deserve by now and do not have.
func award(ctx context.Context, tx *pg.Tx, learner uuid.UUID) error {
	open, err := unearned(ctx, tx, learner)
	if err != nil || len(open) == 0 {
		return err
	}
	facts, err := factsOf(ctx, tx, learner)
	if err != nil {
		return err
	}
	for _, a := range open {
		rule, err := deserve.Compile(a.Rule)
		if err != nil {
			return fmt.Errorf("read rule of achievement %s: %w", a.Key, err)
		}
		deserved, err := rule.Holds(facts)
		if err != nil {
			return fmt.Errorf("apply rule of achievement %s: %w", a.Key, err)
		}
		if !deserved {
			continue
		}
		if err := give(ctx, tx, learner, a.ID); err != nil {
			return fmt.Errorf("give achievement: %w", err)
		}
	}
	return nil
}

// give gives the learner the achievement, and announces it if they did not have it.
func give(ctx context.Context, tx *pg.Tx, learner, achievement uuid.UUID) error {
	const statement = `
		INSERT INTO earned_achievements (tenant_id, learner_id, achievement_id, earned_at)
		VALUES ($1, $2, $3, clock_timestamp()) ON CONFLICT DO NOTHING RETURNING earned_at`
	var at time.Time
	err := tx.QueryRow(ctx, statement, viewer.Tenant(ctx), learner, achievement).Scan(&at)
	if errors.Is(err, pg.ErrNoRows) {
		return nil
	} else if err != nil {
		return fmt.Errorf("keep earned achievement: %w", err)
	}
	return tx.Enqueue(ctx, AchievementEarned{
		ID: uuid.Must(uuid.NewV7()), Tenant: viewer.Tenant(ctx), At: at.UTC(), Learner: learner, Achievement: achievement,
	})
}

// factsOf counts what the learner has done.
func factsOf(ctx context.Context, tx *pg.Tx, learner uuid.UUID) (deserve.Facts, error) {
	const query = `
		SELECT coalesce(sum(points), 0)::bigint, count(*) FILTER (WHERE reason = 'LESSON'), count(*) FILTER (WHERE reason = 'QUIZ'),
			count(*) FILTER (WHERE reason = 'COURSE')
		FROM point_entries WHERE tenant_id = $1 AND learner_id = $2`
	var f deserve.Facts
	if err := tx.QueryRow(ctx, query, viewer.Tenant(ctx), learner).Scan(&f.Points, &f.Lessons, &f.Quizzes, &f.Courses); err != nil {
		return deserve.Facts{}, fmt.Errorf("count deeds: %w", err)
	}
	days, err := days(ctx, tx, learner)
	if err != nil {
		return deserve.Facts{}, err
	}
	f.Days, f.LongestStreak = len(days), longest(days)
	return f, nil
}

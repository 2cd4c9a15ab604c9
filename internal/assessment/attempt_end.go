package assessment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/answer"
	"lyceum/internal/gen/ent/attempt"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// SubmitAttempt ends the viewer's attempt and grades it. Asking twice returns the same grade. When the time
// was up before, what was saved until then is graded and the attempt is EXPIRED. Faults: Unauthenticated
// and Forbidden; NotFound for an attempt that is not the viewer's own; Conflict for an open one in a place that was
// given up.
func (s *Service) SubmitAttempt(ctx context.Context, id uuid.UUID) (*ent.Attempt, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return nil, err
	}
	var ended *ent.Attempt
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		open, err := lockOwn(ctx, tx, who.User, id)
		if err != nil {
			return err
		}
		if Graded(open) {
			ended = open
			return nil
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		ended, err = s.end(ctx, tx, open, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("submit attempt: %w", err)
	}
	return ended, nil
}

// end grades an open attempt that is locked, closes it, tells of it, and completes the lesson when it was
// passed.
func (s *Service) end(ctx context.Context, tx *pg.Tx, open *ent.Attempt, now time.Time) (*ent.Attempt, error) {
	score, err := gradeAnswers(ctx, tx, open)
	if err != nil {
		return nil, err
	}
	state, at := attempt.StateSUBMITTED, now
	if overdue(open, now) {
		state, at = attempt.StateEXPIRED, *open.DeadlineAt
	}
	ended, err := tx.Attempt.UpdateOne(open).Where(attempt.StateEQ(attempt.StateIN_PROGRESS)).
		SetState(state).SetSubmittedAt(at).SetScore(score).SetPassed(passes(score, open.MaxScore, open.PassMark)).
		Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("close attempt: %w", err)
	}
	if err := tx.Enqueue(ctx, attemptGraded(ended, now)); err != nil {
		return nil, fmt.Errorf("announce grade: %w", err)
	}
	if err := s.Completer.QuizGraded(ctx, tx, ended.EnrollmentID, ended.LessonID, ended.VersionID, ended.Passed); err != nil {
		return nil, fmt.Errorf("complete lesson of a graded quiz: %w", err)
	}
	return ended, nil
}

// keepGrades writes the grades of all answers of an attempt; ent would take a statement for each.
const keepGrades = `
UPDATE answers SET correct = g.correct, score = g.score, updated_at = clock_timestamp()
FROM unnest($1::uuid[], $2::boolean[], $3::double precision[]) AS g (id, correct, score)
WHERE answers.tenant_id = $4 AND answers.id = g.id`

// gradeAnswers grades what was answered and returns the points. A question that was not answered is graded
// too: where no choice is right, choosing nothing is the answer.
func gradeAnswers(ctx context.Context, tx *pg.Tx, open *ent.Attempt) (score float64, err error) {
	ids, err := versionIDs(open.Picks)
	if err != nil {
		return 0, err
	}
	questions, err := versions(ctx, tx.QuestionVersion, ids)
	if err != nil {
		return 0, err
	}
	rows, err := tx.Answer.Query().Where(answer.AttemptID(open.ID)).All(ctx)
	if err != nil {
		return 0, fmt.Errorf("read answers: %w", err)
	}
	byQuestion := answersByQuestion(rows)
	var answers []uuid.UUID
	var corrects []bool
	var scores []float64
	for _, q := range questions {
		correct, points := worth(q, byQuestion[q.ID])
		score += points
		if given := byQuestion[q.ID]; given != nil {
			answers, corrects, scores = append(answers, given.ID), append(corrects, correct), append(scores, points)
		}
	}
	if _, err := tx.Exec(ctx, keepGrades, answers, corrects, scores, open.TenantID); err != nil {
		return 0, fmt.Errorf("keep grades: %w", err)
	}
	return score, nil
}

// worth grades one question; the answer is nil when none was given.
func worth(q *ent.QuestionVersion, given *ent.Answer) (correct bool, points float64) {
	if grade(q.Kind, q.AnswerKey, responseOf(given)) {
		return true, float64(q.Points)
	}
	return false, 0
}

// expireBatch is how many overdue attempts are looked up at once.
const expireBatch = 100

// ExpireOverdue grades the open attempts of the tenant whose time is up, each in a transaction of its own,
// and returns how many. A job calls it every minute, as the system. One that fails does not keep the others
// waiting; the errors are returned together.
func (s *Service) ExpireOverdue(ctx context.Context) (int, error) {
	if err := policy.Require(ctx); err != nil {
		return 0, err
	}
	var failures []error
	expired := 0
	for last := uuid.Nil; ; {
		ids, err := s.overdue(ctx, last)
		if err != nil {
			return expired, errors.Join(append(failures, err)...)
		}
		for _, id := range ids {
			done, err := s.expire(ctx, id)
			if err != nil {
				failures = append(failures, fmt.Errorf("expire attempt %s: %w", id, err))
			}
			if done {
				expired++
			}
		}
		if len(ids) < expireBatch {
			return expired, errors.Join(failures...)
		}
		last = ids[len(ids)-1]
	}
}

// overdueAttempts reads by the database's clock, which an ent predicate cannot name: as it was when the statement began,
// since what moves on could not be looked for in an index.
const overdueAttempts = `
SELECT id FROM attempts
WHERE tenant_id = $1 AND state = 'IN_PROGRESS' AND deadline_at < statement_timestamp() - $2::interval AND id > $3
ORDER BY id LIMIT $4`

// overdue returns the ids of overdue attempts behind the last one.
func (s *Service) overdue(ctx context.Context, last uuid.UUID) ([]uuid.UUID, error) {
	rows, err := s.DB.Query(ctx, overdueAttempts, viewer.Tenant(ctx), grace, last, expireBatch)
	if err != nil {
		return nil, fmt.Errorf("find overdue attempts: %w", err)
	}
	defer rows.Close()
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read overdue attempts: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find overdue attempts: %w", err)
	}
	return ids, nil
}

// expire grades one overdue attempt. It reports false when its learner came first.
func (s *Service) expire(ctx context.Context, id uuid.UUID) (bool, error) {
	done := false
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		open, err := tx.Attempt.Query().Where(attempt.ID(id)).ForUpdate().Only(ctx)
		if err != nil {
			return fmt.Errorf("lock attempt: %w", err)
		}
		now, err := tx.Now(ctx)
		if err != nil || Graded(open) || !overdue(open, now) {
			return err
		}
		_, err = s.end(ctx, tx, open, now)
		done = err == nil
		return err
	})
	return done && err == nil, err
}

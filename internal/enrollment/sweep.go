package enrollment

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// sweepAtOnce bounds what one sweep does; the next goes on.
const sweepAtOnce = 1000

// ExpireGrants ends the reasons whose time has passed by the database's clock, and the places whose last reason that
// was. It runs as the system, each place in a transaction of its own, and returns how many reasons ended. One that
// fails does not keep the others waiting; the errors are returned together.
func (s *Service) ExpireGrants(ctx context.Context) (int, error) {
	if err := policy.Require(ctx); err != nil {
		return 0, err
	}
	var places []uuid.UUID
	err := s.DB.EnrollmentGrant.Query().Where(overdueGrant).Limit(sweepAtOnce).
		Unique(true).Select(enrollmentgrant.FieldEnrollmentID).Scan(ctx, &places)
	if err != nil {
		return 0, fmt.Errorf("find grants that ran out: %w", err)
	}
	places, err = s.waitingFirst(ctx, places)
	if err != nil {
		return 0, err
	}
	total := 0
	var failures []error
	for _, place := range places {
		ended, err := s.expire(ctx, place)
		total += ended
		failures = append(failures, err)
	}
	return total, errors.Join(failures...)
}

// waitingFirst puts those who wait before those who are in: nobody is let in whose own time has passed.
func (s *Service) waitingFirst(ctx context.Context, places []uuid.UUID) ([]uuid.UUID, error) {
	if len(places) == 0 {
		return nil, nil
	}
	waiting, err := s.DB.Enrollment.Query().Where(enrollment.IDIn(places...), enrollment.StateEQ(waitlisted)).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("find who waits: %w", err)
	}
	in := slices.DeleteFunc(places, func(id uuid.UUID) bool { return slices.Contains(waiting, id) })
	return append(waiting, in...), nil
}

// overdueGrant holds for grants that live and should not. clock_timestamp() moves while a statement runs and therefore
// could not be looked for in an index.
func overdueGrant(s *sql.Selector) {
	s.Where(sql.And(sql.IsNull(s.C(enrollmentgrant.FieldEndedAt)), sql.ExprP(s.C(enrollmentgrant.FieldEndsAt)+" <= statement_timestamp()")))
}

func (s *Service) expire(ctx context.Context, id uuid.UUID) (ended int, err error) {
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		d, place, err := deskOf(ctx, tx, id)
		if err != nil {
			return err
		}
		n, left, err := d.end(ctx, id, enrollmentgrant.EndedWhyEXPIRED, enrollmentgrant.EndsAtLTE(d.now))
		ended = n
		if err != nil || n == 0 || left > 0 {
			return err
		}
		_, err = d.leave(ctx, place, expire)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("expire place: %w", err)
	}
	return ended, nil
}

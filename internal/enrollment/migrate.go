package enrollment

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentmigration"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
)

// Evidence is what learners have shown. The learning context keeps it.
type Evidence interface {
	// Hold keeps others from adding evidence to the place until the transaction ends.
	Hold(ctx context.Context, tx *pg.Tx, place uuid.UUID) error
	// Carry makes the evidence of the lessons count for those that they are mapped to, and counts anew what the place
	// has completed in the version that it is pinned to now. The actor moved it there.
	Carry(ctx context.Context, tx *pg.Tx, place, actor uuid.UUID, mapping map[uuid.UUID]uuid.UUID) error
}

// ErrNotMoved is what MigrateNext fails with when it is the place that could not be moved.
var ErrNotMoved = errors.New("enrollment: a place could not be moved")

// notMovedError tells which place could not be moved. It is ErrNotMoved.
type notMovedError struct {
	place uuid.UUID
	cause error
}

func (e *notMovedError) Error() string {
	return "move place " + e.place.String() + ": " + e.cause.Error()
}
func (e *notMovedError) Unwrap() []error { return []error{ErrNotMoved, e.cause} }

// MigrateNext moves one more place, in one transaction with the note of how far the migration has come: who is killed
// in between has done nothing, and whoever goes on begins there. With passOver, a place that cannot be moved is counted as
// failed and left where it is. It reports whether there may be more, and runs as the system. Errors: ErrNotMoved without
// passOver; NotFound.
func (s *Service) MigrateNext(ctx context.Context, id uuid.UUID, passOver bool) (more bool, err error) {
	if err := policy.Require(ctx); err != nil {
		return false, err
	}
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		more, err = s.moveNext(ctx, tx, id)
		return err
	})
	if stuck, ok := errors.AsType[*notMovedError](err); ok && passOver && ctx.Err() == nil {
		return true, s.passOver(ctx, id, stuck.place)
	}
	if err != nil {
		return false, fmt.Errorf("migrate: %w", err)
	}
	return more, nil
}

func (s *Service) moveNext(ctx context.Context, tx *pg.Tx, id uuid.UUID) (more bool, err error) {
	m, err := lockMigration(ctx, tx, id)
	if err != nil || m.State != enrollmentmigration.StateRUNNING {
		return false, err
	}
	left := behind(m.CourseID, m.Number, m.Places)
	next, err := tx.Enrollment.Query().Where(left...).Where(enrollment.IDGT(m.ReachedID)).Order(enrollment.ByID()).FirstID(ctx)
	if ent.IsNotFound(err) {
		return false, wrapped("end migration", tx.EnrollmentMigration.UpdateOne(m).SetState(enrollmentmigration.StateDONE).Exec(ctx))
	} else if err != nil {
		return false, fmt.Errorf("find next place: %w", err)
	}
	moved, err := s.move(ctx, tx, next, m)
	if err != nil {
		return false, &notMovedError{next, err}
	}
	return true, wrapped("note progress of migration", tx.EnrollmentMigration.UpdateOne(m).AddDone(moved).SetReachedID(next).Exec(ctx))
}

// move pins the place to the migration's version, takes its evidence along, and returns how many places that were: none
// when it was completed meanwhile. Its progress is locked before it, as by everybody who adds evidence.
func (s *Service) move(ctx context.Context, tx *pg.Tx, id uuid.UUID, m *ent.EnrollmentMigration) (moved int, err error) {
	if err := s.Evidence.Hold(ctx, tx, id); err != nil {
		return 0, fmt.Errorf("hold evidence: %w", err)
	}
	place, err := tx.Enrollment.Query().Where(enrollment.ID(id)).ForUpdate().Only(ctx)
	if err != nil {
		return 0, fmt.Errorf("lock place: %w", err)
	}
	// Asked behind the locks: it may have been begun, or completed, while the job waited for them.
	still, err := tx.Enrollment.Query().Where(behind(m.CourseID, m.Number, m.Places)...).Where(enrollment.ID(id)).Exist(ctx)
	if err != nil || !still {
		return 0, wrapped("look at place", err)
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask what time it is: %w", err)
	}
	d := &desk{tx: tx, course: place.CourseID, now: now, migration: &m.ID}
	if _, err := d.keep(ctx, tx.Enrollment.UpdateOne(place).SetVersionID(m.VersionID), migrate); err != nil {
		return 0, err
	}
	return 1, wrapped("carry evidence", s.Evidence.Carry(ctx, tx, id, m.StartedBy, m.Mapping))
}

// passOver counts a place as failed, unless somebody has come further meanwhile.
func (s *Service) passOver(ctx context.Context, id, place uuid.UUID) error {
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		m, err := lockMigration(ctx, tx, id)
		if err != nil || bytes.Compare(m.ReachedID[:], place[:]) >= 0 {
			return err
		}
		return wrapped("count failure", tx.EnrollmentMigration.UpdateOne(m).AddFailed(1).SetReachedID(place).Exec(ctx))
	})
	return wrapped("pass a place over", err)
}

func lockMigration(ctx context.Context, tx *pg.Tx, id uuid.UUID) (*ent.EnrollmentMigration, error) {
	m, err := tx.EnrollmentMigration.Query().Where(enrollmentmigration.ID(id)).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "There is no such migration.").Because(err)
	}
	return m, wrapped("lock migration", err)
}

// wrapped says what went wrong, when something did.
func wrapped(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

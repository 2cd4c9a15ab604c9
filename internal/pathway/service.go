// Package pathway owns learning paths: which courses lead somewhere together, who is on the way, and who has arrived.
package pathway

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// Place is a learner's place in a course, as a path gives and takes it.
type Place struct {
	Course, Learner uuid.UUID
	// Reference names the place in the path for whose sake it is given: what the path gave is taken, and nothing else.
	Reference string
}

// Placer gives and takes places in courses, in the transaction of what they follow from, as Lyceum itself.
type Placer interface {
	// Give gives the place, or one more reason for it. A course that is not published is NotFound.
	Give(ctx context.Context, tx *pg.Tx, p Place) error
	// Release ends the reason because the learner left the path, Revoke because staff ended it. The place ends with the
	// last of its reasons.
	Release(ctx context.Context, tx *pg.Tx, p Place) error
	Revoke(ctx context.Context, tx *pg.Tx, p Place) error
}

// Service is the context of learning paths.
type Service struct {
	DB     *pg.DB
	Places Placer
}

// settle runs fn in a transaction, and again when a unique index refused a row because another request made it first:
// the next run finds that row.
func (s *Service) settle(ctx context.Context, fn func(tx *pg.Tx) error) error {
	const attempts = 3
	var err error
	for range attempts {
		if err = s.DB.Tx(ctx, fn); !ent.IsConstraintError(err) {
			return err
		}
	}
	return err
}

// takeTurn makes all that happens to the paths of one learner happen in a row. It is taken before anything is read, and
// before any lock of a course: what is committed before one's turn is seen in it.
func takeTurn(ctx context.Context, tx *pg.Tx, learner uuid.UUID) (now time.Time, err error) {
	const lock = `SELECT pg_advisory_xact_lock(hashtextextended('learning paths ' || $1::text, 0))`
	if _, err := tx.Exec(ctx, lock, learner); err != nil {
		return time.Time{}, fmt.Errorf("lock paths of learner: %w", err)
	}
	return tx.Now(ctx)
}

// itself is the context in which Lyceum acts for the tenant: places that a path gives are given by nobody in person.
func itself(ctx context.Context) context.Context {
	return viewer.With(ctx, viewer.Job(viewer.Tenant(ctx), "pathway.places"))
}

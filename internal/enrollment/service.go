// Package enrollment owns learners' places in courses: who is in, since when, and in which version.
package enrollment

import (
	"context"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pg"
)

// Service is the enrollment context.
type Service struct {
	DB *pg.DB
	// Feed is where changes of places are watched.
	Feed *feed.Log
	// Evidence goes along when places move to a newer version.
	Evidence Evidence
}

// settle runs fn in a transaction, and again when a unique index refused a row because another request
// made it first: the next run finds that row.
func (s *Service) settle(ctx context.Context, fn func(tx *pg.Tx) error) error {
	const attempts = 3
	var err error
	for range attempts {
		err = s.DB.Tx(ctx, fn)
		if !ent.IsConstraintError(err) {
			return err
		}
	}
	return err
}

// Package compliance owns the audit log: what staff and the system did in a tenant, each entry chained to
// the one before it by its hash, so that a changed or missing entry shows.
package compliance

import (
	"cmp"
	"time"

	"lyceum/internal/platform/pg"
)

// Service is the compliance context.
type Service struct {
	DB *pg.DB
	// RefusedEvery is how often the same person's refusal at the same field is written down; 0 is a minute.
	RefusedEvery time.Duration

	refusals refusals
}

func (s *Service) refusedEvery() time.Duration { return cmp.Or(s.RefusedEvery, time.Minute) }

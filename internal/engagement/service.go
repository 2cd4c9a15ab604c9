// Package engagement owns what keeps people at it, inside their tenant: points for what they did, the days in a row on
// which they learned, achievements, and how they stand among the others.
//
// All of it follows from events. The ledger of points is the truth; leaderboards in Redis are made of it, and made
// again at will.
package engagement

import (
	"time"

	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/pg"
)

// Service is the engagement context.
type Service struct {
	DB *pg.DB
	// Copies holds leaderboards ready in Redis; nil asks the ledger for each.
	Copies *cache.Rankings
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now().UTC()
	}
	return s.Now().UTC()
}

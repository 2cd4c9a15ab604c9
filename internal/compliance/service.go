// Package compliance owns the audit log: what staff and the system did in a tenant, each entry chained to
// the one before it by its hash, so that a changed or missing entry shows.
package compliance

import "lyceum/internal/platform/pg"

// Service is the compliance context.
type Service struct {
	DB *pg.DB

	refusals refusals
}

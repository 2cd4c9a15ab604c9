// Package compliance owns the audit log.
package compliance

import "lyceum/internal/platform/pg"

// Service is the compliance context.
type Service struct {
	DB *pg.DB
}

// Package learning owns the evidence of learning: what was played, read and passed, and what that completes.
package learning

import "lyceum/internal/platform/pg"

// Service is the learning context.
type Service struct {
	DB *pg.DB
}

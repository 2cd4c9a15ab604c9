package assessment

import "lyceum/internal/platform/pg"

// Service is the assessment context.
type Service struct {
	DB *pg.DB
}

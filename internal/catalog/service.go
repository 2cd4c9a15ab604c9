package catalog

import "lyceum/internal/platform/pg"

// Service is the catalog context.
type Service struct {
	DB *pg.DB
}

// Package tenancy owns tenants, their people, sessions and keys.
package tenancy

import "lyceum/internal/platform/pg"

// Service is the tenancy context.
type Service struct {
	DB *pg.DB
}

// Package credential owns certificates.
package credential

import "lyceum/internal/platform/pg"

// Service is the credential context.
type Service struct {
	DB *pg.DB
}

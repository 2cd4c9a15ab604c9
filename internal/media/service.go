// Package media owns every file: its upload, its checks, and the signed addresses it is read at.
package media

import "lyceum/internal/platform/pg"

// Service is the media context.
type Service struct {
	DB *pg.DB
}

// Package enrollment owns learners' places in courses.
package enrollment

import "lyceum/internal/platform/pg"

// Service is the enrollment context.
type Service struct {
	DB *pg.DB
}

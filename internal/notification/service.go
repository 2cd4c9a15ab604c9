// Package notification owns inboxes.
package notification

import "lyceum/internal/platform/pg"

// Service is the notification context.
type Service struct {
	DB *pg.DB
}

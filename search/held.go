package search

import (
	"fmt"

	"github.com/google/uuid"
)

// Rows are what pg.DB.Query returns.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// HeldFrom reads rows of course id, version and number of documents.
func HeldFrom(rows Rows, err error) (map[uuid.UUID]Held, error) {
	if err != nil {
		return nil, fmt.Errorf("count documents: %w", err)
	}
	defer rows.Close()
	held := map[uuid.UUID]Held{}
	for rows.Next() {
		var (
			course uuid.UUID
			h      Held
		)
		if err := rows.Scan(&course, &h.Version, &h.Documents); err != nil {
			return nil, fmt.Errorf("read count: %w", err)
		}
		held[course] = h
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count documents: %w", err)
	}
	return held, nil
}

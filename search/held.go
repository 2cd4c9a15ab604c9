package search

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// HeldFrom reads rows of course id, version and number of documents.
func HeldFrom(rows pgx.Rows, err error) (map[uuid.UUID]Held, error) {
	if err != nil {
		return nil, fmt.Errorf("count documents: %w", err)
	}
	held := map[uuid.UUID]Held{}
	var (
		course uuid.UUID
		h      Held
	)
	_, err = pgx.ForEachRow(rows, []any{&course, &h.Version, &h.Documents}, func() error {
		held[course] = h
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count documents: %w", err)
	}
	return held, nil
}

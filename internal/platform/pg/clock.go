package pg

import (
	"context"
	"fmt"
	"time"
)

// Now returns the database's clock, in UTC: what deadlines are held against outside of a transaction, too.
func (db *DB) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	if err := db.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return time.Time{}, fmt.Errorf("read the database clock: %w", err)
	}
	return now.UTC(), nil
}

// Now returns the database's clock at this moment of the transaction, in UTC: the one clock that deadlines
// are held against. Unlike SQL's now() it moves on while the transaction waits for a lock.
func (tx *Tx) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	if err := tx.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return time.Time{}, fmt.Errorf("read the database clock: %w", err)
	}
	return now.UTC(), nil
}

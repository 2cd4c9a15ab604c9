package jobs

import (
	"context"
	"errors"

	"lyceum/internal/platform/eventlog"
	"lyceum/internal/platform/pg"
)

// Replay tells the consumers that keep accounts (points and what goes with them, and the numbers of a day) of every event of
// the context's tenant, and returns how many there are. What they have heard of changes nothing; what was lost is there
// again.
func Replay(ctx context.Context, s Services) (events int, err error) {
	err = eventlog.Each(ctx, s.DB, func(e eventlog.Event) error {
		events++
		return s.DB.Tx(ctx, func(tx *pg.Tx) error {
			return errors.Join(credit(ctx, tx, s, e), count(ctx, tx, s, e))
		})
	})
	return events, err
}

package pg

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// planFor says what reading a page out of order costs, beside one in order. Postgres's own figure is that of turning
// disks, with which it reads small tables whole, and of large ones all that a tenant has, rather than look rows up.
const planFor = `SET random_page_cost = 1.1`

// Prepare makes a new connection one of ours; it is for pgxpool.Config.AfterConnect.
func Prepare(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, planFor); err != nil {
		return fmt.Errorf("prepare connection: %w", err)
	}
	return TeachTypes(ctx, conn)
}

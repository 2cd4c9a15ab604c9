package pg

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrUnsafeRole is returned when the connected role could step over row-level security.
var ErrUnsafeRole = errors.New("the database role could bypass row-level security")

// CheckRole makes sure that the pool's role is bound by row-level security: no superuser, no BYPASSRLS,
// owner of no table, and no member of a role that is any of these. The server refuses to start otherwise.
func CheckRole(ctx context.Context, pool *pgxpool.Pool) error {
	const unsafe = `
		SELECT r.rolname || CASE
			WHEN r.rolsuper THEN ' is a superuser'
			WHEN r.rolbypassrls THEN ' has BYPASSRLS'
			ELSE ' owns tables' END
		FROM pg_roles r
		WHERE pg_has_role(current_user, r.oid, 'MEMBER')
		  AND (r.rolsuper OR r.rolbypassrls OR EXISTS (
			SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname = 'public'))
		ORDER BY r.rolname LIMIT 1`
	rows, err := pool.Query(ctx, unsafe)
	if err != nil {
		return fmt.Errorf("check database role: %w", err)
	}
	defer rows.Close()
	if rows.Next() {
		var reason string
		if err := rows.Scan(&reason); err != nil {
			return fmt.Errorf("check database role: %w", err)
		}
		return fmt.Errorf("%w: %s; connect as a role made by `lyceum migrate --create-roles`", ErrUnsafeRole, reason)
	}
	return rows.Err()
}

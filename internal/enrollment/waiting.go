package enrollment

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/policy"
)

// waitingPlaces counts who drew a lower number. It says nothing of who they are, so it is asked for the whole tenant.
const waitingPlaces = `
SELECT e.id, (
	SELECT count(*) FROM enrollments AS before
	WHERE before.tenant_id = e.tenant_id AND before.course_id = e.course_id AND before.state = 'WAITLISTED' AND before.ticket <= e.ticket
)
FROM enrollments AS e
WHERE e.tenant_id = $1 AND e.id = ANY($2) AND e.state = 'WAITLISTED' AND (e.learner_id = $3 OR $4)`

// Positions returns where the places stand on their waiting lists, 1 for who is next; those that do not wait are
// absent, and so are those that the viewer does not see. Faults: Unauthenticated.
func (s *Service) Positions(ctx context.Context, places []uuid.UUID) (map[uuid.UUID]int, error) {
	who, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.DB.Query(ctx, waitingPlaces, who.Tenant, places, who.User, who.Staff() || who.Granted())
	if err != nil {
		return nil, fmt.Errorf("read waiting lists: %w", err)
	}
	defer rows.Close()
	found := map[uuid.UUID]int{}
	for rows.Next() {
		var place uuid.UUID
		var position int
		if err := rows.Scan(&place, &position); err != nil {
			return nil, fmt.Errorf("read waiting lists: %w", err)
		}
		found[place] = position
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read waiting lists: %w", err)
	}
	return found, nil
}

package engagement

import (
	"context"
	"fmt"

	"lyceum/internal/policy"
)

// Points are what somebody has, all told and in the running periods.
type Points struct{ Total, Week, Month int }

// Points returns the viewer's own.
func (s *Service) Points(ctx context.Context) (Points, error) {
	who, err := policy.Signed(ctx)
	if err != nil {
		return Points{}, err
	}
	now := s.now()
	const query = `
		SELECT coalesce(sum(points), 0)::bigint, coalesce(sum(points) FILTER (WHERE at >= $3), 0)::bigint,
			coalesce(sum(points) FILTER (WHERE at >= $4), 0)::bigint
		FROM point_entries WHERE tenant_id = $1 AND learner_id = $2`
	var p Points
	err = s.DB.QueryRow(ctx, query, who.Tenant, who.User, Week.start(now), Month.start(now)).Scan(&p.Total, &p.Week, &p.Month)
	if err != nil {
		return Points{}, fmt.Errorf("add up points: %w", err)
	}
	return p, nil
}

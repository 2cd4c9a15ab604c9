package engagement

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/pointrule"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// maxPoints is the most that a deed can be worth.
const maxPoints = 10_000

// Worth is what a deed earns.
type Worth struct {
	Reason pointrule.Reason
	Points int
}

// usual is what a deed is worth where the tenant says nothing.
func usual(reason pointrule.Reason) int {
	switch reason {
	case pointrule.ReasonLESSON:
		return 10
	case pointrule.ReasonQUIZ:
		return 20
	case pointrule.ReasonCOURSE:
		return 100
	default:
		return 0
	}
}

// reasons are all that there are points for.
func reasons() []pointrule.Reason {
	return []pointrule.Reason{pointrule.ReasonLESSON, pointrule.ReasonQUIZ, pointrule.ReasonCOURSE}
}

// querier is a transaction or the database.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pg.Row
}

// worth is what a deed for the reason was worth at that time.
func worth(ctx context.Context, from querier, reason pointrule.Reason, at time.Time) (int, error) {
	const query = `
		SELECT points FROM point_rules WHERE tenant_id = $1 AND reason = $2 AND since <= $3 ORDER BY since DESC LIMIT 1`
	var points int
	switch err := from.QueryRow(ctx, query, viewer.Tenant(ctx), string(reason), at).Scan(&points); {
	case errors.Is(err, pg.ErrNoRows):
		return usual(reason), nil
	case err != nil:
		return 0, fmt.Errorf("find point rule: %w", err)
	default:
		return points, nil
	}
}

// Worths tells what each kind of deed is worth now.
func (s *Service) Worths(ctx context.Context) ([]*Worth, error) {
	if _, err := policy.Signed(ctx); err != nil {
		return nil, err
	}
	const query = `SELECT DISTINCT ON (reason) reason, points FROM point_rules WHERE tenant_id = $1 ORDER BY reason, since DESC`
	rows, err := s.DB.Query(ctx, query, viewer.Tenant(ctx))
	if err != nil {
		return nil, fmt.Errorf("list point rules: %w", err)
	}
	set := map[pointrule.Reason]int{}
	var (
		reason string
		points int
	)
	err = pg.ForEach(rows, []any{&reason, &points}, func() error {
		set[pointrule.Reason(reason)] = points
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list point rules: %w", err)
	}
	all := make([]*Worth, 0, len(reasons()))
	for _, reason := range reasons() {
		points, told := set[reason]
		if !told {
			points = usual(reason)
		}
		all = append(all, &Worth{reason, points})
	}
	return all, nil
}

// SetWorth says what deeds for the reason are worth from now on. What was earned before stays what it was.
// It returns what all deeds are worth. Faults: Forbidden; BadInput.
func (s *Service) SetWorth(ctx context.Context, w Worth) ([]*Worth, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	if w.Points < 0 || w.Points > maxPoints {
		return nil, fault.Invalid("points", "A deed is worth 0 to 10000 points.")
	}
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if err := tx.PointRule.Create().SetReason(w.Reason).SetPoints(w.Points).SetSince(now).Exec(ctx); err != nil {
			return fmt.Errorf("keep point rule: %w", err)
		}
		return tx.Record(ctx, pg.Entry{
			Action: "points.set", Subject: gid.New(ent.GIDTenant, viewer.Tenant(ctx)).String(),
			Data: map[string]string{"reason": w.Reason.String(), "points": strconv.Itoa(w.Points)},
		})
	})
	if err != nil {
		return nil, err
	}
	return s.Worths(ctx)
}

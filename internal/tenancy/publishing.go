package tenancy

import (
	"context"
	"fmt"
	"strconv"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// PublishingRules names what to change of what a course needs before it is published; nil fields stay as they are.
type PublishingRules struct {
	// CaptionsRequired says whether a film needs captions.
	CaptionsRequired *bool
}

// UpdatePublishingRules changes what a course needs before it is published.
func (s *Service) UpdatePublishingRules(ctx context.Context, rules PublishingRules) (*ent.Tenant, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	var changed *ent.Tenant
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		now, err := tx.Tenant.Query().ForUpdate().Only(ctx)
		if err != nil {
			return fmt.Errorf("lock tenant: %w", err)
		}
		if rules.CaptionsRequired == nil || *rules.CaptionsRequired == now.CaptionsRequired {
			changed = now
			return nil
		}
		changed, err = tx.Tenant.UpdateOne(now).SetCaptionsRequired(*rules.CaptionsRequired).Save(ctx)
		if err != nil {
			return fmt.Errorf("keep publishing rules: %w", err)
		}
		return tx.Record(ctx, pg.Entry{
			Action: "tenant.publishing_rules_changed", Subject: changed.GlobalID().String(),
			Data: map[string]string{"captionsRequired": strconv.FormatBool(changed.CaptionsRequired)},
		})
	})
	if err != nil {
		return nil, fmt.Errorf("change publishing rules: %w", err)
	}
	return changed, nil
}

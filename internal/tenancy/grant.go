package tenancy

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/supportgrant"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

const (
	// maxGrant is how long one grant lasts at most, in minutes. The database says the same.
	maxGrant = 240
	// maxGrantReason is the longest reason of a grant, in characters.
	maxGrantReason = 500
)

// activeGrant is the SQL that finds the tenant's grant that is in force the longest, for people of support and
// nobody else. It stands in a statement in which u is the user.
const activeGrant = `
	(SELECT g.id FROM support_grants g
	 WHERE u.role = 'SUPPORT' AND g.tenant_id = u.tenant_id AND g.revoked_at IS NULL AND g.expires_at > now()
	 ORDER BY g.expires_at DESC LIMIT 1)`

// GrantSupport lets the tenant's support people read for so many minutes by the database's clock, 240 at most.
func (s *Service) GrantSupport(ctx context.Context, reason string, minutes int) (*ent.SupportGrant, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	v, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	reason = strings.TrimSpace(reason)
	var checked input.Checker
	checked.Line("reason", reason, 1, maxGrantReason)
	checked.Between("expiresInMinutes", minutes, 1, maxGrant)
	if err := checked.Err(); err != nil {
		return nil, err
	}
	var made *ent.SupportGrant
	err = s.changeRights(ctx, func(tx *pg.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		made, err = tx.SupportGrant.Create().
			SetGrantedBy(v.User).
			SetReason(reason).
			SetCreatedAt(now).
			SetExpiresAt(now.Add(time.Duration(minutes) * time.Minute)).
			Save(ctx)
		if err != nil {
			return fmt.Errorf("keep grant: %w", err)
		}
		return tx.Record(ctx, pg.Entry{
			Action: "support.granted", Subject: made.GlobalID().String(), Data: map[string]string{"minutes": strconv.Itoa(minutes)},
		})
	})
	if err != nil {
		return nil, fmt.Errorf("grant support: %w", err)
	}
	return made, nil
}

// RevokeGrant ends a grant before its time. One that has ended already stays as it is.
func (s *Service) RevokeGrant(ctx context.Context, id uuid.UUID) (*ent.SupportGrant, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	v, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	var revoked *ent.SupportGrant
	err = s.changeRights(ctx, func(tx *pg.Tx) error {
		revoked, err = tx.SupportGrant.Query().Where(supportgrant.ID(id)).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "There is no such grant.")
		} else if err != nil {
			return fmt.Errorf("lock grant: %w", err)
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if revoked.RevokedAt != nil || !revoked.ExpiresAt.After(now) {
			return nil
		}
		revoked, err = tx.SupportGrant.UpdateOne(revoked).SetRevokedAt(now).SetRevokedBy(v.User).Save(ctx)
		if err != nil {
			return fmt.Errorf("end grant: %w", err)
		}
		return tx.Record(ctx, pg.Entry{Action: "support.revoked", Subject: revoked.GlobalID().String()})
	})
	if err != nil {
		return nil, fmt.Errorf("revoke grant: %w", err)
	}
	return revoked, nil
}

// Grants returns a page of the tenant's grants, newest first.
func (s *Service) Grants(ctx context.Context, r page.Request) (page.Page[*ent.SupportGrant], error) {
	var none page.Page[*ent.SupportGrant]
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return none, err
	}
	const order = "support grants, newest first"
	query := s.DB.SupportGrant.Query().Order(supportgrant.ByID(sql.OrderDesc())).Limit(r.Limit())
	found, err := page.ByID(ctx, r, order, query.All,
		func(last uuid.UUID) { query.Where(supportgrant.IDLT(last)) }, func(g *ent.SupportGrant) uuid.UUID { return g.ID })
	if err != nil {
		return none, fmt.Errorf("list grants: %w", err)
	}
	return found, nil
}

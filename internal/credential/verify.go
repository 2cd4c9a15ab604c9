package credential

import (
	"context"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/certificate"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// maxReason is the longest reason of a revocation, in characters.
const maxReason = 500

// Verify finds a certificate of the tenant by its code, for anybody: who holds the code may see it, so the
// whole tenant's certificates are in view. It returns nil when there is none. In a K-12 school the name is shown
// by its initials, except to staff and the learner.
func (s *Service) Verify(ctx context.Context, code string) (*ent.Certificate, error) {
	code, ok := readCode(code)
	if !ok {
		return nil, nil //nolint:nilnil // no certificate has such a code
	}
	found, err := s.DB.Certificate.Query().Where(certificate.Code(code)).Only(viewer.WholeTenant(ctx))
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // unknown codes are not errors
	} else if err != nil {
		return nil, fmt.Errorf("find certificate: %w", err)
	}
	if v, _ := viewer.From(ctx); v.School && !v.Staff() && v.User != found.LearnerID {
		found.LearnerName = viewer.Initials(found.LearnerName)
	}
	return found, nil
}

// Mine returns the viewer's own certificates, newest first.
func (s *Service) Mine(ctx context.Context) ([]*ent.Certificate, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.DB.Certificate.Query().
		Where(certificate.LearnerID(v.User)).Order(certificate.ByID(sql.OrderDesc())).Limit(500).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list certificates: %w", err)
	}
	return found, nil
}

// Revoke says that a certificate is not valid any more, and why. Revoking it again changes nothing.
func (s *Service) Revoke(ctx context.Context, id uuid.UUID, reason string) (*ent.Certificate, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	reason = strings.TrimSpace(reason)
	var checked input.Checker
	checked.Line("reason", reason, 1, maxReason)
	if err := checked.Err(); err != nil {
		return nil, err
	}
	var revoked *ent.Certificate
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		c, err := tx.Certificate.Query().Where(certificate.ID(id)).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "There is no such certificate.")
		} else if err != nil {
			return fmt.Errorf("lock certificate: %w", err)
		}
		if c.RevokedAt != nil {
			revoked = c
			return nil
		}
		v, _ := viewer.From(ctx)
		revoked, err = tx.Certificate.UpdateOne(c).
			SetRevokedAt(time.Now()).SetRevokedBy(v.User).SetRevocationReason(reason).Save(ctx)
		if err != nil {
			return fmt.Errorf("revoke certificate: %w", err)
		}
		if err := tx.Enqueue(ctx, CertificateRevoked{about(ctx, c)}); err != nil {
			return err
		}
		return tx.Record(ctx, pg.Entry{Action: "certificate.revoked", Subject: c.GlobalID().String()})
	})
	return revoked, err
}

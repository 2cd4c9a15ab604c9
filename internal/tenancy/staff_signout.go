package tenancy

import (
	"context"
	"fmt"
	"time"

	"lyceum/internal/gen/ent/staffsession"
	"lyceum/internal/platform/auth"
	"lyceum/internal/viewer"
)

// SignOutStaff ends the staff session of the token, if it is one that is open.
func (s *Service) SignOutStaff(ctx context.Context, token string) error {
	prefix, _, hash, err := auth.ParseToken(token)
	if err != nil || prefix != auth.PrefixStaff {
		return nil //nolint:nilerr // it opens nothing as it is
	}
	err = s.DB.StaffSession.Update().
		Where(staffsession.TokenHash(hash), staffsession.RevokedAtIsNil()).
		SetRevokedAt(time.Now()).
		Exec(viewer.AsPlatform(ctx))
	if err != nil {
		return fmt.Errorf("end staff session: %w", err)
	}
	return nil
}

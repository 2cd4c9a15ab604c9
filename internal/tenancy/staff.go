package tenancy

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/staff"
	"lyceum/internal/gen/ent/staffsession"
	"lyceum/internal/platform/auth"
	"lyceum/internal/viewer"
)

// staffPrefix begins the token of a platform session.
const staffPrefix = "lyp"

// staffLimit is how long platform staff stay signed in.
const staffLimit = 30 * time.Minute

// SignInStaff opens a session on the admin listener and returns its token and when it ends.
func (s *Service) SignInStaff(ctx context.Context, email, password string, from Origin) (string, time.Time, error) {
	ctx = viewer.AsPlatform(ctx)
	email = normalEmail(email)
	if err := s.Limiter.SignIn(ctx, uuid.Nil, email, from.IP); err != nil {
		return "", time.Time{}, err
	}
	found, err := s.DB.Staff.Query().Where(staff.Email(email)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return "", time.Time{}, fmt.Errorf("find staff: %w", err)
	}
	hash := ""
	if found != nil {
		hash = found.PasswordHash
	}
	ok, err := s.Hasher.Verify(ctx, password, hash)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("verify password: %w", err)
	}
	if !ok || found == nil {
		return "", time.Time{}, errUnknown()
	}
	token, tokenHash := auth.NewToken(staffPrefix, uuid.Nil)
	ends := time.Now().Add(staffLimit)
	err = s.DB.StaffSession.Create().SetStaffID(found.ID).SetTokenHash(tokenHash).SetExpiresAt(ends).Exec(ctx)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("keep staff session: %w", err)
	}
	return token, ends, nil
}

// Staff returns the member of the platform staff behind the token. The error is an Unauthenticated fault
// when there is none.
func (s *Service) Staff(ctx context.Context, token string) (*ent.Staff, error) {
	prefix, _, hash, err := auth.ParseToken(token)
	if err != nil || prefix != staffPrefix {
		return nil, errToken()
	}
	ctx = viewer.AsPlatform(ctx)
	open, err := s.DB.StaffSession.Query().
		Where(staffsession.TokenHash(hash), staffsession.RevokedAtIsNil(), staffsession.ExpiresAtGT(time.Now())).
		Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errToken()
	} else if err != nil {
		return nil, fmt.Errorf("find staff session: %w", err)
	}
	member, err := s.DB.Staff.Get(ctx, open.StaffID)
	if err != nil {
		return nil, fmt.Errorf("find staff: %w", err)
	}
	return member, nil
}

package tenancy

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/staff"
	"lyceum/internal/gen/ent/staffsession"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// staffLimit is how long platform staff stay signed in.
const staffLimit = 30 * time.Minute

// SignInStaff opens a session on the admin listener and returns its token and when it ends.
func (s *Service) SignInStaff(ctx context.Context, email, password string, from Origin) (string, time.Time, error) {
	ctx = viewer.AsPlatform(ctx)
	email = normalEmail(email)
	if !validEmail(email) {
		return "", time.Time{}, errUnknown()
	}
	if err := s.Limiter.SignIn(ctx, uuid.Nil, email, from.Network()); err != nil {
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
	return s.openStaff(ctx, found)
}

// openStaff opens a session for a member whose password was found right and is the same still.
func (s *Service) openStaff(ctx context.Context, of *ent.Staff) (token string, ends time.Time, err error) {
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		if err := lockStaff(ctx, tx); err != nil {
			return err
		}
		same, err := tx.Staff.Query().Where(staff.ID(of.ID), staff.PasswordHash(of.PasswordHash)).Exist(ctx)
		if err != nil {
			return fmt.Errorf("find staff again: %w", err)
		} else if !same {
			return errUnknown()
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		made, hash := auth.NewToken(auth.PrefixStaff, uuid.Nil)
		token, ends = made, now.Add(staffLimit)
		return tx.StaffSession.Create().SetStaffID(of.ID).SetTokenHash(hash).SetExpiresAt(ends).Exec(ctx)
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("keep staff session: %w", err)
	}
	return token, ends, nil
}

// lockStaff puts sign-ins of staff and changes of their passwords in order. The application may not lock their rows.
func lockStaff(ctx context.Context, tx *pg.Tx) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('staff', 0))`); err != nil {
		return fmt.Errorf("lock staff: %w", err)
	}
	return nil
}

// Staff returns the member of the platform staff behind the token. The error is an Unauthenticated fault
// when there is none.
func (s *Service) Staff(ctx context.Context, token string) (*ent.Staff, error) {
	prefix, _, hash, err := auth.ParseToken(token)
	if err != nil || prefix != auth.PrefixStaff {
		return nil, errToken()
	}
	ctx = viewer.AsPlatform(ctx)
	open, err := s.DB.StaffSession.Query().
		Where(staffsession.TokenHash(hash), staffsession.RevokedAtIsNil(), func(selector *sql.Selector) {
			selector.Where(sql.ExprP("expires_at > now()"))
		}).
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

package tenancy

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/predicate"
	"lyceum/internal/gen/ent/session"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// seenEvery is how often use of a session or key is noted: often enough for the idle limit, seldom enough
// for the database.
const seenEvery = time.Minute

// bySession finds the session, its user and the tenant's state in one statement, because it is asked with
// every request; ent would take three.
func (s *Service) bySession(ctx context.Context, tenant uuid.UUID, hash []byte) (viewer.Viewer, error) {
	const find = `
		SELECT s.id, s.rotation, s.user_id, u.role, t.kind = 'SCHOOL',` + activeGrant + `,
		  s.last_seen_at < now() - $3::interval
		FROM sessions s
		JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
		JOIN tenants t ON t.id = s.tenant_id
		JOIN placements p ON p.id = s.tenant_id
		WHERE s.tenant_id = $1 AND s.token_hash = $2
		  AND s.revoked_at IS NULL AND s.expires_at > now() AND s.last_seen_at > now() - $4::interval
		  AND u.status = 'ACTIVE' AND p.status = 'ACTIVE'`
	v := viewer.Viewer{Tenant: tenant}
	var (
		grant *uuid.UUID
		stale bool
	)
	err := s.DB.QueryRow(ctx, find, tenant, hash, seenEvery, s.Idle).
		Scan(&v.Session, &v.Rotation, &v.User, &v.Role, &v.School, &grant, &stale)
	if errors.Is(err, pg.ErrNoRows) {
		return viewer.Viewer{}, errToken()
	} else if err != nil {
		return viewer.Viewer{}, fmt.Errorf("find session: %w", err)
	}
	if grant != nil {
		v.Grant = *grant
	}
	const seen = `UPDATE sessions SET last_seen_at = now(), updated_at = now() WHERE tenant_id = $1 AND id = $2`
	return v, s.noteUse(ctx, stale, seen, tenant, v.Session)
}

// noteUse runs the statement that notes use of a session or key, when the last note is stale. It is plain SQL,
// because the database's clock decides what is idle.
func (s *Service) noteUse(ctx context.Context, stale bool, statement string, tenant, id uuid.UUID) error {
	if !stale {
		return nil
	}
	if _, err := s.DB.Exec(ctx, statement, tenant, id); err != nil {
		return fmt.Errorf("note use of token: %w", err)
	}
	return nil
}

// Still reports whether the session or key of the viewer is good now, with the token that it had, and carries the same role
// and, of support, the same grant; a socket asks before each operation. The idle limit does not count: who listens is there.
func (s *Service) Still(ctx context.Context, v viewer.Viewer) (bool, error) {
	ctx = viewer.With(ctx, viewer.Job(v.Tenant, "authenticate"))
	welcome, err := welcomed(ctx, s.DB, v.Tenant, []pass{passOf(v)})
	return welcome[0], err
}

// SignOut ends the session of the request.
func (s *Service) SignOut(ctx context.Context) error {
	v, err := s.inSession(ctx)
	if err != nil {
		return err
	}
	_, err = s.revoke(ctx, v, session.ID(v.Session))
	return err
}

// Rotate gives the session of the request a new token. The old one stops working at once, also on a socket, and streams
// that came in with it end as when the session does. Of two rotations at the same time one wins.
func (s *Service) Rotate(ctx context.Context) (*Opened, error) {
	v, err := s.inSession(ctx)
	if err != nil {
		return nil, err
	}
	ctx = viewer.With(ctx, viewer.Job(v.Tenant, "rotate session"))
	var opened *Opened
	err = s.changeRights(ctx, func(tx *pg.Tx) error {
		old, err := tx.Session.Query().
			Where(session.ID(v.Session), session.Rotation(v.Rotation), session.RevokedAtIsNil()).
			ForUpdate().
			Only(ctx)
		if ent.IsNotFound(err) {
			return errToken()
		} else if err != nil {
			return fmt.Errorf("lock session: %w", err)
		}
		owner, err := tx.User.Get(ctx, v.User)
		if err != nil {
			return fmt.Errorf("find user: %w", err)
		}
		token, hash := auth.NewToken(auth.PrefixSession, v.Tenant)
		renewed, err := tx.Session.UpdateOne(old).SetTokenHash(hash).AddRotation(1).Save(ctx)
		if err != nil {
			return fmt.Errorf("keep new token: %w", err)
		}
		opened = &Opened{Token: token, Session: renewed, User: owner}
		return nil
	})
	return opened, err
}

// Sessions returns the viewer's open sessions, newest first.
func (s *Service) Sessions(ctx context.Context) ([]*ent.Session, error) {
	open, err := s.DB.Session.Query().
		Where(session.RevokedAtIsNil(), s.unexpired).
		Order(session.ByID(sql.OrderDesc())).
		Limit(100).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return open, nil
}

// unexpired holds for sessions that are within both limits by the database's clock.
func (s *Service) unexpired(selector *sql.Selector) {
	selector.Where(sql.P(func(b *sql.Builder) {
		b.WriteString("expires_at > now() AND last_seen_at > now() - ").Arg(s.Idle).WriteString("::interval")
	}))
}

// RevokeSessions ends one of the viewer's sessions, or with nil all but the one of this request. It returns
// how many ended; a session that is not the viewer's, or has ended, is a NotFound fault.
func (s *Service) RevokeSessions(ctx context.Context, id *uuid.UUID) (int, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return 0, err
	}
	if id == nil {
		return s.revoke(ctx, v, session.IDNEQ(v.Session))
	}
	n, err := s.revoke(ctx, v, session.ID(*id))
	if err == nil && n == 0 {
		return 0, fault.New(fault.NotFound, "You have no such session.")
	}
	return n, err
}

// revoke ends those of the viewer's sessions that match. The system does it, because support and read-only
// keys, which change nothing, may still sign out.
func (s *Service) revoke(ctx context.Context, v viewer.Viewer, which predicate.Session) (int, error) {
	ctx = viewer.With(ctx, viewer.Job(v.Tenant, "revoke session"))
	ended := 0
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		var err error
		ended, err = endSessions(ctx, tx, v.User, which)
		if err != nil || ended == 0 {
			return err
		}
		s.forgets(ctx, tx)
		return tx.Record(ctx, pg.Entry{
			Action: "session.revoked", Subject: gid.New(ent.GIDUser, v.User).String(),
			Data: map[string]string{"sessions": strconv.Itoa(ended)},
		})
	})
	return ended, err
}

// endSessions ends those of a user's sessions that match, and returns how many. Everybody's sessions are their
// own, so it is the system that ends them.
func endSessions(ctx context.Context, tx *pg.Tx, of uuid.UUID, which ...predicate.Session) (int, error) {
	n, err := tx.Session.Update().
		Where(append(which, session.UserID(of), session.RevokedAtIsNil())...).
		SetRevokedAt(time.Now()).
		Save(viewer.With(ctx, viewer.Job(viewer.Tenant(ctx), "end sessions")))
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	return n, nil
}

func (*Service) inSession(ctx context.Context) (viewer.Viewer, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return viewer.Viewer{}, err
	}
	if v.Session == uuid.Nil {
		return viewer.Viewer{}, fault.New(fault.Conflict, "This request is signed by an API key, not by a session.")
	}
	return v, nil
}

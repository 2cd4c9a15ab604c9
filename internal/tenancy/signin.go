package tenancy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// maxAgent is how much is kept of what a client calls itself, in bytes.
const maxAgent = 300

// Opened is a new session with the token that only its owner ever sees.
type Opened struct {
	Token   string
	Session *ent.Session
	User    *ent.User
}

// SignIn opens a session for the person with that address and password in the tenant. Whatever is wrong,
// the answer is the same Unauthenticated fault and takes about the same time.
func (s *Service) SignIn(ctx context.Context, tenant uuid.UUID, email, password string, from Origin) (*Opened, error) {
	ctx = viewer.With(ctx, viewer.Job(tenant, "sign-in"))
	email = normalEmail(email)
	if !validEmail(email) {
		return nil, errUnknown() // nobody has it, and the limiter need not keep it
	}
	if err := s.Limiter.SignIn(ctx, tenant, email, from.Network()); err != nil {
		return nil, err
	}
	opened, err := s.signIn(ctx, email, password, from)
	if errors.Is(err, errMeanwhile) {
		// Another may only have renewed the hash. Nobody does so twice, so the second look decides.
		opened, err = s.signIn(ctx, email, password, from)
	}
	if errors.Is(err, errMeanwhile) {
		return nil, errUnknown()
	}
	return opened, err
}

// errMeanwhile says that the user is not any more as they were when their password was checked.
var errMeanwhile = errors.New("the user was changed meanwhile")

// signIn looks at the user as they are now. Of a user who is changed while it looks the error is errMeanwhile.
func (s *Service) signIn(ctx context.Context, email, password string, from Origin) (*Opened, error) {
	found, err := s.DB.User.Query().Where(user.Email(email)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, fmt.Errorf("find user: %w", err)
	}
	if err := s.checkPassword(ctx, found, password); err != nil {
		return nil, err
	}
	var opened *Opened
	err = s.DB.Tx(ctx, func(tx *pg.Tx) (err error) {
		if opened, err = s.open(ctx, tx, found, from); err != nil {
			return err
		}
		return tx.Record(ctx, pg.Entry{Action: "session.opened", Subject: found.GlobalID().String()})
	})
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	return opened, nil
}

// checkPassword lets an active user with the right password through, and renews a hash that was made with
// another cost than today's; never one that is not there any more.
func (s *Service) checkPassword(ctx context.Context, u *ent.User, password string) error {
	right, err := s.matches(ctx, u, password)
	if err != nil {
		return err
	}
	if !right || u.Status != user.StatusACTIVE {
		return errUnknown()
	}
	if !auth.NeedsRehash(*u.PasswordHash) {
		return nil
	}
	stronger, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("rehash password: %w", err)
	}
	err = s.DB.User.UpdateOneID(u.ID).Where(user.PasswordHash(*u.PasswordHash)).SetPasswordHash(stronger).Exec(ctx)
	if ent.IsNotFound(err) {
		return errMeanwhile
	} else if err != nil {
		return fmt.Errorf("keep rehashed password: %w", err)
	}
	u.PasswordHash = &stronger
	return nil
}

// matches reports whether it is the user's password. Without a user or a password of theirs it takes as long
// and is false, so that time does not tell.
func (s *Service) matches(ctx context.Context, u *ent.User, password string) (bool, error) {
	hash := ""
	if u != nil && u.PasswordHash != nil {
		hash = *u.PasswordHash
	}
	right, err := s.Hasher.Verify(ctx, password, hash)
	if err != nil {
		return false, fmt.Errorf("verify password: %w", err)
	}
	return right && hash != "", nil
}

// hold keeps the user as they are until the transaction ends, so that who changes them then ends its session too,
// and returns the database's clock. It is plain SQL, because ent would take two statements.
func hold(ctx context.Context, tx *pg.Tx, u *ent.User) (time.Time, error) {
	const lock = `
		SELECT clock_timestamp() FROM users
		WHERE tenant_id = $1 AND id = $2 AND password_hash = $3 AND status = 'ACTIVE'
		FOR SHARE`
	var now time.Time
	err := tx.QueryRow(ctx, lock, u.TenantID, u.ID, *u.PasswordHash).Scan(&now)
	if errors.Is(err, pg.ErrNoRows) {
		return time.Time{}, errMeanwhile
	} else if err != nil {
		return time.Time{}, fmt.Errorf("lock user: %w", err)
	}
	return now.UTC(), nil
}

// open opens a session for the user whose password was found right.
func (s *Service) open(ctx context.Context, tx *pg.Tx, u *ent.User, from Origin) (*Opened, error) {
	now, err := hold(ctx, tx, u)
	if err != nil {
		return nil, err
	}
	token, hash := auth.NewToken(auth.PrefixSession, u.TenantID)
	session, err := tx.Session.Create().
		SetUserID(u.ID).
		SetTokenHash(hash).
		SetExpiresAt(now.Add(s.Absolute)).
		SetLastSeenAt(now).
		SetUserAgent(cut(from.UserAgent, maxAgent)).
		Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("keep session: %w", err)
	}
	return &Opened{Token: token, Session: session, User: u}, nil
}

// ViewerOf returns the viewer that the opened session makes.
func (o *Opened) ViewerOf() viewer.Viewer {
	return viewer.Viewer{
		Tenant: o.User.TenantID, User: o.User.ID, Role: o.User.Role, Session: o.Session.ID, Rotation: o.Session.Rotation,
	}
}

// Authenticate returns the viewer behind a session token or API key. The error is an Unauthenticated fault
// for any token that is not good now, and does not say why.
func (s *Service) Authenticate(ctx context.Context, token string) (viewer.Viewer, error) {
	prefix, tenant, hash, err := auth.ParseToken(token)
	if err != nil {
		return viewer.Viewer{}, errToken()
	}
	ctx = viewer.With(ctx, viewer.Job(tenant, "authenticate"))
	switch prefix {
	case auth.PrefixSession:
		return s.Memory.recall(prefix, tenant, hash, func() (viewer.Viewer, error) { return s.bySession(ctx, tenant, hash) })
	case auth.PrefixAPIKey:
		return s.Memory.recall(prefix, tenant, hash, func() (viewer.Viewer, error) { return s.byKey(ctx, tenant, hash) })
	default:
		return viewer.Viewer{}, errToken()
	}
}

func errToken() error {
	return fault.New(fault.Unauthenticated, "The token is not valid; sign in again.")
}

func normalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// cut shortens text to at most n bytes that the database can keep.
func cut(text string, n int) string {
	text = strings.ReplaceAll(text[:min(len(text), n)], "\x00", "")
	return strings.ToValidUTF8(text, "")
}

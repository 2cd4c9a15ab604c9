package tenancy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/apikey"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

const (
	// maxKeys is how many keys that are not revoked one person may hold.
	maxKeys = 50
	// maxKeyName is the longest name of a key, in characters.
	maxKeyName = 100
	// hintLength is how many of a key's last characters are kept to tell keys apart.
	hintLength = 4
)

// byKey is bySession for API keys. No grant reaches a key: support helps in person, and takes nothing along.
func (s *Service) byKey(ctx context.Context, tenant uuid.UUID, hash []byte) (viewer.Viewer, error) {
	const find = `
		SELECT k.id, k.user_id, u.role, t.kind = 'SCHOOL', k.scopes, coalesce(k.last_used_at < now() - $3::interval, true)
		FROM api_keys k
		JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.user_id
		JOIN tenants t ON t.id = k.tenant_id
		JOIN placements p ON p.id = k.tenant_id
		WHERE k.tenant_id = $1 AND k.token_hash = $2
		  AND k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true)
		  AND u.status = 'ACTIVE' AND p.status = 'ACTIVE'`
	v := viewer.Viewer{Tenant: tenant}
	var (
		scopes []byte
		stale  bool
	)
	err := s.DB.QueryRow(ctx, find, tenant, hash, seenEvery).Scan(&v.APIKey, &v.User, &v.Role, &v.School, &scopes, &stale)
	if errors.Is(err, pg.ErrNoRows) {
		return viewer.Viewer{}, errToken()
	} else if err != nil {
		return viewer.Viewer{}, fmt.Errorf("find API key: %w", err)
	}
	if err := json.Unmarshal(scopes, &v.Scopes); err != nil {
		return viewer.Viewer{}, fmt.Errorf("read scopes: %w", err)
	}
	const used = `UPDATE api_keys SET last_used_at = now(), updated_at = now() WHERE tenant_id = $1 AND id = $2`
	return v, s.noteUse(ctx, stale, used, tenant, v.APIKey)
}

// NewKey is what a key is made with.
type NewKey struct {
	Name   string
	Scopes []viewer.Scope
	// ExpiresAt is nil for a key that does not expire.
	ExpiresAt *time.Time
}

func (k NewKey) check(now time.Time) error {
	var c input.Checker
	c.Line("name", k.Name, 1, maxKeyName)
	c.Check(len(k.Scopes) > 0, "scopes", "A key has at least one scope.")
	known := []viewer.Scope{viewer.ScopeRead, viewer.ScopeWrite, viewer.ScopePersisted}
	unknown := slices.ContainsFunc(k.Scopes, func(s viewer.Scope) bool { return !slices.Contains(known, s) })
	c.Check(!unknown, "scopes", "Scopes are READ, WRITE and PERSISTED.")
	c.Check(k.ExpiresAt == nil || k.ExpiresAt.After(now), "expiresAt", "The end lies in the future.")
	return c.Err()
}

// CreateKey makes an API key for the viewer and returns it with its token, which cannot be shown again. A
// key cannot make keys: it would outlive its own revocation.
func (s *Service) CreateKey(ctx context.Context, k NewKey) (*ent.APIKey, string, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, "", err
	}
	v, err := s.inSession(ctx)
	if err != nil {
		return nil, "", err
	}
	if err := k.check(time.Now()); err != nil {
		return nil, "", err
	}
	token, hash := auth.NewToken(auth.PrefixAPIKey, v.Tenant)
	var made *ent.APIKey
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		// The lock on their owner makes counting and adding one step.
		owner, err := tx.User.Query().Where(user.ID(v.User)).ForUpdate().Only(ctx)
		if err != nil {
			return fmt.Errorf("lock user: %w", err)
		}
		if owner.Role != v.Role || owner.Status != user.StatusACTIVE {
			return fault.New(fault.Forbidden, "Your role does not allow this.") // not any more
		}
		held, err := tx.APIKey.Query().Where(apikey.RevokedAtIsNil()).Count(ctx)
		if err != nil {
			return fmt.Errorf("count keys: %w", err)
		}
		if held >= maxKeys {
			return fault.New(fault.Conflict, "You hold 50 keys already; revoke one first.")
		}
		made, err = tx.APIKey.Create().
			SetUserID(v.User).
			SetName(strings.TrimSpace(k.Name)).
			SetTokenHash(hash).
			SetHint(token[len(token)-hintLength:]).
			SetScopes(slices.Compact(slices.Sorted(slices.Values(k.Scopes)))).
			SetNillableExpiresAt(k.ExpiresAt).
			Save(ctx)
		if err != nil {
			return fmt.Errorf("keep key: %w", err)
		}
		return tx.Record(ctx, pg.Entry{Action: "api_key.created", Subject: made.GlobalID().String()})
	})
	if err != nil {
		return nil, "", fmt.Errorf("create API key: %w", err)
	}
	return made, token, nil
}

// Keys returns the viewer's API keys, newest first.
func (s *Service) Keys(ctx context.Context) ([]*ent.APIKey, error) {
	keys, err := s.DB.APIKey.Query().Order(apikey.ByID(sql.OrderDesc())).Limit(200).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	return keys, nil
}

// RevokeKey ends one of the viewer's keys. Ending it again changes nothing.
func (s *Service) RevokeKey(ctx context.Context, id uuid.UUID) (*ent.APIKey, error) {
	if _, err := policy.Signed(ctx); err != nil {
		return nil, err
	}
	var revoked *ent.APIKey
	err := s.changeRights(ctx, func(tx *pg.Tx) error {
		key, err := tx.APIKey.Query().Where(apikey.ID(id)).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "You have no such key.")
		} else if err != nil {
			return fmt.Errorf("lock key: %w", err)
		}
		if key.RevokedAt != nil {
			revoked = key
			return nil
		}
		revoked, err = tx.APIKey.UpdateOne(key).SetRevokedAt(time.Now()).Save(ctx)
		if err != nil {
			return fmt.Errorf("revoke key: %w", err)
		}
		return tx.Record(ctx, pg.Entry{Action: "api_key.revoked", Subject: key.GlobalID().String()})
	})
	return revoked, err
}

// endKeys ends the keys of a user. Everybody's keys are their own, so it is the system that ends them.
func endKeys(ctx context.Context, tx *pg.Tx, of uuid.UUID) error {
	_, err := tx.APIKey.Update().
		Where(apikey.UserID(of), apikey.RevokedAtIsNil()).
		SetRevokedAt(time.Now()).
		Save(viewer.With(ctx, viewer.Job(viewer.Tenant(ctx), "end API keys")))
	if err != nil {
		return fmt.Errorf("end API keys: %w", err)
	}
	return nil
}

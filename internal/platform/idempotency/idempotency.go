// Package idempotency lets callers repeat a request that they do not know the outcome of. Under a key of the
// caller's own choosing a request takes effect once: who asks again gets the first answer, or hears what
// became of it.
//
// A request claims its key before it begins. The first transaction of it that commits carries a mark of the
// effect along, by pg.Seal, so that effect and mark exist together or not at all, whenever the process
// dies. A claim without a mark is free again once its request cannot run any more; one with a mark never is.
// The mark names the claim: a request that lost its key commits nothing.
package idempotency

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

const (
	// Life is how long an answer is kept.
	Life = 24 * time.Hour
	// maxKey is the longest key, in bytes.
	maxKey = 255
	// maxBody is the largest answer that is kept, in bytes.
	maxBody = 1 << 20
	// endWait bounds writing the outcome down, when the request's own time may be over.
	endWait = 5 * time.Second
	// maxTries bounds how often a key is tried that others release at the same time.
	maxTries = 3
)

// Keys keeps the keys of all callers, each of one user of one tenant.
type Keys struct {
	db    *pg.DB
	macs  [][]byte
	lease time.Duration
	log   *slog.Logger
}

// New returns keys over the database. The secrets, the current one first, are those that URLs are signed with;
// what is used here is derived from them. No request may run longer than the lease.
func New(db *pg.DB, lease time.Duration, log *slog.Logger, secrets ...[]byte) (*Keys, error) {
	if len(secrets) == 0 || lease <= 0 {
		return nil, errors.New("idempotency: no secret, or no lease")
	}
	k := &Keys{db: db, lease: lease, log: log}
	for _, secret := range secrets {
		derived, err := hkdf.Key(sha256.New, secret, nil, "lyceum idempotency v1", sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("derive key: %w", err)
		}
		k.macs = append(k.macs, derived)
	}
	return k, nil
}

// Answer is what a request was answered with.
type Answer struct {
	// Status is of HTTP.
	Status int
	Body   []byte
}

// Claim is the hold of one running request on its key.
type Claim struct {
	keys    *Keys
	v       viewer.Viewer
	keyHash []byte
	id      uuid.UUID
	effect  atomic.Bool
}

// CheckKey returns BadInput unless the key has 1 to 255 visible ASCII characters.
func CheckKey(key string) error {
	bad := key == "" || len(key) > maxKey
	for i := range len(key) {
		bad = bad || key[i] <= ' ' || key[i] > '~'
	}
	if bad {
		return fault.New(fault.BadInput, "An Idempotency-Key has 1 to 255 visible ASCII characters.")
	}
	return nil
}

// Claim takes the key for a request of the context's viewer, who is signed in. The request is all that it asks
// for, in bytes that are the same whenever it is. Either a claim or the first answer is returned, or a fault:
// BadInput for a malformed key; Conflict for the key of another request, of one that is running, and of one
// whose answer is not there to repeat.
func (k *Keys) Claim(ctx context.Context, key string, request []byte) (*Claim, *Answer, error) {
	if err := CheckKey(key); err != nil {
		return nil, nil, err
	}
	v, ok := viewer.From(ctx)
	if !ok || !v.SignedIn() {
		return nil, nil, fault.New(fault.Unauthenticated, "Sign in to use an Idempotency-Key.")
	}
	hash := sha256.Sum256([]byte(key))
	c := &Claim{keys: k, v: v, keyHash: hash[:], id: uuid.New()}
	for range maxTries {
		taken, err := c.take(ctx, request)
		if err != nil {
			return nil, nil, err
		}
		if taken {
			return c, nil, nil
		}
		first, err := c.first(ctx, request)
		if !errors.Is(err, pg.ErrNoRows) {
			return nil, first, err
		}
	}
	return nil, nil, errRunning()
}

// take writes the claim where the key is new or free.
func (c *Claim) take(ctx context.Context, request []byte) (bool, error) {
	const statement = `
		INSERT INTO idempotency_keys AS k (tenant_id, user_id, key_hash, claim_id, request_mac, claimed_at)
		VALUES ($1, $2, $3, $4, $5, now())
		ON CONFLICT (tenant_id, user_id, key_hash) DO UPDATE
		SET claim_id = excluded.claim_id, request_mac = excluded.request_mac, claimed_at = excluded.claimed_at,
			effect_at = NULL, finished_at = NULL, status = NULL, body = NULL
		WHERE k.claimed_at < now() - $6::interval
			OR k.claimed_at < now() - $7::interval AND k.effect_at IS NULL AND k.finished_at IS NULL`
	n, err := c.keys.db.Exec(ctx, statement,
		c.v.Tenant, c.v.User, c.keyHash, c.id, c.mac(c.keys.macs[0], request), Life, c.keys.lease)
	if err != nil {
		return false, fmt.Errorf("claim idempotency key: %w", err)
	}
	return n == 1, nil
}

// first says what became of the request that holds the key.
func (c *Claim) first(ctx context.Context, request []byte) (*Answer, error) {
	const statement = `
		SELECT request_mac, finished_at IS NOT NULL, effect_at IS NOT NULL, claimed_at >= now() - $4::interval,
			coalesce(status, 0), body
		FROM idempotency_keys WHERE tenant_id = $1 AND user_id = $2 AND key_hash = $3`
	var mac []byte
	var finished, effect, fresh bool
	var kept Answer
	err := c.keys.db.QueryRow(ctx, statement, c.v.Tenant, c.v.User, c.keyHash, c.keys.lease).
		Scan(&mac, &finished, &effect, &fresh, &kept.Status, &kept.Body)
	if err != nil {
		return nil, fmt.Errorf("find idempotency key: %w", err)
	}
	switch {
	case !c.same(mac, request):
		return nil, fault.New(fault.Conflict, "This Idempotency-Key was used for another request.")
	case finished && kept.Body != nil:
		return &kept, nil
	case finished:
		return nil, fault.New(fault.Conflict,
			"The request with this Idempotency-Key took effect. Its answer is not repeated; read the result.")
	case !fresh && effect:
		return nil, fault.New(fault.Conflict,
			"The request with this Idempotency-Key took effect and its answer was lost; read the result.")
	default:
		return nil, errRunning()
	}
}

func errRunning() error {
	return fault.New(fault.Conflict, "A request with this Idempotency-Key is still running.").After(time.Second)
}

// mac binds the request to the role and the key that it was allowed under: who may do less than at the first
// time is not shown what was answered then.
func (c *Claim) mac(secret, request []byte) []byte {
	h := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(h, "%s %s\n", c.v.Role, c.v.APIKey) // a hash takes everything
	_, _ = h.Write(request)
	return h.Sum(nil)
}

// same reports whether the MAC is of this request, under any of the secrets.
func (c *Claim) same(mac, request []byte) bool {
	for _, secret := range c.keys.macs {
		if hmac.Equal(mac, c.mac(secret, request)) {
			return true
		}
	}
	return false
}

// Under returns the context in which the request runs: its first transaction that commits marks the effect.
func (c *Claim) Under(ctx context.Context) context.Context { return pg.Seal(ctx, c.mark) }

// mark notes in the transaction that the request takes effect. A claim that was lost meanwhile rolls it back.
func (c *Claim) mark(ctx context.Context, tx *pg.Tx) error {
	if c.effect.Load() {
		return nil
	}
	const statement = `
		UPDATE idempotency_keys SET effect_at = clock_timestamp()
		WHERE tenant_id = $1 AND user_id = $2 AND key_hash = $3 AND claim_id = $4 AND finished_at IS NULL`
	n, err := tx.Exec(ctx, statement, c.v.Tenant, c.v.User, c.keyHash, c.id)
	if err != nil {
		return fmt.Errorf("mark effect under idempotency key: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "This took too long, and another request has the Idempotency-Key now.")
	}
	tx.AfterCommit(func() { c.effect.Store(true) })
	return nil
}

// TookEffect reports whether a transaction of the request has committed.
func (c *Claim) TookEffect() bool { return c.effect.Load() }

// Keep keeps the answer for those who ask again. Without one, or with one that is too large, they hear that
// the request took effect.
func (c *Claim) Keep(ctx context.Context, answer *Answer) {
	const statement = `
		UPDATE idempotency_keys SET finished_at = now(), status = $5, body = $6
		WHERE tenant_id = $1 AND user_id = $2 AND key_hash = $3 AND claim_id = $4`
	var status *int
	var body []byte
	if answer != nil && len(answer.Body) <= maxBody {
		status, body = &answer.Status, answer.Body
	}
	c.end(ctx, statement, status, body)
}

// Release makes the key free again, for a request that took no effect.
func (c *Claim) Release(ctx context.Context) {
	const statement = `
		DELETE FROM idempotency_keys
		WHERE tenant_id = $1 AND user_id = $2 AND key_hash = $3 AND claim_id = $4 AND effect_at IS NULL`
	c.end(ctx, statement)
}

// end writes the outcome down, also when the client has gone. Failing loses nothing but the answer: the mark
// is there, and a claim without one becomes free by itself.
func (c *Claim) end(ctx context.Context, statement string, more ...any) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWait)
	defer cancel()
	args := append([]any{c.v.Tenant, c.v.User, c.keyHash, c.id}, more...)
	if _, err := c.keys.db.Exec(ctx, statement, args...); err != nil {
		c.keys.log.WarnContext(ctx, "outcome under idempotency key not kept", "err", err)
	}
}

// Sweep deletes the keys of the context's tenant whose time is over.
func Sweep(ctx context.Context, db *pg.DB) error {
	const statement = `DELETE FROM idempotency_keys WHERE tenant_id = $1 AND claimed_at < now() - $2::interval`
	if _, err := db.Exec(ctx, statement, viewer.Tenant(ctx), Life); err != nil {
		return fmt.Errorf("sweep idempotency keys: %w", err)
	}
	return nil
}

package idempotency_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/idempotency"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// lease is so long that no slow machine outlives it; tests let it pass by setting claims back.
const lease = time.Hour

var secret = bytes.Repeat([]byte("k"), 32)

// bench is a database with two tenants, and somebody who looks past its walls.
type bench struct {
	*pgtest.Database

	keys          *idempotency.Keys
	super         func(t *testing.T, statement string, args ...any) (rows int64)
	acme, globex  pgtest.Tenant
	caller, other context.Context
}

func setup(t *testing.T) bench {
	t.Helper()
	d := pgtest.New(t)
	conn := pgtest.Superuser(t, d)
	b := bench{Database: d, super: func(t *testing.T, statement string, args ...any) int64 {
		t.Helper()
		tag, err := conn.Exec(t.Context(), statement, args...)
		if err != nil {
			t.Fatal(err)
		}
		return tag.RowsAffected()
	}}
	b.acme, b.globex = pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	b.caller, b.other = b.acme.AsAdmin(t.Context()), b.globex.AsAdmin(t.Context())
	b.keys = b.open(t, secret)
	return b
}

func (b bench) open(t *testing.T, secrets ...[]byte) *idempotency.Keys {
	t.Helper()
	keys, err := idempotency.New(b.DB, lease, slog.New(slog.DiscardHandler), secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// claim takes the key, which must be free.
func (b bench) claim(ctx context.Context, t *testing.T, key, request string) *idempotency.Claim {
	t.Helper()
	claim, kept, err := b.keys.Claim(ctx, key, []byte(request))
	if claim == nil || kept != nil || err != nil {
		t.Fatalf("claim %s: %v, %v, %v", key, claim, kept, err)
	}
	return claim
}

// effect makes a category under the claim.
func (b bench) effect(ctx context.Context, claim *idempotency.Claim, slug string) error {
	ctx = claim.Under(ctx)
	return b.Tx(ctx, func(tx *pg.Tx) error {
		return tx.Category.Create().SetSlug(slug).SetName(slug).Exec(ctx)
	})
}

// categories is how many effects there are.
func (b bench) categories(ctx context.Context) int { return b.Category.Query().CountX(ctx) }

// age sets all claims back.
func (b bench) age(t *testing.T, by time.Duration) {
	t.Helper()
	b.super(t, `UPDATE idempotency_keys SET claimed_at = claimed_at - $1::interval`, by)
}

// refused checks that the key is not given, and why.
func (b bench) refused(ctx context.Context, t *testing.T, key, request string, code fault.Code, said string) {
	t.Helper()
	claim, kept, err := b.keys.Claim(ctx, key, []byte(request))
	told, ok := errors.AsType[*fault.Error](err)
	if claim != nil || kept != nil || !ok || told.Code != code || !strings.Contains(told.Message, said) {
		t.Fatalf("claim %q: %v, %v, %v; want %s: %s", key, claim, kept, err, code, said)
	}
}

// replayed checks that the first answer comes again.
func (b bench) replayed(ctx context.Context, t *testing.T, keys *idempotency.Keys, key, request, body string) {
	t.Helper()
	claim, kept, err := keys.Claim(ctx, key, []byte(request))
	if claim != nil || err != nil || kept == nil || kept.Status != 200 || string(kept.Body) != body {
		t.Fatalf("claim %s: %v, %v, %v; want %s", key, claim, kept, err, body)
	}
}

// The ways in which a key is refused.
const (
	running  = "still running"
	another  = "used for another request"
	lost     = "its answer was lost"
	unkept   = "is not repeated"
	tooLate  = "took too long"
	badKey   = "visible ASCII"
	visitors = "Sign in"
)

func TestCheckKey(t *testing.T) {
	t.Parallel()
	for key, good := range map[string]bool{
		"": false, "a": true, "0196f0a2-7b1e-7c3e-9d0a-3b0a4c1f2e5d": true, `"quoted"`: true, "!~": true,
		strings.Repeat("k", 255): true, strings.Repeat("k", 256): false,
		" ": false, "a b": false, "a\t": false, "a\x00": false, "a\n": false, "\x7f": false, "é": false, "\xff": false,
	} {
		if err := idempotency.CheckKey(key); (err == nil) != good || !good && !strings.Contains(err.Error(), badKey) {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestFirstAnswerIsRepeated(t *testing.T) {
	t.Parallel()
	b := setup(t)
	claim := b.claim(b.caller, t, "key", "request")
	if claim.TookEffect() {
		t.Error("an effect before anything was done")
	}
	b.refused(b.caller, t, "key", "request", fault.Conflict, running)
	if err := b.effect(b.caller, claim, "one"); err != nil || !claim.TookEffect() {
		t.Fatalf("effect: %v", err)
	}
	b.refused(b.caller, t, "key", "request", fault.Conflict, running)
	claim.Keep(b.caller, &idempotency.Answer{Status: 200, Body: []byte("first")})
	for range 3 {
		b.replayed(b.caller, t, b.keys, "key", "request", "first")
	}
	b.refused(b.caller, t, "key", "other", fault.Conflict, another)
	// The same person under another role, or with a key of less scope, is not shown what they could not get.
	b.refused(b.acme.As(t.Context(), b.acme.Admin, viewer.Learner), t, "key", "request", fault.Conflict, another)
	b.refused(viewer.With(t.Context(), viewer.Viewer{
		Tenant: b.acme.ID, User: b.acme.Admin, Role: viewer.TenantAdmin, APIKey: uuid.New(), Scopes: []viewer.Scope{viewer.ScopePersisted},
	}), t, "key", "request", fault.Conflict, another)
	b.age(t, lease+time.Minute)
	b.replayed(b.caller, t, b.keys, "key", "request", "first")
	b.age(t, idempotency.Life)
	b.claim(b.caller, t, "key", "other") // a day later the key is new
}

func TestRefusedKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.refused(b.caller, t, "", "request", fault.BadInput, badKey)
	b.refused(b.caller, t, "two words", "request", fault.BadInput, badKey)
	b.refused(b.acme.Anonymous(t.Context()), t, "key", "request", fault.Unauthenticated, visitors)
	b.refused(t.Context(), t, "key", "request", fault.Unauthenticated, visitors)
	for name, open := range map[string]func() (*idempotency.Keys, error){
		"no secret": func() (*idempotency.Keys, error) { return idempotency.New(b.DB, lease, slog.Default()) },
		"no lease":  func() (*idempotency.Keys, error) { return idempotency.New(b.DB, 0, slog.Default(), secret) },
	} {
		if _, err := open(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestSecretsCanBeReplaced repeats an answer while the secret of its time is still among those that count.
func TestSecretsCanBeReplaced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.claim(b.caller, t, "key", "request").Keep(b.caller, &idempotency.Answer{Status: 200, Body: []byte("first")})
	other := bytes.Repeat([]byte("n"), 32)
	b.replayed(b.caller, t, b.open(t, other, secret), "key", "request", "first")
	b.keys = b.open(t, other)
	b.refused(b.caller, t, "key", "request", fault.Conflict, another)
}

// TestKeysAreTheirUsersOwn has two people and two tenants use one key at the same time.
func TestKeysAreTheirUsersOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	all := []context.Context{b.caller, b.other, b.acme.AsInstructor(t.Context()), b.globex.AsLearner(t.Context())}
	var claims []*idempotency.Claim
	for _, ctx := range all {
		claims = append(claims, b.claim(ctx, t, "key", "request"))
	}
	for i, ctx := range all {
		claims[i].Keep(ctx, &idempotency.Answer{Status: 200, Body: []byte(strconv.Itoa(i))})
	}
	for i, ctx := range all {
		b.replayed(ctx, t, b.keys, "key", "request", strconv.Itoa(i))
	}
	// A claim of one tenant writes nothing in another, whatever context it is given.
	if err := b.effect(b.other, b.claim(b.caller, t, "key-2", "request"), "stray"); err == nil || b.categories(b.other) != 0 {
		t.Errorf("an effect in another tenant under the key: %v", err)
	}
	var shown int
	err := b.QueryRow(b.acme.System(t.Context()), `SELECT count(*) FROM idempotency_keys WHERE tenant_id = $1`, b.globex.ID).Scan(&shown)
	if err != nil || shown != 0 {
		t.Errorf("acme sees %d of globex's keys (%v)", shown, err)
	}
}

// TestDiedBeforeTheEffect leaves a claim behind as a killed process does: it is free once its time is over.
func TestDiedBeforeTheEffect(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dead := b.claim(b.caller, t, "key", "request")
	ctx := dead.Under(b.caller)
	err := b.Tx(ctx, func(tx *pg.Tx) error {
		if err := tx.Category.Create().SetSlug("one").SetName("One").Exec(ctx); err != nil {
			return err
		}
		return errors.New("killed")
	})
	if err == nil || dead.TookEffect() {
		t.Fatalf("an effect of what was rolled back: %v", err)
	}
	b.refused(b.caller, t, "key", "request", fault.Conflict, running)
	b.age(t, lease+time.Minute)
	b.claim(b.caller, t, "key", "something else")
	// It was not dead after all, only slow: it comes too late.
	err = b.effect(b.caller, dead, "one")
	if told, ok := errors.AsType[*fault.Error](err); !ok || !strings.Contains(told.Message, tooLate) {
		t.Errorf("a late effect: %v", err)
	}
	dead.Keep(b.caller, &idempotency.Answer{Status: 200, Body: []byte("late")})
	dead.Release(b.caller)
	b.refused(b.caller, t, "key", "something else", fault.Conflict, running)
	if n := b.categories(b.caller); n != 0 {
		t.Errorf("%d effects, want none", n)
	}
}

// TestDiedAfterTheEffect loses the process between the commit and the answer: the effect is never repeated.
func TestDiedAfterTheEffect(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dead := b.claim(b.caller, t, "key", "request")
	if err := b.effect(b.caller, dead, "one"); err != nil {
		t.Fatal(err)
	}
	dead.Release(b.caller) // a mistake that must not free it
	b.refused(b.caller, t, "key", "request", fault.Conflict, running)
	b.age(t, lease+time.Minute)
	for range 3 {
		b.refused(b.caller, t, "key", "request", fault.Conflict, lost)
	}
	b.refused(b.caller, t, "key", "other", fault.Conflict, another)
	if n := b.categories(b.caller); n != 1 {
		t.Errorf("%d effects, want 1", n)
	}
}

func TestUnkeptAnswers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for key, answer := range map[string]*idempotency.Answer{
		"secret": nil, "large": {Status: 200, Body: make([]byte, 1<<20+1)},
	} {
		b.claim(b.caller, t, key, "request").Keep(b.caller, answer)
		b.refused(b.caller, t, key, "request", fault.Conflict, unkept)
	}
	b.claim(b.caller, t, "largest", "request").Keep(b.caller, &idempotency.Answer{Status: 200, Body: bytes.Repeat([]byte("x"), 1<<20)})
	b.replayed(b.caller, t, b.keys, "largest", "request", strings.Repeat("x", 1<<20))
}

func TestReleasedKeysAreFree(t *testing.T) {
	t.Parallel()
	b := setup(t)
	claim := b.claim(b.caller, t, "key", "request")
	// The client may have gone: what is over for it is written down all the same.
	gone, cancel := context.WithCancel(b.caller)
	cancel()
	claim.Release(gone)
	b.claim(b.caller, t, "key", "other").Keep(gone, &idempotency.Answer{Status: 200, Body: []byte("kept")})
	b.replayed(b.caller, t, b.keys, "key", "other", "kept")
}

// TestRetriedTransactionMarksOnce has Postgres give a transaction up for another one's sake.
func TestRetriedTransactionMarksOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	claim := b.claim(b.caller, t, "key", "request")
	ctx := claim.Under(b.caller)
	tries := 0
	err := b.Tx(ctx, func(tx *pg.Tx) error {
		if err := tx.Category.Create().SetSlug("one").SetName("One").Exec(ctx); err != nil {
			return err
		}
		if tries++; tries == 1 {
			_, err := tx.Exec(ctx, `DO $$ BEGIN RAISE EXCEPTION 'given up' USING ERRCODE = '40001'; END $$`)
			return err
		}
		return nil
	})
	if err != nil || tries != 2 || !claim.TookEffect() || b.categories(b.caller) != 1 {
		t.Errorf("%d tries, %v, %d effects", tries, err, b.categories(b.caller))
	}
	if err := b.effect(b.caller, claim, "two"); err != nil || b.categories(b.caller) != 2 {
		t.Errorf("the second transaction of the request: %v", err)
	}
}

// TestRace sends one request sixteen times at once: one takes effect, and all hear of that one.
func TestRace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const racers = 16
	var race sync.WaitGroup
	start := make(chan struct{})
	outcomes := make([]string, racers)
	for i := range racers {
		race.Go(func() {
			<-start
			outcomes[i] = b.try(b.caller, "key", i)
		})
	}
	close(start)
	race.Wait()
	won := map[string]int{}
	for _, outcome := range outcomes {
		won[outcome]++
	}
	if n := b.categories(b.caller); n != 1 || won["won"] != 1 || won["won"]+won["replayed"]+won["conflict"] != racers {
		t.Errorf("%d effects, outcomes %v", n, won)
	}
	b.replayed(b.caller, t, b.keys, "key", "request", "first")
}

// try is one of those who race: each would make a category of its own.
func (b bench) try(ctx context.Context, key string, i int) string {
	claim, kept, err := b.keys.Claim(ctx, key, []byte("request"))
	switch told, ok := errors.AsType[*fault.Error](err); {
	case ok && told.Code == fault.Conflict && told.RetryAfter > 0:
		return "conflict"
	case err != nil:
		return err.Error()
	case kept != nil:
		return "replayed"
	}
	if err := b.effect(ctx, claim, fmt.Sprint("c", i)); err != nil {
		return err.Error()
	}
	claim.Keep(ctx, &idempotency.Answer{Status: 200, Body: []byte("first")})
	return "won"
}

// TestFreedKeyIsTakenOnce races for a key whose process died.
func TestFreedKeyIsTakenOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.claim(b.caller, t, "key", "request")
	b.age(t, lease+time.Minute)
	var race sync.WaitGroup
	outcomes := make([]string, 16)
	for i := range outcomes {
		race.Go(func() { outcomes[i] = b.try(b.caller, "key", i) })
	}
	race.Wait()
	if n := b.categories(b.caller); n != 1 {
		t.Errorf("%d effects, outcomes %v", n, outcomes)
	}
}

// TestKeysGoWithTheirUser: what somebody was answered is not kept beyond them, and what others were is.
func TestKeysGoWithTheirUser(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kept := &idempotency.Answer{Status: 200, Body: []byte("answer")}
	for _, ctx := range []context.Context{b.caller, b.other, b.acme.AsLearner(t.Context())} {
		b.claim(ctx, t, "key", "request").Keep(ctx, kept)
	}
	b.User.DeleteOneID(b.acme.Learner).ExecX(b.acme.System(t.Context()))
	if n := b.super(t, `SELECT FROM idempotency_keys WHERE user_id = $1`, b.acme.Learner); n != 0 {
		t.Errorf("%d answers of somebody deleted are kept", n)
	}
	b.replayed(b.caller, t, b.keys, "key", "request", "answer")
	b.replayed(b.other, t, b.keys, "key", "request", "answer")
}

func TestSweep(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, ctx := range []context.Context{b.caller, b.other} {
		b.claim(ctx, t, "old", "request").Keep(ctx, &idempotency.Answer{Status: 200, Body: []byte("old")})
	}
	b.age(t, idempotency.Life+time.Minute)
	b.claim(b.caller, t, "young", "request").Keep(b.caller, &idempotency.Answer{Status: 200, Body: []byte("young")})
	if err := idempotency.Sweep(b.acme.System(t.Context()), b.DB); err != nil {
		t.Fatal(err)
	}
	const left = `SELECT FROM idempotency_keys WHERE tenant_id = $1`
	if acme, globex := b.super(t, left, b.acme.ID), b.super(t, left, b.globex.ID); acme != 1 || globex != 1 {
		t.Errorf("left %d and %d: acme keeps the young one, globex is not swept", acme, globex)
	}
	b.replayed(b.caller, t, b.keys, "young", "request", "young")
}

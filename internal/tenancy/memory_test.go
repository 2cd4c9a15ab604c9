package tenancy_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/pg"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// heralded counts what a herald is told.
type heralded struct{ told atomic.Int64 }

func (h *heralded) Forget(context.Context, uuid.UUID) { h.told.Add(1) }

// TestRememberedTokensEnd: what ends a session or a key in this process ends it at once, though it was remembered for
// an hour, and other processes are told.
func TestRememberedTokensEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(ctx context.Context, f fixture, s *tenancy.Opened) error{
		"signed out": func(ctx context.Context, f fixture, _ *tenancy.Opened) error { return f.s.SignOut(ctx) },
		"rotated":    func(ctx context.Context, f fixture, _ *tenancy.Opened) error { _, err := f.s.Rotate(ctx); return err },
		"revoked": func(ctx context.Context, f fixture, s *tenancy.Opened) error {
			_, err := f.s.RevokeSessions(ctx, &s.Session.ID)
			return err
		},
		"suspended": func(ctx context.Context, f fixture, s *tenancy.Opened) error {
			_, err := f.s.Suspend(f.acme.AsAdmin(ctx), s.User.ID)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			herald := &heralded{}
			f.s.Memory, f.s.Herald = tenancy.NewMemory(time.Hour), herald
			opened, other := f.signIn(t, f.acme, "learner"), f.signIn(t, f.globex, "learner")
			ctx := f.as(t, opened.Token)
			f.as(t, other.Token)
			if err := end(ctx, f, opened); err != nil {
				t.Fatal(err)
			}
			_, err := f.s.Authenticate(t.Context(), opened.Token)
			wantCode(t, "the token", err, fault.Unauthenticated)
			f.as(t, other.Token)
			if herald.told.Load() == 0 {
				t.Error("other processes were not told")
			}
		})
	}
}

// TestRememberedRightsChange: a new role, a grant and its end show at once.
func TestRememberedRightsChange(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.s.Memory = tenancy.NewMemory(time.Hour)
	admin := f.acme.AsAdmin(t.Context())
	support := f.signIn(t, f.acme, "support").Token
	if f.granted(t, support) != uuid.Nil {
		t.Fatal("granted before anybody did")
	}
	grant, err := f.s.GrantSupport(admin, "Why.", 5)
	if err != nil {
		t.Fatal(err)
	}
	if f.granted(t, support) != grant.ID {
		t.Error("a grant does not show")
	}
	if _, err := f.s.RevokeGrant(admin, grant.ID); err != nil {
		t.Fatal(err)
	}
	if f.granted(t, support) != uuid.Nil {
		t.Error("the end of a grant does not show")
	}
	learner := f.signIn(t, f.acme, "learner")
	f.as(t, learner.Token)
	if _, err := f.s.ChangeRole(admin, learner.User.ID, viewer.Instructor); err != nil {
		t.Fatal(err)
	}
	v, err := f.s.Authenticate(t.Context(), learner.Token)
	if err == nil && v.Role != viewer.Instructor || err != nil && fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("after the role was changed the token is for %v (%v)", v.Role, err)
	}
}

// TestRememberedKeyEnds: a key that is revoked opens nothing, remembered or not.
func TestRememberedKeyEnds(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.s.Memory = tenancy.NewMemory(time.Hour)
	ctx := f.as(t, f.signIn(t, f.acme, "instructor").Token)
	key, token, err := f.s.CreateKey(ctx, tenancy.NewKey{Name: "key", Scopes: []viewer.Scope{viewer.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	f.as(t, token)
	if _, err := f.s.RevokeKey(ctx, key.ID); err != nil {
		t.Fatal(err)
	}
	_, err = f.s.Authenticate(t.Context(), token)
	wantCode(t, "the key", err, fault.Unauthenticated)
}

// TestMemory: a token that is remembered costs no statement, until its time is over or it is forgotten; one that is
// not good is asked for each time.
func TestMemory(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.s.Memory = tenancy.NewMemory(time.Hour)
	token, other := f.signIn(t, f.acme, "learner").Token, f.signIn(t, f.globex, "learner").Token
	ask := func(token string) int64 {
		ctx, statements := pg.CountStatements(t.Context())
		if _, err := f.s.Authenticate(ctx, token); err != nil && fault.CodeOf(err) != fault.Unauthenticated {
			t.Fatal(err)
		}
		return statements.Load()
	}
	for i, want := range []int64{1, 0, 0} {
		if got := ask(token); got != want {
			t.Errorf("time %d: %d statements, want %d", i, got, want)
		}
	}
	ask(other)
	f.s.Memory.Forget(f.acme.ID)
	if ask(other) != 0 || ask(token) != 1 || ask(token) != 0 {
		t.Error("forgetting a tenant forgets something else")
	}
	f.s.Memory.ForgetAll()
	if ask(other) != 1 || ask(token) != 1 {
		t.Error("something is remembered after everything was forgotten")
	}
	if err := f.s.SignOut(f.as(t, token)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if ask(token) != 1 {
			t.Error("a bad token is remembered")
		}
	}
	f.s.Memory = tenancy.NewMemory(time.Nanosecond)
	for range 2 {
		if ask(other) != 1 {
			t.Error("a token is remembered for longer than it should be")
		}
	}
}

// TestForgottenWhileAsked: what was asked before somebody was forgotten is not remembered after.
func TestForgottenWhileAsked(t *testing.T) {
	t.Parallel()
	memory, tenant := tenancy.NewMemory(time.Hour), uuid.New()
	asked := 0
	ask := func() (viewer.Viewer, error) {
		asked++
		memory.Forget(tenant)
		return viewer.Viewer{Tenant: tenant}, nil
	}
	for range 2 {
		if _, err := memory.Recall(tenant, ask); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want twice: the first answer was out of date when it came", asked)
	}
	failed := errors.New("the database is away")
	if _, err := memory.Recall(uuid.New(), func() (viewer.Viewer, error) { return viewer.Viewer{}, failed }); !errors.Is(err, failed) {
		t.Errorf("a failure came back as %v", err)
	}
}

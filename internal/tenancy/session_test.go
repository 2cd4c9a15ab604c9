package tenancy_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/pg"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// TestSessionEnds covers every way in which a token ceases to be good.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, f fixture, s *tenancy.Opened){
		"idle": func(t *testing.T, f fixture, s *tenancy.Opened) {
			t.Helper()
			f.age(t, f.acme, `UPDATE sessions SET last_seen_at = now() - $2::interval WHERE id = $1`, s.Session.ID, idle+time.Second)
		},
		"absolute": func(t *testing.T, f fixture, s *tenancy.Opened) {
			t.Helper()
			f.age(t, f.acme, `UPDATE sessions SET expires_at = now() - interval '1 second' WHERE id = $1`, s.Session.ID)
		},
		"signed out": func(t *testing.T, f fixture, s *tenancy.Opened) {
			t.Helper()
			if err := f.s.SignOut(f.as(t, s.Token)); err != nil {
				t.Fatal(err)
			}
		},
		"user suspended": func(t *testing.T, f fixture, _ *tenancy.Opened) {
			t.Helper()
			f.User.UpdateOneID(f.acme.Learner).SetStatus(user.StatusSUSPENDED).ExecX(f.acme.System(t.Context()))
		},
		"tenant suspended": func(t *testing.T, f fixture, _ *tenancy.Opened) {
			t.Helper()
			suspend(t, f.Database, "acme")
		},
		"rotated": func(t *testing.T, f fixture, s *tenancy.Opened) {
			t.Helper()
			if _, err := f.s.Rotate(f.as(t, s.Token)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			ended, other := f.signIn(t, f.acme, "learner"), f.signIn(t, f.globex, "learner")
			f.as(t, ended.Token)
			end(t, f, ended)
			_, err := f.s.Authenticate(t.Context(), ended.Token)
			wantCode(t, "the token", err, fault.Unauthenticated)
			f.as(t, other.Token) // another tenant's goes on
		})
	}
}

func TestUseKeepsSessionAlive(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.signIn(t, f.acme, "support") // who changes nothing, and is seen all the same
	f.age(t, f.acme, `UPDATE sessions SET last_seen_at = now() - $2::interval WHERE id = $1`, s.Session.ID, idle-time.Minute)
	ctx, statements := pg.CountStatements(t.Context())
	for range 3 {
		if _, err := f.s.Authenticate(ctx, s.Token); err != nil {
			t.Fatal(err)
		}
	}
	if n := statements.Load(); n != 4 {
		t.Errorf("%d statements for three requests, want one each and one note of use", n)
	}
	if seen := f.Session.GetX(f.acme.System(t.Context()), s.Session.ID).LastSeenAt; time.Since(seen) > time.Minute {
		t.Errorf("last seen %s", seen)
	}
}

// TestRotateRace has sixteen requests of one session rotate it at once: one gets the new token.
func TestRotateRace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	old := f.signIn(t, f.acme, "learner")
	ctx := f.as(t, old.Token)
	var mu sync.Mutex
	var won []*tenancy.Opened
	errs := race(16, func(int) error {
		opened, err := f.s.Rotate(ctx)
		if err == nil {
			mu.Lock()
			won = append(won, opened)
			mu.Unlock()
		}
		return err
	})
	if codes := count(errs); codes[""] != 1 || codes[fault.Unauthenticated] != 15 {
		t.Fatalf("outcomes %v, want one winner", codes)
	}
	_, err := f.s.Authenticate(t.Context(), old.Token)
	wantCode(t, "the old token", err, fault.Unauthenticated)
	v, err := f.s.Authenticate(t.Context(), won[0].Token)
	if err != nil || v.Session != old.Session.ID || v.Rotation != 1 {
		t.Errorf("the new token: %+v (%v)", v, err)
	}
	if got := won[0].ViewerOf(); got.Rotation != 1 || got.Session != old.Session.ID {
		t.Errorf("the viewer of the new token: %+v", got)
	}
	if !won[0].Session.ExpiresAt.Equal(f.Session.GetX(f.acme.System(t.Context()), v.Session).ExpiresAt) {
		t.Error("rotating moved the absolute end")
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	f := setup(t)
	mine := []*tenancy.Opened{f.signIn(t, f.acme, "learner"), f.signIn(t, f.acme, "learner"), f.signIn(t, f.acme, "learner")}
	idled, admins := f.signIn(t, f.acme, "learner"), f.signIn(t, f.acme, "admin")
	foreign := f.signIn(t, f.globex, "learner")
	f.age(t, f.acme, `UPDATE sessions SET last_seen_at = now() - $2::interval WHERE id = $1`, idled.Session.ID, idle)
	ctx := f.as(t, mine[0].Token)
	open, err := f.s.Sessions(ctx)
	if err != nil || len(open) != 3 || open[0].ID != mine[2].Session.ID || open[2].ID != mine[0].Session.ID {
		t.Fatalf("open sessions: %v (%v), want the three, newest first", open, err)
	}
	for name, id := range map[string]uuid.UUID{
		"unknown": uuid.New(), "the admin's": admins.Session.ID, "globex's": foreign.Session.ID,
	} {
		n, err := f.s.RevokeSessions(ctx, &id)
		wantCode(t, name, err, fault.NotFound)
		if n != 0 {
			t.Errorf("%s: %d were revoked", name, n)
		}
	}
	if n, err := f.s.RevokeSessions(ctx, &mine[1].Session.ID); err != nil || n != 1 {
		t.Errorf("one of my own: %d (%v), want 1", n, err)
	}
	_, err = f.s.RevokeSessions(ctx, &mine[1].Session.ID)
	wantCode(t, "again", err, fault.NotFound)
	if n, err := f.s.RevokeSessions(ctx, nil); err != nil || n != 2 {
		t.Errorf("all others: %d (%v), want the third and the idle one", n, err)
	}
	f.as(t, mine[0].Token)
	f.as(t, admins.Token)
	f.as(t, foreign.Token)
	for _, gone := range []*tenancy.Opened{mine[1], mine[2], idled} {
		_, err := f.s.Authenticate(t.Context(), gone.Token)
		wantCode(t, "a revoked session", err, fault.Unauthenticated)
	}
	if n := f.recorded("session.revoked"); n != 2 {
		t.Errorf("%d entries in the audit log, want 2", n)
	}
}

// TestWhoChangesNothingSignsOut lets support and holders of reading keys end sessions of their own.
func TestWhoChangesNothingSignsOut(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.signIn(t, f.acme, "support")
	if _, err := f.s.Rotate(f.as(t, s.Token)); err != nil {
		t.Errorf("rotate: %v", err)
	}
	s = f.signIn(t, f.acme, "support")
	if n, err := f.s.RevokeSessions(f.as(t, s.Token), nil); err != nil || n != 1 {
		t.Errorf("revoke the others: %d (%v)", n, err)
	}
	if err := f.s.SignOut(f.as(t, s.Token)); err != nil {
		t.Errorf("sign out: %v", err)
	}
}

func TestOnlySessionsDoWhatSessionsDo(t *testing.T) {
	t.Parallel()
	f := setup(t)
	key := viewer.With(t.Context(), viewer.Viewer{
		Tenant: f.acme.ID, User: f.acme.Admin, Role: viewer.TenantAdmin, APIKey: uuid.New(), Scopes: []viewer.Scope{viewer.ScopeWrite},
	})
	rotate := func(v viewer.Viewer) error { _, err := f.s.Rotate(viewer.With(t.Context(), v)); return err }
	wantCode(t, "a visitor rotates", rotate(viewer.Of(f.acme.ID)), fault.Unauthenticated)
	wantCode(t, "a visitor signs out", f.s.SignOut(f.acme.Anonymous(t.Context())), fault.Unauthenticated)
	_, err := f.s.Rotate(key)
	wantCode(t, "a key rotates", err, fault.Conflict)
	wantCode(t, "a key signs out", f.s.SignOut(key), fault.Conflict)
	_, err = f.s.ChangePassword(key, password, "another long password", tenancy.Origin{})
	wantCode(t, "a key changes the password", err, fault.Conflict)
	_, _, err = f.s.CreateKey(key, tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead}})
	wantCode(t, "a key makes a key", err, fault.Conflict)
	_, err = f.s.RevokeSessions(f.acme.Anonymous(t.Context()), nil)
	wantCode(t, "a visitor revokes", err, fault.Unauthenticated)
}

func TestStill(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.signIn(t, f.acme, "instructor")
	_, token, err := f.s.CreateKey(f.as(t, s.Token), tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	bySession, _ := viewer.From(f.as(t, s.Token))
	byKey, _ := viewer.From(f.as(t, token))
	still := func(v viewer.Viewer) bool {
		ok, err := f.s.Still(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	elsewhere, promoted, unknown := bySession, bySession, bySession
	elsewhere.Tenant, promoted.Role, unknown.User = f.globex.ID, viewer.TenantAdmin, uuid.New()
	for name, tt := range map[string]struct {
		v    viewer.Viewer
		want bool
	}{
		"session": {bySession, true}, "key": {byKey, true}, "visitor": {viewer.Of(f.acme.ID), false},
		"in another tenant": {elsewhere, false}, "in another role": {promoted, false}, "unknown user": {unknown, false},
	} {
		if still(tt.v) != tt.want {
			t.Errorf("%s: still welcome: %t", name, !tt.want)
		}
	}
	f.age(t, f.acme, `UPDATE sessions SET last_seen_at = now() - $1::interval`, 2*idle)
	if !still(bySession) {
		t.Error("who listens is idle")
	}
	f.age(t, f.acme, `UPDATE sessions SET revoked_at = now() WHERE id = $1`, s.Session.ID)
	f.age(t, f.acme, `UPDATE api_keys SET expires_at = now()`)
	if still(bySession) || still(byKey) {
		t.Error("a revoked session or an expired key is still welcome")
	}
	f.User.UpdateOneID(f.acme.Instructor).SetRole(viewer.Learner).ExecX(f.acme.System(t.Context()))
	if still(bySession) {
		t.Error("another role is still welcome")
	}
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const next = "another long password"
	here, there := f.signIn(t, f.acme, "learner"), f.signIn(t, f.acme, "learner")
	ctx := f.as(t, here.Token)
	from := tenancy.Origin{IP: "192.0.2.9"}
	_, err := f.s.ChangePassword(ctx, "wrong horse battery", next, from)
	wantViolations(t, "a wrong current password", err, "current")
	_, err = f.s.ChangePassword(ctx, password, "short", from)
	wantViolations(t, "a short new password", err, "new")
	f.tries.refuse = true
	_, err = f.s.ChangePassword(ctx, password, next, from)
	wantCode(t, "too many tries", err, fault.RateLimited)
	f.tries.refuse = false
	f.as(t, there.Token)
	if n, err := f.s.ChangePassword(ctx, password, next, from); err != nil || n != 1 {
		t.Fatalf("%d sessions ended (%v), want the other one", n, err)
	}
	f.as(t, here.Token)
	_, err = f.s.Authenticate(t.Context(), there.Token)
	wantCode(t, "the other session", err, fault.Unauthenticated)
	_, err = f.s.SignIn(t.Context(), f.acme.ID, "learner@acme.example", password, from)
	wantCode(t, "the old password", err, fault.Unauthenticated)
	if _, err := f.s.SignIn(t.Context(), f.acme.ID, "learner@acme.example", next, from); err != nil {
		t.Errorf("the new password: %v", err)
	}
	f.signIn(t, f.acme, "admin") // whose password stays
	if f.recorded("user.password_changed") != 1 {
		t.Errorf("audit log: %+v", f.Entries())
	}
}

// TestChangePasswordTellsBusyFromWrong keeps a busy server from being read as a wrong password.
func TestChangePasswordTellsBusyFromWrong(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.as(t, f.signIn(t, f.acme, "learner").Token)
	f.User.UpdateOneID(f.acme.Learner).SetPasswordHash("damaged").ExecX(f.acme.System(t.Context()))
	_, err := f.s.ChangePassword(ctx, password, "another long password", tenancy.Origin{})
	wantCode(t, "a damaged hash", err, fault.Internal)
}

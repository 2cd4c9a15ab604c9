package tenancy_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/session"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// meanwhile runs first, and second just before first commits: second sees the rows as they were, and goes on
// when first has committed or there is nothing to wait for. It returns the error of each.
func (f fixture) meanwhile(t *testing.T, ctx context.Context, first func(context.Context) error, second func() error) (error, error) { //nolint:revive // the second error is no error of the first
	t.Helper()
	watcher := pgtest.Superuser(t, f.Database)
	outcome := make(chan error, 1)
	began := false
	err := first(pg.Seal(ctx, func(context.Context, *pg.Tx) error {
		if began {
			return nil
		}
		began = true
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			outcome <- second()
		}()
		for start := time.Now(); time.Since(start) < 30*time.Second; {
			var waiting bool
			const blocked = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`
			if err := watcher.QueryRow(t.Context(), blocked).Scan(&waiting); err != nil || waiting {
				return err
			}
			select {
			case <-ended:
				return nil
			default:
			}
		}
		return errors.New("what runs meanwhile neither ends nor waits")
	}))
	if !began {
		t.Fatalf("the first had no effect: %v", err)
	}
	return err, <-outcome
}

// weakHash is the password under an earlier cost, which signing in renews.
func weakHash() string {
	salt := []byte("0123456789abcdef")
	key := argon2.IDKey([]byte(password), salt, 1, 8*1024, 1, 32)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=8192,t=1,p=1$%s$%s", encode(salt), encode(key))
}

// TestSignInMeanwhile: who signs in with a password that was right a moment ago, while it is changed or its owner
// is suspended, hears what a stranger hears, and leaves no session and no old password behind.
func TestSignInMeanwhile(t *testing.T) {
	t.Parallel()
	const next = "another long password"
	for name, tt := range map[string]struct {
		hash  string
		first func(f fixture, ctx context.Context) error
		as    string
		open  int
	}{
		"password changed": {as: "learner", open: 1, first: func(f fixture, ctx context.Context) error {
			_, err := f.s.ChangePassword(ctx, password, next, tenancy.Origin{})
			return err
		}},
		"password changed, to be rehashed": {as: "learner", open: 1, hash: weakHash(), first: func(f fixture, ctx context.Context) error {
			_, err := f.s.ChangePassword(ctx, password, next, tenancy.Origin{})
			return err
		}},
		"suspended": {as: "admin", first: func(f fixture, ctx context.Context) error {
			_, err := f.s.Suspend(ctx, f.acme.Learner)
			return err
		}},
		"suspended, to be rehashed": {as: "admin", hash: weakHash(), first: func(f fixture, ctx context.Context) error {
			_, err := f.s.Suspend(ctx, f.acme.Learner)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			ctx := f.as(t, f.signIn(t, f.acme, tt.as).Token)
			if tt.hash != "" {
				f.User.UpdateOneID(f.acme.Learner).SetPasswordHash(tt.hash).ExecX(f.acme.System(t.Context()))
			}
			try := func() error {
				_, err := f.s.SignIn(t.Context(), f.acme.ID, "learner@acme.example", password, tenancy.Origin{})
				return err
			}
			err, late := f.meanwhile(t, ctx, func(ctx context.Context) error { return tt.first(f, ctx) }, try)
			if err != nil {
				t.Fatal(err)
			}
			wantCode(t, "signing in meanwhile", late, fault.Unauthenticated)
			open := f.Session.Query().Where(session.UserID(f.acme.Learner), session.RevokedAtIsNil()).CountX(f.acme.System(t.Context()))
			if open != tt.open {
				t.Errorf("%d sessions are open, want %d", open, tt.open)
			}
			wantCode(t, "the password of before", try(), fault.Unauthenticated)
		})
	}
}

// TestSignInWhileRehashed: of two who sign in with a hash that is to be renewed, the later is let in too.
func TestSignInWhileRehashed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.User.UpdateOneID(f.acme.Learner).SetPasswordHash(weakHash()).ExecX(f.acme.System(t.Context()))
	errs := race(6, func(int) error {
		_, err := f.s.SignIn(t.Context(), f.acme.ID, "learner@acme.example", password, tenancy.Origin{})
		return err
	})
	if codes := count(errs); codes[""] != len(errs) {
		t.Errorf("outcomes %v, want all let in", codes)
	}
}

// TestChangePasswordTwice: of two who change a password at once, the later changes nothing and hears so.
func TestChangePasswordTwice(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.as(t, f.signIn(t, f.acme, "learner").Token)
	change := func(ctx context.Context, next string) error {
		_, err := f.s.ChangePassword(ctx, password, next, tenancy.Origin{})
		return err
	}
	err, late := f.meanwhile(t, ctx,
		func(ctx context.Context) error { return change(ctx, "the first new password") },
		func() error { return change(ctx, "the second new password") })
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "the later change", late, fault.Conflict)
	_, err = f.s.SignIn(t.Context(), f.acme.ID, "learner@acme.example", "the first new password", tenancy.Origin{})
	wantCode(t, "the password of the first", err, "")
	if n := f.recorded("user.password_changed"); n != 1 {
		t.Errorf("%d changes are recorded, want 1", n)
	}
}

// TestPasswordLeavesKeys: a key has a secret of its own, and does not end with a password.
func TestPasswordLeavesKeys(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.as(t, f.signIn(t, f.acme, "instructor").Token)
	_, token, err := f.s.CreateKey(ctx, tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.s.ChangePassword(ctx, password, "another long password", tenancy.Origin{}); err != nil {
		t.Fatal(err)
	}
	f.as(t, token)
}

// TestKeysFollowTheRole: a key does what its owner's role allows now; those of who becomes support end, and do not
// come back with the role.
func TestKeysFollowTheRole(t *testing.T) {
	t.Parallel()
	f := setup(t)
	admin := f.as(t, f.signIn(t, f.acme, "admin").Token)
	key := tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead, viewer.ScopeWrite}}
	_, token, err := f.s.CreateKey(f.as(t, f.signIn(t, f.acme, "instructor").Token), key)
	if err != nil {
		t.Fatal(err)
	}
	_, others, err := f.s.CreateKey(admin, key)
	if err != nil {
		t.Fatal(err)
	}
	change := func(role viewer.Role) {
		t.Helper()
		if _, err := f.s.ChangeRole(admin, f.acme.Instructor, role); err != nil {
			t.Fatal(err)
		}
	}
	for _, role := range []viewer.Role{viewer.Learner, viewer.TenantAdmin, viewer.Learner} {
		change(role)
		if v, err := f.s.Authenticate(t.Context(), token); err != nil || v.Role != role {
			t.Errorf("the key of a %s acts as a %s (%v)", role, v.Role, err)
		}
	}
	change(viewer.Support)
	_, err = f.s.Authenticate(t.Context(), token)
	wantCode(t, "the key of support", err, fault.Unauthenticated)
	change(viewer.Instructor)
	_, err = f.s.Authenticate(t.Context(), token)
	wantCode(t, "the key of who was support", err, fault.Unauthenticated)
	f.as(t, others)
}

// TestKeyMeanwhile: who loses the role that makes keys while making one makes none.
func TestKeyMeanwhile(t *testing.T) {
	t.Parallel()
	f := setup(t)
	admin := f.as(t, f.signIn(t, f.acme, "admin").Token)
	instructor := f.as(t, f.signIn(t, f.acme, "instructor").Token)
	err, late := f.meanwhile(t, admin,
		func(ctx context.Context) error {
			_, err := f.s.ChangeRole(ctx, f.acme.Instructor, viewer.Support)
			return err
		},
		func() error {
			_, _, err := f.s.CreateKey(instructor, tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead}})
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "making a key meanwhile", late, fault.Forbidden)
	if n := f.APIKey.Query().CountX(f.acme.System(t.Context())); n != 0 {
		t.Errorf("%d keys were made", n)
	}
}

// TestStaffSignInMeanwhile: the platform's staff are let in like everybody else.
func TestStaffSignInMeanwhile(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p, _ := provisioner(t, f)
	if err := p.CreateStaff(t.Context(), "ops@example.com", "Olga", password); err != nil {
		t.Fatal(err)
	}
	err, late := f.meanwhile(t, t.Context(),
		func(ctx context.Context) error {
			return p.CreateStaff(ctx, "ops@example.com", "Olga", "another long password")
		},
		func() error {
			_, _, err := f.s.SignInStaff(t.Context(), "ops@example.com", password, tenancy.Origin{})
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "signing in meanwhile", late, fault.Unauthenticated)
	if n := f.StaffSession.Query().CountX(viewer.AsPlatform(t.Context())); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
}

package tenancy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/auth"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	from := tenancy.Origin{IP: "192.0.2.7", UserAgent: strings.Repeat("ü", 400) + "\x00"}
	opened, err := f.s.SignIn(t.Context(), f.acme.ID, "  Learner@ACME.example ", password, from)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(opened.Session.ExpiresAt); left < absolute-time.Minute || left > absolute+time.Minute {
		t.Errorf("the session ends in %s, want %s", left, absolute)
	}
	v, err := f.s.Authenticate(t.Context(), opened.Token)
	want := viewer.Viewer{Tenant: f.acme.ID, User: f.acme.Learner, Role: viewer.Learner, Session: opened.Session.ID}
	if err != nil || !cmp.Equal(v, want) || !cmp.Equal(opened.ViewerOf(), want) {
		t.Errorf("viewer %+v (%v), want %+v", v, err, want)
	}
	if f.recorded("session.opened") != 1 {
		t.Errorf("audit log: %+v", f.Entries())
	}
	var stored int
	const leak = `SELECT count(*) FROM sessions WHERE position($1::bytea IN token_hash) > 0 OR user_agent LIKE '%' || $2 || '%'`
	if err := f.QueryRow(f.acme.System(t.Context()), leak, []byte(opened.Token), opened.Token).Scan(&stored); err != nil || stored != 0 {
		t.Errorf("the token itself is stored (%v)", err)
	}
}

// TestSignInRefuses gives each wrong way the same answer.
func TestSignInRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.User.UpdateOneID(f.acme.Support).SetStatus(user.StatusSUSPENDED).ExecX(f.acme.System(t.Context()))
	f.User.UpdateOneID(f.acme.Instructor).ClearPasswordHash().ExecX(f.acme.System(t.Context()))
	for name, tt := range map[string]struct{ email, password string }{
		"wrong password":           {"learner@acme.example", "wrong horse battery"},
		"empty password":           {"learner@acme.example", ""},
		"huge password":            {"learner@acme.example", strings.Repeat("x", 1<<20)},
		"password with a NUL":      {"learner@acme.example", password + "\x00"},
		"unknown user":             {"nobody@acme.example", password},
		"another tenant's user":    {"learner@globex.example", password},
		"suspended user":           {"support@acme.example", password},
		"user without a password":  {"instructor@acme.example", ""},
		"not an address":           {"learner", password},
		"address with a NUL":       {"learner@acme.example\x00", password},
		"huge address":             {strings.Repeat("a", 1<<20) + "@acme.example", password},
		"an address and something": {"Learner <learner@acme.example>", password},
	} {
		_, err := f.s.SignIn(t.Context(), f.acme.ID, tt.email, tt.password, tenancy.Origin{})
		wantCode(t, name, err, fault.Unauthenticated)
		if err != nil && !strings.Contains(err.Error(), "The address or the password is wrong.") {
			t.Errorf("%s says something else: %v", name, err)
		}
	}
	for name, tenant := range map[string]uuid.UUID{"unknown": uuid.New(), "globex": f.globex.ID} {
		_, err := f.s.SignIn(t.Context(), tenant, "learner@acme.example", password, tenancy.Origin{})
		wantCode(t, "at tenant "+name, err, fault.Unauthenticated)
	}
	if n := f.Session.Query().CountX(f.acme.System(t.Context())); n != 0 {
		t.Errorf("%d sessions were opened", n)
	}
}

// TestSignInIsLimited asks the limiter before any work, for what is an address, whether there is such a user
// or not.
func TestSignInIsLimited(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.tries.refuse = true
	for _, email := range []string{"learner@acme.example", "Nobody@acme.example"} {
		_, err := f.s.SignIn(t.Context(), f.acme.ID, email, password, tenancy.Origin{IP: "192.0.2.1"})
		wantCode(t, email, err, fault.RateLimited)
	}
	want := []string{f.acme.ID.String() + " learner@acme.example 192.0.2.1", f.acme.ID.String() + " nobody@acme.example 192.0.2.1"}
	if diff := cmp.Diff(want, f.tries.asked); diff != "" {
		t.Errorf("the limiter was asked (-want +got):\n%s", diff)
	}
}

// TestSignInIsLimitedByNetwork: whoever has an IPv6 network has all of its addresses.
func TestSignInIsLimitedByNetwork(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.tries.refuse = true
	for ip, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::1": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "::1": "::/64", "": "", "@": "@",
	} {
		_, err := f.s.SignIn(t.Context(), f.acme.ID, "learner@acme.example", password, tenancy.Origin{IP: ip})
		wantCode(t, ip, err, fault.RateLimited)
		if got := f.tries.asked[len(f.tries.asked)-1]; got != f.acme.ID.String()+" learner@acme.example "+want {
			t.Errorf("%s is limited as %q", ip, got)
		}
	}
}

// TestSignInRehashes renews a hash of an earlier cost, and no other.
func TestSignInRehashes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.System(t.Context())
	old := weakHash()
	if !auth.NeedsRehash(old) {
		t.Fatal("the old hash needs no new one")
	}
	f.User.UpdateOneID(f.acme.Learner).SetPasswordHash(old).ExecX(ctx)
	_, err := f.s.SignIn(t.Context(), f.acme.ID, "learner@acme.example", "wrong horse battery", tenancy.Origin{})
	wantCode(t, "wrong password", err, fault.Unauthenticated)
	if *f.User.GetX(ctx, f.acme.Learner).PasswordHash != old {
		t.Error("a wrong password changed the hash")
	}
	f.signIn(t, f.acme, "learner")
	renewed := *f.User.GetX(ctx, f.acme.Learner).PasswordHash
	if renewed == old || auth.NeedsRehash(renewed) {
		t.Errorf("the hash is %q", renewed)
	}
	f.signIn(t, f.acme, "learner")
	if *f.User.GetX(ctx, f.acme.Learner).PasswordHash != renewed {
		t.Error("a hash of today's cost was renewed")
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	good := f.signIn(t, f.acme, "learner").Token
	foreign, _ := auth.NewToken(auth.PrefixSession, f.acme.ID)
	elsewhere, _ := auth.NewToken(auth.PrefixSession, uuid.New())
	staff, _ := auth.NewToken(auth.PrefixStaff, uuid.Nil)
	asKey := auth.PrefixAPIKey + strings.TrimPrefix(good, auth.PrefixSession)
	for name, token := range map[string]string{
		"empty": "", "nonsense": "nonsense", "never given": foreign, "of no tenant": elsewhere,
		"the platform's": staff, "a session as a key": asKey, "cut": good[:len(good)-1], "longer": good + "0",
		"with a NUL": good + "\x00", "huge": strings.Repeat("a", 1<<20),
	} {
		_, err := f.s.Authenticate(t.Context(), token)
		wantCode(t, name, err, fault.Unauthenticated)
	}
	for i := range good {
		flipped := []byte(good)
		flipped[i] ^= 1
		_, err := f.s.Authenticate(t.Context(), string(flipped))
		wantCode(t, fmt.Sprintf("with byte %d flipped", i), err, fault.Unauthenticated)
	}
}

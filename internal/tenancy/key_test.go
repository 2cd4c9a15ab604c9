package tenancy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/pg"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

func TestKeyIsShownOnceAndWorks(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.as(t, f.signIn(t, f.acme, "instructor").Token)
	ends := time.Now().Add(time.Hour)
	made, token, err := f.s.CreateKey(ctx, tenancy.NewKey{
		Name: " reports ", Scopes: []viewer.Scope{viewer.ScopeRead, viewer.ScopePersisted, viewer.ScopeRead}, ExpiresAt: &ends,
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.Name != "reports" || !strings.HasSuffix(token, made.Hint) || len(made.Hint) != 4 {
		t.Errorf("key %+v of token %s", made, token)
	}
	v, err := f.s.Authenticate(t.Context(), token)
	if err != nil || v.APIKey != made.ID || v.User != f.acme.Instructor || v.Role != viewer.Instructor || v.Session != uuid.Nil {
		t.Errorf("viewer %+v (%v)", v, err)
	}
	if want := []viewer.Scope{viewer.ScopePersisted, viewer.ScopeRead}; !slices.Equal(v.Scopes, want) || v.Can(viewer.ScopeWrite) {
		t.Errorf("scopes %v, want %v", v.Scopes, want)
	}
	keys, err := f.s.Keys(ctx)
	if err != nil || len(keys) != 1 || keys[0].ID != made.ID {
		t.Errorf("keys %v (%v)", keys, err)
	}
	var stored int
	const leak = `SELECT count(*) FROM api_keys WHERE position($1::bytea IN token_hash) > 0 OR api_keys::text LIKE '%' || $2 || '%'`
	secret := token[len(token)-40:]
	if err := f.QueryRow(ctx, leak, []byte(token), secret).Scan(&stored); err != nil || stored != 0 {
		t.Errorf("the token is stored (%v)", err)
	}
	if f.recorded("api_key.created") != 1 {
		t.Errorf("audit log: %+v", f.Entries())
	}
}

func TestCreateKeyRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.as(t, f.signIn(t, f.acme, "instructor").Token)
	past := time.Now().Add(-time.Second)
	read := []viewer.Scope{viewer.ScopeRead}
	for name, tt := range map[string]struct {
		key    tenancy.NewKey
		fields []string
	}{
		"nothing":        {tenancy.NewKey{}, []string{"name", "scopes"}},
		"blank name":     {tenancy.NewKey{Name: "  ", Scopes: read}, []string{"name"}},
		"long name":      {tenancy.NewKey{Name: strings.Repeat("ü", 101), Scopes: read}, []string{"name"}},
		"name with NUL":  {tenancy.NewKey{Name: "a\x00", Scopes: read}, []string{"name"}},
		"unknown scopes": {tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{"ALL", "MORE"}}, []string{"scopes"}},
		"in the past":    {tenancy.NewKey{Name: "k", Scopes: read, ExpiresAt: &past}, []string{"expiresAt"}},
	} {
		_, token, err := f.s.CreateKey(ctx, tt.key)
		wantViolations(t, name, err, tt.fields...)
		if token != "" {
			t.Errorf("%s: a token was given", name)
		}
	}
	if _, _, err := f.s.CreateKey(ctx, tenancy.NewKey{Name: strings.Repeat("ü", 100), Scopes: read}); err != nil {
		t.Errorf("a name of 100 characters: %v", err)
	}
	for role, want := range map[string]fault.Code{"learner": fault.Forbidden, "support": fault.Forbidden, "admin": ""} {
		_, _, err := f.s.CreateKey(f.as(t, f.signIn(t, f.acme, role).Token), tenancy.NewKey{Name: "k", Scopes: read})
		wantCode(t, role, err, want)
	}
	_, _, err := f.s.CreateKey(f.acme.Anonymous(t.Context()), tenancy.NewKey{Name: "k", Scopes: read})
	wantCode(t, "visitor", err, fault.Unauthenticated)
}

func TestKeyEnds(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.as(t, f.signIn(t, f.acme, "admin").Token)
	make1 := func() (uuid.UUID, string) {
		made, token, err := f.s.CreateKey(ctx, tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeWrite}})
		if err != nil {
			t.Fatal(err)
		}
		return made.ID, token
	}
	gone := func(what, token string) {
		_, err := f.s.Authenticate(t.Context(), token)
		wantCode(t, what, err, fault.Unauthenticated)
	}
	expired, expiredToken := make1()
	f.age(t, f.acme, `UPDATE api_keys SET expires_at = now() WHERE id = $1`, expired)
	gone("expired", expiredToken)

	revoked, revokedToken := make1()
	for range 2 { // again changes nothing
		if k, err := f.s.RevokeKey(ctx, revoked); err != nil || k.RevokedAt == nil {
			t.Errorf("revoke: %+v (%v)", k, err)
		}
	}
	gone("revoked", revokedToken)
	if n := f.recorded("api_key.revoked"); n != 1 {
		t.Errorf("%d entries in the audit log, want 1", n)
	}
	_, token := make1()
	f.as(t, token)
	f.User.UpdateOneID(f.acme.Admin).SetStatus(user.StatusSUSPENDED).ExecX(f.acme.System(t.Context()))
	gone("of a suspended user", token)
	f.User.UpdateOneID(f.acme.Admin).SetStatus(user.StatusACTIVE).ExecX(f.acme.System(t.Context()))
	f.as(t, token)
	suspend(t, f.Database, "acme")
	gone("of a suspended tenant", token)
}

func TestRevokeKeyOfOthers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made, token, err := f.s.CreateKey(f.as(t, f.signIn(t, f.acme, "instructor").Token), tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]*tenancy.Opened{
		"an admin of the tenant": f.signIn(t, f.acme, "admin"), "an admin of globex": f.signIn(t, f.globex, "admin"),
	} {
		for _, id := range []uuid.UUID{made.ID, uuid.New()} {
			_, err := f.s.RevokeKey(f.as(t, who.Token), id)
			wantCode(t, name, err, fault.NotFound)
		}
		if keys, err := f.s.Keys(f.as(t, who.Token)); err != nil || len(keys) != 0 {
			t.Errorf("%s sees %d keys (%v)", name, len(keys), err)
		}
	}
	f.as(t, token)
}

// TestDemotedPeopleRevokeTheirKeys: who may not make keys any more still ends those that are theirs.
func TestDemotedPeopleRevokeTheirKeys(t *testing.T) {
	t.Parallel()
	f := setup(t)
	session := f.signIn(t, f.acme, "instructor").Token
	admin := f.as(t, f.signIn(t, f.acme, "admin").Token)
	made, token, err := f.s.CreateKey(f.as(t, session), tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.s.ChangeRole(admin, f.acme.Instructor, viewer.Learner); err != nil {
		t.Fatal(err)
	}
	if _, err := f.s.RevokeKey(f.as(t, session), made.ID); err != nil {
		t.Errorf("revoked by its owner, now a learner: %v", err)
	}
	_, err = f.s.Authenticate(t.Context(), token)
	wantCode(t, "the key", err, fault.Unauthenticated)
}

func TestUseOfKeyIsNoted(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made, token, err := f.s.CreateKey(f.as(t, f.signIn(t, f.acme, "instructor").Token), tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopePersisted}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, statements := pg.CountStatements(t.Context())
	for range 3 {
		if _, err := f.s.Authenticate(ctx, token); err != nil {
			t.Fatal(err)
		}
	}
	if n := statements.Load(); n != 4 {
		t.Errorf("%d statements for three requests, want one each and one note of use", n)
	}
	if used := f.APIKey.GetX(f.acme.System(t.Context()), made.ID).LastUsedAt; used == nil || time.Since(*used) > time.Minute {
		t.Errorf("last used %v", used)
	}
}

// TestKeysAreCountedUnderLock fills the last places at once.
func TestKeysAreCountedUnderLock(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.as(t, f.signIn(t, f.acme, "instructor").Token)
	key := tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead}}
	for range tenancy.MaxKeys - 3 {
		if _, _, err := f.s.CreateKey(ctx, key); err != nil {
			t.Fatal(err)
		}
	}
	errs := race(8, func(int) error { _, _, err := f.s.CreateKey(ctx, key); return err })
	if codes := count(errs); codes[""] != 3 || codes[fault.Conflict] != 5 {
		t.Errorf("outcomes %v, want the three last places", codes)
	}
}

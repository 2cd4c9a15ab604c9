package tenancy_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/privacy"
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/apikey"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

func (f fixture) grant(t *testing.T, tenant pgtest.Tenant, minutes int) *ent.SupportGrant {
	t.Helper()
	grant, err := f.s.GrantSupport(tenant.AsAdmin(t.Context()), "Somebody cannot sign in.", minutes)
	if err != nil {
		t.Fatal(err)
	}
	return grant
}

// granted is the grant under which the holder of the token helps.
func (f fixture) granted(t *testing.T, token string) uuid.UUID {
	t.Helper()
	v, err := f.s.Authenticate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return v.Grant
}

func TestGrantSupport(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsAdmin(t.Context())
	got, err := f.s.GrantSupport(ctx, " A course\u00a0does not open. ", 240)
	if err != nil || got.GrantedBy != f.acme.Admin || got.Reason != "A course\u00a0does not open." || got.ExpiresAt.Sub(got.CreatedAt) != 4*time.Hour {
		t.Fatalf("grant: %+v (%v)", got, err)
	}
	if n := f.recorded("support.granted"); n != 1 {
		t.Errorf("%d grants in the audit log", n)
	}
	for name, tt := range map[string]struct {
		reason  string
		minutes int
		field   string
	}{
		"no reason": {"", 1, "reason"}, "only spaces": {" \t", 1, "reason"}, "two lines": {"a\nb", 1, "reason"},
		"a long reason": {strings.Repeat("ä", 501), 1, "reason"}, "a NUL": {"a\x00", 1, "reason"},
		"no time": {"Why.", 0, "expiresInMinutes"}, "the past": {"Why.", -1, "expiresInMinutes"}, "too long": {"Why.", 241, "expiresInMinutes"},
	} {
		_, err := f.s.GrantSupport(ctx, tt.reason, tt.minutes)
		wantViolations(t, name, err, tt.field)
	}
	for name, tt := range map[string]struct {
		ctx  context.Context
		want fault.Code
	}{
		"instructor": {f.acme.AsInstructor(t.Context()), fault.Forbidden}, "learner": {f.acme.AsLearner(t.Context()), fault.Forbidden},
		"support": {f.acme.AsUngranted(t.Context()), fault.Forbidden}, "support with a grant": {f.acme.AsSupport(t.Context()), fault.Forbidden},
		"visitor": {f.acme.Anonymous(t.Context()), fault.Unauthenticated}, "Lyceum": {f.acme.System(t.Context()), fault.Unauthenticated},
	} {
		_, err := f.s.GrantSupport(tt.ctx, "Why.", 1)
		wantCode(t, name+" grants", err, tt.want)
		_, err = f.s.RevokeGrant(tt.ctx, got.ID)
		wantCode(t, name+" revokes", err, tt.want)
	}
	if n := f.SupportGrant.Query().CountX(ctx); n != 1 {
		t.Errorf("%d grants, want one", n)
	}
}

// TestGrantsAreBoxed: the database itself refuses a grant that lasts longer than four hours, that ends before it
// begins, or of which the giver is another tenant's.
func TestGrantsAreBoxed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.System(t.Context())
	now := time.Now()
	keep := func(by uuid.UUID, lasts time.Duration) error {
		return f.SupportGrant.Create().SetGrantedBy(by).SetReason("Why.").SetCreatedAt(now).SetExpiresAt(now.Add(lasts)).Exec(ctx)
	}
	for name, tt := range map[string]struct {
		by    uuid.UUID
		lasts time.Duration
		fine  bool
	}{
		"four hours": {f.acme.Admin, 4 * time.Hour, true}, "longer": {f.acme.Admin, 4*time.Hour + time.Millisecond, false},
		"no time": {f.acme.Admin, 0, false}, "a stranger's": {f.globex.Admin, time.Hour, false},
	} {
		if err := keep(tt.by, tt.lasts); (err == nil) != tt.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.Exec(ctx, `DELETE FROM support_grants`); err == nil {
		t.Error("grants can be deleted")
	}
}

// TestGrantIsInForce: support helps under a grant from when it is given until it ends or is ended, and nobody else
// has one.
func TestGrantIsInForce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	support, stranger := f.signIn(t, f.acme, "support").Token, f.signIn(t, f.globex, "support").Token
	others := []string{f.signIn(t, f.acme, "admin").Token, f.signIn(t, f.acme, "instructor").Token, f.signIn(t, f.acme, "learner").Token}
	if got := f.granted(t, support); got != uuid.Nil {
		t.Errorf("granted before anybody did: %s", got)
	}
	short, long := f.grant(t, f.acme, 5), f.grant(t, f.acme, 60)
	if got := f.granted(t, support); got != long.ID {
		t.Errorf("granted %s, want the one that lasts longest", got)
	}
	for _, token := range append(others, stranger) {
		if got := f.granted(t, token); got != uuid.Nil {
			t.Errorf("somebody else was granted %s", got)
		}
	}
	if _, err := f.s.RevokeGrant(f.acme.AsAdmin(t.Context()), long.ID); err != nil {
		t.Fatal(err)
	}
	if got := f.granted(t, support); got != short.ID {
		t.Errorf("granted %s after the longer one was ended, want the other", got)
	}
	f.age(t, f.acme, `UPDATE support_grants SET created_at = created_at - interval '5 minutes', expires_at = expires_at - interval '5 minutes'`)
	if got := f.granted(t, support); got != uuid.Nil {
		t.Errorf("granted %s after the time", got)
	}
}

// TestStillGranted: what stays open is told when its grant has ended.
func TestStillGranted(t *testing.T) {
	t.Parallel()
	f := setup(t)
	grants := []*ent.SupportGrant{f.grant(t, f.acme, 60), f.grant(t, f.acme, 5)}
	v, err := f.s.Authenticate(t.Context(), f.signIn(t, f.acme, "support").Token)
	if err != nil || v.Grant != grants[0].ID {
		t.Fatalf("%+v (%v)", v, err)
	}
	still := func(want bool) {
		t.Helper()
		if got, err := f.s.Still(t.Context(), v); err != nil || got != want {
			t.Errorf("still welcome: %t (%v), want %t", got, err, want)
		}
	}
	still(true)
	if _, err := f.s.RevokeGrant(f.acme.AsAdmin(t.Context()), grants[0].ID); err != nil {
		t.Fatal(err)
	}
	still(false)
	v.Grant = grants[1].ID
	still(true)
	f.age(t, f.acme, `UPDATE support_grants SET created_at = created_at - interval '5 minutes', expires_at = expires_at - interval '5 minutes'`)
	still(false)
	v.Grant = uuid.Nil
	still(true)
	v.Grant = f.grant(t, f.globex, 5).ID
	still(false)
}

func TestRevokeGrant(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsAdmin(t.Context())
	grant, over, foreign := f.grant(t, f.acme, 5), f.grant(t, f.acme, 10), f.grant(t, f.globex, 5)
	ended, err := f.s.RevokeGrant(ctx, grant.ID)
	if err != nil || ended.RevokedAt == nil || *ended.RevokedBy != f.acme.Admin {
		t.Fatalf("revoke: %+v (%v)", ended, err)
	}
	again, err := f.s.RevokeGrant(ctx, grant.ID)
	if err != nil || !again.RevokedAt.Equal(*ended.RevokedAt) {
		t.Errorf("revoke again: %+v (%v)", again, err)
	}
	f.age(t, f.acme, `UPDATE support_grants SET created_at = created_at - interval '11 minutes', expires_at = expires_at - interval '11 minutes' WHERE id = $1`, over.ID)
	if late, err := f.s.RevokeGrant(ctx, over.ID); err != nil || late.RevokedAt != nil {
		t.Errorf("revoke what has ended: %+v (%v)", late, err)
	}
	for name, id := range map[string]uuid.UUID{"globex'": foreign.ID, "an unknown one": uuid.New()} {
		_, err := f.s.RevokeGrant(ctx, id)
		wantCode(t, name, err, fault.NotFound)
	}
	if n := f.recorded("support.revoked"); n != 1 {
		t.Errorf("%d revocations in the audit log, want 1", n)
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var want []uuid.UUID
	for range 3 {
		want = append([]uuid.UUID{f.grant(t, f.acme, 5).ID}, want...)
	}
	f.grant(t, f.globex, 5)
	var got []uuid.UUID
	request := page.Request{First: 2}
	for range 2 {
		p, err := f.s.Grants(f.acme.AsAdmin(t.Context()), request)
		if err != nil {
			t.Fatal(err)
		}
		for _, grant := range p.Rows {
			got = append(got, grant.ID)
		}
		request.After = p.Cursors[len(p.Cursors)-1]
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	_, err := f.s.Grants(f.acme.AsAdmin(t.Context()), page.Request{First: 1, After: "x"})
	wantCode(t, "a bad cursor", err, fault.BadInput)
	for _, ctx := range []context.Context{f.acme.AsInstructor(t.Context()), f.acme.AsLearner(t.Context()), f.acme.AsSupport(t.Context())} {
		_, err := f.s.Grants(ctx, page.Request{First: 1})
		wantCode(t, "not an admin", err, fault.Forbidden)
	}
}

// TestUngranted: without a grant support reads who they are, their sessions and what their tenant is called; with
// one the rest, but never writes.
func TestUngranted(t *testing.T) {
	t.Parallel()
	f := setup(t)
	opened := f.signIn(t, f.acme, "support")
	f.signIn(t, f.acme, "learner")
	ctx := f.as(t, opened.Token)
	if self, err := f.s.Self(ctx); err != nil || self.ID != f.acme.Support {
		t.Errorf("self: %+v (%v)", self, err)
	}
	if sessions, err := f.s.Sessions(ctx); err != nil || len(sessions) != 1 || sessions[0].ID != opened.Session.ID {
		t.Errorf("sessions: %v (%v)", sessions, err)
	}
	if tenant, err := f.s.Tenant(ctx); err != nil || tenant.ID != f.acme.ID {
		t.Errorf("tenant: %v (%v)", tenant, err)
	}
	for name, ctx := range map[string]context.Context{"as they are": ctx, "widened by a service": viewer.WholeTenant(ctx)} {
		if ids := f.User.Query().IDsX(ctx); !slices.Equal(ids, []uuid.UUID{f.acme.Support}) {
			t.Errorf("%s: people %v", name, ids)
		}
		if n := f.Session.Query().CountX(ctx); n != 1 {
			t.Errorf("%s: %d sessions", name, n)
		}
		for entity, read := range map[string]func() error{
			"enrollments": func() error { _, err := f.Enrollment.Query().All(ctx); return err },
			"versions":    func() error { _, err := f.CourseVersion.Query().Count(ctx); return err },
			"keys":        func() error { _, err := f.APIKey.Query().Where(apikey.UserID(f.acme.Support)).All(ctx); return err },
			"inboxes":     func() error { _, err := f.Inbox.Query().All(ctx); return err },
			"the log":     func() error { _, err := f.AuditEntry.Query().Exist(ctx); return err },
			"grants":      func() error { _, err := f.SupportGrant.Query().IDs(ctx); return err },
		} {
			if err := read(); !errors.Is(err, privacy.Deny) {
				t.Errorf("%s: %s: %v, want a refusal", name, entity, err)
			}
		}
	}
	f.grant(t, f.acme, 5)
	ctx = f.as(t, opened.Token)
	if n := f.User.Query().CountX(ctx); n < 4 {
		t.Errorf("with a grant: %d people", n)
	}
	if err := f.User.Update().Where(user.ID(f.acme.Learner)).SetName("Other").Exec(ctx); !errors.Is(err, privacy.Deny) {
		t.Errorf("with a grant: writes: %v", err)
	}
}

// TestSupportDoesNotLookForNames: order, cursors and matches would tell what is masked.
func TestSupportDoesNotLookForNames(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := f.acme.AsSupport(t.Context())
	_, err := f.s.Users(ctx, page.Request{First: 5}, tenancy.UserFilter{Search: "learner"})
	wantCode(t, "searching", err, fault.Forbidden)
	var got []uuid.UUID
	request := page.Request{First: 2}
	for {
		p, err := f.s.Users(ctx, request, tenancy.UserFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range p.Rows {
			got = append(got, u.ID)
		}
		if !p.HasNext {
			break
		}
		request.After = p.Cursors[len(p.Cursors)-1]
	}
	want := f.User.Query().Order(user.ByID()).IDsX(f.acme.System(t.Context()))
	if !slices.Equal(got, want) {
		t.Errorf("%v, want everybody by age: %v", got, want)
	}
	byName, err := f.s.Users(f.acme.AsAdmin(t.Context()), page.Request{First: 1}, tenancy.UserFilter{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.s.Users(ctx, page.Request{First: 1, After: byName.Cursors[0]}, tenancy.UserFilter{})
	wantCode(t, "a cursor of the other order", err, fault.BadInput)
	p, err := f.s.Users(ctx, page.Request{First: 5}, tenancy.UserFilter{Role: viewer.Learner})
	if err != nil || len(p.Rows) != 1 || p.Rows[0].ID != f.acme.Learner {
		t.Errorf("by role: %v (%v)", p.Rows, err)
	}
}

// TestSchoolsAreKnown: whoever asks, by host, session or key, carries what kind of tenant it is.
func TestSchoolsAreKnown(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.age(t, f.acme, `UPDATE tenants SET kind = 'SCHOOL'`)
	directory := tenancy.NewDirectory(f.DB, "localhost", "")
	for tenant, want := range map[*pgtest.Tenant]bool{&f.acme: true, &f.globex: false} {
		place, err := directory.BySlug(t.Context(), tenant.Slug)
		if err != nil || place.School != want {
			t.Errorf("%s: %+v (%v)", tenant.Slug, place, err)
		}
		opened := f.signIn(t, *tenant, "instructor")
		v, err := f.s.Authenticate(t.Context(), opened.Token)
		if err != nil || v.School != want {
			t.Errorf("%s' session: %+v (%v)", tenant.Slug, v, err)
		}
		_, token, err := f.s.CreateKey(viewer.With(t.Context(), v), tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead}})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := f.s.Authenticate(t.Context(), token); err != nil || v.School != want {
			t.Errorf("%s' key: %+v (%v)", tenant.Slug, v, err)
		}
	}
}

// TestNoGrantReachesAKey: a key of support, whose keys end when they become it, would carry no grant all the same.
func TestNoGrantReachesAKey(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, token, err := f.s.CreateKey(f.as(t, f.signIn(t, f.acme, "instructor").Token), tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	f.User.UpdateOneID(f.acme.Instructor).SetRole(viewer.Support).ExecX(f.acme.System(t.Context()))
	f.grant(t, f.acme, 5)
	if v, err := f.s.Authenticate(t.Context(), token); err != nil || !v.Is(viewer.Support) || v.Granted() {
		t.Errorf("%+v (%v), want support without a grant", v, err)
	}
}

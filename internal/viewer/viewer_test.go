package viewer_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/viewer"
)

func TestFrom(t *testing.T) {
	t.Parallel()
	tenant := uuid.New()
	for name, tt := range map[string]struct {
		ctx context.Context
		ok  bool
	}{
		"nobody":         {t.Context(), false},
		"without tenant": {viewer.With(t.Context(), viewer.Viewer{User: uuid.New(), Role: viewer.TenantAdmin}), false},
		"visitor":        {viewer.With(t.Context(), viewer.Of(tenant)), true},
		"job":            {viewer.With(t.Context(), viewer.Job(tenant, "test")), true},
	} {
		v, ok := viewer.From(tt.ctx)
		if ok != tt.ok {
			t.Errorf("%s: From says %t, want %t", name, ok, tt.ok)
		}
		if got := viewer.Tenant(tt.ctx); ok && (got != tenant || v.Tenant != tenant) || !ok && got != uuid.Nil {
			t.Errorf("%s: tenant %s", name, got)
		}
	}
}

// TestWithDropsWhatAnotherViewerWasAllowed keeps a widened context from widening the next viewer.
func TestWithDropsWhatAnotherViewerWasAllowed(t *testing.T) {
	t.Parallel()
	wide := viewer.AsPlatform(viewer.WholeTenant(viewer.With(t.Context(), viewer.Job(uuid.New(), "test"))))
	if !viewer.SeesWholeTenant(wide) || !viewer.IsPlatform(wide) {
		t.Fatal("the context is not wide")
	}
	next := viewer.With(wide, viewer.Of(uuid.New()))
	if viewer.SeesWholeTenant(next) || viewer.IsPlatform(next) {
		t.Error("the next viewer sees the whole tenant or the platform")
	}
	if viewer.SeesWholeTenant(t.Context()) || viewer.IsPlatform(t.Context()) {
		t.Error("an empty context is wide")
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	for role, staff := range map[viewer.Role]bool{
		viewer.Anonymous: false, viewer.Learner: false, viewer.Instructor: true, viewer.TenantAdmin: true,
		viewer.Support: false, viewer.System: true, "": false,
	} {
		v := viewer.Viewer{Role: role}
		if v.Staff() != staff {
			t.Errorf("%s: Staff() is %t", role, v.Staff())
		}
		if !v.Is(viewer.System, role) || v.Is() {
			t.Errorf("%s: Is does not tell roles", role)
		}
	}
	if values := viewer.Role("").Values(); len(values) != 4 {
		t.Errorf("a user can be given the roles %v", values)
	}
	for _, role := range viewer.Role("").Values() {
		if role == string(viewer.Anonymous) || role == string(viewer.System) {
			t.Errorf("a user can be given the role %s", role)
		}
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	key := func(scopes ...viewer.Scope) viewer.Viewer { return viewer.Viewer{APIKey: uuid.New(), Scopes: scopes} }
	for name, tt := range map[string]struct {
		v    viewer.Viewer
		can  viewer.Scope
		want bool
	}{
		"a session can do all":      {viewer.Viewer{Session: uuid.New()}, viewer.ScopeWrite, true},
		"a visitor has no scopes":   {viewer.Viewer{}, viewer.ScopeRead, true},
		"a reader writes":           {key(viewer.ScopeRead), viewer.ScopeWrite, false},
		"a reader reads":            {key(viewer.ScopeRead), viewer.ScopeRead, true},
		"an analyst's key reads":    {key(viewer.ScopePersisted), viewer.ScopeRead, false},
		"a key without any scope":   {key(), viewer.ScopeRead, false},
		"a key with both":           {key(viewer.ScopeRead, viewer.ScopeWrite), viewer.ScopeWrite, true},
		"an unknown scope opens no": {key("EVERYTHING"), viewer.ScopeWrite, false},
	} {
		if got := tt.v.Can(tt.can); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestSystemViewersAreNamed(t *testing.T) {
	t.Parallel()
	tenant := uuid.New()
	if v := viewer.Job(tenant, "certificate.issue"); v.Name != "certificate.issue" || v.SignedIn() || v.Role != viewer.System {
		t.Errorf("Job: %+v", v)
	}
	if v := viewer.Operator(tenant, "tenant create"); v.Name != "lyceum tenant create" || v.SignedIn() || v.Role != viewer.System {
		t.Errorf("Operator: %+v", v)
	}
}

package graph

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/viewer"
)

// TestKeysOfPersistedDocuments: a key is held to persisted documents unless it may read besides.
func TestKeysOfPersistedDocuments(t *testing.T) {
	t.Parallel()
	key := func(scopes ...viewer.Scope) context.Context {
		return viewer.With(t.Context(), viewer.Viewer{
			Tenant: uuid.New(), User: uuid.New(), Role: viewer.TenantAdmin, APIKey: uuid.New(), Scopes: scopes,
		})
	}
	for name, tt := range map[string]struct {
		ctx  context.Context
		want bool
	}{
		"reader":             {key(viewer.ScopeRead), false},
		"writer":             {key(viewer.ScopeWrite), false},
		"analyst":            {key(viewer.ScopePersisted), true},
		"analyst who writes": {key(viewer.ScopePersisted, viewer.ScopeWrite), true},
		"analyst who reads":  {key(viewer.ScopePersisted, viewer.ScopeRead), false},
		"without a scope":    {key(), false},
		"session":            {viewer.With(t.Context(), viewer.Viewer{Tenant: uuid.New(), User: uuid.New(), Role: viewer.TenantAdmin}), false},
		"visitor":            {viewer.With(t.Context(), viewer.Of(uuid.New())), false},
		"nobody":             {t.Context(), false},
	} {
		if got := persistedOnly(tt.ctx); got != tt.want {
			t.Errorf("%s is held to persisted documents: %t", name, got)
		}
	}
}

func TestWhoReadsTheSchema(t *testing.T) {
	t.Parallel()
	for role, want := range map[viewer.Role]bool{
		viewer.Anonymous: false, viewer.Learner: false, viewer.Support: false, viewer.Instructor: true, viewer.TenantAdmin: true,
	} {
		ctx := viewer.With(t.Context(), viewer.Viewer{Tenant: uuid.New(), Role: role})
		if mayIntrospect(false)(ctx) != want || !mayIntrospect(true)(ctx) {
			t.Errorf("%s reads the schema: %t", role, !want)
		}
	}
}

package graph

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/internal/fault"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/viewer"
)

func ourSchema() *ast.Schema {
	return graphql.NewExecutableSchema(graphql.Config{Resolvers: NewResolver(&Services{})}).Schema()
}

// TestAccessIsTheMatrix asks for every root field as every role, and compares with what the schema says there.
func TestAccessIsTheMatrix(t *testing.T) {
	t.Parallel()
	schema := ourSchema()
	access, err := NewAccess(schema)
	if err != nil {
		t.Fatal(err)
	}
	cells := 0
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		for _, field := range root.Fields {
			directive := field.Directives.ForName("access")
			if directive == nil {
				continue // introspection
			}
			var roles []string
			for _, role := range directive.Arguments.ForName("roles").Value.Children {
				roles = append(roles, role.Value.Raw)
			}
			for _, role := range []viewer.Role{viewer.Anonymous, viewer.Learner, viewer.Instructor, viewer.TenantAdmin, viewer.Support, viewer.System, ""} {
				v := viewer.Viewer{Tenant: uuid.New(), Role: role}
				want := fault.Unauthenticated
				if role != viewer.Anonymous {
					v.User, want = uuid.New(), fault.Forbidden
				}
				if slices.Contains(roles, string(role)) {
					want = ""
				}
				cells++
				if got := fault.CodeOf(access.Check(viewer.With(t.Context(), v), root.Name, field.Name)); got != want {
					t.Errorf("%s.%s by %q: %q, want %q", root.Name, field.Name, role, got, want)
				}
			}
			if got := fault.CodeOf(access.Check(t.Context(), root.Name, field.Name)); got != fault.Unauthenticated {
				t.Errorf("%s.%s by nobody: %q", root.Name, field.Name, got)
			}
		}
	}
	if cells < 300 {
		t.Errorf("only %d cells were looked at", cells)
	}
	if err := access.Check(t.Context(), "User", "email"); err != nil {
		t.Errorf("a field below the root: %v, which is the services' to guard", err)
	}
}

func TestAccessOfKeys(t *testing.T) {
	t.Parallel()
	access, err := NewAccess(ourSchema())
	if err != nil {
		t.Fatal(err)
	}
	key := func(scopes ...viewer.Scope) context.Context {
		return viewer.With(t.Context(), viewer.Viewer{
			Tenant: uuid.New(), User: uuid.New(), Role: viewer.TenantAdmin, APIKey: uuid.New(), Scopes: scopes,
		})
	}
	for name, tt := range map[string]struct {
		ctx                      context.Context
		query, mutation, persist bool
	}{
		"reader":             {key(viewer.ScopeRead), true, false, false},
		"writer":             {key(viewer.ScopeWrite), false, true, false},
		"both":               {key(viewer.ScopeRead, viewer.ScopeWrite), true, true, false},
		"analyst":            {key(viewer.ScopePersisted), true, false, true},
		"analyst who writes": {key(viewer.ScopePersisted, viewer.ScopeWrite), true, true, true},
		"analyst who reads":  {key(viewer.ScopePersisted, viewer.ScopeRead), true, false, false},
		"without a scope":    {key(), false, false, false},
		"session":            {viewer.With(t.Context(), viewer.Viewer{Tenant: uuid.New(), User: uuid.New(), Role: viewer.TenantAdmin}), true, true, false},
	} {
		if got := access.Check(tt.ctx, "Query", "users") == nil; got != tt.query {
			t.Errorf("%s queries: %t", name, got)
		}
		if got := access.Check(tt.ctx, "Subscription", "notificationReceived") == nil; got != tt.query {
			t.Errorf("%s subscribes: %t", name, got)
		}
		if got := access.Check(tt.ctx, "Mutation", "createUser") == nil; got != tt.mutation {
			t.Errorf("%s mutates: %t", name, got)
		}
		if got := persistedOnly(tt.ctx); got != tt.persist {
			t.Errorf("%s is held to persisted documents: %t", name, got)
		}
	}
	if persistedOnly(t.Context()) || persistedOnly(viewer.With(t.Context(), viewer.Of(uuid.New()))) {
		t.Error("a visitor is held to persisted documents")
	}
}

// TestAccessMustBeSaid: a root field without @access keeps the server from starting.
func TestAccessMustBeSaid(t *testing.T) {
	t.Parallel()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "s", Input: `
		directive @access(roles: [Role!]!) on FIELD_DEFINITION
		enum Role { LEARNER }
		type Query { guarded: Int @access(roles: [LEARNER]) }
		type Mutation { guarded: Int @access(roles: [LEARNER]) forgotten: Int }
		type Subscription { guarded: Int @access(roles: [LEARNER]) }
	`})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewAccess(schema); err == nil || err.Error() != "Mutation.forgotten has no @access" {
		t.Errorf("NewAccess: %v, want the field named", err)
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

package graph

import (
	"context"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/internal/fault"
	"lyceum/internal/viewer"
)

// Access lets a root field run only for the roles that its @access names. Ownership and enrollment are the
// services' rules, and rows the policies'; this is the role matrix, in one place.
type Access struct {
	// allowed maps each root type and field to the roles of its @access.
	allowed map[string]map[string][]viewer.Role
}

// NewAccess reads the matrix from the schema. A root field without @access is an error.
func NewAccess(schema *ast.Schema) (*Access, error) {
	a := &Access{allowed: map[string]map[string][]viewer.Role{}}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		fields := map[string][]viewer.Role{}
		a.allowed[root.Name] = fields
		for _, field := range root.Fields {
			if field.Name == "__schema" || field.Name == "__type" {
				continue
			}
			directive := field.Directives.ForName("access")
			if directive == nil {
				return nil, fmt.Errorf("%s.%s has no @access", root.Name, field.Name)
			}
			for _, role := range directive.Arguments.ForName("roles").Value.Children {
				fields[field.Name] = append(fields[field.Name], viewer.Role(role.Value.Raw))
			}
		}
	}
	return a, nil
}

// Check returns nil when the viewer of the context may select the root field.
func (a *Access) Check(ctx context.Context, object, field string) error {
	allowed, guarded := a.allowed[object][field]
	if !guarded {
		return nil
	}
	v, ok := viewer.From(ctx)
	switch {
	case ok && slices.Contains(allowed, v.Role) && a.inScope(v, object):
		return nil
	case !v.SignedIn():
		return fault.New(fault.Unauthenticated, "Sign in to do this.")
	default:
		return fault.New(fault.Forbidden, "Your role does not allow this.")
	}
}

// inScope reports whether an API key may do this kind of thing at all.
func (*Access) inScope(v viewer.Viewer, object string) bool {
	if object == "Mutation" {
		return v.Can(viewer.ScopeWrite)
	}
	return v.Can(viewer.ScopeRead) || v.Can(viewer.ScopePersisted)
}

// AroundFields is the gqlgen middleware that applies Check.
func (a *Access) AroundFields(ctx context.Context, next graphql.Resolver) (any, error) {
	field := graphql.GetFieldContext(ctx)
	if err := a.Check(ctx, field.Object, field.Field.Name); err != nil {
		return nil, err
	}
	return next(ctx)
}

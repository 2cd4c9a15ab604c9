package limit

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lyceum/internal/fault"
)

// eachRootField visits the fields at the root of a validated operation, fragments followed.
func eachRootField(operation *ast.OperationDefinition, visit func(*ast.Field)) {
	if operation == nil {
		return
	}
	followed := map[string]bool{}
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
				visit(selection)
			case *ast.InlineFragment:
				walk(selection.SelectionSet)
			case *ast.FragmentSpread:
				if !followed[selection.Name] && selection.Definition != nil {
					followed[selection.Name] = true
					walk(selection.Definition.SelectionSet)
				}
			}
		}
	}
	walk(operation.SelectionSet)
}

// Introspection lets those callers read the schema whom Allow approves, and refuses the others.
// A nil Allow approves nobody. __typename is for everybody.
type Introspection struct {
	Allow func(context.Context) bool
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = Introspection{}

// ExtensionName implements graphql.HandlerExtension.
func (Introspection) ExtensionName() string { return "Introspection" }

// Validate implements graphql.HandlerExtension.
func (Introspection) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (i Introspection) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	asks := false
	eachRootField(operation.Operation, func(field *ast.Field) {
		asks = asks || field.Name == "__schema" || field.Name == "__type"
	})
	if !asks {
		return nil
	}
	if i.Allow == nil || !i.Allow(ctx) {
		return because(fault.New(fault.Forbidden, "You may not read the schema here."))
	}
	operation.DisableIntrospection = false
	return nil
}

// isIntrospection reports whether the field belongs to GraphQL itself.
func isIntrospection(field *ast.Field) bool { return strings.HasPrefix(field.Name, "__") }

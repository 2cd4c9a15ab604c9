package graph

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/internal/gen/graphql"
)

// TestTokenMutations names the mutations whose answers are not kept under an idempotency key, and has every other
// answer reach nothing that is called like a secret.
func TestTokenMutations(t *testing.T) {
	t.Parallel()
	schema := graphql.NewExecutableSchema(graphql.Config{}).Schema()
	got := tokenMutations(schema)
	if want := []string{"createApiKey", "rotateSession", "signIn"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, mutation := range schema.Mutation.Fields {
		if slices.Contains(got, mutation.Name) {
			continue
		}
		if field := secretBelow(schema, mutation.Type.Name(), map[string]bool{}); field != "" {
			t.Errorf("the answer of %s, which is kept, reaches %s", mutation.Name, field)
		}
	}
}

// secretBelow returns the first field below the type that is called like a secret, or "".
func secretBelow(schema *ast.Schema, name string, seen map[string]bool) string {
	if seen[name] {
		return ""
	}
	seen[name] = true
	for _, field := range schema.Types[name].Fields {
		for _, word := range []string{"token", "secret", "password"} {
			if strings.Contains(strings.ToLower(field.Name), word) {
				return name + "." + field.Name
			}
		}
		if found := secretBelow(schema, field.Type.Name(), seen); found != "" {
			return found
		}
	}
	return ""
}

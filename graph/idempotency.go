package graph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/graph/transport"
	"lyceum/internal/platform/idempotency"
)

// underKeys serves the idempotency keys of mutations; nil without a place to keep them.
//
// Whose answer holds a token holds a secret. Signing in takes no key: it is for visitors, it may open a session in
// another tenant than the caller's, and doing it twice harms nothing.
func underKeys(keys *idempotency.Keys, schema *ast.Schema) *transport.Idempotency {
	if keys == nil {
		return nil
	}
	return &transport.Idempotency{Keys: keys, Secret: tokenMutations(schema), Unkeyed: []string{"signIn"}}
}

// tokenMutations are the mutations that answer with a token.
func tokenMutations(schema *ast.Schema) []string {
	var names []string
	for _, mutation := range schema.Mutation.Fields {
		if schema.Types[mutation.Type.Name()].Fields.ForName("token") != nil {
			names = append(names, mutation.Name)
		}
	}
	slices.Sort(names)
	return names
}

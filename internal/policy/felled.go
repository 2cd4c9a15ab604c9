//go:build attack

package policy

import (
	"context"
	"slices"

	"entgo.io/ent"

	"lyceum/internal/gen/ent/intercept"
)

type felledKey struct{}

// Fell returns a context in which the policies of the named entities neither narrow nor deny, or those of all
// entities when none is named. A creation without a tenant is still stamped, so that it reaches the second wall.
func Fell(ctx context.Context, entities ...string) context.Context {
	return context.WithValue(ctx, felledKey{}, entities)
}

func felled(ctx context.Context, of any) bool {
	entities, some := ctx.Value(felledKey{}).([]string)
	return some && (len(entities) == 0 || slices.Contains(entities, entityOf(of)))
}

// entityOf is the name of the entity that a query or a mutation is about.
func entityOf(of any) string {
	if m, ok := of.(ent.Mutation); ok {
		return m.Type()
	}
	query, err := intercept.NewQuery(of)
	if err != nil {
		return ""
	}
	return query.Type()
}

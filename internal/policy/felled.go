//go:build attack

package policy

import (
	"context"
	"slices"
	"sync/atomic"

	"entgo.io/ent"

	"lyceum/internal/gen/ent/intercept"
)

// Switch fells policies: those of the entities it was told neither narrow nor deny. A creation without a tenant is
// still stamped, so that it reaches the second wall. The zero Switch fells none. It is safe for concurrent use.
type Switch struct{ felled atomic.Pointer[[]string] }

// Fell fells the policies of the named entities, and all when none is named.
func (s *Switch) Fell(entities ...string) { s.felled.Store(&entities) }

// Raise lets all policies stand again.
func (s *Switch) Raise() { s.felled.Store(nil) }

// In returns a context in which the switch is in force.
func (s *Switch) In(ctx context.Context) context.Context {
	return context.WithValue(ctx, switchKey{}, s)
}

// Fell returns a context in which the policies of the named entities are felled, and all when none is named.
func Fell(ctx context.Context, entities ...string) context.Context {
	s := &Switch{}
	s.Fell(entities...)
	return s.In(ctx)
}

type switchKey struct{}

func felled(ctx context.Context, of any) bool {
	s, some := ctx.Value(switchKey{}).(*Switch)
	if !some {
		return false
	}
	entities := s.felled.Load()
	return entities != nil && (len(*entities) == 0 || slices.Contains(*entities, entityOf(of)))
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

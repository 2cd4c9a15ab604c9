package e2e

import (
	"sync"
	"testing"

	"lyceum/e2e/stack"
)

// people are the demo users who have signed in, by "name@tenant": tries to sign in are limited.
var (
	peopleMu sync.Mutex
	people   = map[string]*stack.Persona{}
)

// as returns the demo user "<name>@<slug>.example", signed in once for all tests. A test that ends sessions
// signs in by itself.
func as(t *testing.T, slug, name string) *stack.Persona {
	t.Helper()
	peopleMu.Lock()
	defer peopleMu.Unlock()
	key := name + "@" + slug
	if people[key] == nil {
		people[key] = running.SignIn(t, slug, name)
	}
	return people[key]
}

//go:build attack

package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/policy"
)

// mutant is a Lyceum with one stone of its walls taken out.
type mutant struct {
	name string
	// apply takes the stone out, restore puts it back and fails the test when that fails.
	apply, restore func(t *testing.T)
	// tries makes the part of the attack that the other wall does not stop.
	tries func(t *testing.T) []breach
}

// policyMutants are without the policy of one entity each, where row-level security is off everywhere, and
// what the application may not write in the global tables is granted: the policy is the last wall.
func (c *careless) policyMutants(ctx context.Context) []mutant {
	var all []mutant
	for _, e := range c.entities {
		all = append(all, mutant{
			name:    policyOf(e),
			apply:   func(*testing.T) {},
			restore: func(*testing.T) {},
			tries: func(t *testing.T) []breach {
				t.Helper()
				as := everyContext(c.attackers(ctx), func(ctx context.Context) context.Context { return policy.Fell(ctx, e.name) })
				found, _ := c.run(t, assault{as: as, entities: []entity{e}})
				return found
			},
		})
	}
	return all
}

// tableMutants are without the row-level security of one table each, where all policies are felled.
func (c *careless) tableMutants(ctx context.Context) []mutant {
	as := everyContext(c.attackers(ctx), func(ctx context.Context) context.Context { return policy.Fell(ctx) })
	var all []mutant
	for _, table := range c.owned() {
		all = append(all, mutant{
			name:    securityOf(table),
			apply:   func(t *testing.T) { t.Helper(); c.fellWalls(t, table) },
			restore: func(t *testing.T) { t.Helper(); c.raiseWalls(t, table) },
			tries: func(t *testing.T) []breach {
				t.Helper()
				found, _ := c.run(t, assault{as: as, entities: c.entitiesOf(table), tables: []dbTable{table}})
				return found
			},
		})
	}
	return all
}

func (c *careless) entitiesOf(table dbTable) []entity {
	return slices.DeleteFunc(slices.Clone(c.entities), func(e entity) bool { return e.table != table.name })
}

// keyMutants are without one foreign key each.
func (c *careless) keyMutants(t *testing.T) []mutant {
	t.Helper()
	var all []mutant
	for _, table := range c.owned() {
		for _, key := range table.foreign() {
			var spelled string
			eachRow(t, c.superuser, `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '`+key.name+`'`, []any{&spelled}, func() {})
			name := pgx.Identifier{key.name}.Sanitize()
			one := table
			one.references = []dbReference{key}
			all = append(all, mutant{
				name:  "foreign key " + key.name,
				apply: func(t *testing.T) { t.Helper(); c.arrange(t, `ALTER TABLE `+table.name+` DROP CONSTRAINT `+name) },
				restore: func(t *testing.T) {
					t.Helper()
					c.arrange(t, `ALTER TABLE `+table.name+` ADD CONSTRAINT `+name+` `+spelled)
				},
				tries: func(t *testing.T) []breach {
					t.Helper()
					found, _ := c.pointed(t, []dbTable{one})
					return found
				},
			})
		}
	}
	return all
}

// killed runs the mutants and returns which tries killed each.
func killed(t *testing.T, mutants []mutant) map[string][]breach {
	t.Helper()
	by := map[string][]breach{}
	for _, m := range mutants {
		m.apply(t)
		by[m.name] = m.tries(t)
		m.restore(t)
	}
	return by
}

// grantGlobals lets the application write the global tables, and returns how to take that back.
func (c *careless) grantGlobals(t *testing.T) (restore func()) {
	t.Helper()
	before := map[string]string{}
	var table, privileges string
	eachRow(t, c.superuser, `SELECT c.relname, string_agg(g.privilege_type, ', ') FROM pg_class c, aclexplode(c.relacl) g
		WHERE c.relnamespace = 'public'::regnamespace AND g.grantee = 'lyceum_app'::regrole GROUP BY 1`, []any{&table, &privileges},
		func() { before[table] = privileges })
	for _, name := range directory() {
		c.arrange(t, `GRANT SELECT, INSERT, UPDATE, DELETE ON `+name+` TO lyceum_app`)
	}
	return func() {
		for _, name := range directory() {
			c.arrange(t, `REVOKE ALL ON `+name+` FROM lyceum_app; GRANT `+before[name]+` ON `+name+` TO lyceum_app`)
		}
	}
}

// schemaKills lets the generated attack look for the same mutants, by their names: it sees those through which a field
// of the schema would leak.
func (w *attackWorld) schemaKills(t *testing.T, c *careless) map[string]bool {
	t.Helper()
	w.attackPlan(t) // proven while all walls stand
	dead := map[string]bool{}
	raid := func(name string) {
		leaks := w.attackReads(t, attackOptions{first: true, grouped: true, attackers: w.admins()})
		dead[name] = len(leaks) > 0
	}
	w.rowSecurity(t, false)
	raid("nothing")
	for _, e := range c.entities {
		w.policies.Fell(e.name)
		raid(policyOf(e))
		w.policies.Raise()
	}
	w.rowSecurity(t, true)
	w.policies.Fell()
	for _, table := range c.owned() {
		w.rowSecurity(t, false, table.name)
		raid(securityOf(table))
		w.rowSecurity(t, true, table.name)
	}
	raid("nothing at all")
	w.policies.Raise()
	for _, name := range []string{"nothing", "nothing at all"} {
		if dead[name] {
			t.Errorf("the generated attack leaks without %s missing", name)
		}
		delete(dead, name)
	}
	return dead
}

func policyOf(e entity) string        { return "policy of " + e.name }
func securityOf(table dbTable) string { return "row-level security of " + table.name }

// directKills lets the careless attack look for the mutants.
func (c *careless) directKills(t *testing.T) map[string][]breach {
	t.Helper()
	// The attack must be green where nothing is missing, or it would kill everything.
	c.fellWalls(t, c.owned()...)
	revoke := c.grantGlobals(t)
	c.green(t, assault{as: c.attackers(t.Context()), entities: c.entities})
	by := killed(t, c.policyMutants(t.Context()))
	revoke()
	c.raiseWalls(t, c.owned()...)

	as := everyContext(c.attackers(t.Context()), func(ctx context.Context) context.Context { return policy.Fell(ctx) })
	owned := slices.DeleteFunc(slices.Clone(c.entities), func(e entity) bool { return !e.owned() })
	c.green(t, assault{as: as, entities: owned, tables: c.owned()})
	maps.Copy(by, killed(t, c.tableMutants(t.Context())))
	if found, _ := c.pointed(t, c.owned()); len(found) > 0 {
		t.Errorf("without a mutant: %v", found)
	}
	maps.Copy(by, killed(t, c.keyMutants(t)))
	c.restored(t)
	return by
}

// TestAttackMutants takes one stone at a time out of one wall while the other is down, and expects the attack
// to notice. A mutant that survives is a policy, a table or a key that nothing would miss.
func TestAttackMutants(t *testing.T) {
	t.Parallel()
	began := time.Now()
	c := newCareless(t)
	direct := c.directKills(t)
	schema := newAttackWorld(t, nothingKept...).schemaKills(t, c)
	dead := 0
	for _, name := range slices.Sorted(maps.Keys(direct)) {
		if len(direct[name]) == 0 && !schema[name] {
			t.Errorf("survived: without the %s nothing of B's is seen or touched", name)
			continue
		}
		dead++
		t.Logf("killed: %s (%s)", name, strings.Join(killers(direct[name], schema[name]), ", "))
	}
	useless(t, direct)
	bySchema := len(slices.DeleteFunc(slices.Collect(maps.Values(schema)), func(dead bool) bool { return !dead }))
	byDirect := len(slices.DeleteFunc(slices.Collect(maps.Values(direct)), func(found []breach) bool { return len(found) == 0 }))
	t.Logf("mutants %d, killed %d (by the generated attack %d of %d, by the direct attack %d of %d), kill rate %d %%, %.1f s",
		len(direct), dead, bySchema, len(schema), byDirect, len(direct), 100*dead/len(direct), time.Since(began).Seconds())
}

// killers says by what a mutant was killed.
func killers(found []breach, bySchema bool) []string {
	kinds := map[string]bool{}
	for _, b := range found {
		kinds[b.kind] = true
	}
	names := slices.Sorted(maps.Keys(kinds))
	if bySchema {
		names = append(names, "GraphQL")
	}
	return names
}

// useless fails for tries that kill no mutant.
func useless(t *testing.T, by map[string][]breach) {
	t.Helper()
	never := map[string]bool{}
	for _, try := range entTries() {
		never["ent "+try.name] = try.name != pointing
	}
	for _, try := range rawTries() {
		never["SQL "+try.name] = true
	}
	for _, found := range by {
		for _, b := range found {
			never[b.try] = false
		}
	}
	for try, useless := range never {
		if useless {
			t.Errorf("%s kills no mutant: it attacks nothing", try)
		}
	}
}

// green fails for what is breached without a mutant.
func (c *careless) green(t *testing.T, how assault) {
	t.Helper()
	found, _ := c.run(t, how)
	for _, b := range found {
		t.Errorf("without a mutant: %s", b)
	}
}

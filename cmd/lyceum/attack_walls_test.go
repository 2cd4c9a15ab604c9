//go:build attack

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/privacy"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// The tests of this file are the developer who forgets every WHERE: code of tenant A's that asks ent and the
// database for everything, and changes everything, with both walls up and with each wall alone.

// careless is the code of tenant A's, in a database in which A and B have one row in every table.
type careless struct {
	*pgtest.Database

	superuser *pgx.Conn
	tables    []dbTable
	entities  []entity
	a, b      resident
	// theirs are B's rows by entity, as pointers to the entity's struct.
	theirs map[string]reflect.Value
	// standing is which walls the database came with.
	standing map[string]wall
}

// wall is what stands around a table: row-level security, and what is granted.
type wall struct {
	Enabled, Forced bool
	Granted         string
}

func newCareless(t *testing.T) *careless {
	t.Helper()
	c := &careless{Database: pgtest.New(t), theirs: map[string]reflect.Value{}, entities: allEntities(t)}
	c.superuser = pgtest.Superuser(t, c.Database)
	c.tables = liveTables(t, c.superuser)
	shapes := map[string]reflect.Type{}
	for _, e := range c.entities {
		shapes[e.table] = e.shape
	}
	// Every row is made here: none by a trigger of another table, which would be there twice.
	c.trigger(t, "replica")
	c.a = newResident(t, c.superuser, c.tables, shapes, "acme", 1)
	c.b = newResident(t, c.superuser, c.tables, shapes, "globex", 2)
	c.trigger(t, "origin")
	c.standing = c.walls(t)
	for _, e := range c.entities {
		c.theirs[e.name] = c.rowOf(t, e, c.b)
	}
	for _, table := range c.tables {
		c.controlled(t, table)
	}
	return c
}

// trigger says for whom the superuser writes: as a "replica" no triggers run, as the "origin" they do.
func (c *careless) trigger(t *testing.T, role string) {
	t.Helper()
	if _, err := c.superuser.Exec(t.Context(), `SELECT set_config('session_replication_role', $1, false)`, role); err != nil {
		t.Fatal(err)
	}
}

// rowOf reads the tenant's row of the entity as the tenant itself: the attack would be vacuous without it.
func (c *careless) rowOf(t *testing.T, e entity, of resident) reflect.Value {
	t.Helper()
	results := callChain(of.system(t.Context()), e.of(c.Client), uuid.Nil, "Query", "All")
	if err := errorOf(results); err != nil {
		t.Fatalf("%s of %s: %v", e.name, of.Slug, err)
	}
	for _, row := range results[0].Seq2() {
		if row.Elem().FieldByName("ID").Interface() == of.id(e.table) {
			return row
		}
	}
	t.Fatalf("%s has no row of %s", e.name, of.Slug)
	return reflect.Value{}
}

// controlled makes sure that the tenant itself sees its row by raw SQL, so that somebody else could, too.
func (c *careless) controlled(t *testing.T, table dbTable) {
	t.Helper()
	if !table.owned {
		return
	}
	for _, tenant := range []resident{c.a, c.b} {
		n := 0
		err := c.Tx(tenant.system(t.Context()), func(tx *pg.Tx) error {
			if _, err := tx.Exec(tenant.system(t.Context()), unveil); err != nil {
				return err
			}
			return tx.QueryRow(tenant.system(t.Context()), `SELECT count(*) FROM `+table.name+` WHERE tenant_id = $1`, tenant.ID).Scan(&n)
		})
		if err != nil || n != 1 {
			t.Fatalf("%s sees %d rows of its own in %s (%v), want 1", tenant.Slug, n, table.name, err)
		}
	}
}

// unveil sets what the tables of search show rows by.
const unveil = `SELECT set_config('app.search_words', '` + plantedWord + `', true), set_config('app.search_title', '` + plantedWord + `', true)`

// The kinds of tries.
const (
	readKind   = "read"
	createKind = "create"
	updateKind = "update"
	deleteKind = "delete"
)

// breach is something of B's that was seen or touched.
type breach struct{ kind, try, where, what string }

func (b breach) String() string { return fmt.Sprintf("%s, %s: %s: %s", b.where, b.kind, b.try, b.what) }

// errUndo ends the transaction of a try, so that the next one finds everything as it was.
var errUndo = errors.New("undone")

// assault is how a careless attack is made.
type assault struct {
	// as are the contexts of A's in which it is made, by name.
	as map[string]context.Context
	// entities and tables are what is attacked, in order; ent with the entities' clients, raw with SQL.
	entities []entity
	tables   []dbTable
	// commit keeps what was done.
	commit bool
}

// attackers are those of A's who try, by name. The system is who may do most; nobody has no tenant.
func (c *careless) attackers(ctx context.Context) map[string]context.Context {
	return map[string]context.Context{
		"admin":                 c.a.AsAdmin(ctx),
		"learner, whole tenant": viewer.WholeTenant(c.a.AsLearner(ctx)),
		"system":                c.a.System(ctx),
		"nobody":                ctx,
	}
}

// owned are the tables of tenants.
func (c *careless) owned() []dbTable {
	return slices.DeleteFunc(slices.Clone(c.tables), func(r dbTable) bool { return !r.owned })
}

// run makes the attack and returns what was breached. An error that is no refusal fails the test: a try that
// breaks shows nothing.
func (c *careless) run(t *testing.T, how assault) (found []breach, tried int) {
	t.Helper()
	for _, who := range slices.Sorted(maps.Keys(how.as)) {
		ctx := how.as[who]
		for _, e := range how.entities {
			for _, try := range entTries() {
				if e.public() && try.kind == readKind {
					continue
				}
				tried++
				what := c.once(t, ctx, how.commit, e.name+" as "+who+": "+try.name, func(tx *pg.Tx) (string, error) {
					return try.run(ctx, c, tx.Client, e)
				})
				if what != "" {
					found = append(found, breach{try.kind, "ent " + try.name, e.name + " as " + who, what})
				}
			}
		}
		for _, table := range how.tables {
			for _, try := range rawTries() {
				tried++
				what := c.once(t, ctx, how.commit, table.name+" as "+who+": "+try.name, func(tx *pg.Tx) (string, error) {
					return try.run(ctx, c, tx, table)
				})
				if what != "" {
					found = append(found, breach{try.kind, "SQL " + try.name, table.name + " as " + who, what})
				}
			}
		}
	}
	return found, tried
}

// once makes one try in a transaction of its own and returns what it found.
func (c *careless) once(t *testing.T, ctx context.Context, commit bool, name string, try func(tx *pg.Tx) (string, error)) (found string) {
	t.Helper()
	err := c.Tx(ctx, func(tx *pg.Tx) error {
		if _, err := tx.Exec(ctx, unveil); err != nil {
			return err
		}
		var err error
		found, err = try(tx)
		if err == nil && !commit {
			return errUndo
		}
		return err
	})
	if err != nil && !isRefusal(err) {
		t.Errorf("%s: %v", name, err)
	}
	return found
}

// isRefusal reports whether the error is one of those that A should see.
func isRefusal(err error) bool {
	if errors.Is(err, errUndo) || errors.Is(err, privacy.Deny) || ent.IsNotFound(err) {
		return true
	}
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (refused.Code == insufficientPrivilege || refused.Code == featureNotSupported || strings.HasPrefix(refused.Code, integrityViolation) ||
		// A statement after one that a constraint stopped.
		refused.Code == "25P02")
}

// pointed tries to point A's row at B's through each foreign key alone, past every other wall: what the
// application may not change, a migration or a job of the owner's might.
func (c *careless) pointed(t *testing.T, tables []dbTable) (found []breach, tried int) {
	t.Helper()
	for _, table := range tables {
		for _, key := range table.foreign() {
			tried++
			var sets []string
			values := []any{c.a.ID}
			for i, name := range key.columns {
				if name != "tenant_id" {
					values = append(values, c.b.rows[key.parent][key.targets[i]])
					sets = append(sets, fmt.Sprintf("%s = $%d", name, len(values)))
				}
			}
			statement := `UPDATE ` + table.name + ` SET ` + strings.Join(sets, ", ") + ` WHERE tenant_id = $1`
			err := pgx.BeginFunc(t.Context(), c.superuser, func(tx pgx.Tx) error {
				if err := c.orphan(t.Context(), tx, key.carriers(), table); err != nil {
					return err
				}
				tag, err := tx.Exec(t.Context(), statement, values...)
				if err == nil && tag.RowsAffected() == 1 {
					err = errUndo
				}
				return err
			})
			refused, _ := errors.AsType[*pgconn.PgError](err)
			switch {
			case errors.Is(err, errUndo):
				found = append(found, breach{updateKind, "pointing at B's row", table.name, "through " + key.name})
			case refused == nil || refused.Code != foreignKeyViolation || refused.ConstraintName != key.name:
				t.Errorf("%s of %s: %v, want it to refuse", key.name, table.name, err)
			}
		}
	}
	return found, tried
}

// orphan deletes A's rows that would keep the columns of the table's row from changing.
func (c *careless) orphan(ctx context.Context, tx pgx.Tx, columns []string, table dbTable) error {
	for _, child := range c.tables {
		for _, key := range child.references {
			holds := key.parent == table.name && slices.ContainsFunc(key.targets, func(name string) bool { return slices.Contains(columns, name) })
			if !holds {
				continue
			}
			if _, err := tx.Exec(ctx, `DELETE FROM `+child.name+` WHERE tenant_id = $1`, c.a.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// walls reads what stands around the tables.
func (c *careless) walls(t *testing.T) map[string]wall {
	t.Helper()
	found := map[string]wall{}
	var name string
	var w wall
	eachRow(t, c.superuser, `SELECT relname, relrowsecurity, relforcerowsecurity, coalesce(relacl::text, '') FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`, []any{&name, &w.Enabled, &w.Forced, &w.Granted},
		func() { found[name] = w })
	return found
}

// arrange runs a statement that no wall stops.
func (c *careless) arrange(t *testing.T, statement string) {
	t.Helper()
	if _, err := c.superuser.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// restored makes sure that everything stands as it came.
func (c *careless) restored(t *testing.T) {
	t.Helper()
	if diff := cmp.Diff(c.standing, c.walls(t)); diff != "" {
		t.Fatalf("the walls were not restored (-before +now):\n%s", diff)
	}
}

// fellWalls disables row-level security on the tables and makes sure that it is.
func (c *careless) fellWalls(t *testing.T, tables ...dbTable) {
	t.Helper()
	for _, table := range tables {
		c.arrange(t, `ALTER TABLE `+table.name+` DISABLE ROW LEVEL SECURITY`)
	}
	now := c.walls(t)
	for _, table := range tables {
		if now[table.name].Enabled {
			t.Fatalf("row-level security of %s was not disabled", table.name)
		}
	}
}

// raiseWalls enables row-level security again and makes sure that everything is as it came.
func (c *careless) raiseWalls(t *testing.T, tables ...dbTable) {
	t.Helper()
	for _, table := range tables {
		c.arrange(t, `ALTER TABLE `+table.name+` ENABLE ROW LEVEL SECURITY`)
	}
	c.restored(t)
}

// checksums are hashes of B's rows, and of the rows that are nobody's.
func (c *careless) checksums(t *testing.T) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, table := range c.tables {
		of := `true`
		if table.owned {
			of = `tenant_id = '` + c.b.ID.String() + `'`
		}
		query := `SELECT count(*) || ' ' || coalesce(md5(string_agg(r::text, ',' ORDER BY r::text)), '') FROM ` + table.name + ` r WHERE ` + of
		var sum string
		eachRow(t, c.superuser, query, []any{&sum}, func() {})
		sums[table.name] = sum
	}
	return sums
}

// everyContext makes every context out of the attackers'.
func everyContext(as map[string]context.Context, change func(context.Context) context.Context) map[string]context.Context {
	changed := map[string]context.Context{}
	for name, ctx := range as {
		changed[name] = change(ctx) //nolint:fatcontext // each is of one that was given
	}
	return changed
}

// TestAttackEachWallAlone makes the careless attack with both walls, with the policies felled, and with
// row-level security off: nothing of B's is seen or touched.
func TestAttackEachWallAlone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fell, open bool
	}{
		"both walls":               {},
		"row-level security alone": {fell: true},
		"ent policies alone":       {open: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCareless(t)
			before := c.checksums(t)
			how := assault{as: c.attackers(t.Context()), entities: c.entities, tables: c.owned()}
			if tt.fell {
				how.as = everyContext(how.as, func(ctx context.Context) context.Context { return policy.Fell(ctx) })
				// The global tables have no row-level security: there the policies are what keeps readers out.
				how.entities = slices.DeleteFunc(slices.Clone(c.entities), func(e entity) bool { return !e.owned() })
			}
			if tt.open {
				c.fellWalls(t, c.owned()...)
				how.tables = nil // SQL that forgets the tenant is what row-level security is for
			}
			found, tried := c.run(t, how)
			pointed, some := c.pointed(t, c.owned())
			// Once more, for good, as who may do most.
			how.commit, how.as = true, map[string]context.Context{"system": how.as["system"]}
			again, more := c.run(t, how)
			for _, b := range slices.Concat(found, again, pointed) {
				t.Error(b)
			}
			if diff := cmp.Diff(before, c.checksums(t)); diff != "" {
				t.Errorf("B's rows have changed (-before +after):\n%s", diff)
			}
			if tt.open {
				c.raiseWalls(t, c.owned()...)
			}
			t.Logf("%d entities, %d tables, %d tries, %d leaks", len(how.entities), len(how.tables), tried+more+some, len(found)+len(again)+len(pointed))
		})
	}
}

// TestAttackSchemaEachWallAlone makes the generated attack, every field of the schema by every viewer, with the policies
// felled, and with row-level security off.
func TestAttackSchemaEachWallAlone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ fell, open bool }{
		"row-level security alone": {fell: true},
		"ent policies alone":       {open: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAttackWorld(t, nothingKept...)
			p := w.attackPlan(t)
			w.controlMutations(t, p)
			w.settle(t)
			w.rescan(t, p)
			before := w.sums(t)
			if tt.fell {
				w.policies.Fell()
			}
			if tt.open {
				w.rowSecurity(t, false)
			}
			raids := []*raid{w.raidReads(t, attackOptions{}), w.raidSubscriptions(t), w.raidMutations(t)}
			w.settle(t)
			w.policies.Raise()
			w.rowSecurity(t, true)
			leaks, requests := 0, 0
			for _, r := range raids {
				for _, l := range w.across(r.leaks) {
					leaks++
					if leaks <= 20 {
						t.Error(l)
					}
				}
				requests += r.requests
			}
			if diff := cmp.Diff(before, w.sums(t)); diff != "" {
				t.Errorf("attackers changed the victim's rows (-before +after):\n%s", diff)
			}
			t.Logf("%d pairs, %d requests, %d leaks", len(p.proven), requests, leaks)
		})
	}
}

// across leaves out what visitors of the victim's own host saw: they are in its tenant, where roles alone stop them.
func (w *attackWorld) across(leaks []leak) []leak {
	return slices.DeleteFunc(slices.Clone(leaks), func(l leak) bool { return l.viewer == "anonymous" && l.host == w.victim.host })
}

// rowSecurity enables or disables row-level security on the tables, all of tenants' when none is named, and makes
// sure that it is.
func (w *attackWorld) rowSecurity(t *testing.T, enabled bool, tables ...string) {
	t.Helper()
	ctx := t.Context()
	if len(tables) == 0 {
		all, err := w.tenantTables(ctx)
		if err != nil {
			t.Fatal(err)
		}
		tables = slices.DeleteFunc(all, func(name string) bool { return slices.Contains(directory(), name) })
	}
	word := map[bool]string{true: "ENABLE", false: "DISABLE"}[enabled]
	for _, table := range tables {
		if err := w.super(ctx, `ALTER TABLE `+table+` `+word+` ROW LEVEL SECURITY`); err != nil {
			t.Fatal(err)
		}
	}
	var wrong []string
	const other = `SELECT coalesce(array_agg(relname::text), '{}') FROM pg_class WHERE relname = ANY ($1) AND relkind IN ('r', 'p')
		AND relnamespace = 'public'::regnamespace AND relrowsecurity <> $2`
	if err := w.superScan(ctx, other, []any{tables, enabled}, &wrong); err != nil || len(wrong) > 0 {
		t.Fatalf("%s ROW LEVEL SECURITY had no effect on %v (%v)", word, wrong, err)
	}
}

// TestAttackDoors runs what would open every table at once, as the application's own role.
func TestAttackDoors(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	ctx := acme.System(t.Context())
	superuser := pgtest.Superuser(t, d).Config().User
	for name, statement := range doors(superuser) {
		err := d.Tx(ctx, func(tx *pg.Tx) error {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
			return errUndo
		})
		refused, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || refused.Code != insufficientPrivilege {
			t.Errorf("%s: %v, want it to be refused", name, err)
		}
	}
}

//go:build attack

package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
)

// entTry is one careless thing that can be done with every entity. It returns what was seen or touched of B's,
// "" when nothing, and the error of the client.
type entTry struct {
	kind, name string
	run        func(ctx context.Context, c *careless, client *ent.Client, e entity) (found string, err error)
}

// entTries are tried with every entity.
func entTries() []entTry {
	return []entTry{
		{readKind, "Query().All", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			results := callChain(ctx, e.of(client), uuid.Nil, "Query", "All")
			return c.foreign(e, results[0]), errorOf(results)
		}},
		{readKind, "Query().ForUpdate().All", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			results := callChain(ctx, e.of(client), uuid.Nil, "Query", "ForUpdate", "All")
			return c.foreign(e, results[0]), errorOf(results)
		}},
		{readKind, "Query().IDs", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			results := callChain(ctx, e.of(client), uuid.Nil, "Query", "IDs")
			ids, _ := reflect.TypeAssert[[]uuid.UUID](results[0])
			if slices.Contains(ids, c.b.id(e.table)) {
				return "B's id", nil
			}
			return "", errorOf(results)
		}},
		{readKind, "Query().Count", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			return c.tooMany(e, callChain(ctx, e.of(client), uuid.Nil, "Query", "Count"))
		}},
		{readKind, "Query().GroupBy(id)", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			groups := e.of(client).MethodByName("Query").Call(nil)[0].MethodByName("GroupBy").Call([]reflect.Value{reflect.ValueOf("id")})[0]
			return c.scanned(ctx, e, groups)
		}},
		{readKind, "Query().Select(id)", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			selected := e.of(client).MethodByName("Query").Call(nil)[0].MethodByName("Select").Call([]reflect.Value{reflect.ValueOf("id")})[0]
			return c.scanned(ctx, e, selected)
		}},
		{readKind, "Get", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			return touched(errorOf(callChain(ctx, e.of(client), c.b.id(e.table), "Get")))
		}},
		{createKind, "for B", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			return touched(c.create(ctx, client, e, true))
		}},
		{createKind, pointing, func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			if len(c.table(e.table).foreign()) == 0 {
				return "", nil
			}
			err := c.create(ctx, client, e, false)
			if err == nil {
				return "a row of A's points at B's", nil
			}
			return "", err
		}},
		{updateKind, "UpdateOneID, nothing set", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			return touched(errorOf(callChain(ctx, e.of(client), c.b.id(e.table), "UpdateOneID", "Exec")))
		}},
		{updateKind, "UpdateOneID().Save", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			return touched(errorOf(callChain(ctx, e.of(client), c.b.id(e.table), "UpdateOneID", "Save")))
		}},
		{updateKind, "UpdateOne of B's row", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			one := e.of(client).MethodByName("UpdateOne").Call([]reflect.Value{c.theirs[e.name]})[0]
			return touched(errorOf(callChain(ctx, one, uuid.Nil, "Exec")))
		}},
		{updateKind, "Update of all", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			return c.tooMany(e, callChain(ctx, e.of(client), uuid.Nil, "Update", "Save"))
		}},
		{deleteKind, "DeleteOneID", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			return touched(errorOf(callChain(ctx, e.of(client), c.b.id(e.table), "DeleteOneID", "Exec")))
		}},
		{deleteKind, "DeleteOne of B's row", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			one := e.of(client).MethodByName("DeleteOne").Call([]reflect.Value{c.theirs[e.name]})[0]
			return touched(errorOf(callChain(ctx, one, uuid.Nil, "Exec")))
		}},
		{deleteKind, "Delete of all", func(ctx context.Context, c *careless, client *ent.Client, e entity) (string, error) {
			return c.tooMany(e, callChain(ctx, e.of(client), uuid.Nil, "Delete", "Exec"))
		}},
	}
}

// pointing is the try that foreign keys stop, not walls.
const pointing = "that points at B's rows"

// public reports whether everybody may read the entity: the directory is how a tenant is found.
func (e entity) public() bool { return e.table == "placements" || e.table == "domains" }

// owned reports whether the entity's rows are tenants'.
func (e entity) owned() bool { return !slices.Contains(directory(), e.table) }

// foreign describes the row among those found that is not A's.
func (c *careless) foreign(e entity, rows reflect.Value) string {
	for _, row := range rows.Seq2() {
		if id := row.Elem().FieldByName("ID").Interface(); id != c.a.id(e.table) || !e.owned() {
			return fmt.Sprintf("the row %v", id)
		}
	}
	return ""
}

// tooMany describes a count that is more than A's one row.
func (*careless) tooMany(e entity, results []reflect.Value) (string, error) {
	n, allowed := int(results[0].Int()), 0
	if e.owned() {
		allowed = 1
	}
	if n > allowed {
		return fmt.Sprintf("%d rows, %d are A's", n, allowed), nil
	}
	return "", errorOf(results)
}

// scanned looks for B's id in what a selection of ids gives.
func (c *careless) scanned(ctx context.Context, e entity, from reflect.Value) (string, error) {
	var ids []struct{ ID uuid.UUID }
	results := from.MethodByName("Scan").Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(&ids)})
	for _, id := range ids {
		if id.ID == c.b.id(e.table) {
			return "B's id", nil
		}
	}
	return "", errorOf(results)
}

// touched describes what has happened to a row of B's, which should not be there for A. What breaks a constraint
// has reached it, too: it got past every wall.
func touched(err error) (string, error) {
	refused, _ := errors.AsType[*pgconn.PgError](err)
	switch {
	case err == nil:
		return "it was done", nil
	case refused != nil && strings.HasPrefix(refused.Code, integrityViolation):
		return "it came as far as " + refused.ConstraintName, nil
	default:
		return "", err
	}
}

// SQLSTATEs of refusals, from appendix A of Postgres's manual.
const (
	integrityViolation    = "23"
	foreignKeyViolation   = "23503"
	insufficientPrivilege = "42501"
	featureNotSupported   = "0A000"
)

// create makes a row like B's: for B, or A's own that points at everything that B's points at.
func (c *careless) create(ctx context.Context, client *ent.Client, e entity, forB bool) error {
	builder := callChain(ctx, e.of(client), uuid.New(), "Create", "SetID")[0]
	mutation, _ := reflect.TypeAssert[ent.Mutation](builder.MethodByName("Mutation").Call(nil)[0])
	row := c.theirs[e.name].Elem()
	table := c.table(e.table)
	for _, column := range table.columns {
		if column.name == "id" || column.name == "tenant_id" && !forB {
			continue
		}
		field := row.FieldByNameFunc(func(name string) bool { return sameName(name, column.name) })
		if field.Kind() == reflect.Pointer && field.IsNil() {
			continue // what B's row leaves empty stays empty
		}
		err := mutation.SetField(column.name, field.Interface())
		if err != nil && field.Kind() == reflect.Pointer {
			err = mutation.SetField(column.name, field.Elem().Interface())
		}
		if err != nil {
			return fmt.Errorf("copy %s.%s: %w", table.name, column.name, err)
		}
	}
	return errorOf(callChain(ctx, builder, uuid.Nil, "Exec"))
}

func (c *careless) table(name string) dbTable {
	at := slices.IndexFunc(c.tables, func(r dbTable) bool { return r.name == name })
	return c.tables[at]
}

// rawTry is one careless statement that can be run on every table of tenants.
type rawTry struct {
	kind, name string
	run        func(ctx context.Context, c *careless, tx *pg.Tx, table dbTable) (found string, err error)
}

// rawTries are tried on every table of tenants, as the application's own role.
func rawTries() []rawTry {
	return []rawTry{
		{readKind, "SELECT", func(ctx context.Context, c *careless, tx *pg.Tx, table dbTable) (string, error) {
			return c.selected(ctx, tx, `SELECT tenant_id FROM `+table.name)
		}},
		{readKind, "SELECT of B's", func(ctx context.Context, c *careless, tx *pg.Tx, table dbTable) (string, error) {
			return c.selected(ctx, tx, `SELECT tenant_id FROM `+table.name+` WHERE tenant_id = $1`, c.b.ID)
		}},
		{readKind, "SELECT count(*)", func(ctx context.Context, _ *careless, tx *pg.Tx, table dbTable) (string, error) {
			n := 0
			err := tx.QueryRow(ctx, `SELECT count(*) FROM `+table.name).Scan(&n)
			return moreThanOne(int64(n)), err
		}},
		{readKind, "COPY TO", func(ctx context.Context, c *careless, tx *pg.Tx, table dbTable) (string, error) {
			var out strings.Builder
			_, err := tx.Pgx().Conn().PgConn().CopyTo(ctx, &out, `COPY `+table.name+` TO STDOUT`)
			if strings.Contains(out.String(), c.b.ID.String()) {
				return "B's row", nil
			}
			return "", err
		}},
		{readKind, "SELECT with row_security off", func(ctx context.Context, c *careless, tx *pg.Tx, table dbTable) (string, error) {
			if _, err := tx.Exec(ctx, `SET LOCAL row_security = off`); err != nil {
				return "", err
			}
			return c.selected(ctx, tx, `SELECT tenant_id FROM `+table.name)
		}},
		{createKind, "INSERT for B", func(ctx context.Context, c *careless, tx *pg.Tx, table dbTable) (string, error) {
			return c.inserted(ctx, tx, table, ``)
		}},
		{createKind, "INSERT over B's row", func(ctx context.Context, c *careless, tx *pg.Tx, table dbTable) (string, error) {
			return c.inserted(ctx, tx, table, ` ON CONFLICT DO NOTHING`)
		}},
		{updateKind, "UPDATE", func(ctx context.Context, _ *careless, tx *pg.Tx, table dbTable) (string, error) {
			n, err := tx.Exec(ctx, `UPDATE `+table.name+` SET tenant_id = tenant_id`)
			return moreThanOne(n), err
		}},
		{updateKind, "UPDATE of B's", func(ctx context.Context, c *careless, tx *pg.Tx, table dbTable) (string, error) {
			n, err := tx.Exec(ctx, `UPDATE `+table.name+` SET tenant_id = tenant_id WHERE tenant_id = $1`, c.b.ID)
			return anyRow(n, err)
		}},
		{updateKind, "UPDATE that takes B's row", func(ctx context.Context, c *careless, tx *pg.Tx, table dbTable) (string, error) {
			n, err := tx.Exec(ctx, `UPDATE `+table.name+` SET tenant_id = $1 WHERE tenant_id = $2`, c.a.ID, c.b.ID)
			return anyRow(n, err)
		}},
		{updateKind, "UPDATE that gives B a row", func(ctx context.Context, c *careless, tx *pg.Tx, table dbTable) (string, error) {
			n, err := tx.Exec(ctx, `UPDATE `+table.name+` SET tenant_id = $2 WHERE tenant_id = $1`, c.a.ID, c.b.ID)
			return anyRow(n, err)
		}},
		{deleteKind, "DELETE", func(ctx context.Context, _ *careless, tx *pg.Tx, table dbTable) (string, error) {
			n, err := tx.Exec(ctx, `DELETE FROM `+table.name)
			return moreThanOne(n), err
		}},
		{deleteKind, "DELETE of B's", func(ctx context.Context, c *careless, tx *pg.Tx, table dbTable) (string, error) {
			n, err := tx.Exec(ctx, `DELETE FROM `+table.name+` WHERE tenant_id = $1`, c.b.ID)
			return anyRow(n, err)
		}},
	}
}

// selected describes the tenant among those found that is not A.
func (c *careless) selected(ctx context.Context, tx *pg.Tx, query string, args ...any) (found string, err error) {
	rows, err := tx.Query(ctx, query, args...) //nolint:rowserrcheck // ForEach returns it
	if err != nil {
		return "", err
	}
	var tenant uuid.UUID
	err = pg.ForEach(rows, []any{&tenant}, func() error {
		if tenant != c.a.ID {
			found = "a row of " + tenant.String()
		}
		return nil
	})
	return found, err
}

// inserted describes a copy of B's row that A made.
func (c *careless) inserted(ctx context.Context, tx *pg.Tx, table dbTable, onConflict string) (string, error) {
	var names, places []string
	var values []any
	for name, value := range c.b.rows[table.name] {
		if name == "id" && onConflict == "" {
			value = uuid.New()
		}
		values = append(values, value)
		names, places = append(names, name), append(places, fmt.Sprintf("$%d", len(values)))
	}
	statement := `INSERT INTO ` + table.name + ` ("` + strings.Join(names, `", "`) + `") VALUES (` + strings.Join(places, ", ") + `)` + onConflict
	_, err := tx.Exec(ctx, statement, values...)
	return touched(err)
}

func moreThanOne(n int64) string {
	if n > 1 {
		return fmt.Sprintf("%d rows, 1 is A's", n)
	}
	return ""
}

// anyRow describes rows that were touched, and those that only a constraint kept from it.
func anyRow(n int64, err error) (string, error) {
	if err != nil {
		return touched(err)
	}
	if n > 0 {
		return fmt.Sprintf("%d rows of B's", n), nil
	}
	return "", nil
}

// doors are statements that would open every table at once. The grants of the application's role stop them.
func doors(superuser string) map[string]string {
	return map[string]string{
		"become the owner":           `SET ROLE lyceum_owner`,
		"become the superuser":       `SET ROLE ` + superuser,
		"sign in as the owner":       `SET SESSION AUTHORIZATION lyceum_owner`,
		"disable row-level security": `ALTER TABLE users DISABLE ROW LEVEL SECURITY`,
		"no longer force it":         `ALTER TABLE users NO FORCE ROW LEVEL SECURITY`,
		"drop the policy":            `DROP POLICY tenant_isolation ON users`,
		"add a policy":               `CREATE POLICY everything ON users USING (true)`,
		"bypass row-level security":  `ALTER ROLE lyceum_app BYPASSRLS`,
		"truncate":                   `TRUNCATE users CASCADE`,
		"listen with a trigger":      `CREATE TRIGGER listen AFTER INSERT ON users EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
		"refer to a foreign row":     `CREATE TABLE oracle (id uuid REFERENCES users (id))`,
		"make a function":            `CREATE FUNCTION public.everything() RETURNS SETOF users LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM users'`,
		"make a view":                `CREATE VIEW public.everything AS SELECT * FROM users`,
		"run a program":              `COPY users TO PROGRAM 'cat'`,
		"write a file":               `COPY users TO '/tmp/users'`,
		"read a file":                `SELECT pg_read_file('PG_VERSION')`,
	}
}

//go:build attack

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/migrate"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// dbColumn is a column of the live database.
type dbColumn struct {
	name, kind string
	// made says that the database makes the value itself.
	made bool
	// enums are the only values there are, size the most characters, as the entity says; none otherwise.
	enums []string
	size  int
}

// dbReference is a foreign key: columns and, in the same order, what they point at.
type dbReference struct {
	name    string
	columns []string
	parent  string
	targets []string
}

// carriers are the columns that say which of the tenant's rows is meant: none for a key of the tenant alone.
func (r dbReference) carriers() []string {
	return slices.DeleteFunc(slices.Clone(r.columns), func(name string) bool { return name == "tenant_id" })
}

// dbTable is a table of the live database.
type dbTable struct {
	name       string
	columns    []dbColumn
	references []dbReference
	// owned says that every row belongs to a tenant.
	owned bool
}

func (r dbTable) has(name string) bool {
	return slices.ContainsFunc(r.columns, func(c dbColumn) bool { return c.name == name })
}

// foreign are the foreign keys that point at a row of the tenant's, not at the tenant alone.
func (r dbTable) foreign() []dbReference {
	return slices.DeleteFunc(slices.Clone(r.references), func(k dbReference) bool {
		return len(k.carriers()) == 0 || slices.Contains(directory(), k.parent)
	})
}

// directory are the tables that have no rows of tenants, though one of them names tenants.
func directory() []string { return []string{"domains", "placements", "staff_sessions", "staffs"} }

// liveTables reads the tables of the live database, parents first.
func liveTables(t *testing.T, superuser *pgx.Conn) []dbTable {
	t.Helper()
	const columns = `
		SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attidentity <> '' OR a.attgenerated <> ''
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'goose_db_version'
		ORDER BY c.relname, a.attnum`
	found := map[string]*dbTable{}
	var table string
	var of dbColumn
	eachRow(t, superuser, columns, []any{&table, &of.name, &of.kind, &of.made}, func() {
		if found[table] == nil {
			found[table] = &dbTable{name: table}
		}
		of.enums, of.size = limits(table, of.name)
		found[table].columns = append(found[table].columns, of)
	})
	const references = `
		SELECT c.relname, k.conname, p.relname, names(k.conrelid, k.conkey), names(k.confrelid, k.confkey)
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid
		WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace ORDER BY 1, 2`
	names := func(relation, numbers string) string {
		return fmt.Sprintf(`(SELECT array_agg(a.attname::text ORDER BY n.i) FROM unnest(%s) WITH ORDINALITY AS n(num, i)
			JOIN pg_attribute a ON a.attrelid = %s AND a.attnum = n.num)`, numbers, relation)
	}
	query := strings.NewReplacer(
		"names(k.conrelid, k.conkey)", names("k.conrelid", "k.conkey"), "names(k.confrelid, k.confkey)", names("k.confrelid", "k.confkey"),
	).Replace(references)
	var key dbReference
	eachRow(t, superuser, query, []any{&table, &key.name, &key.parent, &key.columns, &key.targets}, func() {
		found[table].references = append(found[table].references, key)
		key.columns, key.targets = nil, nil
	})
	for _, r := range found {
		r.owned = r.has("tenant_id") && !slices.Contains(directory(), r.name)
	}
	return parentsFirst(t, found)
}

// limits are what the entity of the table allows in the column.
func limits(table, column string) (enums []string, size int) {
	for _, of := range migrate.Tables {
		if of.Name != table {
			continue
		}
		for _, c := range of.Columns {
			if c.Name == column {
				return c.Enums, int(c.Size)
			}
		}
	}
	return nil, 0
}

// parentsFirst orders tables so that what a foreign key points at comes before it.
func parentsFirst(t *testing.T, tables map[string]*dbTable) []dbTable {
	t.Helper()
	var ordered []dbTable
	placed := map[string]bool{}
	for len(ordered) < len(tables) {
		before := len(ordered)
		for name, r := range tables {
			ready := !slices.ContainsFunc(r.references, func(k dbReference) bool { return k.parent != name && !placed[k.parent] })
			if ready && !placed[name] {
				placed[name] = true
				ordered = append(ordered, *r)
			}
		}
		if len(ordered) == before {
			t.Fatal("the foreign keys go round in a circle")
		}
	}
	return ordered
}

// eachRow runs the query as somebody whom no wall stops.
func eachRow(t *testing.T, superuser *pgx.Conn, query string, into []any, fn func()) {
	t.Helper()
	rows, err := superuser.Query(t.Context(), query) //nolint:rowserrcheck // ForEachRow returns it
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.ForEachRow(rows, into, func() error { fn(); return nil }); err != nil {
		t.Fatal(err)
	}
}

// resident is a tenant with exactly one row in every table.
type resident struct {
	pgtest.Tenant

	// rows are the values by table and column.
	rows map[string]map[string]any
}

// id is the id of the tenant's row, uuid.Nil where rows have none.
func (v resident) id(table string) uuid.UUID {
	id, _ := v.rows[table]["id"].(uuid.UUID)
	return id
}

// system is a context in which Lyceum itself works for the tenant, and for the platform.
func (v resident) system(ctx context.Context) context.Context {
	return viewer.AsPlatform(v.System(ctx))
}

// newResident makes a tenant with one row in every table, whatever tables there are. The number sets its numbers
// apart from another tenant's, so that no key of the two is alike.
func newResident(t *testing.T, superuser *pgx.Conn, tables []dbTable, shapes map[string]reflect.Type, slug string, number int) resident {
	t.Helper()
	// With one course alone it can only be its own equivalent.
	if _, err := superuser.Exec(t.Context(), `ALTER TABLE equivalences DROP CONSTRAINT IF EXISTS equivalences_others`); err != nil {
		t.Fatal(err)
	}
	v := resident{Tenant: pgtest.Tenant{ID: uuid.Must(uuid.NewV7()), Slug: slug}, rows: map[string]map[string]any{}}
	for _, table := range tables {
		row := map[string]any{}
		for _, c := range table.columns {
			if !c.made {
				row[c.name] = valueFor(t, table.name, c, shapes[table.name], slug, number)
			}
		}
		for _, key := range table.references {
			for i, name := range key.columns {
				row[name] = v.rows[key.parent][key.targets[i]]
			}
		}
		if table.owned || table.has("tenant_id") {
			row["tenant_id"] = v.ID
		}
		switch table.name {
		case "placements", "tenants":
			row["id"] = v.ID
		case "enrollments":
			row["state"], row["seated"] = "WAITLISTED", false // who has a number waits
		case "learning_paths":
			row["need"] = "AT_LEAST" // so many
		case "path_enrollments":
			row["state"] = "COMPLETED" // who has arrived has not left
			delete(row, "left_at")
		}
		insertRow(t, superuser, table.name, row)
		v.rows[table.name] = row
	}
	v.Learner, v.Admin = v.id("users"), v.id("users")
	return v
}

func insertRow(t *testing.T, superuser *pgx.Conn, table string, row map[string]any) {
	t.Helper()
	var names, places []string
	var values []any
	for name, value := range row {
		values = append(values, value)
		names = append(names, pgx.Identifier{name}.Sanitize())
		places = append(places, fmt.Sprintf("$%d", len(values)))
	}
	statement := fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`, table, strings.Join(names, ", "), strings.Join(places, ", "))
	if _, err := superuser.Exec(t.Context(), statement, values...); err != nil {
		t.Fatalf("fill %s: %v", table, err)
	}
}

// plantedWord is the word in all texts.
const plantedWord = "planted"

// valueFor makes a value of the column's type. A type that nobody has thought of fails the test.
func valueFor(t *testing.T, table string, c dbColumn, shape reflect.Type, slug string, number int) any {
	t.Helper()
	switch c.kind {
	case "uuid":
		return uuid.Must(uuid.NewV7())
	case "character varying", "text":
		text := plantedWord + " " + slug + " " + c.name
		if len(c.enums) > 0 {
			text = c.enums[0]
		}
		if c.size > 0 {
			text = text[:min(len(text), c.size)]
		}
		return text
	case "bytea":
		return []byte(plantedWord + slug + c.name)
	case "bigint", "integer", "double precision":
		return number
	case "boolean":
		return true
	case "timestamp with time zone":
		if c.name == "created_at" {
			return "2026-01-02T03:04:05Z"
		}
		return "2026-01-02T04:05:06Z" // what is there after something is made is later
	case "integer[]":
		return []int{0}
	case "date":
		return "2026-01-02"
	case "jsonb":
		return emptyJSON(t, shape, c.name)
	case "text[]":
		return []string{plantedWord}
	case "tsvector":
		return "'" + plantedWord + "':1"
	case "int4multirange":
		return "{[1,2)}"
	}
	t.Fatalf("%s.%s is of type %s: say in valueFor what a value of it looks like", table, c.name, c.kind)
	return nil
}

// emptyJSON is the least that the entity's field can hold.
func emptyJSON(t *testing.T, shape reflect.Type, column string) string {
	t.Helper()
	if shape == nil {
		return "{}"
	}
	field, ok := shape.FieldByNameFunc(func(name string) bool { return sameName(name, column) })
	if !ok {
		t.Fatalf("%s has no field for %s", shape, column)
	}
	kind := field.Type
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch {
	case kind == reflect.TypeFor[json.RawMessage](), kind.Kind() == reflect.Map:
		return "{}"
	case kind.Kind() == reflect.Slice:
		return "[]"
	}
	body, err := json.Marshal(reflect.Zero(kind).Interface())
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// sameName compares the name of a Go field with that of a column.
func sameName(field, column string) bool {
	return strings.EqualFold(field, strings.ReplaceAll(column, "_", ""))
}

// entity is an entity of the generated client.
type entity struct {
	name, table string
	// shape is the struct of a row.
	shape reflect.Type
}

// of is the client's part for the entity.
func (e entity) of(client *ent.Client) reflect.Value {
	return reflect.ValueOf(client).Elem().FieldByName(e.name)
}

// allEntities lists all entities of the client, by reflection: a new one cannot be forgotten.
func allEntities(t *testing.T) []entity {
	t.Helper()
	named := &tableNamer{}
	client := ent.NewClient(ent.Driver(named))
	of := reflect.TypeFor[ent.Client]()
	var all []entity
	for field := range of.Fields() {
		if !field.IsExported() || !strings.HasSuffix(field.Type.String(), "Client") {
			continue
		}
		e := entity{name: field.Name}
		ctx := viewer.AsPlatform(viewer.With(t.Context(), viewer.Job(uuid.New(), "test")))
		results := callChain(ctx, e.of(client), uuid.Nil, "Query", "All")
		e.table, e.shape = named.table, results[0].Type().Elem().Elem()
		all = append(all, e)
	}
	return all
}

// tableNamer is a database that notes which table was asked for.
type tableNamer struct{ table string }

var fromTable = regexp.MustCompile(`FROM "([a-z_]+)"`)

func (n *tableNamer) Query(_ context.Context, query string, _, _ any) error {
	n.table = fromTable.FindStringSubmatch(query)[1]
	return context.Canceled
}

func (*tableNamer) Exec(context.Context, string, any, any) error { return context.Canceled }
func (*tableNamer) Tx(context.Context) (dialect.Tx, error)       { return nil, context.Canceled }
func (*tableNamer) Close() error                                 { return nil }
func (*tableNamer) Dialect() string                              { return dialect.Postgres }

// callChain calls a chain of methods, by reflection, because every entity has its own types. What a method takes is
// given by type: the context, the id.
func callChain(ctx context.Context, on reflect.Value, id uuid.UUID, chain ...string) []reflect.Value {
	var results []reflect.Value
	for _, name := range chain {
		method := on.MethodByName(name)
		if !method.IsValid() {
			panic(fmt.Sprintf("%s has no method %s", on.Type(), name))
		}
		var args []reflect.Value
		for in := range method.Type().Ins() {
			switch in {
			case reflect.TypeFor[context.Context]():
				args = append(args, reflect.ValueOf(ctx))
			case reflect.TypeFor[uuid.UUID]():
				args = append(args, reflect.ValueOf(id))
			}
		}
		results = method.Call(args)
		on = results[0]
	}
	return results
}

// errorOf is the error among the results of a call, nil when there is none.
func errorOf(results []reflect.Value) error {
	err, _ := reflect.TypeAssert[error](results[len(results)-1])
	return err
}

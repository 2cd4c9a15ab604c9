package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// How often the rows of the school are there once more under other ids: as rows of its own, as rows of other people in
// the same courses, and as rows of other tenants.
const (
	doubles = 15
	fellows = 15
	others  = 12
)

// massColumn is a column that rows are copied with.
type massColumn struct {
	Table, Name, Type string
	// Alone says that a unique key has no id besides this column, which a copy therefore changes.
	Alone bool
	// Shown says that it refers to what many people see, Personal that it refers to one of them or to a place.
	Shown, Personal bool
}

// massColumns lists the columns of every table that has a tenant, but for the tenants themselves.
const massColumns = `
	SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, NULL) AS type,
		EXISTS (
			SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey)
			AND NOT EXISTS (
				SELECT 1 FROM pg_attribute o WHERE o.attrelid = c.oid AND o.attnum = ANY (i.indkey)
				AND o.atttypid = 'uuid'::regtype AND o.attname <> 'tenant_id')) AS alone,
		a.attname <> 'tenant_id' AND EXISTS (
			SELECT 1 FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = c.oid AND a.attnum = ANY (k.conkey)
			AND k.confrelid::regclass::text IN ('courses', 'course_versions', 'modules', 'lessons', 'questions', 'question_versions', 'learning_paths')) AS shown,
		a.attname <> 'tenant_id' AND EXISTS (
			SELECT 1 FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = c.oid AND a.attnum = ANY (k.conkey)
			AND k.confrelid::regclass::text IN ('users', 'enrollments', 'path_enrollments')) AS personal
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
	WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ('tenants', 'domains', 'placements')
		AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		AND EXISTS (SELECT 1 FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')
	ORDER BY c.relname, a.attnum`

// copied is what a column of the n-th copy holds; salt tells two ways of copying apart. Ids that are the same stay the
// same as each other, so that rows refer to the copies of what they referred to.
func (c massColumn) copied(salt string) string {
	switch {
	case c.Type == "uuid":
		return fmt.Sprintf("md5(%q::text || '%s' || n)::uuid", c.Name, salt)
	case c.Alone && (c.Type == "text" || c.Type == "character varying"):
		return fmt.Sprintf("%q || '-%s' || n", c.Name, salt)
	case c.Alone && c.Type == "bytea":
		return fmt.Sprintf("sha256(%q || ('%s' || n)::bytea)", c.Name, salt)
	default:
		return fmt.Sprintf("%q", c.Name)
	}
}

// multiply copies every row of the school many times, so that tables are of a size for which indexes are made.
func multiply(t *testing.T, conn *pgx.Conn, tenant uuid.UUID) {
	t.Helper()
	exec := func(statement string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	rows, err := conn.Query(t.Context(), massColumns)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[massColumn])
	if err != nil {
		t.Fatal(err)
	}
	exec("SET session_replication_role = replica")
	for len(columns) > 0 {
		table := columns[0].Table
		end := slices.IndexFunc(columns, func(c massColumn) bool { return c.Table != table })
		if end < 0 {
			end = len(columns)
		}
		exec(copyRows(table, columns[:end], tenant))
		exec(copyForOthers(table, columns[:end], tenant))
		columns = columns[end:]
	}
	exec("RESET session_replication_role")
	exec("VACUUM (ANALYZE)")
}

// copyRows doubles the tenant's rows of a table; where people are in courses, more people are in the same ones.
func copyRows(table string, columns []massColumn, tenant uuid.UUID) string {
	var doubled, joined []string
	shown, personal := false, false
	for _, c := range columns {
		switch {
		case c.Name == "tenant_id":
			doubled, joined = append(doubled, "tenant_id"), append(joined, "tenant_id")
			continue
		case c.Shown:
			joined = append(joined, fmt.Sprintf("%q", c.Name))
		default:
			joined = append(joined, c.copied("fellow"))
		}
		doubled = append(doubled, c.copied("double"))
		shown, personal = shown || c.Shown, personal || c.Personal
	}
	rows := rowsTimes(table, doubled, doubles, tenant)
	if shown && personal {
		rows += " UNION ALL " + rowsTimes(table, joined, fellows, tenant)
	}
	return insertRows(table, columns, rows)
}

// copyForOthers gives other tenants what this one has.
func copyForOthers(table string, columns []massColumn, tenant uuid.UUID) string {
	var given []string
	for _, c := range columns {
		if c.Name == "tenant_id" {
			given = append(given, "md5('other' || n)::uuid")
			continue
		}
		given = append(given, c.copied("other"))
	}
	return insertRows(table, columns, rowsTimes(table, given, others, tenant))
}

func rowsTimes(table string, values []string, times int, tenant uuid.UUID) string {
	return fmt.Sprintf("SELECT %s FROM %q, generate_series(1, %d) n WHERE tenant_id = '%s'", strings.Join(values, ", "), table, times, tenant)
}

func insertRows(table string, columns []massColumn, rows string) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = fmt.Sprintf("%q", c.Name)
	}
	return fmt.Sprintf("INSERT INTO %q (%s) %s ON CONFLICT DO NOTHING", table, strings.Join(names, ", "), rows)
}

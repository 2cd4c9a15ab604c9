package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// How often the rows of the school are there once more under other ids: as rows of its own, and as rows of others.
const (
	doubles = 15
	others  = 12
)

// massColumn is a column that rows are copied with.
type massColumn struct {
	Table, Name, Type string
	// Alone says that a unique key has no id besides this column, which a copy therefore changes.
	Alone bool
}

// massColumns lists the columns of every table that has a tenant, but for the tenants themselves.
const massColumns = `
	SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, NULL) AS type,
		EXISTS (
			SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey)
			AND NOT EXISTS (
				SELECT 1 FROM pg_attribute o WHERE o.attrelid = c.oid AND o.attnum = ANY (i.indkey)
				AND o.atttypid = 'uuid'::regtype AND o.attname <> 'tenant_id')) AS alone
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
		var names, doubled, given []string
		for _, c := range columns[:end] {
			names = append(names, fmt.Sprintf("%q", c.Name))
			if c.Name == "tenant_id" {
				doubled, given = append(doubled, "tenant_id"), append(given, "md5('other' || n)::uuid")
				continue
			}
			doubled, given = append(doubled, c.copied("double")), append(given, c.copied("other"))
		}
		list := strings.Join(names, ", ")
		exec(fmt.Sprintf("INSERT INTO %q (%s) SELECT %s FROM %q, generate_series(1, %d) n WHERE tenant_id = '%s' ON CONFLICT DO NOTHING",
			table, list, strings.Join(doubled, ", "), table, doubles, tenant))
		exec(fmt.Sprintf("INSERT INTO %q (%s) SELECT %s FROM %q, generate_series(1, %d) n WHERE tenant_id = '%s' ON CONFLICT DO NOTHING",
			table, list, strings.Join(given, ", "), table, others, tenant))
		columns = columns[end:]
	}
	exec("RESET session_replication_role")
	exec("VACUUM (ANALYZE)")
}

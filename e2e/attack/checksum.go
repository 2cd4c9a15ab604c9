package attack

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Scan runs a query for one row, as somebody whom no wall stops.
type Scan func(ctx context.Context, query string, args []any, into ...any) error

// Checksums are what a tenant has, "5 rows, MD5", by table: over all its rows in order, with all their columns.
// Tables that belong to no tenant are there with all rows, and the queue with the tenant's jobs: what is to be
// done for it, however far that is.
func Checksums(ctx context.Context, scan Scan, tenant uuid.UUID) (map[string]string, error) {
	var owned, shared []string
	const tables = `
		SELECT coalesce(array_agg(c.relname::text) FILTER (WHERE a.attname IS NOT NULL), '{}'),
			coalesce(array_agg(c.relname::text) FILTER (WHERE a.attname IS NULL), '{}')
		FROM pg_class c
		LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace`
	if err := scan(ctx, tables, nil, &owned, &shared); err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	from := map[string]string{
		// Sweeping comes round every minute.
		"river_job": `SELECT id || kind || args::text AS line FROM river.river_job WHERE args->>'tenant_id' = $1::text AND kind NOT LIKE 'sweep.%'`,
	}
	for _, table := range owned {
		from[table] = `SELECT r::text AS line FROM ` + quoted(table) + ` r WHERE tenant_id::text = $1`
	}
	for _, table := range shared {
		from[table] = `SELECT r::text AS line FROM ` + quoted(table) + ` r WHERE $1 <> ''`
	}
	sums := make(map[string]string, len(from))
	for table, rows := range from {
		var sum string
		query := `SELECT count(*) || ' rows, ' || md5(coalesce(string_agg(line, E'\n' ORDER BY line), '')) FROM (` + rows + `) lines`
		if err := scan(ctx, query, []any{tenant.String()}, &sum); err != nil {
			return nil, fmt.Errorf("hash %s: %w", table, err)
		}
		sums[table] = sum
	}
	return sums, nil
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Different are the tables whose checksums are not the same, each with both.
func Different(before, after map[string]string) []string {
	var found []string
	for _, table := range slices.Sorted(maps.Keys(before)) {
		if before[table] != after[table] {
			found = append(found, fmt.Sprintf("%s: %s, then %s", table, before[table], after[table]))
		}
	}
	for _, table := range slices.Sorted(maps.Keys(after)) {
		if _, known := before[table]; !known {
			found = append(found, table+" is new")
		}
	}
	return found
}

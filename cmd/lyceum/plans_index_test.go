package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// indexesFile records which statements need which index.
const indexesFile = "../../docs/operations/indexes.md"

// indexRow is an index of the schema.
type indexRow struct {
	Table, Name, Columns string
	// Unique says that it holds two rows apart, Key that it serves a foreign key, whose check reads by it.
	Unique, Key bool
}

const indexRows = `
	SELECT c.relname, i.relname, substring(pg_get_indexdef(x.indexrelid) FROM 'USING (.*)$'), x.indisunique,
		EXISTS (
			SELECT 1 FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = c.oid
			AND (x.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
	FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
	WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'goose_db_version'`

// spared are the indexes that no ready document and no job needs, and that are worth having, each with its reason.
var spared = map[string]string{
	"auditentry_tenant_id_subject_seq":     "the audit log of one thing",
	"dailyfact_tenant_id_day":              "reports of some days",
	"point_entries_at":                     "boards of a week and of a month",
	"publication_tenant_id_title_id":       "the catalog in the order of titles",
	"search_titles_title":                  "titles that look like what was mistyped",
	"asset_tenant_id_conversion_worked_at": "conversions whose worker vanished, among many files",
	"attempt_tenant_id_state_deadline_at":  "attempts whose time ran out, where most have ended",
	"idempotency_keys_claimed":             "keys that are old, among many",
	"course_versions_timed":                "versions in which something ends at a date, of which there are none here",
}

func catalogOfIndexes(t *testing.T, conn *pgx.Conn) map[string]*indexRow {
	t.Helper()
	rows, err := conn.Query(t.Context(), indexRows)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByPos[indexRow])
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*indexRow{}
	for _, row := range all {
		byName[row.Name] = row
	}
	if len(byName) < 100 {
		t.Fatalf("only %d indexes were found", len(byName))
	}
	return byName
}

// indexPage fails for an index that is not on record. Who uses it is for the planner to say, and told anew with -update,
// which fails for an index that nobody has a use for.
func indexPage(t *testing.T, indexes map[string]*indexRow, plans []plan) {
	t.Helper()
	used := map[string]map[string]bool{}
	for _, p := range plans {
		p.root.each(false, func(n *planNode, _ bool) {
			if n.Index == "" {
				return
			}
			if used[n.Index] == nil {
				used[n.Index] = map[string]bool{}
			}
			maps.Copy(used[n.Index], p.by)
		})
	}
	page := indexTable(t, indexes, used)
	if *updateStatements {
		if err := os.WriteFile(indexesFile, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	recorded, err := os.ReadFile(indexesFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{page, string(recorded)} {
		for line := range strings.Lines(text) {
			name, _, found := strings.Cut(strings.TrimPrefix(line, "| `"), "` |")
			if !found {
				continue
			}
			if indexes[name] == nil {
				t.Errorf("%s has an index that there is not: %s; run with -update", indexesFile, name)
			}
			if !strings.Contains(string(recorded), "| `"+name+"` |") {
				t.Errorf("the index %s is not in %s: run with -update", name, indexesFile)
			}
		}
	}
}

// indexTable writes the page.
func indexTable(t *testing.T, indexes map[string]*indexRow, used map[string]map[string]bool) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Indexes, and who needs them\n\nWritten by `go test ./cmd/lyceum -run TestPlans -update`: which ready documents and jobs find their rows by which index, as the\n" +
		"planner chooses among many rows. An index that none of them needs has another reason, or is dropped.\n")
	table := ""
	for _, row := range slices.SortedFunc(maps.Values(indexes), func(a, b *indexRow) int {
		return strings.Compare(a.Table+" "+a.Name, b.Table+" "+b.Name)
	}) {
		if row.Table != table {
			table = row.Table
			fmt.Fprintf(&b, "\n## %s\n\n| index | columns | needed by |\n|---|---|---|\n", table)
		}
		why := (&statement{by: used[row.Name]}).who()
		switch {
		case why != "":
		case spared[row.Name] != "":
			why = "no ready document: " + spared[row.Name]
		case row.Unique:
			why = "no ready document: no two rows are the same in these columns"
		case row.Key:
			why = "no ready document: a foreign key is checked by it"
		case *updateStatements:
			t.Errorf("nobody needs the index %s of %s: %s", row.Name, row.Table, row.Columns)
		default:
			t.Logf("the planner chose otherwise, or nobody needs the index %s of %s any more", row.Name, row.Table)
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", row.Name, strings.ReplaceAll(row.Columns, "|", "\\|"), why)
	}
	return b.String()
}

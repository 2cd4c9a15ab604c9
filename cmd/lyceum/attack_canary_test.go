//go:build attack

package main

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
	"github.com/jackc/pgx/v5"

	"lyceum/e2e/attack"
	"lyceum/internal/gen/ent/migrate"
)

// The reasons for which a column needs no marker.
const (
	isHash     = "a hash: it shows nothing of what it is of"
	isLanguage = "a tag of BCP 47, or what follows from it: it has no room for one"
	isWord     = "words and numbers that the code chooses among"
	isTyped    = "a value of a standard's list"
)

// without are the columns in which the scanner knows nothing of the victim's, each with its reason. The list can only
// shrink: an entry for a column that is gone, or in which something is known, fails.
var without = map[string]string{
	"api_keys.hint":                  "four characters of a random token",
	"api_keys.scopes":                isWord,
	"api_keys.token_hash":            isHash,
	"assets.content_type":            isTyped,
	"assets.upload_id":               "a name that the storage makes at random",
	"audit_entries.action":           isWord,
	"audit_entries.hash":             isHash,
	"audit_entries.previous":         isHash,
	"audit_entries.role":             isWord,
	"audit_heads.hash":               isHash,
	"achievements.rule":              isWord,
	"caption_revisions.locale":       isLanguage,
	"certificates.locale":            isLanguage,
	"certificates.pdf_sha256":        isHash,
	"completions.rule_version":       isHash,
	"course_versions.content_hash":   isHash,
	"course_versions.language":       isLanguage,
	"course_versions.price_currency": isTyped,
	"courses.language":               isLanguage,
	"courses.completion":             isWord,
	"courses.price_currency":         isTyped,
	"events.kind":                    isWord,
	"feed_entries.event":             isWord,
	"feed_entries.topic":             isWord,
	"feed_topics.topic":              isWord,
	"idempotency_keys.key_hash":      isHash,
	"idempotency_keys.request_mac":   isHash,
	"lessons.completion":             isWord,
	"lessons.quiz":                   isWord,
	"modules.completion":             isWord,
	"notifications.body":             isWord,
	"point_entries.reason":           isWord,
	"publications.language":          isLanguage,
	"publications.price_currency":    isTyped,
	"enrollment_migrations.mapping":  "ids of lessons",
	"play_sessions.completed":        "numbers of batches, and ids of lessons",
	"question_versions.content_hash": isHash,
	"questions.numeric":              isWord,
	"rendition_sets.name":            isHash,
	"search_documents.cue_starts":    "places in a text: numbers",
	"search_documents.cue_times":     "times in a film: numbers",
	"search_documents.dictionary":    isLanguage,
	"search_documents.language":      isLanguage,
	"search_documents.level":         isWord,
	"search_documents.visibility":    isWord,
	"sessions.token_hash":            isHash,
	"tenants.locale":                 isLanguage,
	"tenants.slug":                   "stands in the host name, which is public",
	"users.password_hash":            isHash,
}

// textColumn is a column in which a text can stand.
type textColumn struct{ table, name, kind string }

// TestAttackCanaries makes sure that nothing of the victim's can be seen without being known: every column that can
// hold a text has a marker in some row of the victim, and every table has rows.
func TestAttackCanaries(t *testing.T) {
	t.Parallel()
	w := newAttackWorld(t)
	columns, err := w.textColumns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	scanner, err := w.scanner(t.Context(), w.victim, false)
	if err != nil {
		t.Fatal(err)
	}
	known, vocabulary := entColumns()
	seen := map[string]bool{}
	for _, c := range columns {
		name := c.table + "." + c.name
		seen[name] = true
		if vocabulary[name] {
			continue
		}
		marked, err := w.marked(t.Context(), scanner, c)
		switch {
		case err != nil:
			t.Fatal(err)
		case !marked && without[name] == "":
			t.Errorf("%s (%s) has no marker in the victim: fill it, or list it with a reason", name, c.kind)
		case marked && without[name] != "":
			t.Errorf("%s is listed as without a marker and has one: take it off the list", name)
		}
	}
	for name := range without {
		if !seen[name] {
			t.Errorf("%s is listed as without a marker, and there is no such column", name)
		}
	}
	for _, name := range known {
		if !seen[name] {
			t.Errorf("ent has the text column %s and the database's catalog does not", name)
		}
	}
	w.populated(t)
	t.Logf("canaries: %d columns of text, %d of them fixed vocabularies, %d listed with a reason", len(columns), len(vocabulary), len(without))
}

// textColumns are the columns of tenants' tables that can hold a text, as the database has them.
func (w *attackWorld) textColumns(ctx context.Context) ([]textColumn, error) {
	rows, err := w.walls.Query(ctx, `
		SELECT c.relname, a.attname, format_type(a.atttypid, NULL)
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_attribute o ON o.attrelid = c.oid AND o.attname = 'tenant_id' AND NOT o.attisdropped
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
		  AND a.atttypid NOT IN (SELECT oid FROM pg_type WHERE typname IN (
			'uuid', 'timestamptz', 'bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'int4multirange', 'date', 'numeric'))
		ORDER BY 1, 2`)
	if err != nil {
		return nil, fmt.Errorf("list columns: %w", err)
	}
	columns, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c textColumn, err error) {
		err = row.Scan(&c.table, &c.name, &c.kind)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("list columns: %w", err)
	}
	return columns, nil
}

// marked reports whether the scanner knows something in what the victim has in the column.
func (w *attackWorld) marked(ctx context.Context, scanner *attack.Scanner, c textColumn) (bool, error) {
	column := pgx.Identifier{c.name}.Sanitize()
	if c.kind == "bytea" {
		column = `encode(` + column + `, 'escape')`
	}
	query := `SELECT coalesce(string_agg(` + column + `::text, E'\n'), '') FROM ` + pgx.Identifier{c.table}.Sanitize() + ` WHERE tenant_id = $1`
	var all string
	if err := w.superScan(ctx, query, []any{w.victim.tenant}, &all); err != nil {
		return false, err
	}
	return len(scanner.Scan([]byte(all))) > 0, nil
}

// entColumns are the columns of tenants' tables that ent keeps texts, documents and bytes in, and those of them with a
// fixed vocabulary.
func entColumns() (known []string, vocabulary map[string]bool) {
	vocabulary = map[string]bool{}
	for _, table := range migrate.Tables {
		if !slices.ContainsFunc(table.Columns, func(c *schema.Column) bool { return c.Name == "tenant_id" }) {
			continue
		}
		for _, c := range table.Columns {
			name := table.Name + "." + c.Name
			if c.Type == field.TypeEnum {
				vocabulary[name] = true
			}
			if slices.Contains([]field.Type{field.TypeString, field.TypeJSON, field.TypeBytes}, c.Type) {
				known = append(known, name)
			}
		}
	}
	return known, vocabulary
}

// populated fails for a table in which the victim or the attacker has no row: ids that do not exist cannot leak.
func (w *attackWorld) populated(t *testing.T) {
	t.Helper()
	tables, err := w.tenantTables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		for _, s := range []*side{w.victim, w.attacker} {
			var n int
			if err := w.superScan(t.Context(), `SELECT count(*) FROM `+pgx.Identifier{table}.Sanitize()+` WHERE tenant_id = $1`, []any{s.tenant}, &n); err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				t.Errorf("%s has no row in %s", s.slug, table)
			}
		}
	}
}

package arch

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"golang.org/x/tools/go/packages"
)

// careless are statements that forget the tenant on purpose, each with its reason.
var careless = map[string]string{
	"lineup.go: internal/bench reads or writes search_documents whoever's it is": "asks, as the superuser of a database of its own, whether anything is indexed",
	"extent.go: internal/bench/dataset reads or writes tenants whoever's it is":  "counts, as the superuser of a database of its own, what was seeded",
	"breakin_sql.go: cmd/lyceum/demo reads or writes users whoever's it is":      "attacks another tenant, to show what stops it, and undoes it",
}

// sqlTable matches where a statement names a table.
var sqlTable = regexp.MustCompile(`\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+(?:ONLY\s+)?"?([a-z_]+)"?`)

// namesTenant matches the column that keeps a statement to its tenant.
var namesTenant = regexp.MustCompile(`\btenant_id\b`)

// forgetful names the SQL that names a table of tenants' and not the tenant: row-level security alone would keep it to
// its tenant.
func forgetful(pkgs []*packages.Package, tables map[string]bool) []string {
	var found []string
	for _, pkg := range pkgs {
		for _, file := range pkg.Syntax {
			ast.Inspect(file, func(node ast.Node) bool {
				expr, ok := node.(ast.Expr)
				if !ok {
					return true
				}
				text, ok := constantText(pkg.TypesInfo, expr)
				if !ok {
					return true
				}
				for _, match := range sqlTable.FindAllStringSubmatch(text, -1) {
					if tables[match[1]] && !namesTenant.MatchString(text) {
						found = append(found, fmt.Sprintf("%s: %s reads or writes %s whoever's it is", place(pkg.Fset, expr), short(pkg.PkgPath), match[1]))
						break
					}
				}
				// What a constant is made of is no statement of its own.
				return false
			})
		}
	}
	return found
}

// constantText is the value of an expression that is a constant text. A name only repeats what it was declared with.
func constantText(info *types.Info, expr ast.Expr) (string, bool) {
	if _, isName := expr.(*ast.Ident); isName {
		return "", false
	}
	value := info.Types[expr].Value
	if value == nil || value.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(value), true
}

// createTable matches where a migration makes a table of tenants.
var createTable = regexp.MustCompile(`(?s)CREATE TABLE "?([a-z_]+)"? \([^;]*?\btenant_id\b`)

// tenantTables are the tables of tenants, as the migrations make them.
func tenantTables(t *testing.T) map[string]bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(ours, "ent", "migrate", "sql", "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]bool{}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range createTable.FindAllStringSubmatch(string(body), -1) {
			tables[match[1]] = true
		}
	}
	// It maps a host name to its tenant, so it is read before the tenant is known.
	delete(tables, "domains")
	return tables
}

func TestStatementsNameTheirTenant(t *testing.T) {
	t.Parallel()
	tables := tenantTables(t)
	const least = 30
	if len(tables) < least {
		t.Fatalf("only %d tables of tenants were found", len(tables))
	}
	expect(t, withoutExcused(t, forgetful(typed(t, oursTyped), tables), careless))
}

func TestStatementsNameTheirTenantFindsPlanted(t *testing.T) {
	t.Parallel()
	expect(t, forgetful(typed(t, plantedTyped), map[string]bool{"courses": true}),
		"sql.go:7: internal/catalog reads or writes courses whoever's it is",
		"sql.go:8: internal/catalog reads or writes courses whoever's it is",
		"sql.go:15: internal/catalog reads or writes courses whoever's it is",
	)
}

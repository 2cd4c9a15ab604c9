package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// global are the entities that belong to no tenant, each with its reason.
var global = map[string]string{
	"Domain":       "maps a host name to its tenant, so it is read before the tenant is known",
	"Placement":    "says where a tenant's rows live, so it is read before they can be reached",
	"Staff":        "the platform's own people, kept apart from every tenant's",
	"StaffSession": "a session of the platform's own people",
}

// entities returns the entities of the tree's schemas, each with the name of the first mixin it embeds:
// "" when it has none, "?" when its Mixin method is no plain list.
func entities(t *testing.T, tree string) map[string]string {
	t.Helper()
	found, mixins := map[string]string{}, map[string]string{}
	walk(t, tree, func(name string, content []byte) {
		if !strings.HasPrefix(name, "ent/schema/") || strings.HasSuffix(name, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("parse %s: %v", name, err)
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.GenDecl:
				collectEntities(decl, found)
			case *ast.FuncDecl:
				collectMixin(decl, mixins)
			}
		}
	})
	for entity := range found {
		found[entity] = mixins[entity]
	}
	return found
}

// collectEntities adds the struct types of the declaration that embed ent.Schema.
func collectEntities(decl *ast.GenDecl, found map[string]string) {
	for _, spec := range decl.Specs {
		named, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		body, ok := named.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range body.Fields.List {
			if len(field.Names) == 0 && isSelector(field.Type, "ent", "Schema") {
				found[named.Name.Name] = ""
			}
		}
	}
}

// collectMixin notes the first mixin that a Mixin method returns.
func collectMixin(decl *ast.FuncDecl, mixins map[string]string) {
	if decl.Name.Name != "Mixin" || decl.Recv == nil {
		return
	}
	receiver, ok := decl.Recv.List[0].Type.(*ast.Ident)
	if !ok {
		return
	}
	mixins[receiver.Name] = firstMixin(decl.Body)
}

// firstMixin reads `return []ent.Mixin{First{}, …}`.
func firstMixin(body *ast.BlockStmt) string {
	const unclear = "?"
	if len(body.List) != 1 {
		return unclear
	}
	answer, ok := body.List[0].(*ast.ReturnStmt)
	if !ok || len(answer.Results) != 1 {
		return unclear
	}
	list, ok := answer.Results[0].(*ast.CompositeLit)
	if !ok || len(list.Elts) == 0 {
		return unclear
	}
	first, ok := list.Elts[0].(*ast.CompositeLit)
	if !ok {
		return unclear
	}
	name, ok := first.Type.(*ast.Ident)
	if !ok {
		return unclear
	}
	return name.Name
}

// isSelector reports whether the expression is pkg.name.
func isSelector(expr ast.Expr, pkg, name string) bool {
	selector, ok := expr.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != name {
		return false
	}
	qualifier, ok := selector.X.(*ast.Ident)
	return ok && qualifier.Name == pkg
}

// withoutTenant names the entities that do not embed Owned first, though they are not global.
func withoutTenant(entities map[string]string) []string {
	var found []string
	for entity, first := range entities {
		if first != "Owned" && global[entity] == "" {
			found = append(found, entity)
		}
	}
	return found
}

func TestEveryEntityIsOwnedByATenant(t *testing.T) {
	t.Parallel()
	all := entities(t, ours)
	if len(all) == 0 {
		t.Fatal("no entity in ent/schema")
	}
	expect(t, withoutTenant(all))
	for entity, reason := range global {
		if first, exists := all[entity]; !exists || first == "Owned" {
			t.Errorf("%s is listed as global (%s) but need not be", entity, reason)
		}
	}
}

func TestEveryEntityIsOwnedByATenantFindsPlanted(t *testing.T) {
	t.Parallel()
	expect(t, withoutTenant(entities(t, planted)), "Bare", "Hidden", "Second")
}

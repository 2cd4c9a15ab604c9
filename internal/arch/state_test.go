package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"testing"

	"golang.org/x/tools/go/packages"
)

// packageState names the places where a package keeps state of its own: a package variable that a
// function changes, or one whose type exists to be changed. Tables and compiled patterns are no state.
func packageState(pkgs []*packages.Package) []string {
	found := map[string]bool{}
	for _, pkg := range pkgs {
		note := func(node ast.Node, what string) {
			found[fmt.Sprintf("%s: %s %s", place(pkg.Fset, node), short(pkg.PkgPath), what)] = true
		}
		for _, file := range pkg.Syntax {
			inspectState(file, pkg.TypesInfo, note)
		}
	}
	return slices.Collect(maps.Keys(found))
}

// inspectState calls note for each finding in the file.
func inspectState(file *ast.File, info *types.Info, note func(ast.Node, string)) {
	changes := func(exprs ...ast.Expr) {
		for _, expr := range exprs {
			if v := packageVar(expr, info); v != nil {
				note(expr, "changes "+v.Name())
			}
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.AssignStmt:
			changes(node.Lhs...)
		case *ast.IncDecStmt:
			changes(node.X)
		case *ast.RangeStmt:
			changes(node.Key, node.Value)
		case *ast.UnaryExpr:
			if node.Op == token.AND {
				changes(node.X)
			}
		case *ast.CallExpr:
			if isBuiltin(node.Fun, info, "delete", "clear") {
				changes(node.Args[0])
			}
		case *ast.Ident:
			if v, ok := info.Defs[node].(*types.Var); ok && isPackageVar(v) && changeable(v.Type()) {
				note(node, "keeps "+v.Name())
			}
		}
		return true
	})
}

// packageVar returns the package variable at the root of x, x.f, x[i] or *x, or nil.
func packageVar(expr ast.Expr, info *types.Info) *types.Var {
	switch expr := expr.(type) {
	case *ast.Ident:
		if v, ok := info.Uses[expr].(*types.Var); ok && isPackageVar(v) {
			return v
		}
		return nil
	case *ast.SelectorExpr:
		if v, ok := info.Uses[expr.Sel].(*types.Var); ok && isPackageVar(v) {
			return v
		}
		return packageVar(expr.X, info)
	case *ast.IndexExpr:
		return packageVar(expr.X, info)
	case *ast.StarExpr:
		return packageVar(expr.X, info)
	case *ast.ParenExpr:
		return packageVar(expr.X, info)
	default:
		return nil
	}
}

// isPackageVar reports whether the variable is declared outside every function.
func isPackageVar(v *types.Var) bool {
	return v.Pkg() != nil && v.Parent() == v.Pkg().Scope() && v.Name() != "_"
}

// isBuiltin reports whether the expression names one of the built-in functions.
func isBuiltin(expr ast.Expr, info *types.Info, names ...string) bool {
	ident, ok := expr.(*ast.Ident)
	if !ok {
		return false
	}
	builtin, ok := info.Uses[ident].(*types.Builtin)
	return ok && slices.Contains(names, builtin.Name())
}

// changeable reports whether a value of the type is there to be changed: a lock, an atomic, a channel. A
// sync.Pool holds nothing that matters, and a sync.Once nothing at all.
func changeable(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		return changeable(t.Elem())
	case *types.Chan:
		return true
	case *types.Named:
		return isLock(t.Obj())
	default:
		return false
	}
}

// isLock reports whether the type is one of the standard library's for shared state.
func isLock(name *types.TypeName) bool {
	if name.Pkg() == nil {
		return false
	}
	switch name.Pkg().Path() {
	case "sync":
		return name.Name() != "Pool" && name.Name() != "Once"
	case "sync/atomic":
		return true
	default:
		return false
	}
}

func TestNoPackageState(t *testing.T) {
	t.Parallel()
	expect(t, packageState(typed(t, oursTyped)))
}

func TestNoPackageStateFindsPlanted(t *testing.T) {
	t.Parallel()
	expect(t, packageState(typed(t, plantedTyped)),
		"state.go:11: internal/catalog keeps lock",
		"state.go:12: internal/catalog keeps wake",
		"state.go:17: internal/catalog changes seen",
		"state.go:18: internal/catalog changes count",
		"state.go:19: internal/catalog changes seen",
		"state.go:20: internal/catalog changes count",
	)
}

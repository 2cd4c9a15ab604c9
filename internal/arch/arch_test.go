package arch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/go/packages"
)

// The module's path, and the two trees that the rules run on.
const (
	module  = "lyceum/"
	ours    = "../.."
	planted = "testdata/planted"
)

// expect fails unless the rule found exactly the violations that are expected, in any order.
func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

// oursTyped and plantedTyped type-check each tree once for all rules.
var (
	oursTyped    = sync.OnceValues(func() ([]*packages.Package, error) { return typeCheck(ours) })
	plantedTyped = sync.OnceValues(func() ([]*packages.Package, error) { return typeCheck(planted) })
)

// typeCheck loads the packages of the tree that are not generated, without their tests. Packages that do not
// compile are an error.
func typeCheck(tree string) ([]*packages.Package, error) {
	pkgs, err := packages.Load(&packages.Config{Dir: tree, Mode: packages.LoadSyntax}, "./...")
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", tree, err)
	}
	written := slices.DeleteFunc(pkgs, func(p *packages.Package) bool {
		return strings.HasPrefix(p.PkgPath, module+"internal/gen/")
	})
	var errs []error
	for _, pkg := range written {
		for _, problem := range pkg.Errors {
			errs = append(errs, fmt.Errorf("load %s: %w", pkg.PkgPath, problem))
		}
	}
	return written, errors.Join(errs...)
}

// typed gives the packages that one of the functions above loads. A package that does not compile fails the
// test, and the rules see what is left of it.
func typed(t *testing.T, load func() ([]*packages.Package, error)) []*packages.Package {
	t.Helper()
	pkgs, err := load()
	if err != nil {
		t.Error(err)
	}
	return pkgs
}

// short is the path of a package inside the module.
func short(pkgPath string) string { return strings.TrimPrefix(pkgPath, module) }

// walk calls visit for each source file of the tree with its slash-separated path inside the tree.
func walk(t *testing.T, tree string, visit func(name string, content []byte)) {
	t.Helper()
	root := os.DirFS(tree)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skip(name)
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		visit(name, content)
		return nil
	})
	if err != nil {
		t.Fatalf("walk %s: %v", tree, err)
	}
}

// skip leaves out directories that hold no source of ours.
func skip(name string) error {
	base := filepath.Base(name)
	if base == "testdata" || base == "node_modules" || base == "tools" || (strings.HasPrefix(base, ".") && base != ".") {
		return fs.SkipDir
	}
	return nil
}

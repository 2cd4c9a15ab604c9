package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// load type-checks the packages of the tree that are not generated, without their tests.
func load(t *testing.T, tree string) []*packages.Package {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{
		Context: t.Context(),
		Dir:     tree,
		Mode:    packages.LoadSyntax,
	}, "./...")
	if err != nil {
		t.Fatalf("load %s: %v", tree, err)
	}
	written := slices.DeleteFunc(pkgs, func(p *packages.Package) bool {
		return strings.HasPrefix(p.PkgPath, module+"internal/gen/")
	})
	for _, pkg := range written {
		for _, problem := range pkg.Errors {
			t.Errorf("load %s: %v", pkg.PkgPath, problem)
		}
	}
	return written
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

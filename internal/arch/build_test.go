package arch

import (
	"go/ast"
	"go/build/constraint"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// systems are the tags that only say on what a file is built.
var systems = map[string]bool{"unix": true, "linux": true, "darwin": true, "windows": true, "race": true}

// tagged are the files that some builds leave out for another reason than the system, each with that reason.
var tagged = map[string]string{
	"ent/entc.go":                 "a generator, run by make generate",
	"internal/policy/felled.go":   "lets the attack suite switch policies off",
	"internal/policy/standing.go": "stands in for felled.go in every other build",
}

// conditional names the files, tests aside, that a build leaves out without a reason on the list, and what the list
// names though no build leaves it out.
func conditional(t *testing.T, tree string, tagged map[string]string) []string {
	t.Helper()
	var found []string
	seen := map[string]bool{}
	walk(t, tree, func(name string, content []byte) {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "internal/gen/") || !asksForTag(t, name, content) {
			return
		}
		seen[name] = true
		if tagged[name] == "" {
			found = append(found, name+" is not in every build")
		}
	})
	for name := range tagged {
		if !seen[name] {
			found = append(found, name+" is listed as conditional and is in every build")
		}
	}
	return found
}

// asksForTag reports whether the file has a build constraint with a tag that is no system's.
func asksForTag(t *testing.T, name string, content []byte) bool {
	t.Helper()
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "package ") {
			return false
		}
		if !constraint.IsGoBuild(strings.TrimSpace(line)) {
			continue
		}
		expr, err := constraint.Parse(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		asks := false
		expr.Eval(func(tag string) bool {
			asks = asks || !systems[tag]
			return true
		})
		return asks
	}
	return false
}

func TestFilesAreInEveryBuild(t *testing.T) {
	t.Parallel()
	expect(t, conditional(t, ours, tagged))
}

func TestFilesAreInEveryBuildFindsPlanted(t *testing.T) {
	t.Parallel()
	expect(t, conditional(t, planted, map[string]string{"internal/catalog/state.go": "it is not"}),
		"internal/catalog/sesame.go is not in every build",
		"internal/catalog/state.go is listed as conditional and is in every build",
	)
}

// switches names what is wrong with the product's policies: the switch of the attack suite must not be in them, and
// what asks for it must answer no by itself.
func switches(pkgs []*packages.Package) []string {
	var found []string
	answers := false
	for _, pkg := range pkgs {
		if short(pkg.PkgPath) != "internal/policy" {
			continue
		}
		for _, name := range []string{"Fell", "Switch"} {
			if pkg.Types.Scope().Lookup(name) != nil {
				found = append(found, "internal/policy has "+name)
			}
		}
		for _, file := range pkg.Syntax {
			for _, decl := range file.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == "felled" {
					answers = returnsFalse(fn)
				}
			}
		}
	}
	if !answers {
		found = append(found, "internal/policy.felled does more than to return false")
	}
	return found
}

// returnsFalse reports whether the function does nothing else.
func returnsFalse(fn *ast.FuncDecl) bool {
	if len(fn.Body.List) != 1 {
		return false
	}
	answer, ok := fn.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(answer.Results) != 1 {
		return false
	}
	ident, ok := answer.Results[0].(*ast.Ident)
	return ok && ident.Name == "false"
}

// TestPoliciesHaveNoSwitch makes sure that no policy can be switched off in a build without the tag attack.
func TestPoliciesHaveNoSwitch(t *testing.T) {
	t.Parallel()
	expect(t, switches(typed(t, oursTyped)))
}

func TestPoliciesHaveNoSwitchFindsPlanted(t *testing.T) {
	t.Parallel()
	expect(t, switches(typed(t, plantedTyped)),
		"internal/policy has Fell", "internal/policy.felled does more than to return false")
}

// building matches a command of the Makefile that builds the product.
var building = regexp.MustCompile(`(?m)^\s.*\bbuild\b.*\./cmd/lyceum.*$`)

// TestProductIsBuiltWithoutTags looks at how `make build` builds.
func TestProductIsBuiltWithoutTags(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(ours, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	commands := building.FindAllString(string(makefile), -1)
	if len(commands) == 0 {
		t.Fatal("the Makefile does not build the product")
	}
	for _, command := range commands {
		if strings.Contains(command, "tags") {
			t.Errorf("%s: the product is built with a tag", strings.TrimSpace(command))
		}
	}
}

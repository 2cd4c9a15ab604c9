package graph

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/google/go-cmp/cmp"
)

// TestCodesAreListed: the codes that the head of the schema lists are those that the code can send.
func TestCodesAreListed(t *testing.T) {
	t.Parallel()
	schema, err := os.ReadFile("../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(schema), "The codes:\n")
	list, _, _ = strings.Cut(list, ".\n")
	listed := regexp.MustCompile(`[A-Z][A-Z_]{3,}`).FindAllString(list, -1)
	slices.Sort(listed)

	sent := map[string]bool{errcode.ParseFailed: true, errcode.ValidationFailed: true}
	for _, dir := range []string{"../internal/fault", "transport", "limit", "present", "."} {
		for _, code := range codesOf(t, dir) {
			sent[code] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(sent)), listed); diff != "" {
		t.Errorf("the head of schema.graphql lists other codes (+) than the code can send (-):\n%s", diff)
	}
}

// codesOf are the constants of a directory that are codes: those of the type Code, and those named CodeThis.
func codesOf(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), dir+"/"+entry.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if value, ok := node.(*ast.ValueSpec); ok {
				found = append(found, codeOf(value)...)
			}
			return true
		})
	}
	return found
}

// codeOf is the text of a constant that is a code.
func codeOf(value *ast.ValueSpec) []string {
	typed, _ := value.Type.(*ast.Ident)
	if len(value.Names) != 1 || len(value.Values) != 1 || !strings.HasPrefix(value.Names[0].Name, "Code") && (typed == nil || typed.Name != "Code") {
		return nil
	}
	literal, ok := value.Values[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return nil
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return nil
	}
	return []string{text}
}

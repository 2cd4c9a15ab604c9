package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layer is a group of packages that may import the same things.
type layer struct {
	name string
	// holds are the packages, by path inside the module; "..." at the end includes those below. The
	// longest match decides.
	holds []string
	// may are the layers it may import beside itself.
	may []string
	// apart says that the members of the layer, told apart by the first two elements of their paths, may
	// not import each other.
	apart bool
}

// layers is the whole architecture, as decided in docs/decisions/0001-modular-monolith.md. A package that
// no layer holds fails the test.
var layers = []layer{
	{name: "vocabulary", holds: []string{"internal/fault", "internal/viewer"}, apart: true},
	// Shapes of JSON columns: plain data, so that the schemas and every reader of a row can name them.
	{
		name:  "value",
		holds: []string{"internal/assessment/quiz", "internal/catalog/outline", "internal/media/rendition", "internal/tenancy/brand"},
		may:   []string{"vocabulary"},
	},
	// What both sides of the API read: plain functions over text, and the ready documents.
	{name: "format", holds: []string{"internal/author/caption", "docs/operations"}, may: []string{"vocabulary"}},
	// What completes something: authors' drafts are checked by what learners' evidence is held against.
	{name: "rule", holds: []string{"internal/learning/rule"}, may: []string{"vocabulary", "value"}},
	{name: "policy", holds: []string{"internal/policy"}, may: []string{"vocabulary", "entities"}},
	{name: "schema", holds: []string{"ent/schema"}, may: []string{"vocabulary", "value", "policy", "entities", "platform"}},
	{name: "migration", holds: []string{"ent", "ent/migrate"}},
	// Compares the entities with the migrations; a tool of the developers.
	{name: "planner", holds: []string{"ent/migrate/diff"}, may: []string{"entities"}},
	{
		name:  "entities",
		holds: []string{"internal/gen/ent/..."},
		may:   []string{"vocabulary", "value", "policy", "schema", "platform"},
	},
	{
		name:  "platform",
		holds: []string{"internal/platform/..."},
		may:   []string{"vocabulary", "policy", "entities", "migration"},
	},
	{
		name: "context",
		holds: []string{
			"internal/analytics/...", "internal/assessment/...", "internal/assist/...", "internal/catalog/...",
			"internal/compliance/...", "internal/credential/...", "internal/engagement/...", "internal/enrollment/...", "internal/learning/...",
			"internal/media/...", "internal/notification/...", "internal/pathway/...", "internal/tenancy/...",
		},
		may:   []string{"vocabulary", "value", "rule", "format", "policy", "entities", "platform"},
		apart: true,
	},
	{name: "search", holds: []string{"search/..."}, may: []string{"vocabulary", "value", "format", "policy", "entities", "platform"}},
	{name: "web", holds: []string{"web/..."}, may: []string{"vocabulary", "value", "platform"}},
	{
		name:  "api",
		holds: []string{"internal/gen/graphql/...", "internal/gen/model/..."},
		may:   []string{"vocabulary", "value", "rule", "entities", "platform", "context", "search", "edge"},
	},
	{
		name:  "edge",
		holds: []string{"graph/..."},
		may:   []string{"vocabulary", "value", "rule", "policy", "entities", "platform", "context", "search", "web", "api"},
	},
	{
		name:  "jobs",
		holds: []string{"jobs/..."},
		may:   []string{"vocabulary", "value", "policy", "entities", "platform", "context", "search"},
	},
	// The authoring client lives on the other side of the API: it knows no entity and no service.
	{
		name:  "client",
		holds: []string{"internal/author/...", "internal/gen/authorapi"},
		may:   []string{"vocabulary", "format", "platform"},
	},
	// Measures running servers from outside, over rows that it makes itself.
	{name: "measurement", holds: []string{"internal/bench/..."}, may: []string{"vocabulary", "entities", "platform"}},
	{
		name:  "wiring",
		holds: []string{"cmd/..."},
		may: []string{
			"vocabulary", "value", "format", "policy", "entities", "platform", "migration", "context", "search", "web",
			"api", "edge", "jobs", "client", "measurement",
		},
	},
	// The journeys know the running server and nothing behind it.
	{name: "journey", holds: []string{"e2e/..."}, may: []string{"vocabulary", "platform", "client"}},
	{name: "check", holds: []string{"internal/arch"}},
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath   string   `json:"ImportPath"`
	Imports      []string `json:"Imports"`
	TestImports  []string `json:"TestImports"`
	XTestImports []string `json:"XTestImports"`
}

// list returns the packages of the tree with what they and their tests import.
func list(t *testing.T, tree string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = tree
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list in %s: %v\n%s", tree, err, complaint.String())
	}
	var pkgs []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg listed
		err := decoder.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		pkgs = append(pkgs, pkg)
	}
}

// strayImports names the imports that the layers do not allow, and the packages that no layer holds.
// Tests follow the rules of the code they test.
func strayImports(pkgs []listed) []string {
	var found []string
	for _, pkg := range pkgs {
		from := layerOf(pkg.ImportPath)
		if from == nil {
			found = append(found, short(pkg.ImportPath)+" belongs to no layer")
			continue
		}
		for _, imported := range distinct(pkg.Imports, pkg.TestImports, pkg.XTestImports) {
			if !strings.HasPrefix(imported, module) || imported == pkg.ImportPath {
				continue
			}
			if to := layerOf(imported); !allowed(from, pkg.ImportPath, to, imported) {
				found = append(found, fmt.Sprintf("%s imports %s", short(pkg.ImportPath), short(imported)))
			}
		}
	}
	return found
}

// allowed says whether a package of one layer may import a package of the other. A package without a
// layer is reported by itself, not by its importers.
func allowed(from *layer, importer string, to *layer, imported string) bool {
	switch {
	case to == nil:
		return true
	case from != to:
		return slices.Contains(from.may, to.name)
	default:
		return !from.apart || member(importer) == member(imported)
	}
}

// member is what the members of a layer are told apart by: "internal/catalog".
func member(pkgPath string) string {
	elements := strings.SplitN(short(pkgPath), "/", 3)
	return strings.Join(elements[:min(2, len(elements))], "/")
}

// layerOf returns the layer with the longest match, or nil.
func layerOf(pkgPath string) *layer {
	var best *layer
	longest := -1
	for i := range layers {
		for _, pattern := range layers[i].holds {
			if matches(pattern, short(pkgPath)) && len(pattern) > longest {
				best, longest = &layers[i], len(pattern)
			}
		}
	}
	return best
}

// matches reports whether the pattern, which may end in "/...", holds the package.
func matches(pattern, pkg string) bool {
	below, deep := strings.CutSuffix(pattern, "/...")
	return pkg == below || (deep && strings.HasPrefix(pkg, below+"/"))
}

// distinct is the sorted union of the lists.
func distinct(lists ...[]string) []string {
	union := slices.Concat(lists...)
	slices.Sort(union)
	return slices.Compact(union)
}

func TestImports(t *testing.T) {
	t.Parallel()
	expect(t, strayImports(list(t, ours)))
}

func TestImportsFindsPlanted(t *testing.T) {
	t.Parallel()
	expect(t, strayImports(list(t, planted)),
		"graph imports jobs",
		"internal/author imports internal/gen/ent",
		"internal/catalog imports internal/enrollment",
		"internal/enrollment imports internal/catalog", // by its test
		"internal/fault imports internal/viewer",
		"internal/platform/pg imports internal/catalog",
		"internal/platform/pg imports internal/tenancy/brand",
		"internal/stray belongs to no layer",
		"jobs imports graph/loader",
		"search imports internal/catalog",
	)
}

func TestLayersNameEachOther(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, l := range layers {
		if names[l.name] {
			t.Errorf("two layers are called %q", l.name)
		}
		names[l.name] = true
	}
	for _, l := range layers {
		for _, other := range l.may {
			if !names[other] {
				t.Errorf("layer %q may import %q, which is no layer", l.name, other)
			}
		}
	}
}

package graph

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"lyceum/graph/limit"
	"lyceum/internal/gen/graphql"
)

// costsTold is what docs/running.md says of the ready documents: the cheapest, the catalog, and the dearest.
var costsTold = regexp.MustCompile(
	"ready documents cost ([0-9]+) \\(`([a-z-]+)`\\)\\s+to\\s+([0-9]+)\\s+\\(`([a-z-]+)`\\s+with\\s+20\\s+courses\\)\\s+and\\s+([0-9]+)\\s+\\(`([a-z-]+)`\\)")

// TestReadyDocumentsCost prices the ready documents as requests are, and holds docs/running.md to it.
func TestReadyDocumentsCost(t *testing.T) {
	t.Parallel()
	schema := graphql.NewExecutableSchema(graphql.Config{}).Schema()
	files, err := filepath.Glob("../docs/operations/*.graphql")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d ready documents (%v)", len(files), err)
	}
	costs := map[string]int{}
	least, most := limit.DefaultMaximum, 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".graphql")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, errs := gqlparser.LoadQueryWithRules(schema, string(text), rules.NewDefaultRules())
		if len(errs) > 0 {
			t.Fatalf("%s: %v", name, errs)
		}
		operation := &gqlgen.OperationContext{Operation: doc.Operations[0], Variables: map[string]any{}}
		for _, variable := range doc.Operations[0].VariableDefinitions {
			if variable.DefaultValue == nil {
				continue
			}
			if operation.Variables[variable.Variable], err = variable.DefaultValue.Value(nil); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		ctx := gqlgen.WithOperationContext(t.Context(), operation)
		if err := (limit.Cost{}).MutateOperationContext(ctx, operation); err != nil {
			t.Errorf("%s is refused: %v", name, err)
		}
		price, _ := limit.PriceOf(ctx)
		costs[name], least, most = price.Requested, min(least, price.Requested), max(most, price.Requested)
	}
	text, err := os.ReadFile("../docs/running.md")
	if err != nil {
		t.Fatal(err)
	}
	told := costsTold.FindStringSubmatch(string(text))
	if told == nil {
		t.Fatalf("docs/running.md does not say what documents cost, which is %d to %d", least, most)
	}
	for i := 1; i < len(told); i += 2 {
		if got := strconv.Itoa(costs[told[i+1]]); got != told[i] {
			t.Errorf("%s costs %s, docs/running.md says %s", told[i+1], got, told[i])
		}
	}
	if costs[told[2]] != least || told[4] != "catalog" || costs[told[6]] != most {
		t.Errorf("%q: the cheapest costs %d and the dearest %d, of %v", told[0], least, most, costs)
	}
}

package operations_test

import (
	"os"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"lyceum/docs/operations"
)

// TestDocumentsFitTheSchema makes sure that no ready document has fallen behind the API.
func TestDocumentsFitTheSchema(t *testing.T) {
	t.Parallel()
	sdl, err := os.ReadFile("../../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: string(sdl)})
	documents, err := operations.Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(documents.Names()) < 20 {
		t.Fatalf("only %d documents", len(documents.Names()))
	}
	for _, name := range documents.Names() {
		doc, errs := gqlparser.LoadQueryWithRules(schema, documents.Text(name), rules.NewDefaultRules())
		if len(errs) > 0 {
			t.Errorf("%s: %v", name, errs)
			continue
		}
		if len(doc.Operations) != 1 || doc.Operations[0].Name == "" {
			t.Errorf("%s: want one named operation", name)
		}
		if text, found := documents.Lookup(t.Context(), name); !found || text != documents.Text(name) {
			t.Errorf("%s cannot be looked up by name", name)
		}
	}
}

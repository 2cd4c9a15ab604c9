package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/e2e/stack"
)

// root is one field of Query, Mutation or Subscription, with a document that selects it and takes all of its
// arguments from variables.
type root struct {
	Kind     ast.Operation
	Field    *ast.FieldDefinition
	Document string
}

// Name is the field with its type, as in "Mutation.enroll".
func (r root) Name() string {
	return strings.ToUpper(string(r.Kind[:1])) + string(r.Kind[1:]) + "." + r.Field.Name
}

// loadSchema reads the contract that the server serves.
func loadSchema(t *testing.T) *ast.Schema {
	t.Helper()
	body, err := os.ReadFile("../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(body)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// roots lists every root field of the schema.
func roots(schema *ast.Schema) []root {
	var all []root
	add := func(kind ast.Operation, object *ast.Definition) {
		for _, field := range object.Fields {
			if !strings.HasPrefix(field.Name, "__") {
				all = append(all, root{Kind: kind, Field: field, Document: document(schema, kind, field)})
			}
		}
	}
	add(ast.Query, schema.Query)
	add(ast.Mutation, schema.Mutation)
	add(ast.Subscription, schema.Subscription)
	return all
}

func document(schema *ast.Schema, kind ast.Operation, field *ast.FieldDefinition) string {
	var declared, passed []string
	for _, argument := range field.Arguments {
		declared = append(declared, fmt.Sprintf("$%s: %s", argument.Name, argument.Type))
		passed = append(passed, fmt.Sprintf("%s: $%s", argument.Name, argument.Name))
	}
	parentheses := func(list []string) string {
		if len(list) == 0 {
			return ""
		}
		return "(" + strings.Join(list, ", ") + ")"
	}
	return fmt.Sprintf("%s%s { %s%s%s }", kind, parentheses(declared), field.Name, parentheses(passed), selection(schema, field))
}

// selection asks for what shows whether something was found.
func selection(schema *ast.Schema, field *ast.FieldDefinition) string {
	definition := schema.Types[field.Type.Name()]
	switch {
	case definition.IsLeafType():
		return ""
	case definition.Fields.ForName("nodes") != nil:
		return " { nodes { __typename } }"
	case definition.Fields.ForName("hits") != nil:
		return " { hits { __typename } }"
	case definition.Fields.ForName("token") != nil:
		return " { token }"
	default:
		return " { __typename }"
	}
}

// answerLimit bounds the wait for the first event of a subscription.
const answerLimit = 10 * time.Second

// do runs a root field as somebody. Of a subscription it returns the first event.
func (r root) do(t *testing.T, who *stack.Persona, variables map[string]any) *stack.Answer {
	t.Helper()
	if r.Kind != ast.Subscription {
		return who.Do(t, r.Document, variables)
	}
	stream := who.Subscribe(t, r.Document, variables, "")
	defer stream.Close()
	answer := &stack.Answer{}
	select {
	case event := <-stream.Events:
		if err := json.Unmarshal(event, answer); err != nil {
			t.Fatalf("%s: event %q is no JSON", r.Name(), event)
		}
	case <-time.After(answerLimit):
		t.Fatalf("%s: no event and no error", r.Name())
	}
	return answer
}

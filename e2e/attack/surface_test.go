package attack_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"lyceum/e2e/attack"
)

const small = `
scalar Time
interface Node { id: ID! }
union Content = Text | Film
enum Kind { A B }
type Text { html: String! }
type Film { url: String seen(at: Time!): Boolean! }
type Course implements Node { id: ID! title: String! content(lesson: ID!): Content related: [Course!]! }
type Person implements Node { id: ID! name(kind: Kind!): String }
type Orphan { id: ID! }
type Deeper { orphan: Orphan }
input Enroll { course: ID! note: String! kind: Kind! extra: String within: [Inner!] }
input Inner { id: ID! }
type Payload { course: Course! done: Boolean! }
type Page { nodes: [Course!]! }
type Query { page: Page! node(id: ID!): Node courses(first: Int, after: String, of: ID): [Course!]! }
type Mutation { enroll(input: Enroll!, tags: [ID!]): Payload! }
type Subscription { told(after: Int): Payload! }
`

func smallSurface(t *testing.T) *attack.Surface {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: small})
	if err != nil {
		t.Fatal(err)
	}
	return attack.NewSurface(schema)
}

func smallRegistry() attack.Registry {
	return attack.Registry{
		"Query.node.id": func(below []string) []any {
			if slices.Contains(below, "Person") {
				return []any{"person"}
			}
			return []any{"course", "other"}
		},
		"Query.courses.of":      attack.Always(attack.Omit, "school"),
		"Course.content.lesson": attack.Always("lesson"),
		"Time":                  attack.Always("2000-01-01T00:00:00Z"),
		"Enroll.course":         attack.Always("course"),
		"Enroll.note":           attack.Always("Note."),
		"Inner.id":              attack.Always("inner"),
		"Mutation.enroll.tags":  attack.Always([]any{"tag"}),
		"Enroll.within":         attack.Always([]any{map[string]any{"id": "inner"}}),
	}
}

// TestSurface reaches every field by the shortest way, with documents that are valid, and names what no way leads to.
func TestSurface(t *testing.T) {
	t.Parallel()
	s := smallSurface(t)
	registry := smallRegistry()
	want := map[string]string{
		"Query.page":        `query { page { __typename nodes { __typename id title } } }`,
		"Query.node":        `query($v0: ID!) { node(id: $v0) { __typename id } }`,
		"Node.id":           `query($v0: ID!) { node(id: $v0) { id } }`,
		"Course.title":      `query($v0: ID!) { node(id: $v0) { ... on Course { title } } }`,
		"Course.related":    `query($v0: ID!) { node(id: $v0) { ... on Course { related { __typename id title } } } }`,
		"Person.name":       `query($v0: ID!, $v1: Kind!) { node(id: $v0) { ... on Person { name(kind: $v1) } } }`,
		"Query.courses":     `query($v0: ID) { courses(of: $v0) { __typename id title } }`,
		"Film.seen":         `query($v0: ID!, $v1: ID!, $v2: Time!) { node(id: $v0) { ... on Course { content(lesson: $v1) { ... on Film { seen(at: $v2) } } } } }`,
		"Text.html":         `query($v0: ID!, $v1: ID!) { node(id: $v0) { ... on Course { content(lesson: $v1) { ... on Text { html } } } } }`,
		"Payload.done":      `mutation($v0: Enroll!, $v1: [ID!]) { enroll(input: $v0, tags: $v1) { done } }`,
		"Subscription.told": `subscription { told { __typename done } }`,
	}
	all := slices.Concat(s.Each(ast.Query, s.Queries, registry.Wanted), s.Each(ast.Mutation, s.Mutations, registry.Wanted),
		s.Each(ast.Subscription, s.Subscriptions, registry.Wanted))
	for _, o := range all {
		if _, err := gqlparser.LoadQueryWithRules(s.Schema, o.Document, rules.NewDefaultRules()); err != nil {
			t.Errorf("%s: %v", o.Document, err)
		}
		name := o.Pairs()[0].String()
		if wanted, asked := want[name]; asked && o.Document != wanted {
			t.Errorf("%s:\ngot  %s\nwant %s", name, o.Document, wanted)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not reached: %v", want)
	}
	if diff := cmp.Diff([]string{"Deeper", "Orphan"}, s.Unreachable); diff != "" {
		t.Errorf("unreachable (-want +got):\n%s", diff)
	}
}

// TestTogether asks for several fields at once.
func TestTogether(t *testing.T) {
	t.Parallel()
	s := smallSurface(t)
	registry := smallRegistry()
	var documents []string
	grouped, byRoot := s.Grouped(ast.Query, s.Queries, registry.Wanted), s.ByRoot(ast.Mutation, s.Mutations, registry.Wanted)
	if len(grouped) >= len(s.Queries) || len(byRoot) != 1 {
		t.Errorf("%d documents for %d routes of queries, %d for the mutation", len(grouped), len(s.Queries), len(byRoot))
	}
	for _, o := range slices.Concat(grouped, byRoot) {
		if _, err := gqlparser.LoadQueryWithRules(s.Schema, o.Document, rules.NewDefaultRules()); err != nil {
			t.Errorf("%s: %v", o.Document, err)
		}
		documents = append(documents, o.Document)
	}
	for _, want := range []string{
		`query($v0: ID!) { node(id: $v0) { ... on Course { id title } } }`,
		`mutation($v0: Enroll!, $v1: [ID!]) { enroll(input: $v0, tags: $v1) { course { __typename id title } done } }`,
	} {
		if !slices.Contains(documents, want) {
			t.Errorf("no %s in\n%s", want, strings.Join(documents, "\n"))
		}
	}
}

// TestBinder provides values, names what is missing, and names what is no longer needed.
func TestBinder(t *testing.T) {
	t.Parallel()
	s := smallSurface(t)
	bindAll := func(r attack.Registry) (*attack.Binder, map[string][]map[string]any) {
		b := attack.NewBinder(s.Schema, r)
		bound := map[string][]map[string]any{}
		for _, o := range slices.Concat(s.Each(ast.Query, s.Queries, r.Wanted), s.ByRoot(ast.Mutation, s.Mutations, r.Wanted)) {
			bound[o.Pairs()[0].String()] = b.Bind(o)
		}
		return b, bound
	}
	b, bound := bindAll(smallRegistry())
	// The input is built, and not provided for as a whole: what lies inside has no other use.
	if err := b.Err(); err == nil || !strings.Contains(err.Error(), "provided for nothing: [Inner.id]") {
		t.Errorf("idle providers: %v", err)
	}
	for pair, want := range map[string][]map[string]any{
		"Person.id":     {{"v0": "person"}},
		"Course.title":  {{"v0": "course"}, {"v0": "other"}},
		"Person.name":   {{"v0": "person", "v1": "A"}},
		"Query.courses": {{}, {"v0": "school"}},
		"Mutation.enroll": {{"v0": map[string]any{
			"course": "course", "note": "Note.", "kind": "A", "within": []any{map[string]any{"id": "inner"}},
		}, "v1": []any{"tag"}}},
	} {
		if diff := cmp.Diff(want, bound[pair]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pair, diff)
		}
	}
	short := smallRegistry()
	delete(short, "Enroll.note")
	delete(short, "Query.courses.of")
	delete(short, "Enroll.within")
	short["Query.gone.id"] = attack.Always("x")
	b, _ = bindAll(short)
	const want = "no provider for [Enroll.note Query.courses.of]; provided for nothing: [Inner.id Query.gone.id]"
	if err := b.Err(); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestValues finds what an answer has at the end of a route.
func TestValues(t *testing.T) {
	t.Parallel()
	s := smallSurface(t)
	route := func(pair string) attack.Route {
		for _, r := range s.Queries {
			if r.Pair().String() == pair {
				return r
			}
		}
		t.Fatalf("no route to %s", pair)
		return nil
	}
	for _, tt := range []struct {
		pair, data string
		want       int
	}{
		{"Course.title", `{"node":{"title":"T"}}`, 1},
		{"Course.title", `{"node":{"title":null}}`, 0},
		{"Course.title", `{"node":{}}`, 0},
		{"Course.title", `{"node":null}`, 0},
		{"Course.title", `null`, 0},
		{"Course.related", `{"node":{"related":[]}}`, 0},
		{"Course.related", `{"node":{"related":[null]}}`, 0},
		{"Course.related", `{"node":{"related":[null,{"id":"1"},{"id":"2"}]}}`, 2},
		{"Query.courses", `{"courses":[{"id":"1"}]}`, 1},
		{"Text.html", `{"node":{"content":{"html":""}}}`, 1},
	} {
		var data any
		if err := json.Unmarshal([]byte(tt.data), &data); err != nil {
			t.Fatal(err)
		}
		if got := route(tt.pair).Values(data); len(got) != tt.want {
			t.Errorf("%s in %s: %v, want %d", tt.pair, tt.data, got, tt.want)
		}
	}
}

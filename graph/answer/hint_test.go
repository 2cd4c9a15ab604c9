package answer_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"lyceum/graph/answer"
)

const directives = `
directive @cacheControl(maxAge: Int, scope: CacheControlScope = PUBLIC) on FIELD_DEFINITION
enum CacheControlScope { PUBLIC PRIVATE }
directive @access(roles: [Role!]!, scope: Scope!) on FIELD_DEFINITION
enum Role { ANONYMOUS LEARNER }
enum Scope { SELF COURSE TENANT PLATFORM }
`

const schemaText = directives + `
type Query {
  thing(id: ID): Thing @cacheControl(maxAge: 60)
  things: [Thing!]! @cacheControl(maxAge: 30) @access(roles: [ANONYMOUS, LEARNER], scope: TENANT)
  node: Node
  either: Either @cacheControl(maxAge: 60)
  bare: String
}
type Mutation { thing: Thing @cacheControl(maxAge: 60) }
type Subscription { thing: Thing @cacheControl(maxAge: 60) }
interface Node { id: ID! }
union Either = Thing | Other
type Thing implements Node {
  id: ID! @cacheControl(maxAge: 60)
  brief: String @cacheControl(maxAge: 5)
  mine: String @cacheControl(scope: PRIVATE)
  unlikely: String @cacheControl(maxAge: 60, scope: PRIVATE)
  bare: String
  other: Thing @cacheControl(maxAge: 60)
}
type Other { id: ID! }
`

func TestPlan(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: schemaText})
	hints, err := answer.NewHints(schema)
	if err != nil {
		t.Fatal(err)
	}
	const deep = `fragment F on Thing { id other { ...G } } fragment G on Thing { brief }`
	for text, want := range map[string]int{
		`{ thing { id } }`:                                             60,
		`{ thing { id brief } }`:                                       5,
		`{ things { id } }`:                                            30,
		`{ thing { id } things { id } }`:                               30,
		`{ __typename thing { __typename id } }`:                       60,
		`{ thing { ...F } } ` + deep:                                   5,
		`{ thing { ... on Thing { brief } } }`:                         5,
		`{ thing { ... { id } } }`:                                     60,
		`{ thing { id a: brief @skip(if: true) } }`:                    5,
		`{ either { __typename ... on Thing { id } } }`:                60,
		`{ thing { id mine } }`:                                        0,
		`{ thing { unlikely } }`:                                       0,
		`{ thing { bare } }`:                                           0,
		`{ thing { bare @include(if: false) id } }`:                    0,
		`{ bare thing { id } }`:                                        0,
		`{ thing { id } node { id } }`:                                 0,
		`{ thing { id other { other { bare } } } }`:                    0,
		`{ thing { ...F } } fragment F on Thing { id other { bare } }`: 0,
		`{ either { ... on Other { id } } }`:                           0,
		`{ __schema { queryType { name } } thing { id } }`:             0,
		`{ __typename }`:                                               0,
		`mutation { thing { id } }`:                                    0,
		`subscription { thing { id } }`:                                0,
	} {
		document, errs := gqlparser.LoadQueryWithRules(schema, text, rules.NewDefaultRules())
		if len(errs) > 0 {
			t.Fatalf("%s: %v", text, errs)
		}
		if got := hints.Plan(document.Operations[0]); got.MaxAge != time.Duration(want)*time.Second || got.Keeps() != (want > 0) {
			t.Errorf("%s: kept for %s, want %d s", text, got.MaxAge, want)
		}
	}
	if hints.Plan(nil).Keeps() {
		t.Error("answers to nothing are kept")
	}
}

func TestHintsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]string{
		`a: Int @cacheControl`:                "seconds",
		`a: Int @cacheControl(maxAge: 0)`:     "seconds",
		`a: Int @cacheControl(maxAge: -1)`:    "seconds",
		`a: Int @cacheControl(maxAge: 86401)`: "seconds",
		`a: Int @cacheControl(maxAge: 9, scope: PUBLIC) @access(roles: [LEARNER], scope: TENANT)`: "visitors",
		`a: Int @cacheControl(maxAge: 9) @access(roles: [ANONYMOUS], scope: SELF)`:                "SELF",
		`a: Int @cacheControl(maxAge: 9) @access(roles: [ANONYMOUS], scope: COURSE)`:              "COURSE",
	} {
		schema := gqlparser.MustLoadSchema(&ast.Source{Input: directives + "type Query { " + field + " }"})
		if _, err := answer.NewHints(schema); err == nil || !strings.Contains(err.Error(), "Query.a: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something about %s", field, err, want)
		}
	}
}

// TestHintsOfTheSchema lists the types that answers for all visitors show: each is a decision.
func TestHintsOfTheSchema(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: string(text)})
	if _, err := answer.NewHints(schema); err != nil {
		t.Fatal(err)
	}
	shown := map[string][]string{}
	for _, definition := range schema.Types {
		for _, field := range definition.Fields {
			if hint := field.Directives.ForName("cacheControl"); hint != nil && hint.Arguments.ForName("maxAge") != nil {
				shown[definition.Name] = append(shown[definition.Name], field.Name)
			}
		}
	}
	want := []string{"Category", "Course", "CourseConnection", "CourseEdge", "Lesson", "Module", "PageInfo", "Price", "Query", "User"}
	var got []string
	for name := range shown {
		got = append(got, name)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("answers that are kept show %v, want %v: what these show moves the epoch, by a trigger", got, want)
	}
	if !slices.Equal(shown["User"], []string{"id", "name"}) || !slices.Equal(shown["Query"], []string{"courses", "course", "categories"}) {
		t.Errorf("of people %v, at the root %v", shown["User"], shown["Query"])
	}
}

package limit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lyceum/graph/limit"
	"lyceum/internal/fault"
)

const schemaText = `
directive @cost(weight: Int!) on FIELD_DEFINITION
directive @listSize(assumedSize: Int!) on FIELD_DEFINITION

scalar Anything

type Query {
  b: String
  a(x: Int): Query
  viewer: User
  hello(name: String): String
  echo(v: Anything): String
  tagged(tags: [String!], filter: Filter): String
  search(q: String!): [User!] @cost(weight: 50)
  courses(first: Int = 20, last: Int): CourseConnection!
  modules: [Module!]!
  badges: [User!] @listSize(assumedSize: 3)
  hits: [Hit!]!
  users(ids: [ID]): [User]!
}
input Filter { and: [Filter!] name: String state: State }
enum State { OPEN CLOSED }
type User { id: ID! name: String friends(first: Int): [User!] }
type Module { id: ID! lessons: [Lesson!]! }
type Lesson { id: ID! title: String }
type Course { id: ID! title: String modules: [Module!]! teacher: User }
type CourseEdge { cursor: String! node: Course }
type PageInfo { endCursor: String }
type CourseConnection { edges: [CourseEdge!]! nodes: [Course!]! pageInfo: PageInfo! totalCount: Int! }
union Hit = Course | User | Module | Lesson
type Mutation { signIn(password: String): User signOut: Boolean }
type Subscription { ticks(first: Int): User }
`

var schema = gqlparser.MustLoadSchema(&ast.Source{Input: schemaText})

func mock() graphql.ExecutableSchema {
	return &graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ExecFunc: func(context.Context) graphql.ResponseHandler {
			return graphql.OneShot(&graphql.Response{Data: []byte(`{}`)})
		},
	}
}

// newExecutor assembles an executor as the server does.
func newExecutor(t testing.TB, extensions ...graphql.HandlerExtension) *executor.Executor {
	t.Helper()
	documents, err := limit.NewDocuments(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	exec := executor.New(mock())
	exec.SetQueryCache(documents)
	exec.SetParserTokenLimit(limit.DefaultLimits().Tokens)
	exec.SetDisableSuggestion(true)
	exec.SetDefaultRulesFn(limit.ValidationRules)
	exec.Use(limit.Shape{Limits: limit.DefaultLimits(), Accepted: documents})
	for _, extension := range extensions {
		exec.Use(extension)
	}
	return exec
}

func create(ctx context.Context, exec graphql.GraphExecutor, query string, variables map[string]any) (*graphql.OperationContext, gqlerror.List) {
	return exec.CreateOperationContext(
		graphql.StartOperationTrace(ctx),
		&graphql.RawParams{Query: query, Variables: variables},
	)
}

func codeOf(errs gqlerror.List) string {
	if len(errs) == 0 {
		return ""
	}
	if f, ok := errors.AsType[*fault.Error](errs[0]); ok {
		return string(f.Code)
	}
	code, _ := errs[0].Extensions["code"].(string)
	return code
}

// nested writes {open open …} n times around inner.
func nested(open, inner string, n int) string {
	return strings.Repeat(open+"{", n) + inner + strings.Repeat("}", n)
}

// fragments writes a chain of n fragments, each spreading the next so many times.
func fragments(n, spreads int) string {
	var b strings.Builder
	b.WriteString("{...f0}")
	for i := range n {
		fmt.Fprintf(&b, " fragment f%d on Query{%s}", i, strings.Repeat(fmt.Sprintf("...f%d ", i+1), spreads))
	}
	fmt.Fprintf(&b, " fragment f%d on Query{b}", n)
	return b.String()
}

func many(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestShape(t *testing.T) {
	t.Parallel()
	const invalid, parse = errcode.ValidationFailed, errcode.ParseFailed
	tests := map[string]struct {
		query     string
		variables map[string]any
		want      string
	}{
		"plain":               {query: `{b a{b}}`},
		"15 deep":             {query: "{" + nested("a", "b", 14) + "}"},
		"16 deep":             {query: "{" + nested("a", "b", 15) + "}", want: limit.CodeTooLarge},
		"deep by fragments":   {query: "{a{a{a{a{a{a{a{a{...f}}}}}}}}} fragment f on Query{a{a{a{a{a{a{a{b}}}}}}}}", want: limit.CodeTooLarge},
		"20 at the root":      {query: "{" + many("a%d:a{b}", 10) + many("b%d:b ", 10) + "}"},
		"21 at the root":      {query: "{" + many("a%d:a{b}", 10) + many("b%d:b ", 10) + "hello}", want: limit.CodeTooLarge},
		"root by fragments":   {query: "{" + many("...f%d ", 21) + "}" + many(" fragment f%d on Query{b}", 21), want: limit.CodeTooLarge},
		"4 of one name":       {query: `{b b b b}`},
		"5 of one name":       {query: `{b b b b b}`, want: limit.CodeTooLarge},
		"10 aliases":          {query: "{a{" + many("x%d:hello ", 10) + "}}"},
		"11 aliases":          {query: "{a{" + many("x%d:hello ", 11) + "}}", want: limit.CodeTooLarge},
		"aliases in pieces":   {query: "{a{" + many("...on Query{x%d:hello}", 11) + "}}", want: limit.CodeTooLarge},
		"many types":          {query: "{hits{" + many("...on Course{c%d:id}", 9) + "...on User{id}...on Lesson{id}...on Module{id}}}"},
		"64 meet":             {query: "{a{" + strings.Repeat("...on Query{b}", 64) + "}}"},
		"65 meet":             {query: "{a{" + strings.Repeat("...on Query{b}", 65) + "}}", want: limit.CodeTooLarge},
		"501 fields":          {query: "{" + many("a%d:a{...f}", 9) + "} fragment f on Query{" + strings.Repeat("...on Query{a{b}}", 28) + "}", want: limit.CodeTooLarge},
		"spreads 60 levels":   {query: fragments(60, 2), want: limit.CodeTooLarge},
		"one spread, 60 deep": {query: fragments(60, 1)},
		"a circle":            {query: `{...f} fragment f on Query{a{...g}} fragment g on Query{...f}`, want: invalid},
		"itself":              {query: `{...f} fragment f on Query{...f}`, want: invalid},
		"unused fragment":     {query: `{b} fragment f on Query{b}`, want: invalid},
		"unused circle":       {query: `{b} fragment f on Query{...g} fragment g on Query{...f}`, want: invalid},
		"two of one name":     {query: `{...f} fragment f on Query{b} fragment f on Query{b}`, want: invalid},
		"no such fragment":    {query: `{...f}`, want: invalid},
		"spreads of nothing":  {query: "{a{" + many("...x%d ", 600) + "}}", want: invalid},
		"two streams":         {query: `subscription{ticks{id} t:ticks{id}}`, want: invalid},
		"two streams, spread": {query: `subscription{ticks{id} ...f} fragment f on Subscription{t:ticks{id}}`, want: invalid},
		"one stream, twice":   {query: `subscription{ticks{id} ...f} fragment f on Subscription{ticks{name}}`},
		"a long text":         {query: "{b}" + strings.Repeat(" ", 256<<10), want: limit.CodeTooLarge},
		"defer":               {query: `{...f @defer} fragment f on Query{b}`, want: invalid},
		"defer inline":        {query: `{... @defer{b}}`, want: invalid},
		"directives":          {query: `{b` + strings.Repeat(" @skip(if:false)", 6) + `}`, want: limit.CodeTooLarge},
		"directives in all":   {query: "{a{" + many("...@skip(if:false){x%d:b}", 10) + "}" + many("...@skip(if:false){y%d:a{b}}", 10) + strings.Repeat("a{...@skip(if:true){...@skip(if:true){...@skip(if:true){...@skip(if:true){...@skip(if:true){...@skip(if:true){...@skip(if:true){...@skip(if:true){b}}}}}}}}}", 4) + "}", want: limit.CodeTooLarge},
		"21 operations":       {query: many("query q%d{b}", 21), want: limit.CodeTooLarge},
		"long name":           {query: "{" + strings.Repeat("x", 101) + "}", want: limit.CodeTooLarge},
		"long alias":          {query: "{" + strings.Repeat("x", 101) + ":b}", want: limit.CodeTooLarge},
		"long enum":           {query: "{tagged(filter:{state:" + strings.Repeat("x", 101) + "})}", want: limit.CodeTooLarge},
		"long type":           {query: "query($x:" + strings.Repeat("x", 101) + "){b}", want: limit.CodeTooLarge},
		"list of 1001":        {query: `{tagged(tags:[` + strings.Repeat(`"",`, 1001) + `])}`, want: limit.CodeTooLarge},
		"list of 1000":        {query: `{tagged(tags:[` + strings.Repeat(`"",`, 1000) + `])}`},
		"deep literal":        {query: `{tagged(filter:` + strings.Repeat("{and:[", 6) + strings.Repeat("]}", 6) + `)}`, want: limit.CodeTooLarge},
		"deep default":        {query: `query($f:Filter=` + strings.Repeat("{and:[", 6) + strings.Repeat("]}", 6) + `){tagged(filter:$f)}`, want: limit.CodeTooLarge},
		"giant int":           {query: `{echo(v:99999999999999999999)}`, want: invalid},
		"giant float":         {query: `{echo(v:1e999)}`, want: invalid},
		"33 bit int":          {query: `{a(x:4294967296){b}}`},
		"too many tokens":     {query: "{" + strings.Repeat("b ", 2000) + "}", want: parse},
		"not GraphQL":         {query: `SELECT 1`, want: parse},
		"nothing":             {query: ` `, want: invalid},
		"a schema":            {query: `type Query{b:Int}`, want: parse},
		"deep variable":       {query: `query($f:Filter){tagged(filter:$f)}`, variables: map[string]any{"f": deepVariable(11)}, want: limit.CodeTooLarge},
		"long list variable":  {query: `query($t:[String!]){tagged(tags:$t)}`, variables: map[string]any{"t": make([]any, 1001)}, want: limit.CodeTooLarge},
		"unused variable":     {query: `{b}`, variables: map[string]any{"junk": deepVariable(11)}, want: limit.CodeTooLarge},
		"duplicated variable": {query: `query($a:Int $a:Int){a(x:$a){b}}`, want: invalid},
		"unknown argument":    {query: `{hello(nam:"x")}`, want: invalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exec := newExecutor(t)
			for range 2 { // the second time from the cache
				_, errs := create(t.Context(), exec, tt.query, tt.variables)
				if got := codeOf(errs); got != tt.want {
					t.Fatalf("code %q, want %q (%v)", got, tt.want, errs)
				}
			}
		})
	}
}

func deepVariable(n int) any {
	var v any = "x"
	for range n {
		v = map[string]any{"and": v}
	}
	return v
}

func TestManyValuesInVariables(t *testing.T) {
	t.Parallel()
	lists := make([]any, 100)
	for i := range lists {
		lists[i] = make([]any, 1000)
	}
	_, errs := create(t.Context(), newExecutor(t), `{b}`, map[string]any{"x": lists})
	if got := codeOf(errs); got != limit.CodeTooLarge {
		t.Errorf("code %q, want %q", got, limit.CodeTooLarge)
	}
}

func TestNoSuggestions(t *testing.T) {
	t.Parallel()
	exec := newExecutor(t)
	for _, query := range []string{
		`{hell}`, `{hello(nam:"x")}`, `query($x:Strin){hello(name:$x)}`, `{tagged(filter:{stat:OPEN})}`,
		`{tagged(filter:{state:OPE})}`, `{tagged(filter:{state:"OPEN"})}`, `{b @skp(if:true)}`,
		`{viewer}`, `{...on Usr{id}}`,
	} {
		_, errs := create(t.Context(), exec, query, nil)
		if len(errs) == 0 {
			t.Errorf("%s: accepted", query)
		}
		for _, err := range errs {
			if strings.Contains(err.Message, "Did you mean") {
				t.Errorf("%s: %s", query, err.Message)
			}
		}
	}
}

// The document that GraphiQL sends with all its options on, type references nine levels deep.
const introspectionQuery = `query IntrospectionQuery { __schema { description
  queryType { name kind } mutationType { name kind } subscriptionType { name kind }
  types { ...FullType }
  directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`

func TestIntrospectionQueryFits(t *testing.T) {
	t.Parallel()
	if err := limit.CheckText(limit.DefaultLimits(), introspectionQuery); err != nil {
		t.Fatal(err)
	}
	exec := newExecutor(t, limit.Introspection{Allow: func(context.Context) bool { return true }}, limit.Cost{})
	if _, errs := create(t.Context(), exec, introspectionQuery, nil); len(errs) > 0 {
		t.Fatal(errs)
	}
}

func TestIntrospection(t *testing.T) {
	t.Parallel()
	staff := func(ctx context.Context) bool { return ctx.Value(staffKey{}) != nil }
	tests := map[string]struct {
		query string
		staff bool
		want  string
	}{
		"typename":             {query: `{__typename b}`},
		"schema":               {query: `{__schema{queryType{name}}}`, want: "FORBIDDEN"},
		"aliased":              {query: `{b:__schema{queryType{name}}}`, want: "FORBIDDEN"},
		"type":                 {query: `{__type(name:"User"){name}}`, want: "FORBIDDEN"},
		"in a fragment":        {query: `{...f} fragment f on Query{... on Query{__type(name:"User"){name}}}`, want: "FORBIDDEN"},
		"schema, as staff":     {query: `{__schema{queryType{name}}}`, staff: true},
		"not introspection":    {query: `{viewer{id}}`},
		"in a mutation":        {query: `mutation{__schema{queryType{name}}}`, want: errcode.ValidationFailed},
		"skipped, still asked": {query: `{__schema @skip(if:true){queryType{name}}}`, want: "FORBIDDEN"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exec := newExecutor(t, limit.Introspection{Allow: staff})
			ctx := graphql.StartOperationTrace(t.Context())
			if tt.staff {
				ctx = context.WithValue(ctx, staffKey{}, true)
			}
			operation, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: tt.query})
			if got := codeOf(errs); got != tt.want {
				t.Fatalf("code %q, want %q (%v)", got, tt.want, errs)
			}
			if open := !operation.DisableIntrospection; open != tt.staff {
				t.Errorf("introspection open: %v, want %v", open, tt.staff)
			}
		})
	}
}

type staffKey struct{}

func TestIntrospectionForNobody(t *testing.T) {
	t.Parallel()
	_, errs := create(t.Context(), newExecutor(t, limit.Introspection{}), `{__schema{queryType{name}}}`, nil)
	if got := codeOf(errs); got != "FORBIDDEN" {
		t.Errorf("code %q, want FORBIDDEN", got)
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	documents, err := limit.NewDocuments(64 << 10)
	if err != nil {
		t.Fatal(err)
	}
	ctx, doc := t.Context(), &ast.QueryDocument{}
	documents.Add(ctx, "{b}", doc)
	if got, known := documents.Get(ctx, "{b}"); !known || got != doc {
		t.Fatal("a small document is not kept")
	}
	large := strings.Repeat(" ", 1<<20) + "{b}"
	documents.Add(ctx, large, doc)
	kept := true
	for range 1000 { // eviction runs with later writes
		if _, kept = documents.Get(ctx, large); !kept {
			break
		}
		documents.Add(ctx, "{b}", doc)
	}
	if kept {
		t.Error("a document larger than the cache stays in it")
	}
}

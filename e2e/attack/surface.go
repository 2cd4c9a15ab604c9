// Package attack makes attacks on one tenant by another out of the schema itself, and finds what leaks.
//
// A Surface is every field that a request can reach, each with the shortest operation that reaches it. A Binder
// gives an operation its arguments from a Registry of providers, and says which are missing or no longer needed.
// A Scanner finds what belongs to the victim in any bytes, however they are encoded.
package attack

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Pair is one field of one type: what there is to attack.
type Pair struct{ Type, Field string }

// String is the pair as it is written: "Course.title".
func (p Pair) String() string { return p.Type + "." + p.Field }

// Step is one field on the way from a root to what is attacked.
type Step struct {
	// Type is the type that has the field. On is set where a fragment must narrow an interface or union to it.
	Type string
	On   bool
	// Field is the field, which is also its name in the response.
	Field *ast.FieldDefinition
}

// Route is the way from a root type to a field, that field included.
type Route []Step

// Pair is what the route leads to.
func (r Route) Pair() Pair {
	last := r[len(r)-1]
	return Pair{last.Type, last.Field.Name}
}

// key tells routes apart.
func (r Route) key() string {
	var b strings.Builder
	for _, s := range r {
		fmt.Fprintf(&b, "/%s.%s", s.Type, s.Field.Name)
	}
	return b.String()
}

// Surface is all that can be attacked.
type Surface struct {
	Schema *ast.Schema
	// Queries, Mutations and Subscriptions have the shortest route to every pair, by the kind of operation that
	// reaches it; a pair that a query reaches is not also reached by another kind.
	Queries, Mutations, Subscriptions []Route
	// Unreachable are the object, interface and union types that no operation reaches.
	Unreachable []string
}

// NewSurface walks the schema breadth-first from Query, then from Mutation, then from Subscription.
func NewSurface(schema *ast.Schema) *Surface {
	s := &Surface{Schema: schema}
	seen := map[string]bool{}
	s.Queries = s.walk(schema.Query, seen)
	s.Mutations = s.walk(schema.Mutation, seen)
	s.Subscriptions = s.walk(schema.Subscription, seen)
	for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
		definition := schema.Types[name]
		if definition.IsCompositeType() && !definition.BuiltIn && !seen[name] {
			s.Unreachable = append(s.Unreachable, name)
		}
	}
	return s
}

// place is a type with the way that leads to it.
type place struct {
	definition *ast.Definition
	// on says that the type is one of several that may be found there.
	on  bool
	way Route
}

func (s *Surface) walk(root *ast.Definition, seen map[string]bool) []Route {
	if root == nil {
		return nil
	}
	var routes []Route
	queue := []place{{definition: root}}
	seen[root.Name] = true
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, field := range at.definition.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			route := append(slices.Clone(at.way), Step{Type: at.definition.Name, On: at.on, Field: field})
			routes = append(routes, route)
			queue = append(queue, s.below(route, field, seen)...)
		}
	}
	return routes
}

// below are the types that a field leads to and that have not been seen.
func (s *Surface) below(route Route, field *ast.FieldDefinition, seen map[string]bool) []place {
	definition := s.Schema.Types[field.Type.Name()]
	if definition == nil || !definition.IsCompositeType() {
		return nil
	}
	var found []place
	add := func(definition *ast.Definition, on bool) {
		if !seen[definition.Name] {
			seen[definition.Name] = true
			found = append(found, place{definition, on, route})
		}
	}
	add(definition, false)
	if definition.IsAbstractType() {
		for _, possible := range s.Schema.GetPossibleTypes(definition) {
			add(possible, true)
		}
	}
	return found
}

// Operation is a document with the routes that it selects.
type Operation struct {
	Kind     ast.Operation
	Routes   []Route
	Document string
	// Arguments are the variables of the document.
	Arguments []Argument
}

// Argument is a variable, and where it is passed.
type Argument struct {
	// Variable is its name in the document, Name is "Type.field.argument".
	Variable, Name string
	Type           *ast.Type
	// Below are the types that lie below the field, nearest first, for the providers to choose by: of an
	// interface, the type that is asked for.
	Below []string
}

// Pairs are what the operation attacks.
func (o Operation) Pairs() []Pair {
	pairs := make([]Pair, len(o.Routes))
	for i, route := range o.Routes {
		pairs[i] = route.Pair()
	}
	return pairs
}

// Root is the name of the operation's first field.
func (o Operation) Root() string { return o.Routes[0][0].Field.Name }

// Each makes an operation of every route.
func (s *Surface) Each(kind ast.Operation, routes []Route, wanted func(argument string, typ *ast.Type) bool) []Operation {
	operations := make([]Operation, len(routes))
	for i, route := range routes {
		operations[i] = s.operation(kind, []Route{route}, wanted)
	}
	return operations
}

// Grouped makes fewer operations: the leaves without arguments that lie side by side are asked for together.
func (s *Surface) Grouped(kind ast.Operation, routes []Route, wanted func(argument string, typ *ast.Type) bool) []Operation {
	return s.grouped(kind, routes, wanted, func(r Route) string {
		if last := r[len(r)-1]; len(last.Field.Arguments) > 0 || !s.isLeaf(last.Field) {
			return r.key()
		}
		return r[:len(r)-1].key() + "/" + r[len(r)-1].Type
	})
}

// ByRoot makes one operation for each root field, which asks for all that lies below it.
func (s *Surface) ByRoot(kind ast.Operation, routes []Route, wanted func(argument string, typ *ast.Type) bool) []Operation {
	return s.grouped(kind, routes, wanted, func(r Route) string { return r[0].Field.Name })
}

func (s *Surface) grouped(
	kind ast.Operation, routes []Route, wanted func(string, *ast.Type) bool, key func(Route) string,
) []Operation {
	groups := map[string][]Route{}
	var order []string
	for _, route := range routes {
		k := key(route)
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], route)
	}
	operations := make([]Operation, len(order))
	for i, k := range order {
		operations[i] = s.operation(kind, groups[k], wanted)
	}
	return operations
}

func (s *Surface) isLeaf(field *ast.FieldDefinition) bool {
	definition := s.Schema.Types[field.Type.Name()]
	return definition != nil && definition.IsLeafType()
}

// operation writes the document. Required arguments are passed always, others when they are wanted.
func (s *Surface) operation(kind ast.Operation, routes []Route, wanted func(string, *ast.Type) bool) Operation {
	w := &writer{surface: s, wanted: wanted}
	w.selection(routes, 0)
	declared := make([]string, len(w.arguments))
	for i, a := range w.arguments {
		declared[i] = fmt.Sprintf("$%s: %s", a.Variable, a.Type)
	}
	head := string(kind)
	if len(declared) > 0 {
		head += "(" + strings.Join(declared, ", ") + ")"
	}
	return Operation{Kind: kind, Routes: routes, Document: head + w.text.String(), Arguments: w.arguments}
}

// writer writes the selections of a document.
type writer struct {
	surface   *Surface
	wanted    func(string, *ast.Type) bool
	text      strings.Builder
	arguments []Argument
}

// selection writes what the routes select below their first depth steps, which they have in common. The fields of
// one type share a fragment.
func (w *writer) selection(routes []Route, depth int) {
	w.text.WriteString(" {")
	open := ""
	for _, group := range side(routes, depth) {
		step := group[0][depth]
		if on := narrowed(step); on != open {
			w.turn(open, on)
			open = on
		}
		w.text.WriteString(" " + step.Field.Name)
		w.pass(group, depth)
		w.inside(group, depth)
	}
	w.turn(open, "")
	w.text.WriteString(" }")
}

// turn closes the fragment on one type and opens one on another; "" is none.
func (w *writer) turn(from, to string) {
	if from != "" {
		w.text.WriteString(" }")
	}
	if to != "" {
		w.text.WriteString(" ... on " + to + " {")
	}
}

// narrowed is the type that a fragment around the step narrows to, "" without one.
func narrowed(step Step) string {
	if step.On {
		return step.Type
	}
	return ""
}

// side groups routes by their step at a depth, in the order in which the steps come.
func side(routes []Route, depth int) [][]Route {
	groups := map[string]int{}
	var out [][]Route
	for _, route := range routes {
		key := route[depth].Type + "." + route[depth].Field.Name
		at, known := groups[key]
		if !known {
			at = len(out)
			groups[key] = at
			out = append(out, nil)
		}
		out[at] = append(out[at], route)
	}
	return out
}

// inside writes the selection of a field: what the routes go on to, or where none does, the leaves.
func (w *writer) inside(group []Route, depth int) {
	field := group[0][depth].Field
	if w.surface.isLeaf(field) {
		return
	}
	deeper := slices.DeleteFunc(slices.Clone(group), func(r Route) bool { return len(r) == depth+1 })
	if len(deeper) > 0 {
		w.selection(deeper, depth+1)
		return
	}
	w.leaves(w.surface.Schema.Types[field.Type.Name()], true)
}

// leaves selects what a type has that needs no arguments and has no parts. Of a type that has only parts, such as a
// connection, the leaves of its parts are selected instead.
func (w *writer) leaves(definition *ast.Definition, deeper bool) {
	w.text.WriteString(" { __typename")
	var parts []*ast.FieldDefinition
	found := false
	for _, field := range definition.Fields {
		switch {
		case strings.HasPrefix(field.Name, "__") || len(field.Arguments) > 0:
		case w.surface.isLeaf(field):
			found = true
			w.text.WriteString(" " + field.Name)
		default:
			parts = append(parts, field)
		}
	}
	if deeper && !found {
		for _, part := range parts {
			w.text.WriteString(" " + part.Name)
			w.leaves(w.surface.Schema.Types[part.Type.Name()], false)
		}
	}
	w.text.WriteString(" }")
}

// pass writes the arguments of a field.
func (w *writer) pass(group []Route, depth int) {
	step := group[0][depth]
	var passed []string
	for _, argument := range step.Field.Arguments {
		name := step.Type + "." + step.Field.Name + "." + argument.Name
		required := argument.Type.NonNull && argument.DefaultValue == nil
		if !required && !w.wanted(name, argument.Type) {
			continue
		}
		a := Argument{Variable: fmt.Sprintf("v%d", len(w.arguments)), Name: name, Type: argument.Type, Below: below(group[0], depth)}
		w.arguments = append(w.arguments, a)
		passed = append(passed, argument.Name+": $"+a.Variable)
	}
	if len(passed) > 0 {
		w.text.WriteString("(" + strings.Join(passed, ", ") + ")")
	}
}

// below are the types that a route goes through after a step.
func below(route Route, depth int) []string {
	var types []string
	for _, step := range route[depth+1:] {
		types = append(types, step.Type)
	}
	return types
}

// Values are what an answer's data has at the end of the route: every value there that is not null, and of
// lists every item. Nothing is found where the route ends early or lists are empty.
func (r Route) Values(data any) []any {
	found := []any{data}
	for _, step := range r {
		var next []any
		for _, object := range found {
			if fields, ok := object.(map[string]any); ok {
				next = append(next, flat(fields[step.Field.Name])...)
			}
		}
		found = next
	}
	return found
}

// flat are the values in nested lists that are not null.
func flat(value any) []any {
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		var all []any
		for _, item := range value {
			all = append(all, flat(item)...)
		}
		return all
	default:
		return []any{value}
	}
}

// Sorted are the pairs as text, in order.
func Sorted(pairs []Pair) []string {
	names := make([]string, len(pairs))
	for i, p := range pairs {
		names[i] = p.String()
	}
	slices.SortFunc(names, cmp.Compare)
	return names
}

package attack

import (
	"fmt"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Provider returns the values that an argument is given, the most telling first: an operation is tried with
// each of them. Below are the types that lie below the argument's field, nearest first.
type Provider func(below []string) []any

// Registry has the providers by what they provide for: "Query.course.id" for an argument, "EnrollInput.courseId" for
// a field of an input, "Time" for a scalar whose arguments have none of their own.
type Registry map[string]Provider

// Always is the provider of these values, wherever they are needed.
func Always(values ...any) Provider { return func([]string) []any { return values } }

// omitted is the value of an argument that is left out.
type omitted struct{}

// Omit stands among the values of an optional argument that is also tried without it.
var Omit any = omitted{}

// Wanted reports whether an optional argument is passed: an id always is, others when something is provided for them.
func (r Registry) Wanted(name string, typ *ast.Type) bool {
	return typ.Name() == "ID" || r[name] != nil
}

// Binder gives operations their variables.
type Binder struct {
	schema   *ast.Schema
	registry Registry
	used     map[string]bool
	missing  map[string]bool
}

// NewBinder returns a binder that provides from the registry. It is not safe for concurrent use.
func NewBinder(schema *ast.Schema, registry Registry) *Binder {
	return &Binder{schema: schema, registry: registry, used: map[string]bool{}, missing: map[string]bool{}}
}

// Bind returns the sets of variables that an operation is tried with, at least one. Arguments change together: the
// second set has the second value of each, or the last of those that have fewer.
func (b *Binder) Bind(o Operation) []map[string]any {
	tries := 1
	provided := make([][]any, len(o.Arguments))
	for i, a := range o.Arguments {
		provided[i] = b.values(a.Name, a.Type, a.Below)
		tries = max(tries, len(provided[i]))
	}
	sets := make([]map[string]any, tries)
	for n := range sets {
		sets[n] = map[string]any{}
		for i, a := range o.Arguments {
			if value := nth(provided[i], n); value != Omit {
				sets[n][a.Variable] = value
			}
		}
	}
	return sets
}

func nth(values []any, n int) any {
	if len(values) == 0 {
		return Omit
	}
	return values[min(n, len(values)-1)]
}

// values are what the name is provided with.
func (b *Binder) values(name string, typ *ast.Type, below []string) []any {
	provider, known := b.registry[name]
	if known {
		b.used[name] = true
		return provider(below)
	}
	definition := b.schema.Types[typ.Name()]
	switch {
	case definition.Kind == ast.InputObject:
		return b.object(definition, typ, below)
	case definition.Kind == ast.Enum:
		return listed(typ, []any{definition.EnumValues[0].Name})
	case b.registry[typ.Name()] != nil && typ.Name() != "ID":
		b.used[typ.Name()] = true
		return listed(typ, b.registry[typ.Name()](below))
	}
	b.missing[name] = true
	return nil
}

// object builds an input: what is required, ids, and what is provided for.
func (b *Binder) object(definition *ast.Definition, typ *ast.Type, below []string) []any {
	tries := 1
	provided := map[string][]any{}
	for _, field := range definition.Fields {
		name := definition.Name + "." + field.Name
		required := field.Type.NonNull && field.DefaultValue == nil
		if !required && !b.registry.Wanted(name, field.Type) {
			continue
		}
		provided[field.Name] = b.values(name, field.Type, below)
		tries = max(tries, len(provided[field.Name]))
	}
	objects := make([]any, tries)
	for n := range objects {
		object := map[string]any{}
		for name, values := range provided {
			if value := nth(values, n); value != Omit {
				object[name] = value
			}
		}
		objects[n] = object
	}
	return listed(typ, objects)
}

// listed puts each value into a list where the type asks for one.
func listed(typ *ast.Type, values []any) []any {
	if typ.Elem == nil {
		return values
	}
	lists := make([]any, len(values))
	for i, value := range values {
		lists[i] = value
		if value != Omit {
			lists[i] = []any{value}
		}
	}
	return lists
}

// Err says what is wrong with the registry, after all operations have been bound: what has no provider, and which
// providers nothing has asked for.
func (b *Binder) Err() error {
	var idle []string
	for _, name := range slices.Sorted(maps.Keys(b.registry)) {
		if !b.used[name] {
			idle = append(idle, name)
		}
	}
	if len(b.missing) == 0 && len(idle) == 0 {
		return nil
	}
	return fmt.Errorf("no provider for %v; provided for nothing: %v", slices.Sorted(maps.Keys(b.missing)), idle)
}

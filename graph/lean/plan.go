// Package lean writes objects straight to JSON of which only plain fields are selected: fields without arguments that
// are read from a struct, or whose resolver can answer at once, from what was loaded before. gqlgen's executor makes a
// context, a closure and several allocations for each field and a goroutine for each element of a list; for such objects
// none of that can be seen in the answer. Where a field is guarded, each object's is asked about.
//
// What is out of the ordinary is left to gqlgen: when a value is missing that must not be, does not fit its scalar, is not
// loaded yet, or may not be read as it stands there, nothing is written and the executor does the object over, with its
// errors, masks, paths and nulls. Reading a plain field has no effects, so doing it twice changes nothing.
//
// The code that reads the fields is generated (graph/lean/generate) and stands in internal/gen/graphql beside gqlgen's
// own, which asks it first.
package lean

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Type is an object type of the schema, with its plain fields.
type Type struct {
	Name string
	// Satisfies are the types whose fragments apply to it.
	Satisfies []string
	// Fields are its plain fields by name.
	Fields map[string]Field
}

// Field is a plain field. Number is its place in the generated code, from 1; Of is the object type that it holds, "" for
// scalars and enums.
type Field struct {
	Number int
	Of     string
	// Guarded fields have @access or @personal: of each object it is asked whether its field is seen as it is.
	Guarded bool
	// AtOnce fields have a resolver that is asked whether it can answer without waiting.
	AtOnce bool
}

// Types are the object types of the schema that have plain fields.
type Types map[string]*Type

// Plan says what to write of an object, in order.
type Plan []Step

// Step is one field of an answer. Key is `"alias":`. Number is the field's, 0 for __typename; Of is what to write of the
// objects that it holds.
type Step struct {
	Key    string
	Number int
	Of     Plan
	// Asks is whether the field, or one below it, is guarded or answered at once.
	Asks bool
}

// Asks reports whether somebody has to be asked for some of the fields.
func (p Plan) Asks() bool {
	return slices.ContainsFunc(p, func(s Step) bool { return s.Asks })
}

// plan makes the plan of a selection, nil when something is selected that is not plain.
func (t Types) plan(operation *graphql.OperationContext, name string, selected ast.SelectionSet) Plan {
	object := t[name]
	if object == nil {
		return nil
	}
	fields := graphql.CollectFields(operation, selected, object.Satisfies)
	steps := make(Plan, 0, len(fields))
	taken := make(map[string]bool, len(fields))
	for i := range fields {
		f := &fields[i]
		if taken[f.Alias] || len(f.Deferrables) > 0 {
			return nil
		}
		taken[f.Alias] = true
		step := Step{Key: `"` + f.Alias + `":`}
		if f.Name != "__typename" {
			plain, known := object.Fields[f.Name]
			if !known {
				return nil
			}
			step.Number, step.Asks = plain.Number, plain.Guarded || plain.AtOnce
			if plain.Of != "" {
				if step.Of = t.plan(operation, plain.Of, f.Selections); step.Of == nil {
					return nil
				}
				step.Asks = step.Asks || step.Of.Asks()
			}
		}
		steps = append(steps, step)
	}
	return steps
}

// Switch is implemented by roots of resolvers that say whether objects are written this way. Others have it on.
type Switch interface{ Lean() bool }

// Plans holds the plans of one operation, and counts what is written by them. The zero value is ready.
type Plans struct {
	mu      sync.RWMutex
	known   map[place]Plan
	written atomic.Int64
}

// Write returns what fn writes, nil when it gives up or panics, and when so much was written for the operation that the rest
// is left to gqlgen: then that does it over.
func (p *Plans) Write(fn func(w *Writer) bool) graphql.Marshaler {
	if p.written.Load() > mostBytes {
		return nil
	}
	w, done := write(fn).(*Writer)
	if !done || p.written.Add(int64(len(w.text))) > mostBytes {
		return nil
	}
	return w
}

// place is a selection of the document, on a type.
type place struct {
	name  string
	first *ast.Selection
	count int
}

// Of returns the plan of the selection, nil when gqlgen is to execute it.
func (p *Plans) Of(operation *graphql.OperationContext, resolvers any, types Types, name string, selected ast.SelectionSet) Plan {
	if len(selected) == 0 {
		return nil
	}
	at := place{name, &selected[0], len(selected)}
	p.mu.RLock()
	plan, known := p.known[at]
	p.mu.RUnlock()
	if known {
		return plan
	}
	if On(resolvers) {
		plan = types.plan(operation, name, selected)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[place]Plan{}
	}
	p.known[at] = plan
	return plan
}

// On reports whether the resolvers have it on.
func On(resolvers any) bool {
	s, switched := resolvers.(Switch)
	return !switched || s.Lean()
}

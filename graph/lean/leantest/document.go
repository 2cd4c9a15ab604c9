// Package leantest makes random documents over a schema, to compare executors by.
package leantest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Root is a root field that can be asked, as it is written in a document with its arguments: `course(slug: "knots")`.
type Root struct{ Name, Call string }

// Maker makes documents. It is not for concurrent use.
type Maker struct {
	Schema *ast.Schema
	Random *rand.Rand
	Roots  []Root

	fragments []string
	aliases   int
}

// The bounds of a document.
const (
	maxDepth  = 7
	maxFields = 7
	maxRoots  = 2
)

// Document makes a query of random fields, with aliases, fragments, fields that stand there twice, and fields that
// variables switch on and off: $yes is true and $no is false.
func (m *Maker) Document() string {
	m.fragments, m.aliases = nil, 0
	var roots []string
	for range 1 + m.Random.IntN(maxRoots) {
		root := m.Roots[m.Random.IntN(len(m.Roots))]
		field := m.Schema.Query.Fields.ForName(root.Name)
		roots = append(roots, m.alias()+root.Call+m.selections(field.Type.Name(), 1))
	}
	return "query Random($yes: Boolean! = true, $no: Boolean! = false) {\n" +
		"on: __typename @include(if: $yes)\noff: __typename @include(if: $no)\n" + strings.Join(roots, "\n") + "\n}\n" +
		strings.Join(m.fragments, "\n")
}

func (m *Maker) alias() string {
	m.aliases++
	return fmt.Sprintf("a%d: ", m.aliases)
}

// selections is what is selected of a type, in braces; nothing for scalars and enums.
func (m *Maker) selections(name string, depth int) string {
	definition := m.Schema.Types[name]
	switch definition.Kind {
	case ast.Object:
		return " {\n" + m.fields(definition, depth) + "}"
	case ast.Interface, ast.Union:
		var text strings.Builder
		for _, possible := range m.Schema.PossibleTypes[name] {
			text.WriteString("... on " + possible.Name + " {\n" + m.fields(possible, depth) + "}\n")
		}
		return " {\n__typename\n" + text.String() + "}"
	default:
		return ""
	}
}

// fields selects some fields of an object type, plain ones alone half of the time.
func (m *Maker) fields(definition *ast.Definition, depth int) string {
	leaves := m.Random.IntN(2) == 0
	var candidates []*ast.FieldDefinition
	for _, f := range definition.Fields {
		composite := m.Schema.Types[f.Type.Name()].IsCompositeType()
		deep := composite && (depth >= maxDepth || leaves && m.Random.IntN(3) > 0)
		if !strings.HasPrefix(f.Name, "__") && !needsArguments(f) && !deep {
			candidates = append(candidates, f)
		}
	}
	var text strings.Builder
	if len(candidates) == 0 || m.Random.IntN(4) == 0 {
		text.WriteString(m.alias() + "__typename\n")
	}
	for range min(len(candidates), 1+m.Random.IntN(maxFields)) {
		text.WriteString(m.field(definition, candidates[m.Random.IntN(len(candidates))], depth))
	}
	return text.String()
}

func needsArguments(f *ast.FieldDefinition) bool {
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil {
			return true
		}
	}
	return false
}

// field selects a field in one of the ways in which fields can be selected.
func (m *Maker) field(of *ast.Definition, f *ast.FieldDefinition, depth int) string {
	selected := m.selections(f.Type.Name(), depth+1)
	text := f.Name + selected
	switch m.Random.IntN(10) {
	case 0:
		return m.alias() + text + "\n"
	case 1:
		return "... on " + of.Name + " {\n" + text + "\n}\n"
	case 2:
		name := fmt.Sprintf("F%d", len(m.fragments))
		m.fragments = append(m.fragments, "fragment "+name+" on "+of.Name+" {\n"+text+"\n}")
		return "..." + name + "\n"
	case 3:
		return m.alias() + f.Name + " @include(if: $yes)" + selected + "\n"
	case 4:
		return m.alias() + f.Name + " @skip(if: $yes)" + selected + "\n" + m.alias() + "__typename\n"
	case 5:
		return text + "\n" + f.Name + m.selections(f.Type.Name(), depth+1) + "\n"
	default:
		return text + "\n"
	}
}

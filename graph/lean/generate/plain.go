package main

import (
	"cmp"
	"fmt"
	"go/types"
	"slices"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/graph/access"
)

// plain is what can be written straight to JSON.
type plain struct {
	Objects []*object
	Lists   []*list
}

// object is an object type with plain fields.
type object struct {
	*codegen.Object

	Plain []*field
}

// Mixed reports whether some field of the object may have to be left to gqlgen.
func (o *object) Mixed() bool {
	return len(o.Plain) < len(o.Fields) || slices.ContainsFunc(o.Plain, (*field).Asks)
}

// field is a plain field.
type field struct {
	*codegen.Field

	Number int
	// Guarded fields have @access or @personal; AtOnce fields a resolver that says whether it can answer without waiting.
	Guarded, AtOnce bool
}

// Asks reports whether reading the field is more than reading it.
func (f *field) Asks() bool { return f.Guarded || f.AtOnce }

// Answer is the method that answers the field at once.
func (f *field) Answer() string { return f.Object.Name + f.GoFieldName }

// Of is the object type that the field holds, "" for scalars and enums.
func (f *field) Of() string {
	if f.TypeReference.Definition.Kind == ast.Object {
		return f.TypeReference.Definition.Name
	}
	return ""
}

// Leaf reports whether the field holds one scalar or enum, and nobody has to be asked about it.
func (f *field) Leaf() bool { return f.Of() == "" && !f.TypeReference.IsSlice() && !f.Asks() }

// Value is the Go expression that reads the field.
func (f *field) Value() string {
	if f.IsMethod() {
		return "obj." + f.GoFieldName + "()"
	}
	return "obj." + f.GoFieldName
}

// list is a marshaler of gqlgen for a list of objects.
type list struct {
	*config.TypeReference
}

// plainOf finds the plain fields. Of those with @access or @personal it is asked, for each object, whether they are seen
// as they are.
func plainOf(data *codegen.Data) (*plain, error) {
	matrix, err := access.Read(data.Schema)
	if err != nil {
		return nil, fmt.Errorf("read access: %w", err)
	}
	guarded := func(f *codegen.Field) bool {
		at := access.Field{Object: f.Object.Name, Name: f.Name}
		_, ruled := matrix.Rules[at]
		return ruled || matrix.Personal[at]
	}
	bound := map[string]types.Type{}
	for _, o := range data.Objects {
		if !o.Root && !o.IsReserved() && !o.IsMap() && !o.HasDirectives() {
			bound[o.Name] = o.Reference()
		}
	}
	p := &plain{}
	for _, o := range data.Objects {
		if bound[o.Name] == nil {
			continue
		}
		found := &object{Object: o}
		for i, f := range o.Fields {
			found.add(&field{Field: f, Number: i + 1, Guarded: guarded(f), AtOnce: slices.Contains(atOnce[o.Name], f.Name)}, bound)
		}
		if len(found.Plain) > 0 {
			p.Objects = append(p.Objects, found)
		}
	}
	p.settle()
	p.lists(data)
	if err := p.complete(); err != nil {
		return nil, err
	}
	return p, nil
}

// atOnce are the fields of resolvers that have a second way to answer: at once, from what was loaded before, or from the
// object itself. The interface LeanNow, which is generated of them, says how.
var atOnce = map[string][]string{ //nolint:gochecknoglobals // a table
	"Course":         {"instructor", "enrollment"},
	"CourseProgress": {"state", "percent", "lastActivityAt", "lessons"},
	"Enrollment":     {"learner", "course", "overdue", "progress"},
	"LessonProgress": {"lessonId", "state"},
}

// complete returns an error unless all that are answered at once are plain.
func (p *plain) complete() error {
	for name, fields := range atOnce {
		for _, wanted := range fields {
			if !slices.ContainsFunc(p.Objects, func(o *object) bool { return o.Name == name && o.has(wanted) }) {
				return fmt.Errorf("%s.%s has no resolver that can be asked without arguments", name, wanted)
			}
		}
	}
	return nil
}

func (o *object) has(name string) bool {
	return slices.ContainsFunc(o.Plain, func(f *field) bool { return f.Name == name && f.AtOnce })
}

// add adds the field if it is plain. Below a viewer others may be asking than above, so what it holds is not.
func (o *object) add(f *field, bound map[string]types.Type) {
	above := o.Reference().String() == "*lyceum/internal/viewer.Viewer" && (f.Asks() || f.Of() != "")
	if (isRead(f.Field) || f.AtOnce && isAsked(f.Field)) && isWritten(f.TypeReference, bound) && !above {
		o.Plain = append(o.Plain, f)
	}
}

// settle leaves out the fields that hold objects of a type without plain fields.
func (p *plain) settle() {
	for known := -1; known != len(p.Objects); {
		known = len(p.Objects)
		names := map[string]bool{}
		for _, o := range p.Objects {
			names[o.Name] = true
		}
		for _, o := range p.Objects {
			o.Plain = slices.DeleteFunc(o.Plain, func(f *field) bool { return f.Of() != "" && !names[f.Of()] })
		}
		p.Objects = slices.DeleteFunc(p.Objects, func(o *object) bool { return len(o.Plain) == 0 })
	}
}

// lists finds the marshalers of lists of such objects.
func (p *plain) lists(data *codegen.Data) {
	for _, t := range data.ReferencedTypes {
		isList := t.IsSlice() && !t.Elem().IsSlice() && t.MarshalFunc() != ""
		known := slices.ContainsFunc(p.Objects, func(o *object) bool {
			return isList && t.Definition.Kind == ast.Object && t.Definition.Name == o.Name && holds(t.Elem().GO, o.Reference())
		})
		if known {
			p.Lists = append(p.Lists, &list{t})
		}
	}
	slices.SortFunc(p.Lists, func(a, b *list) int { return cmp.Compare(a.MarshalFunc(), b.MarshalFunc()) })
}

// isAsked reports whether a field has a resolver, without arguments.
func isAsked(f *codegen.Field) bool {
	return f.IsResolver && !f.IsBatch() && !f.Stream && len(f.Args) == 0 && !f.HasDirectives()
}

// isRead reports whether a field is read from a struct, or by a method that can neither fail nor wait.
func isRead(f *codegen.Field) bool {
	simple := !f.IsResolver && !f.IsBatch() && !f.Stream && len(f.Args) == 0 && !f.HasDirectives() && !f.HasHaser && !f.IsReserved()
	return simple && (f.IsVariable() || f.IsMethod() && f.NoErr && !f.MethodHasContext && !f.VOkFunc)
}

// isWritten reports whether values of the type can be written: scalars and enums that are known here, objects, and
// lists of either.
func isWritten(t *config.TypeReference, bound map[string]types.Type) bool {
	if t.IsSlice() {
		t = t.Elem()
	}
	switch t.Definition.Kind {
	case ast.Object:
		return bound[t.Definition.Name] != nil && holds(t.GO, bound[t.Definition.Name])
	case ast.Scalar, ast.Enum:
		return writerOf(t) != ""
	default:
		return false
	}
}

// holds reports whether a Go type is that of an object, or what it points at.
func holds(t, reference types.Type) bool {
	return types.Identical(t, reference) || types.Identical(types.NewPointer(t), reference)
}

// writer is a method of lean.Writer, and the Go type that it takes.
type writer struct{ method, takes string }

// writers are those that do what a marshaler of gqlgen does.
var writers = map[string]writer{ //nolint:gochecknoglobals // a table
	"lyceum/graph/limit.MarshalString":                   {"Text", "string"},
	"github.com/99designs/gqlgen/graphql.MarshalString":  {"Text", "string"},
	"lyceum/graph/limit.MarshalInt":                      {"Int", "int"},
	"lyceum/graph/limit.MarshalBytes":                    {"Bytes", "int64"},
	"github.com/99designs/gqlgen/graphql.MarshalBoolean": {"Bool", "bool"},
	"github.com/99designs/gqlgen/graphql.MarshalTime":    {"Time", "time.Time"},
}

// writerOf is the call that writes a scalar or an enum, with %s for the value; "" when there is none.
func writerOf(t *config.TypeReference) string {
	if t.IsOmittable || t.IsContext || t.HasEnumValues() {
		return ""
	}
	value := t.GO
	if pointer, is := value.(*types.Pointer); is {
		value = pointer.Elem()
	}
	_, isNamed := value.(*types.Named)
	switch {
	case t.IsMarshaler && value.String() == "lyceum/internal/platform/gid.ID":
		return "w.ID(%s)"
	case t.IsMarshaler && isNamed && !config.IsNilable(value):
		return "w.Own(%s)"
	case t.Marshaler != nil:
		return converted(writers[t.Marshaler.FullName()], value)
	default:
		return ""
	}
}

// converted is the call that writes a value of the Go type, "" when the writer does not take it.
func converted(w writer, value types.Type) string {
	switch {
	case w.method == "":
		return ""
	case value.String() == w.takes:
		return "w." + w.method + "(%s)"
	case value.Underlying().String() == w.takes:
		return "w." + w.method + "(" + w.takes + "(%s))"
	default:
		return ""
	}
}

// Package access is the role matrix: who may select which field. It reads @access from the schema, refuses a
// schema in which a field forgot to say it, applies it to every operation, and writes docs/access-matrix.csv.
package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/internal/viewer"
)

// Scope says whose things a field reaches.
type Scope string

// The scopes of @access.
const (
	Self     Scope = "SELF"
	Course   Scope = "COURSE"
	Tenant   Scope = "TENANT"
	Platform Scope = "PLATFORM"
)

// Help says what support needs for a field.
type Help string

// The ways of support.
const (
	NoHelp  Help = "NONE"
	OwnHelp Help = "OWN"
	Granted Help = "GRANTED"
)

// School says what a K-12 school does differently.
type School string

// The ways of schools.
const (
	Same      School = "SAME"
	StaffOnly School = "STAFF_ONLY"
	Masked    School = "MASKED"
)

// Rule is the @access of a field.
type Rule struct {
	Roles   []viewer.Role
	Scope   Scope
	Support Help
	K12     School
}

// Field is a place in the schema.
type Field struct{ Object, Name string }

// String is "Query.users".
func (f Field) String() string { return f.Object + "." + f.Name }

// Matrix is what the schema says of every field that says something.
type Matrix struct {
	// Rules are the fields with @access, Personal those with @personal.
	Rules    map[Field]Rule
	Personal map[Field]bool

	// fields are the keys of Rules in the order of the schema, the roots first.
	fields []Field
}

// Read reads the matrix from a schema. The error names every field that lacks @access or contradicts itself,
// and every type whose audience nobody has said.
func Read(schema *ast.Schema) (*Matrix, error) {
	m := &Matrix{Rules: map[Field]Rule{}, Personal: map[Field]bool{}}
	var wrong []error
	for _, object := range objects(schema) {
		audience, known := audiences[object.Name]
		if !known {
			wrong = append(wrong, fmt.Errorf("type %s has no audience: say in graph/access/audience.go who may have one", object.Name))
			continue
		}
		for _, definition := range object.Fields {
			if strings.HasPrefix(definition.Name, "__") {
				continue
			}
			wrong = append(wrong, m.add(schema, Field{object.Name, definition.Name}, definition, audience))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return m, nil
}

// objects are the schema's object types: the roots, then the others in the order in which they were written.
func objects(schema *ast.Schema) []*ast.Definition {
	roots := []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription}
	var others []*ast.Definition
	for _, definition := range schema.Types {
		if definition.Kind == ast.Object && !definition.BuiltIn && !slices.Contains(roots, definition) {
			others = append(others, definition)
		}
	}
	slices.SortFunc(others, func(a, b *ast.Definition) int { return a.Position.Start - b.Position.Start })
	return slices.DeleteFunc(append(roots, others...), func(d *ast.Definition) bool { return d == nil })
}

// add reads one field.
func (m *Matrix) add(schema *ast.Schema, field Field, definition *ast.FieldDefinition, parent audience) error {
	if definition.Directives.ForName("personal") != nil {
		if definition.Type.Name() != "String" || definition.Type.Elem != nil {
			return fmt.Errorf("%s is @personal, but no text", field)
		}
		m.Personal[field] = true
	}
	directive := definition.Directives.ForName("access")
	if directive == nil {
		if why := guard(schema, field, definition, parent); why != "" {
			return fmt.Errorf("%s has no @access: %s", field, why)
		}
		return nil
	}
	rule := ruleOf(directive)
	m.Rules[field] = rule
	m.fields = append(m.fields, field)
	return rule.check(field)
}

// ruleOf reads a directive whose arguments the schema's validation has looked at.
func ruleOf(directive *ast.Directive) Rule {
	text := func(name string) string {
		argument := directive.Arguments.ForName(name)
		if argument == nil {
			return ""
		}
		return argument.Value.Raw
	}
	rule := Rule{Scope: Scope(text("scope")), Support: Help(text("support")), K12: School(text("k12"))}
	if roles := directive.Arguments.ForName("roles"); roles != nil {
		for _, role := range roles.Value.Children {
			rule.Roles = append(rule.Roles, viewer.Role(role.Value.Raw))
		}
	}
	return rule
}

// check holds a rule against itself.
func (r Rule) check(field Field) error {
	switch {
	case len(r.Roles) == 0:
		return fmt.Errorf("%s: @access names no role", field)
	case r.Scope == "" || r.Support == "" || r.K12 == "":
		return fmt.Errorf("%s: @access needs roles, scope, support and k12", field)
	case slices.Contains(r.Roles, viewer.Support) != (r.Support != NoHelp):
		return fmt.Errorf("%s: @access names SUPPORT among the roles exactly when support is not NONE", field)
	case r.Support == OwnHelp && r.Scope != Self && r.Scope != Platform:
		return fmt.Errorf("%s: support is OWN, but the scope is %s", field, r.Scope)
	case field.Object == "Mutation" && r.Support == Granted:
		return fmt.Errorf("%s: a grant lets support read, and this writes", field)
	default:
		return nil
	}
}

// Staff reports whether the field is for those who run the tenant's teaching, and support, alone.
func (r Rule) Staff() bool {
	return !slices.Contains(r.Roles, viewer.Anonymous) && !slices.Contains(r.Roles, viewer.Learner)
}

// Fields lists the fields with @access, the roots first.
func (m *Matrix) Fields() []Field { return slices.Clone(m.fields) }

package e2e

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/e2e/stack"
)

// roles are all that @access can name.
var roles = []string{"ANONYMOUS", "LEARNER", "INSTRUCTOR", "TENANT_ADMIN", "SUPPORT"}

// last are the fields that end what the test stands on, and so are tried after all others.
var last = []string{"changePassword", "rotateSession", "revokeSessions", "signOut"}

// TestRoles selects every root field as every role, and compares what happens with the field's @access: who
// is not named is turned away, and nothing is written; who is named is not.
func TestRoles(t *testing.T) {
	schema := loadSchema(t)
	c := campusOf(t, "acme")
	cast := map[string]*stack.Persona{"ANONYMOUS": running.Visitor("acme")}
	for _, role := range roles[1:] {
		id, who := c.person(t, "LEARNER")
		c.assign(t, c.ids["course"], id) // so that their subscription has something to say
		c.run(t, c.admin, `mutation($u: ID!, $r: Role!) { changeUserRole(id: $u, role: $r) { user { id } } }`, input{"u": id, "r": role})
		cast[role] = who
	}
	fields := roots(schema)
	slices.SortStableFunc(fields, func(a, b root) int {
		return slices.Index(last, a.Field.Name) - slices.Index(last, b.Field.Name)
	})
	counted := map[bool]int{}
	before := settled(t)
	each(t, fields, cast, false, func(r root, role string, who *stack.Persona) {
		counted[false]++
		denied(t, r, role, r.do(t, who, values(schema, r, c)))
	})
	unchanged(t, before)
	each(t, fields, cast, true, func(r root, role string, who *stack.Persona) {
		counted[true]++
		answer := r.do(t, elsewhere(who), values(schema, r, c))
		if code := answer.Code(); code == "FORBIDDEN" || code == "UNAUTHENTICATED" || code == "INTERNAL" {
			t.Errorf("%s as %s: %s: %s", r.Name(), role, code, answer.Errors[0].Message)
		}
		if r.Field.Name == "rotateSession" {
			who.Token = rotated(t, answer)
		}
	})
	t.Logf("%d pairs of field and role are denied, %d allowed", counted[false], counted[true])
}

// each calls fn for every field and role that the field's @access names, or else does not name.
func each(t *testing.T, fields []root, cast map[string]*stack.Persona, named bool, fn func(r root, role string, who *stack.Persona)) {
	t.Helper()
	for _, r := range fields {
		for _, role := range roles {
			if slices.Contains(r.roles(), role) == named {
				fn(r, role, cast[role])
			}
		}
	}
}

// denied checks the answer to somebody who may not.
func denied(t *testing.T, r root, role string, answer *stack.Answer) {
	t.Helper()
	want := "FORBIDDEN"
	if role == "ANONYMOUS" {
		want = "UNAUTHENTICATED"
	}
	if answer.Code() != want || len(answer.Errors) != 1 {
		t.Errorf("%s as %s: %+v %s, want %s", r.Name(), role, answer.Errors, answer.Data, want)
	}
}

// rotated reads the new token of a session.
func rotated(t *testing.T, answer *stack.Answer) string {
	t.Helper()
	var data struct {
		RotateSession struct{ Token string }
	}
	if err := json.Unmarshal(answer.Data, &data); err != nil || data.RotateSession.Token == "" {
		t.Fatalf("rotateSession: %s %+v", answer.Data, answer.Errors)
	}
	return data.RotateSession.Token
}

// values fills a field's arguments with what is well-formed, and as far as possible unheard of: this is about
// roles, not about what the field then finds.
func values(schema *ast.Schema, r root, c *campus) map[string]any {
	switch r.Field.Name {
	case "signIn":
		return input{"input": input{"email": "learner@acme.example", "password": stack.Password}}
	case "changePassword":
		return input{"input": input{"current": stack.Password, "new": stack.Password + " again"}}
	case "notificationReceived":
		return input{"after": 0}
	case "rotateSession":
		return nil
	}
	filled := map[string]any{}
	for _, argument := range r.Field.Arguments {
		if argument.Type.NonNull || len(r.Field.Arguments) == 1 && argument.Type.Name() != "ID" {
			filled[argument.Name] = filler(schema, argument.Type, c)
		}
	}
	return filled
}

// filler is a well-formed value of a type.
func filler(schema *ast.Schema, typ *ast.Type, c *campus) any {
	if typ.Elem != nil {
		return []any{filler(schema, typ.Elem, c)}
	}
	definition := schema.Types[typ.Name()]
	switch definition.Kind {
	case ast.Enum:
		return definition.EnumValues[len(definition.EnumValues)-1].Name
	case ast.InputObject:
		object := map[string]any{}
		for _, field := range definition.Fields {
			if field.Type.NonNull {
				object[field.Name] = filler(schema, field.Type, c)
			}
		}
		return object
	default:
		return map[string]any{
			"ID": unheardOf(c.ids["course"]), "String": "roles", "Int": 1, "Float": 1.5, "Boolean": true, "Bytes": 1, "Time": "2090-01-01T00:00:00Z",
		}[definition.Name]
	}
}

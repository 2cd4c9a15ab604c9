package access_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/graph/access"
	"lyceum/internal/fault"
	"lyceum/internal/viewer"
)

func ourSchema(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	return load(t, string(text))
}

func load(t *testing.T, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: text})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestMatrixIsCommitted: the table in docs is what the schema says.
func TestMatrixIsCommitted(t *testing.T) {
	t.Parallel()
	matrix, err := access.Read(ourSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := matrix.Write(&table); err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile("../../docs/access-matrix.csv")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(committed), table.String()); diff != "" {
		t.Errorf("docs/access-matrix.csv is stale: run make generate\n%s", diff)
	}
	if n := len(matrix.Fields()); n < 70 {
		t.Errorf("only %d fields have @access", n)
	}
}

// directives are what the small schemas below stand on.
const directives = `
	directive @access(roles: [Role!]!, scope: AccessScope!, support: SupportAccess!, k12: SchoolAccess!) on FIELD_DEFINITION
	directive @personal on FIELD_DEFINITION
	enum Role { ANONYMOUS LEARNER INSTRUCTOR TENANT_ADMIN SUPPORT }
	enum AccessScope { SELF COURSE TENANT PLATFORM }
	enum SupportAccess { NONE OWN GRANTED }
	enum SchoolAccess { SAME STAFF_ONLY MASKED }
`

// TestAccessMustBeSaid: a root field, or a field whose audience is narrower than its parent's, without @access
// keeps code from being generated and the server from starting, and is named.
func TestAccessMustBeSaid(t *testing.T) {
	t.Parallel()
	const fine = `@access(roles: [LEARNER], scope: SELF, support: NONE, k12: SAME)`
	for name, tt := range map[string]struct{ schema, want string }{
		"complete":              {`type Query { a: Int ` + fine + ` } type Mutation { b: Int ` + fine + ` } type Subscription { c: Int ` + fine + ` }`, ""},
		"a query":               {`type Query { a: Int ` + fine + ` forgotten: Int }`, "Query.forgotten has no @access: every root field has it"},
		"a mutation":            {`type Query { a: Int ` + fine + ` } type Mutation { forgotten: Int }`, "Mutation.forgotten has no @access"},
		"a subscription":        {`type Query { a: Int ` + fine + ` } type Subscription { forgotten: Int }`, "Subscription.forgotten has no @access"},
		"a narrow value":        {`type Query { a: User ` + fine + ` } type User { email: String }`, "User.email has no @access: others see who teaches them"},
		"a narrower type":       {`type Query { a: Course ` + fine + ` } type Course { enrollment: Enrollment } type Enrollment { id: ID }`, "Course.enrollment has no @access: its audience is narrower than that of Course"},
		"a list of them":        {`type Query { a: Course ` + fine + ` } type Course { all: [Attempt!]! } type Attempt { id: ID }`, "Course.all has no @access"},
		"an unknown type":       {`type Query { a: Secret ` + fine + ` } type Secret { id: ID }`, "type Secret has no audience"},
		"no role":               {`type Query { a: Int @access(roles: [], scope: SELF, support: NONE, k12: SAME) }`, "Query.a: @access names no role"},
		"support unsaid":        {`type Query { a: Int @access(roles: [SUPPORT], scope: SELF, support: NONE, k12: SAME) }`, "exactly when support is not NONE"},
		"support not a role":    {`type Query { a: Int @access(roles: [LEARNER], scope: SELF, support: OWN, k12: SAME) }`, "exactly when support is not NONE"},
		"support's own tenant":  {`type Query { a: Int @access(roles: [SUPPORT], scope: TENANT, support: OWN, k12: SAME) }`, "support is OWN, but the scope is TENANT"},
		"support writes":        {`type Query { a: Int ` + fine + ` } type Mutation { a: Int @access(roles: [SUPPORT], scope: TENANT, support: GRANTED, k12: SAME) }`, "a grant lets support read, and this writes"},
		"a number is personal":  {`type Query { a: Int ` + fine + ` @personal }`, "Query.a is @personal, but no text"},
		"a list is personal":    {`type Query { a: [String] ` + fine + ` @personal }`, "Query.a is @personal, but no text"},
		"two at once, both are": {`type Query { one: Int two: Int }`, "Query.two has no @access"},
	} {
		_, err := access.New(load(t, directives+tt.schema))
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// TestEveryGuardIsNeeded takes the @access of one field of our schema after the other away: each is missed.
func TestEveryGuardIsNeeded(t *testing.T) {
	t.Parallel()
	matrix, err := access.Read(ourSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range matrix.Fields() {
		schema := ourSchema(t)
		definition := schema.Types[field.Object].Fields.ForName(field.Name)
		definition.Directives = nil
		if _, err := access.Read(schema); err == nil || !strings.Contains(err.Error(), field.String()+" has no @access") {
			t.Errorf("%s without @access: %v", field, err)
		}
	}
}

// TestCheck asks for every field with @access as every column of the matrix, at something that is not theirs and at
// something of their own, and compares with what the schema says there.
func TestCheck(t *testing.T) {
	t.Parallel()
	a, err := access.New(ourSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	owner := uuid.New()
	a.Owner = func(any) (uuid.UUID, bool) { return owner, true }
	cells := 0
	for _, field := range a.Fields() {
		rule := a.Rules[field]
		for _, column := range access.Columns() {
			v := column.Viewer
			own := v
			if own.SignedIn() {
				own.User = owner
			}
			for _, try := range []struct {
				name   string
				v      viewer.Viewer
				parent any
			}{{"own", own, "thing"}, {"another's", v, "thing"}, {"nobody's", v, nil}} {
				cells++
				want := expected(rule, try.v, field, try.name)
				if got := fault.CodeOf(a.Check(t.Context(), try.v, field, try.parent)); got != want {
					t.Errorf("%s by %s at %s: %q, want %q", field, column.Name, try.name, got, want)
				}
			}
		}
	}
	if cells < 1800 {
		t.Errorf("only %d cells were looked at", cells)
	}
	if err := a.Check(t.Context(), viewer.Viewer{}, access.Field{Object: "User", Name: "name"}, nil); err != nil {
		t.Errorf("a field without @access: %v, which is as visible as its parent", err)
	}
	if got := fault.CodeOf(a.Check(t.Context(), viewer.Viewer{User: owner, Role: viewer.TenantAdmin}, access.Field{Object: "Query", Name: "users"}, nil)); got != fault.Forbidden {
		t.Errorf("an admin of no tenant: %q", got)
	}
}

// expected says in plain words what Check decides.
func expected(rule access.Rule, v viewer.Viewer, field access.Field, whose string) fault.Code {
	refusal := fault.Forbidden
	if !v.SignedIn() {
		refusal = fault.Unauthenticated
	}
	named := false
	for _, role := range rule.Roles {
		named = named || role == v.Role
	}
	switch {
	case !named:
		return refusal
	case v.APIKey != uuid.Nil && field.Object == "Mutation" && !v.Can(viewer.ScopeWrite):
		return refusal
	case v.APIKey != uuid.Nil && field.Object == "Query" && v.Can(viewer.ScopeWrite):
		return refusal // a key that writes and does not read
	case v.APIKey != uuid.Nil && field.Object == "Subscription" && v.Can(viewer.ScopeWrite):
		return refusal
	case v.Role == viewer.Support && rule.Support == access.Granted && v.Grant == uuid.Nil && (whose != "own"):
		return refusal
	case whose == "another's" && rule.Scope == access.Self:
		return refusal
	case whose == "own" && !v.SignedIn() && (rule.Scope == access.Self || rule.Scope == access.Course):
		return refusal // a visitor owns nothing
	case whose == "another's" && rule.Scope == access.Course && !v.Staff() && !v.Granted():
		return refusal
	default:
		return ""
	}
}

// TestSchools: what a K-12 school lets nobody but staff do.
func TestSchools(t *testing.T) {
	t.Parallel()
	a, err := access.New(ourSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	only, changed := 0, 0
	for _, field := range a.Fields() {
		for _, column := range access.Columns() {
			elsewhere, school := column.Viewer, column.Viewer
			school.School = true
			before, after := fault.CodeOf(a.Check(t.Context(), elsewhere, field, nil)), fault.CodeOf(a.Check(t.Context(), school, field, nil))
			if a.Rules[field].K12 != access.StaffOnly {
				if before != after {
					t.Errorf("%s by %s: %q in a school, %q elsewhere", field, column.Name, after, before)
				}
				continue
			}
			only++
			if before == "" && (after == "") != elsewhere.Staff() {
				t.Errorf("%s by %s in a school: %q", field, column.Name, after)
			}
			if before != after {
				changed++
			}
		}
	}
	if only == 0 || changed == 0 {
		t.Errorf("no field is for a school's staff only: %d looked at, %d changed", only, changed)
	}
}

// selecting is the context in which gqlgen selects a field of a parent.
func selecting(ctx context.Context, field access.Field, parent *graphql.FieldContext) context.Context {
	return graphql.WithFieldContext(graphql.WithFieldContext(ctx, parent), &graphql.FieldContext{
		Object: field.Object, Field: graphql.CollectedField{Field: &ast.Field{Name: field.Name}},
	})
}

// TestMasks reads personal texts as everybody: support sees a mask except of itself, a school's public initials.
func TestMasks(t *testing.T) {
	t.Parallel()
	a, err := access.New(ourSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	self := uuid.New()
	a.Owner = func(object any) (uuid.UUID, bool) { id, ok := object.(uuid.UUID); return id, ok }
	as := func(role viewer.Role, change func(*viewer.Viewer)) viewer.Viewer {
		v := viewer.Viewer{Tenant: uuid.New(), User: self, Role: role}
		if role == viewer.Anonymous {
			v.User = uuid.Nil
		}
		if change != nil {
			change(&v)
		}
		return v
	}
	granted := func(v *viewer.Viewer) { v.Grant = uuid.New() }
	school := func(v *viewer.Viewer) { v.School = true }
	name, verified := access.Field{Object: "User", Name: "name"}, access.Field{Object: "CertificateVerification", Name: "learnerName"}
	text := "Ada Łovelace"
	for what, tt := range map[string]struct {
		v     viewer.Viewer
		field access.Field
		of    any
		value any
		want  any
	}{
		"support, of another":           {as(viewer.Support, granted), name, uuid.New(), text, access.Mask},
		"support, of nobody":            {as(viewer.Support, granted), name, nil, text, access.Mask},
		"support, of themselves":        {as(viewer.Support, granted), name, self, text, text},
		"support, what may be absent":   {as(viewer.Support, granted), name, uuid.New(), &text, new(access.Mask)},
		"support, what is absent":       {as(viewer.Support, granted), name, uuid.New(), (*string)(nil), (*string)(nil)},
		"instructor":                    {as(viewer.Instructor, nil), name, uuid.New(), text, text},
		"learner":                       {as(viewer.Learner, nil), name, uuid.New(), text, text},
		"visitor of a company":          {as(viewer.Anonymous, nil), verified, nil, text, text},
		"visitor of a school":           {as(viewer.Anonymous, school), verified, nil, text, "A. Ł."},
		"pupil":                         {as(viewer.Learner, school), verified, nil, text, "A. Ł."},
		"teacher":                       {as(viewer.Instructor, school), verified, nil, text, text},
		"support in a school":           {as(viewer.Support, func(v *viewer.Viewer) { granted(v); school(v) }), verified, nil, text, access.Mask},
		"visitor of a school, any name": {as(viewer.Anonymous, school), name, nil, text, text},
	} {
		ctx := selecting(viewer.With(t.Context(), tt.v), tt.field, &graphql.FieldContext{Result: tt.of})
		got, err := a.AroundFields(ctx, func(context.Context) (any, error) { return tt.value, nil })
		if err != nil || cmp.Diff(tt.want, got) != "" {
			t.Errorf("%s: %v (%v), want %v", what, got, err, tt.want)
		}
	}
	ctx := selecting(viewer.With(t.Context(), as(viewer.Support, granted)), name, &graphql.FieldContext{})
	if got, err := a.AroundFields(ctx, func(context.Context) (any, error) { return []byte(text), nil }); err == nil {
		t.Errorf("what cannot be masked is shown: %v", got)
	}
}

// TestBelowSignIn: what a mutation shows of whom it signed in is for them, who are not yet the request's viewer.
func TestBelowSignIn(t *testing.T) {
	t.Parallel()
	a, err := access.New(ourSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	signed := viewer.Viewer{Tenant: uuid.New(), User: uuid.New(), Role: viewer.Learner}
	a.Owner = func(any) (uuid.UUID, bool) { return signed.User, true }
	email := access.Field{Object: "User", Name: "email"}
	visitor := viewer.With(t.Context(), viewer.Of(signed.Tenant))
	for name, tt := range map[string]struct {
		above *graphql.FieldContext
		want  fault.Code
	}{
		"below the viewer": {&graphql.FieldContext{Result: "user", Parent: &graphql.FieldContext{Result: &signed}}, ""},
		"elsewhere":        {&graphql.FieldContext{Result: "user"}, fault.Unauthenticated},
	} {
		ctx := graphql.WithFieldContext(visitor, &graphql.FieldContext{
			Object: email.Object, Field: graphql.CollectedField{Field: &ast.Field{Name: email.Name}},
		})
		graphql.GetFieldContext(ctx).Parent = tt.above
		_, err := a.AroundFields(ctx, func(context.Context) (any, error) { return "ada@acme.example", nil })
		if got := fault.CodeOf(err); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestDenied hears of signed-in callers at fields of staff, and of nobody else.
func TestDenied(t *testing.T) {
	t.Parallel()
	a, err := access.New(ourSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	a.Denied = func(_ context.Context, field access.Field) { heard = append(heard, field.String()) }
	tenant := uuid.New()
	learner := viewer.Viewer{Tenant: tenant, User: uuid.New(), Role: viewer.Learner}
	support := viewer.Viewer{Tenant: tenant, User: uuid.New(), Role: viewer.Support}
	for _, try := range []struct {
		v     viewer.Viewer
		field access.Field
	}{
		{learner, access.Field{Object: "Mutation", Name: "createUser"}},
		{learner, access.Field{Object: "Query", Name: "courses"}},
		{viewer.Of(tenant), access.Field{Object: "Mutation", Name: "createUser"}},
		{support, access.Field{Object: "Query", Name: "users"}},
		{support, access.Field{Object: "Query", Name: "courses"}},
	} {
		_ = a.Check(t.Context(), try.v, try.field, nil)
	}
	if diff := cmp.Diff([]string{"Mutation.createUser", "Query.users"}, heard); diff != "" {
		t.Error(diff)
	}
}

// TestPersonal walks the schema: every text of a type that is about people is masked for support, or stands here
// with the reason why it need not be.
func TestPersonal(t *testing.T) {
	t.Parallel()
	harmless := map[string]string{
		"Tenant.slug": "the tenant's, not a person's", "Tenant.name": "the tenant's, not a person's", "Tenant.locale": "a language",
		"Branding.accent": "a colour", "Branding.logoUrl": "the tenant's", "Branding.signatory": "printed on every certificate, by the tenant's choice",
		"Session.userAgent": "support reads their own sessions only",
		"ApiKey.name":       "closed to support", "ApiKey.hint": "closed to support",
		"SupportGrant.reason": "closed to support",
		"AuditEntry.actor":    "closed to support", "AuditEntry.role": "closed to support", "AuditEntry.action": "closed to support",
		"AuditEntry.subject": "closed to support", "AuditEntry.hash": "closed to support",
		"Notification.title": "support reads their own inbox only", "Notification.body": "support reads their own inbox only",
		"Notification.link":            "support reads their own inbox only",
		"Certificate.courseTitle":      "the course's",
		"Certificate.pdfUrl":           "closed to support",
		"CertificateVerification.code": "it was given in the question", "CertificateVerification.courseTitle": "the course's",
		"CertificateVerification.tenantName": "the tenant's",
		"AttemptQuestion.prompt":             "the course's", "AttemptQuestion.hints": "the course's",
		"Choice.key": "the course's", "Choice.html": "the course's",
		"QuestionResponse.choices": "keys of the course's choices, no words of the learner's",
	}
	about := []string{
		"Viewer", "User", "Session", "ApiKey", "Enrollment", "CourseProgress", "LessonProgress", "Attempt", "AttemptQuestion", "Choice",
		"QuestionResponse", "Certificate", "CertificateVerification", "Notification", "AuditEntry", "SupportGrant", "Tenant", "Branding",
	}
	schema := ourSchema(t)
	matrix, err := access.Read(schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range about {
		for _, definition := range schema.Types[object].Fields {
			field := access.Field{Object: object, Name: definition.Name}
			reason := harmless[field.String()]
			delete(harmless, field.String())
			if definition.Type.Name() != "String" {
				continue
			}
			if matrix.Personal[field] == (reason != "") {
				t.Errorf("%s: @personal is %t, and the reason against it is %q", field, matrix.Personal[field], reason)
			}
		}
	}
	for field := range harmless {
		t.Errorf("%s is excused, but is not there", field)
	}
}

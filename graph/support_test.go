package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/graph/limit"
	"lyceum/graph/loader"
	"lyceum/internal/compliance"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/auditentry"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/pg"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// office is the endpoint over tenancy and compliance, behind the door of identity.
type office struct {
	doors

	services *Services
	handler  http.Handler
}

func newOffice(t *testing.T) office {
	t.Helper()
	o := office{doors: newDoors(t)}
	db := pg.Open(o.Pool(), pg.Hooks{Record: compliance.Record}) // with the chain, as the server has it
	o.identity.Tenancy.DB = db
	o.services = &Services{Directory: o.identity.Directory, Tenancy: o.identity.Tenancy, Compliance: &compliance.Service{DB: db}}
	endpoint, err := NewServer(Options{
		Services: o.services, Sources: loader.Sources{DB: db}, Documents: noDocuments{}, Limits: limit.DefaultLimits(), MaxCost: 10_000,
		MaxBody: 1 << 16, MaxStreams: 10, StreamsPerUser: 10, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	o.handler = o.identity.Middleware(endpoint)
	return o
}

// token signs somebody of acme in.
func (o office) token(t *testing.T, name string) string {
	t.Helper()
	opened, err := o.services.Tenancy.SignIn(t.Context(), o.acme.ID, name+"@acme.example", testPassword, tenancy.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return opened.Token
}

// ask posts a document and returns the data, or the code of the error.
func (o office) ask(t *testing.T, host, token, document string) (data map[string]any, code string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(string(body)))
	request.Host = host
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	recorder := httptest.NewRecorder()
	o.handler.ServeHTTP(recorder, request)
	var answer struct {
		Data   map[string]any `json:"data"`
		Errors []struct {
			Extensions struct {
				Code string `json:"code"`
			} `json:"extensions"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%s: %v", recorder.Body, err)
	}
	if len(answer.Errors) > 0 {
		return answer.Data, answer.Errors[0].Extensions.Code
	}
	return answer.Data, ""
}

// text is the data in one line.
func text(data map[string]any) string {
	body, _ := json.Marshal(data)
	return string(body)
}

// TestGrants gives, shows and ends a grant through the API, and reads what the audit log says of it.
func TestGrants(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const host = "acme.localhost"
	admin, support := o.token(t, "admin"), o.token(t, "support")
	if _, code := o.ask(t, host, support, `{ users { nodes { id } } }`); code != "FORBIDDEN" {
		t.Errorf("support without a grant: %q", code)
	}
	data, code := o.ask(t, host, admin, `mutation { grantSupport(input: {reason: "Why.", expiresInMinutes: 5}) { grant { id reason revokedAt grantedBy { email } } } }`)
	if code != "" || !strings.Contains(text(data), `"email":"admin@acme.example"`) || !strings.Contains(text(data), `"reason":"Why."`) {
		t.Fatalf("grant: %q %s", code, text(data))
	}
	id, _ := data["grantSupport"].(map[string]any)["grant"].(map[string]any)["id"].(string)
	if data, code := o.ask(t, host, support, `{ users { nodes { id name email role status } } viewer { user { name email } } }`); code != "" ||
		strings.Count(text(data), `"name":"•••"`) < 3 || strings.Count(text(data), "support@acme.example") != 2 || strings.Contains(text(data), "learner@") {
		t.Errorf("support with a grant: %q %s", code, text(data))
	}
	for _, document := range []string{`{ supportGrants { nodes { id } } }`, `mutation { revokeSupportGrant(id: "` + id + `") { grant { id } } }`} {
		if _, code := o.ask(t, host, support, document); code != "FORBIDDEN" {
			t.Errorf("support: %s: %q", document, code)
		}
	}
	if data, code := o.ask(t, host, admin, `{ node(id: "`+id+`") { id } supportGrants(first: 1) { nodes { id } edges { cursor } pageInfo { hasNextPage } } }`); code != "" ||
		strings.Count(text(data), id) != 2 {
		t.Errorf("the grant: %q %s", code, text(data))
	}
	if data, code := o.ask(t, host, support, `{ node(id: "`+id+`") { id } }`); code != "" || text(data) != `{"node":null}` {
		t.Errorf("the grant for support: %q %s", code, text(data))
	}
	for document, want := range map[string]string{
		`mutation { revokeSupportGrant(id: "` + id + `") { grant { revokedAt } } }`:                                                      "",
		`mutation { revokeSupportGrant(id: "usr_` + id[4:] + `") { grant { id } } }`:                                                     "NOT_FOUND",
		`mutation { grantSupport(input: {reason: "", expiresInMinutes: 241}) { grant { id } } }`:                                         "BAD_USER_INPUT",
		`{ supportGrants(first: 101) { nodes { id } } }`:                                                                                 "BAD_USER_INPUT",
		`{ auditLog(first: 0) { nodes { id } } }`:                                                                                        "BAD_USER_INPUT",
		`mutation { changeUserRole(id: "` + id + `", role: LEARNER) { user { id } } }`:                                                   "NOT_FOUND",
		`mutation { signIn(input: {email: "admin@acme.example", password: "wrong", tenant: "nobody"}) { token } }`:                       "BAD_USER_INPUT",
		`mutation { updateBranding(input: {accent: "red"}) { tenant { id } } }`:                                                          "BAD_USER_INPUT",
		`mutation { createApiKey(input: {name: "k", scopes: [READ]}) { apiKey { name hint scopes } } }`:                                  "",
		`mutation { createUser(input: {email: "x@acme.example", name: "X", role: ANONYMOUS, password: "long enough"}) { user { id } } }`: "BAD_USER_INPUT",
	} {
		_, code := o.ask(t, host, admin, document)
		if code != want {
			t.Errorf("%s: %q, want %q", document, code, want)
		}
	}
	data, code = o.ask(t, host, admin, `{ auditLog(first: 100) { nodes { action actor role subject hash data { name value } } } }`)
	for _, action := range []string{"support.granted", "support.read", "support.revoked", "access.denied"} {
		if code != "" || !strings.Contains(text(data), action) {
			t.Errorf("%s is not in the log: %q %s", action, code, text(data))
		}
	}
	if _, code := o.ask(t, host, support, `{ courses { nodes { id } } }`); code != "FORBIDDEN" {
		t.Errorf("support after the grant: %q", code)
	}
}

// TestSignInShowsThemselves: the answer to signing in shows a person what is theirs, though the request was a
// visitor's.
func TestSignInShowsThemselves(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	data, code := o.ask(t, "acme.localhost", "", `mutation { signIn(input: {email: "support@acme.example", password: "`+testPassword+`"}) {
		viewer { role tenant { slug } user { name email status } } } }`)
	if code != "" || !strings.Contains(text(data), `"email":"support@acme.example"`) || strings.Contains(text(data), "•••") {
		t.Errorf("%q %s", code, text(data))
	}
}

// operationOf is the context of an operation with two root fields of different names.
func operationOf() *gqlgen.OperationContext {
	field := func(name string) *ast.Field {
		return &ast.Field{Name: name, Alias: name, ObjectDefinition: &ast.Definition{Name: "Query"}}
	}
	return &gqlgen.OperationContext{Operation: &ast.OperationDefinition{
		Operation: ast.Query, Name: "Two", SelectionSet: ast.SelectionSet{field("users"), field("courses")},
	}}
}

// TestStanding: an operation on a socket is its viewer's only while they are who they were, and what support is
// about to read is written down first, or not read.
func TestStanding(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	look := standing{o.services}
	socket := viaSocket(t.Context())
	as := func(name string) viewer.Viewer {
		v, err := o.services.Tenancy.Authenticate(t.Context(), o.token(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	learner, admin := as("learner"), as("admin")
	counting, statements := pg.CountStatements(t.Context())
	if err := look.check(counting, learner, operationOf()); err != nil || statements.Load() != 0 {
		t.Errorf("a request of its own: %v, %d statements", err, statements.Load())
	}
	if err := look.check(socket, viewer.Of(o.acme.ID), operationOf()); err != nil {
		t.Errorf("a visitor: %v", err)
	}
	if err := look.check(socket, learner, operationOf()); err != nil {
		t.Errorf("a learner: %v", err)
	}
	o.User.Update().Where(user.ID(learner.User)).SetRole(viewer.Support).ExecX(o.acme.System(t.Context()))
	if got := fault.CodeOf(look.check(socket, learner, operationOf())); got != fault.Unauthenticated {
		t.Errorf("a learner who is none any more: %q", got)
	}
	given, err := o.services.Tenancy.GrantSupport(viewer.With(t.Context(), admin), "Why.", 5)
	if err != nil {
		t.Fatal(err)
	}
	helper := as("support")
	for range 2 {
		if err := look.check(viewer.With(socket, helper), helper, operationOf()); err != nil {
			t.Fatal(err)
		}
	}
	rows := o.AuditEntry.Query().Where(auditentry.Action("support.read")).AllX(o.acme.System(t.Context()))
	if len(rows) != 2 || fmt.Sprint(rows[0].Data) != "map[fields:Query.users Query.courses operation:Two]" {
		t.Errorf("written down: %v", rows)
	}
	if _, err := o.services.Tenancy.RevokeGrant(viewer.With(t.Context(), admin), given.ID); err != nil {
		t.Fatal(err)
	}
	if got := fault.CodeOf(look.check(viewer.With(socket, helper), helper, operationOf())); got != fault.Unauthenticated {
		t.Errorf("support after the grant, on the same socket: %q", got)
	}
	gone, leave := context.WithCancel(viewer.With(t.Context(), helper))
	leave()
	if err := look.check(gone, helper, operationOf()); err == nil {
		t.Error("what cannot be written down is read")
	}
	if refused := look.MutateOperationContext(viewer.With(socket, helper), operationOf()); refused == nil || fault.CodeOf(refused) != fault.Unauthenticated {
		t.Errorf("the operation runs: %v", refused)
	}
}

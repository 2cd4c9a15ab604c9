package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"lyceum/graph/transport"
	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// edgePassword is everybody's; edgeStaff is the address of the platform's only member of staff.
const (
	edgePassword = "a long password"
	edgeStaff    = "ops@platform.example"
)

// edge is the whole server as it meets the world, with two tenants, "acme" and "globex", that have an admin, an
// instructor and a learner each, and nothing to learn.
type edge struct {
	*app

	// public and admin are the handlers of the two listeners, server has the public one on loopback.
	public, admin http.Handler
	server        *httptest.Server
	tenants       map[string]uuid.UUID
}

// newEdge serves with the settings, which are NAME=value.
func newEdge(t *testing.T, settings ...string) *edge {
	t.Helper()
	appURL, ownerURL, _ := pgtest.Clone(t)
	a := startApp(t, testSettings(t, appURL, append([]string{
		"LYCEUM_HTTP_TRUSTED_PROXIES=127.0.0.1/32", "LYCEUM_DEFAULT_TENANT=acme", "LYCEUM_PASSWORD_WAIT=30s",
	}, settings...)...))
	e := &edge{app: a, tenants: map[string]uuid.UUID{}}
	owner, err := openPool(t.Context(), ownerURL, quietPool)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	provisioner := a.provisioner(owner)
	for _, slug := range []string{"acme", "globex"} {
		e.tenants[slug], err = provisioner.Create(t.Context(), tenancy.NewTenant{
			Slug: slug, Name: slug, Kind: tenant.KindCOMPANY, Locale: "en",
			Admin: tenancy.NewUser{Email: "admin@" + slug + ".example", Name: "Admin", Password: edgePassword},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, role := range []viewer.Role{viewer.Instructor, viewer.Learner} {
			_, err := a.services.Tenancy.CreateUser(viewer.With(t.Context(), viewer.Operator(e.tenants[slug], "test")), tenancy.NewUser{
				Email: strings.ToLower(string(role)) + "@" + slug + ".example", Name: string(role), Role: role, Password: edgePassword,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := provisioner.AddDomain(t.Context(), e.tenants["acme"], "learn.acme.example"); err != nil {
		t.Fatal(err)
	}
	if err := provisioner.CreateStaff(t.Context(), edgeStaff, "Olga Operator", edgePassword); err != nil {
		t.Fatal(err)
	}
	if e.public, err = a.publicHandler(transport.NewStreams()); err != nil {
		t.Fatal(err)
	}
	if e.admin, err = a.adminHandler(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.server = httptest.NewServer(e.public)
	t.Cleanup(e.server.Close)
	return e
}

// token signs a person of acme in, without spending a try, and returns what they send.
func (e *edge) token(t *testing.T, slug, name string) string {
	t.Helper()
	patient := *e.services.Tenancy
	patient.Limiter = everybodyMay{}
	opened, err := patient.SignIn(t.Context(), e.tenants[slug], name+"@"+slug+".example", edgePassword, tenancy.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return opened.Token
}

// everybodyMay limits nobody.
type everybodyMay struct{}

func (everybodyMay) SignIn(context.Context, uuid.UUID, string, string) error { return nil }

// edgeRequest is one request. Zero fields are left out; Host is acme's, and the method POST.
type edgeRequest struct {
	method, path, host, token, address, body string
	header                                   map[string]string
}

// graphQL is the request for a document.
func graphQL(t *testing.T, query string, variables map[string]any) edgeRequest {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return edgeRequest{body: string(body)}
}

func orElse(given, otherwise string) string {
	if given == "" {
		return otherwise
	}
	return given
}

// fill makes an HTTP request of it, to the server at an address, which may be empty.
func (r edgeRequest) fill(t *testing.T, origin string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), orElse(r.method, http.MethodPost), origin+orElse(r.path, "/graphql"), strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = orElse(r.host, "acme.localhost:8080")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Forwarded-For", orElse(r.address, "198.51.100.1"))
	if r.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.token)
	}
	for name, value := range r.header {
		if value == "" {
			request.Header.Del(name)
			continue
		}
		request.Header.Set(name, value)
	}
	request.RemoteAddr = "127.0.0.1:40000"
	return request
}

// edgeReply is an answer, as far as it was JSON.
type edgeReply struct {
	status int
	header http.Header
	text   string
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Extensions struct {
			Code       string
			RetryAfter int
			Violations []struct{ Field, Message string }
		}
	}
	Extensions struct {
		Cost struct {
			Requested, Maximum int
			Remaining          *int
		}
		ErrorsOmitted int
	}
}

// code is that of the first error, "" when there is none.
func (r *edgeReply) code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	return r.Errors[0].Extensions.Code
}

// ask sends a request to the public handler, past the network.
func (e *edge) ask(t *testing.T, r edgeRequest) *edgeReply { t.Helper(); return askOf(t, e.public, r) }

func askOf(t *testing.T, handler http.Handler, r edgeRequest) *edgeReply {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r.fill(t, ""))
	reply := &edgeReply{status: w.Code, header: w.Header(), text: w.Body.String()}
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(w.Body.Bytes(), reply); err != nil {
			t.Fatalf("%.200s: %v", reply.text, err)
		}
	}
	return reply
}

// events sends a request for server-sent events and reads them to their end.
func (e *edge) events(t *testing.T, r edgeRequest) string {
	t.Helper()
	request := r.fill(t, e.server.URL)
	request.Header.Set("Accept", "text/event-stream")
	response, err := e.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var all bytes.Buffer
	if _, err := io.Copy(&all, response.Body); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

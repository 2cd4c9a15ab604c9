// Package web holds the pages that let a person see the product: the welcome page, GraphiQL, the page that
// verifies a certificate, and staff sign-in. Everything is embedded; nothing is loaded from elsewhere.
package web

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"

	"lyceum/internal/gen/ent"
)

//go:embed static templates
var files embed.FS

// policyHeader keeps pages to what comes from here. GraphiQL's editor writes styles into the page.
const policyHeader = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; " +
	"media-src *; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// Certificates finds a certificate of the tenant of the context by its code, nil when there is none.
type Certificates interface {
	Verify(ctx context.Context, code string) (*ent.Certificate, error)
}

// Tenants tells about the tenant of the context.
type Tenants interface {
	Tenant(ctx context.Context) (*ent.Tenant, error)
}

// Example is a ready document that GraphiQL opens in a tab of its own.
type Example struct {
	Name string `json:"name"`
	Text string `json:"text"`
	// Variables is JSON, to begin with.
	Variables string `json:"variables"`
}

// Login is a demo user that the welcome page shows.
type Login struct{ Tenant, Email, Role string }

// Pages are what the pages show.
type Pages struct {
	Certificates Certificates
	Tenants      Tenants
	// Schema is the text of schema.graphql.
	Schema   string
	Examples []Example
	// Demo shows logins and the attack on the welcome page; it is for a local stack.
	Demo *Demo
	Log  *slog.Logger
}

// Demo is what the welcome page of a local stack shows.
type Demo struct {
	Logins   []Login
	Password string
	// AdminURL is where operators look.
	AdminURL string
	// Tenants are the addresses of the demo tenants, by slug.
	Tenants map[string]string
	// Attack lets one tenant's admin go after another tenant, for real.
	Attack func(ctx context.Context) ([]Attempt, error)
}

// Attempt is one attack across tenants and what came of it.
type Attempt struct {
	Tried  string `json:"tried"`
	Answer string `json:"answer"`
	// StoppedBy names the wall that held.
	StoppedBy string `json:"stoppedBy"`
	Leaked    bool   `json:"leaked"`
}

// Mount adds the pages to a mux. Identity puts the tenant of the host into a request.
func Mount(mux *http.ServeMux, identity func(http.Handler) http.Handler, p Pages) error {
	static, err := fs.Sub(files, "static")
	if err != nil {
		return fmt.Errorf("open static files: %w", err)
	}
	pages, err := template.ParseFS(files, "templates/*.html")
	if err != nil {
		return fmt.Errorf("read templates: %w", err)
	}
	h := handlers{Pages: p, templates: pages}
	mux.Handle("GET /static/", cached(http.StripPrefix("/static/", http.FileServerFS(static))))
	mux.HandleFunc("GET /schema.graphql", h.schema)
	mux.Handle("GET /graphiql", secure(http.HandlerFunc(h.graphiql)))
	mux.Handle("GET /verify/{code}", secure(identity(http.HandlerFunc(h.verify))))
	mux.Handle("GET /{$}", secure(identity(http.HandlerFunc(h.welcome))))
	if p.Demo != nil {
		own := http.NewCrossOriginProtection()
		mux.Handle("POST /demo/attack", own.Handler(http.HandlerFunc(h.attack)))
	}
	return nil
}

type handlers struct {
	Pages

	templates *template.Template
}

func (h handlers) schema(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(h.Schema))
}

func (h handlers) graphiql(w http.ResponseWriter, r *http.Request) {
	h.render(w, r, http.StatusOK, "graphiql.html", struct {
		Examples []Example
		Demo     *Demo
	}{h.Examples, h.Demo})
}

func (h handlers) welcome(w http.ResponseWriter, r *http.Request) {
	tenant, err := h.Tenants.Tenant(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.render(w, r, http.StatusOK, "welcome.html", struct {
		Tenant *ent.Tenant
		Demo   *Demo
	}{tenant, h.Demo})
}

func (h handlers) attack(w http.ResponseWriter, r *http.Request) {
	attempts, err := h.Demo.Attack(r.Context())
	if err != nil {
		h.Log.ErrorContext(r.Context(), "attack not carried out", "err", err)
		http.Error(w, "The attack could not be carried out.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(attempts)
}

func (h handlers) fail(w http.ResponseWriter, r *http.Request, err error) {
	h.Log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "err", err)
	h.render(w, r, http.StatusInternalServerError, "problem.html", "Something went wrong on our side.")
}

func (h handlers) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := h.templates.ExecuteTemplate(w, name, data); err != nil {
		h.Log.ErrorContext(r.Context(), "page not rendered", "page", name, "err", err)
	}
}

// secure sets the headers that keep a page to itself.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policyHeader)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// cached lets browsers keep static files for an hour.
func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

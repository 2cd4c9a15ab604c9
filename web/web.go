// Package web holds the pages that let a person see the product: the welcome page, the learner app, GraphiQL, the
// page that verifies a certificate, and staff sign-in. Everything is embedded; nothing is loaded from elsewhere.
package web

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"sync"

	"lyceum/internal/fault"
)

//go:embed static templates
var files embed.FS

// templates are parsed once and never change.
var templates = sync.OnceValues(func() (*template.Template, error) {
	return template.ParseFS(files, "templates/*.html")
})

// policyHeader keeps pages to what comes from here. GraphiQL's editor writes styles into the page, and its fonts are in its sheet.
const policyHeader = "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data: https:; " +
	"media-src *; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// Tenant is whose page it is, as far as the page shows it.
type Tenant struct {
	Slug, Name string
	// Locale is a BCP 47 tag.
	Locale string
	// Accent is "#rrggbb", or "" for our own; LogoURL an https address, or "".
	Accent, LogoURL string
}

// Example is a ready document that GraphiQL opens in a tab of its own.
type Example struct {
	Text string `json:"query"`
	// Variables is JSON, to begin with.
	Variables string `json:"variables"`
}

// Login is a demo user that the welcome page shows.
type Login struct {
	// Tenant is a slug.
	Tenant, Email, Name string
	// Role is what the person is, in a word or two.
	Role string
}

// Place is one of the demo tenants: where it is, what it is like, and its colour.
type Place struct{ Slug, Name, URL, About, Accent string }

// Pages are what the pages show.
type Pages struct {
	// Tenant returns the tenant of the context.
	Tenant func(ctx context.Context) (*Tenant, error)
	// Certificate finds a certificate of that tenant by its code, nil when there is none.
	Certificate func(ctx context.Context, code string) (*Certificate, error)
	// Examples are GraphiQL's tabs for that tenant.
	Examples func(ctx context.Context) ([]Example, error)
	// StopPath is where links lead that end mails; a token follows. Stop says what the token's mails are about, as a clause, and
	// StopMail ends them; both return NotFound for what is no token. They may be nil together.
	StopPath       string
	Stop, StopMail func(ctx context.Context, token string) (string, error)
	// Schema is the text of schema.graphql.
	Schema string
	// Origins are the other hosts that the learner app loads from, like "https://media.example": where files are
	// stored, and the search engine as browsers reach it.
	Origins []string
	// Demo shows logins and the attack on the welcome page; it is nil but on a local stack with demo data.
	Demo *Demo
	Log  *slog.Logger
}

// Demo is what the welcome page of a local stack shows.
type Demo struct {
	Logins   []Login
	Password string
	// AdminURL is where operators look, and Staff the address they sign in with there.
	AdminURL, Staff string
	// MailsURL is where operators see mails that were not sent, "" when they are sent.
	MailsURL string
	// Tenants are the demo tenants.
	Tenants []Place
	// Certificate returns the address of a certificate to look at, "" when there is none.
	Certificate func(ctx context.Context) (string, error)
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
	// Void says that the owner got nothing either, so that the attempt proves nothing.
	Void bool `json:"void"`
}

// Mount adds the pages to a mux. Identity puts the tenant of the host into a request.
func Mount(mux *http.ServeMux, identity func(http.Handler) http.Handler, p Pages) error {
	static, err := fs.Sub(files, "static")
	if err != nil {
		return fmt.Errorf("open static files: %w", err)
	}
	if _, err := templates(); err != nil {
		return fmt.Errorf("read templates: %w", err)
	}
	h := handlers{p}
	page := func(show http.HandlerFunc) http.Handler { return secure(identity(show)) }
	mux.Handle("GET /static/", cached(http.StripPrefix("/static/", http.FileServerFS(static))))
	mux.HandleFunc("GET /schema.graphql", h.schema)
	mux.Handle("GET /graphiql", page(h.graphiql))
	mux.Handle("GET /verify/{code}", page(h.verify))
	mux.Handle("GET /verify", page(h.verifyForm))
	mux.Handle("GET /verify/{$}", page(h.verifyForm))
	if p.Stop != nil {
		mux.Handle("GET "+p.StopPath+"{token}", page(h.stop))
		mux.Handle("POST "+p.StopPath+"{token}", page(h.stopped))
	}
	mux.Handle("GET /{$}", page(h.welcome))
	app, err := newLearner(h)
	if err != nil {
		return err
	}
	app.mount(mux, identity)
	if p.Demo != nil {
		own := http.NewCrossOriginProtection()
		mux.Handle("POST /demo/attack", own.Handler(http.HandlerFunc(h.attack)))
	}
	return nil
}

type handlers struct{ Pages }

func (h handlers) schema(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(h.Schema))
}

func (h handlers) graphiql(w http.ResponseWriter, r *http.Request) {
	tenant, err := h.Tenant(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	examples, err := h.Examples(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.render(w, r, http.StatusOK, "graphiql.html", struct {
		Tenant   *Tenant
		Examples []Example
		Demo     *Demo
	}{tenant, examples, h.Demo})
}

func (h handlers) welcome(w http.ResponseWriter, r *http.Request) {
	tenant, err := h.Tenant(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	certificate := ""
	if h.Demo != nil {
		if certificate, err = h.Demo.Certificate(r.Context()); err != nil {
			h.fail(w, r, err)
			return
		}
	}
	h.render(w, r, http.StatusOK, "welcome.html", struct {
		Tenant      *Tenant
		Origin      string
		Certificate string
		Demo        *Demo
	}{tenant, origin(r), certificate, h.Demo})
}

// origin is the address that the reader used, for commands to copy.
func origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (h handlers) attack(w http.ResponseWriter, r *http.Request) {
	attempts, err := h.Demo.Attack(r.Context())
	if err != nil {
		h.Log.ErrorContext(r.Context(), "attack not carried out", "err", err)
		http.Error(w, told(err, "The attack could not be carried out."), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := json.NewEncoder(w).Encode(attempts); err != nil {
		h.Log.DebugContext(r.Context(), "attack not shown", "err", err)
	}
}

// told is what a person may be told of an error.
func told(err error, otherwise string) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Message
	}
	return otherwise
}

func (h handlers) fail(w http.ResponseWriter, r *http.Request, err error) {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Code == fault.RateLimited {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
		h.render(w, r, http.StatusTooManyRequests, "problem.html", f.Message)
		return
	}
	// Paths hold codes and tokens, which do not belong into a log; patterns hold none.
	h.Log.ErrorContext(r.Context(), "page failed", "page", r.Pattern, "err", err)
	h.render(w, r, http.StatusInternalServerError, "problem.html", "Something went wrong on our side.")
}

func (h handlers) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	if err := show(w, status, name, data); err != nil {
		h.Log.ErrorContext(r.Context(), "page not rendered", "page", name, "err", err)
	}
}

// show writes a page whole or an apology.
func show(w http.ResponseWriter, status int, name string, data any) error {
	all, err := templates()
	var body bytes.Buffer
	if err == nil {
		err = all.ExecuteTemplate(&body, name, data)
	}
	if err != nil {
		http.Error(w, "Something went wrong on our side.", http.StatusInternalServerError)
		return fmt.Errorf("render %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The reader may be gone; there is nobody else to tell.
	_, _ = w.Write(body.Bytes())
	return nil
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

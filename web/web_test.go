package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lyceum/internal/fault"
	"lyceum/web"
)

// hostile is what a name may be made of.
const hostile = `</script><b onmouseover="x">"'&`

func open(t *testing.T, change func(p *web.Pages)) http.Handler {
	t.Helper()
	p := web.Pages{
		Tenant: func(context.Context) (*web.Tenant, error) {
			return &web.Tenant{Slug: "acme", Name: "Acme " + hostile, Locale: "en", Accent: "#7c2d12"}, nil
		},
		Certificate: func(_ context.Context, code string) (*web.Certificate, error) {
			day := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
			c := &web.Certificate{
				Code: code, LearnerName: "ליאה " + hostile, CourseTitle: "Knots " + hostile, TenantName: "Acme",
				CompletedAt: day, IssuedAt: day, URL: "https://acme.example/verify/" + code,
			}
			switch code {
			case "valid":
				return c, nil
			case "revoked":
				c.RevokedAt = &day
				return c, nil
			case "expired":
				c.ExpiresAt = &day
				return c, nil
			case "revoked and expired":
				c.ExpiresAt, c.RevokedAt = &day, &day
				return c, nil
			case "lasting":
				c.ExpiresAt = new(time.Now().Add(time.Hour))
				return c, nil
			case "often":
				return nil, fault.New(fault.RateLimited, "That was too often.")
			case "broken":
				return nil, errors.New("the database is down")
			default:
				return nil, nil //nolint:nilnil // there is none
			}
		},
		Examples: func(context.Context) ([]web.Example, error) {
			return []web.Example{{Text: "query A { " + hostile + " }", Variables: "{}"}}, nil
		},
		Schema: "type Query", Log: slog.New(slog.DiscardHandler),
	}
	change(&p)
	mux := http.NewServeMux()
	if err := web.Mount(mux, func(next http.Handler) http.Handler { return next }, p); err != nil {
		t.Fatal(err)
	}
	return mux
}

// TestFailuresAreLoggedWithoutSecrets: what stands in the address of a page may open something for whoever has it.
func TestFailuresAreLoggedWithoutSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := open(t, func(p *web.Pages) {
		down := func(context.Context, string) (string, error) { return "", errors.New("the database is down") }
		p.StopPath, p.Stop, p.StopMail = "/mail/stop/", down, down
		p.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	for address, page := range map[string]string{"/verify/broken": "/verify/{code}", "/mail/stop/a-token": "/mail/stop/{token}"} {
		log.Reset()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody))
		if said := log.String(); !strings.Contains(said, page) || strings.Contains(said, address) {
			t.Errorf("%s is logged as %q", address, said)
		}
	}
}

func noTenant(context.Context) (*web.Tenant, error) { return nil, errors.New("the database is down") }

func demo(attack func(context.Context) ([]web.Attempt, error)) *web.Demo {
	return &web.Demo{
		Logins:      []web.Login{{Tenant: "acme", Email: "learner@acme.example", Name: "Amina " + hostile, Role: "learner"}},
		Password:    "secret-word",
		AdminURL:    "http://127.0.0.1:8081",
		Tenants:     []web.Place{{Slug: "acme", Name: "Acme", URL: "http://acme.localhost:8080", Accent: "#7c2d12"}},
		Certificate: func(context.Context) (string, error) { return "http://acme.localhost:8080/verify/valid", nil },
		Attack:      attack,
	}
}

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	return w
}

func TestPages(t *testing.T) {
	t.Parallel()
	plain := open(t, func(*web.Pages) {})
	local := open(t, func(p *web.Pages) { p.Demo = demo(nil) })
	homeless := open(t, func(p *web.Pages) { p.Tenant = noTenant })
	tests := map[string]struct {
		on         http.Handler
		path       string
		status     int
		has, lacks string
	}{
		"welcome":                   {plain, "/", 200, "Running for Acme", "Attack"},
		"welcome of a local stack":  {local, "/", 200, "secret-word", ""},
		"welcome without database":  {homeless, "/", 500, "Something went wrong", "database"},
		"GraphiQL":                  {plain, "/graphiql", 200, "Sign in", "secret-word"},
		"GraphiQL of a local stack": {local, "/graphiql", 200, "learner@acme.example", ""},
		"valid":                     {plain, "/verify/valid", 200, "This certificate is valid", "revoked"},
		"revoked":                   {plain, "/verify/revoked", 200, "This certificate was revoked", "is valid"},
		"expired":                   {plain, "/verify/expired", 200, "This certificate has expired", "is valid"},
		"revoked and expired":       {plain, "/verify/revoked%20and%20expired", 200, "This certificate was revoked", "has expired"},
		"valid for a while":         {plain, "/verify/lasting", 200, "Good until", "has expired"},
		"valid for ever":            {plain, "/verify/valid", 200, "This certificate is valid", "Good until"},
		"too many codes":            {plain, "/verify/often", 429, "That was too often.", "Knots"},
		"asking for a code":         {plain, "/verify", 200, "The code that stands on the certificate", ""},
		"a code that was typed":     {plain, "/verify?code=+AB+cd%2F..", 303, "/verify/abcd%2F..", ""},
		"unknown":                   {plain, "/verify/other", 404, "No certificate has this code", "Knots"},
		"broken":                    {plain, "/verify/broken", 500, "Something went wrong", "database"},
		"schema":                    {plain, "/schema.graphql", 200, "type Query", ""},
		"style":                     {plain, "/static/lyceum.css", 200, "--accent", ""},
		"a template":                {plain, "/static/../templates/verify.html", 307, "", "{{"},
		"nothing":                   {plain, "/nothing", 404, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := get(t, tt.on, tt.path)
			body := w.Body.String()
			if w.Code != tt.status || !strings.Contains(body, tt.has) || (tt.lacks != "" && strings.Contains(body, tt.lacks)) {
				t.Errorf("status %d, want %d; %q must be there and %q must not: %s", w.Code, tt.status, tt.has, tt.lacks, body)
			}
			if strings.Contains(body, hostile) || strings.Contains(body, "<b onmouseover") {
				t.Errorf("a name is not escaped: %s", body)
			}
		})
	}
}

func TestPagesStayByThemselves(t *testing.T) {
	t.Parallel()
	h := open(t, func(*web.Pages) {})
	for _, path := range []string{"/", "/graphiql", "/verify/valid", "/verify/other"} {
		header := get(t, h, path).Header()
		policy := header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'self'") || strings.Contains(policy, "script-src") || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, header)
		}
	}
	if robots := get(t, h, "/verify/valid").Header().Get("X-Robots-Tag"); robots != "noindex" {
		t.Errorf("search engines are told %q", robots)
	}
}

func TestStatementIsJSONLD(t *testing.T) {
	t.Parallel()
	h := open(t, func(*web.Pages) {})
	for code, status := range map[string]string{"valid": "Valid", "revoked": "Revoked", "expired": "Expired"} {
		_, rest, _ := strings.Cut(get(t, h, "/verify/"+code).Body.String(), `<script type="application/ld+json">`)
		text, _, _ := strings.Cut(rest, "</script>")
		var statement map[string]any
		if err := json.Unmarshal([]byte(text), &statement); err != nil {
			t.Fatalf("%s: %v in %s", code, err, text)
		}
		if statement["creativeWorkStatus"] != status || statement["name"] != "Knots "+hostile || statement["identifier"] != code {
			t.Errorf("%s: %v", code, statement)
		}
	}
}

func TestAttack(t *testing.T) {
	t.Parallel()
	found := []web.Attempt{{Tried: "a", Answer: "b", StoppedBy: "c"}, {Tried: "d", Leaked: true}}
	tests := map[string]struct {
		demo   *web.Demo
		site   string
		status int
		has    string
	}{
		"reported": {
			demo: demo(func(context.Context) ([]web.Attempt, error) { return found, nil }), status: 200,
			has: `{"tried":"d","answer":"","stoppedBy":"","leaked":true,"void":false}`,
		},
		"told": {
			demo: demo(func(context.Context) ([]web.Attempt, error) {
				return nil, fault.New(fault.NotFound, "Acme has nothing.")
			}),
			status: 500, has: "Acme has nothing.",
		},
		"not told": {
			demo:   demo(func(context.Context) ([]web.Attempt, error) { return nil, errors.New("password is hunter2") }),
			status: 500, has: "could not be carried out",
		},
		"from elsewhere": {demo: demo(nil), site: "cross-site", status: 403},
		"no demo":        {status: 404},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, func(p *web.Pages) { p.Demo = tt.demo })
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/demo/attack", http.NoBody)
			request.Header.Set("Sec-Fetch-Site", tt.site)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request)
			if body := w.Body.String(); w.Code != tt.status || !strings.Contains(body, tt.has) || strings.Contains(body, "hunter2") {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, body)
			}
		})
	}
}

func staff(t *testing.T) http.Handler {
	t.Helper()
	return staffWith(t, func(context.Context, string) error { return nil })
}

func staffWith(t *testing.T, signOut func(context.Context, string) error) http.Handler {
	t.Helper()
	s := web.Staff{
		SignOut: signOut,
		Home:    "/jobs/", Log: slog.New(slog.DiscardHandler),
		SignIn: func(_ context.Context, email, password, ip, _ string) (string, time.Time, error) {
			switch {
			case ip != "192.0.2.1":
				return "", time.Time{}, errors.New("the address is " + ip)
			case email != "ops@example.com" || password != "right":
				return "", time.Time{}, fault.New(fault.Unauthenticated, "The address or the password is wrong.")
			default:
				return "token", time.Now().Add(time.Hour), nil
			}
		},
		Check: func(_ context.Context, token string) error {
			if token != "token" {
				return fault.New(fault.Unauthenticated, "The token is not valid.")
			}
			return nil
		},
	}
	mux := http.NewServeMux()
	if err := s.Mount(mux); err != nil {
		t.Fatal(err)
	}
	mux.Handle("/jobs/", s.Only(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "the console")
	})))
	return mux
}

func TestStaff(t *testing.T) {
	t.Parallel()
	h := staff(t)
	form := func(email, password string) *http.Request {
		body := url.Values{"email": {email}, "password": {password}}.Encode()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sign-in", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	page := func(path, token string) *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		if token != "" {
			r.AddCookie(&http.Cookie{Name: "lyceum_staff", Value: token})
		}
		return r
	}
	foreign := form("ops@example.com", "right")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	tests := map[string]struct {
		request *http.Request
		status  int
		has     string
	}{
		"the form":                   {page("/", ""), 200, "Sign in"},
		"the form when signed in":    {page("/", "token"), 200, "You are signed in"},
		"a wrong password":           {form("ops@example.com", "wrong"), 401, "The address or the password is wrong."},
		"a hostile address":          {form(hostile, "wrong"), 401, "&lt;/script&gt;"},
		"too long":                   {form("ops@example.com", strings.Repeat("x", 5000)), 401, "wrong"},
		"signed in":                  {form("ops@example.com", "right"), 303, ""},
		"from elsewhere":             {foreign, 403, ""},
		"the console":                {page("/jobs/", "token"), 200, "the console"},
		"the console for anybody":    {page("/jobs/", ""), 303, ""},
		"the console with old token": {page("/jobs/", "old"), 303, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			h.ServeHTTP(w, tt.request)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.has) {
				t.Errorf("status %d, want %d with %q: %s", w.Code, tt.status, tt.has, w.Body)
			}
			signed := strings.Contains(w.Header().Get("Set-Cookie"), "token")
			if signed != (name == "signed in") {
				t.Errorf("cookie: %q", w.Header().Get("Set-Cookie"))
			}
		})
	}
}

func TestStaffCookie(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		proto, old, want string
	}{
		"plain":                {"", "", "lyceum_staff=token; "},
		"over TLS":             {"https", "", "__Host-lyceum_staff=token; Secure"},
		"with an earlier one":  {"", "lyceum_staff=old", "lyceum_staff=token; "},
		"TLS, planted without": {"https", "lyceum_staff=planted", "__Host-lyceum_staff=token; Secure"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ended []string
			h := staffWith(t, func(_ context.Context, token string) error {
				ended = append(ended, token)
				return nil
			})
			body := url.Values{"email": {"ops@example.com"}, "password": {"right"}}.Encode()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sign-in", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("X-Forwarded-Proto", tt.proto)
			r.Header.Set("Cookie", tt.old)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			cookie := w.Header().Get("Set-Cookie")
			value, attribute, _ := strings.Cut(tt.want, " ")
			for _, part := range []string{attribute, "HttpOnly", "SameSite=Strict", "Path=/"} {
				if !strings.HasPrefix(cookie, value) || !strings.Contains(cookie, part) || strings.Contains(cookie, "Domain") {
					t.Errorf("%q, want %q with %q", cookie, value, part)
				}
			}
			if attribute == "" && strings.Contains(cookie, "Secure") {
				t.Errorf("a browser would not send %q back over plain HTTP", cookie)
			}
			if w.Header().Get("Location") != "/jobs/" {
				t.Errorf("leads to %q", w.Header().Get("Location"))
			}
			if got := strings.Join(ended, " "); (got == "old") != (tt.old == "lyceum_staff=old") {
				t.Errorf("ended %q after %q", got, tt.old)
			}
		})
	}
}

func TestStaffSignOut(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		site, cookie string
		err          error
		status       int
		ended        string
	}{
		"signed in":      {"same-origin", "lyceum_staff=token", nil, 303, "token"},
		"not signed in":  {"same-origin", "", nil, 303, ""},
		"from elsewhere": {"cross-site", "lyceum_staff=token", nil, 403, ""},
		"database down":  {"same-origin", "lyceum_staff=token", errors.New("secret of the database"), 500, "token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := ""
			h := staffWith(t, func(_ context.Context, token string) error {
				ended = token
				return tt.err
			})
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sign-out", http.NoBody)
			r.Header.Set("Sec-Fetch-Site", tt.site)
			r.Header.Set("Cookie", tt.cookie)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status || ended != tt.ended || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("status %d, want %d; ended %q, want %q: %s", w.Code, tt.status, ended, tt.ended, w.Body)
			}
			forgotten := strings.Contains(w.Header().Get("Set-Cookie"), "Expires=Thu, 01 Jan 1970")
			if forgotten != (tt.status == 303) {
				t.Errorf("cookie: %q", w.Header().Get("Set-Cookie"))
			}
		})
	}
}

func TestPageOfALimitedReader(t *testing.T) {
	t.Parallel()
	h := open(t, func(p *web.Pages) {
		p.Certificate = func(context.Context, string) (*web.Certificate, error) {
			return nil, fault.New(fault.RateLimited, "Too many tries.").After(1500 * time.Millisecond)
		}
	})
	w := get(t, h, "/verify/any")
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "2" || !strings.Contains(w.Body.String(), "Too many tries.") {
		t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
	}
}

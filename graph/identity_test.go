package graph

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

const testPassword = "correct horse battery"

// generous lets everybody try.
type generous struct{}

func (generous) SignIn(context.Context, uuid.UUID, string, string) error { return nil }

// Try implements Guesses.
func (generous) Try(context.Context, uuid.UUID, Secret, string) error { return nil }

// strict lets nobody try.
type strict struct{ tried []string }

// Try implements Guesses.
func (s *strict) Try(_ context.Context, tenant uuid.UUID, secret Secret, network string) error {
	s.tried = append(s.tried, tenant.String()+" "+string(secret)+" "+network)
	return fault.New(fault.RateLimited, "Wait.").After(time.Second)
}

type doors struct {
	*pgtest.Database

	acme, globex pgtest.Tenant
	identity     Identity
	// tokens of sessions of the learners, and of a key of acme's admin
	acmeToken, globexToken, key string
}

func newDoors(t *testing.T) doors {
	t.Helper()
	d := doors{Database: pgtest.New(t)}
	d.acme, d.globex = pgtest.NewTenant(t, d.Database, "acme"), pgtest.NewTenant(t, d.Database, "globex")
	sessions := &tenancy.Service{
		DB: d.DB, Hasher: auth.NewHasherWith(0, time.Minute), Limiter: generous{}, Idle: time.Hour, Absolute: time.Hour,
	}
	d.identity = Identity{
		Directory: tenancy.NewDirectory(d.DB, "localhost", "acme"), Tenancy: sessions, Guesses: generous{},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
		Log:            slog.New(slog.DiscardHandler),
	}
	hash, err := sessions.Hasher.Hash(t.Context(), testPassword)
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(tenant pgtest.Tenant, name string) *tenancy.Opened {
		d.User.Update().SetPasswordHash(hash).ExecX(tenant.System(t.Context()))
		opened, err := sessions.SignIn(t.Context(), tenant.ID, name+"@"+tenant.Slug+".example", testPassword, tenancy.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		return opened
	}
	d.acmeToken, d.globexToken = signIn(d.acme, "learner").Token, signIn(d.globex, "learner").Token
	admin := viewer.With(t.Context(), signIn(d.acme, "admin").ViewerOf())
	_, d.key, err = sessions.CreateKey(admin, tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// knock sends a request through the middleware and returns the answer, and the context behind the door.
func (d doors) knock(t *testing.T, host string, header http.Header) (*httptest.ResponseRecorder, context.Context) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql", http.NoBody)
	request.Host, request.RemoteAddr = host, "10.1.2.3:4567"
	maps.Copy(request.Header, header)
	var behind *http.Request
	answer := httptest.NewRecorder()
	d.identity.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { behind = r })).ServeHTTP(answer, request)
	if behind == nil {
		return answer, nil
	}
	return answer, behind.Context()
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// TestDoors opens for the right token at the right host and for nobody else.
func TestDoors(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	for name, tt := range map[string]struct {
		host   string
		header http.Header
		status int
		tenant uuid.UUID
		role   viewer.Role
	}{
		"visitor of acme":            {"acme.localhost", nil, 200, d.acme.ID, viewer.Anonymous},
		"visitor of globex":          {"globex.localhost:8080", nil, 200, d.globex.ID, viewer.Anonymous},
		"visitor of nobody's":        {"127.0.0.1:8080", nil, 200, d.acme.ID, viewer.Anonymous},
		"session at home":            {"acme.localhost", bearer(d.acmeToken), 200, d.acme.ID, viewer.Learner},
		"scheme in capitals":         {"acme.localhost", http.Header{"Authorization": {"BEARER   " + d.acmeToken}}, 200, d.acme.ID, viewer.Learner},
		"key at home":                {"acme.localhost", bearer(d.key), 200, d.acme.ID, viewer.TenantAdmin},
		"token decides":              {"localhost", bearer(d.globexToken), 200, d.globex.ID, viewer.Learner},
		"globex's session at acme's": {"acme.localhost", bearer(d.globexToken), 401, uuid.Nil, ""},
		"acme's key at globex's":     {"globex.localhost", bearer(d.key), 401, uuid.Nil, ""},
		"no token":                   {"acme.localhost", bearer(""), 401, uuid.Nil, ""},
		"nonsense":                   {"acme.localhost", bearer("nonsense"), 401, uuid.Nil, ""},
		"basic":                      {"acme.localhost", http.Header{"Authorization": {"Basic YTpi"}}, 401, uuid.Nil, ""},
		"the token alone":            {"acme.localhost", http.Header{"Authorization": {d.acmeToken}}, 401, uuid.Nil, ""},
		"unknown tenant":             {"initech.localhost", bearer(d.acmeToken), 404, uuid.Nil, ""},
		"unknown host":               {"evil.example", bearer(d.acmeToken), 404, uuid.Nil, ""},
		"no host":                    {"", nil, 404, uuid.Nil, ""},
	} {
		answer, inside := d.knock(t, tt.host, tt.header)
		if answer.Code != tt.status || (inside != nil) != (tt.status == http.StatusOK) {
			t.Errorf("%s: status %d, want %d", name, answer.Code, tt.status)
			continue
		}
		if inside == nil {
			continue
		}
		v, ok := viewer.From(inside)
		if !ok || v.Tenant != tt.tenant || v.Role != tt.role {
			t.Errorf("%s: viewer %+v, want %s of %s", name, v, tt.role, tt.tenant)
		}
		if r := requestOf(inside); r.TenantNamed != strings.HasSuffix(strings.TrimSuffix(tt.host, ":8080"), ".localhost") {
			t.Errorf("%s: request %+v", name, r)
		}
	}
}

// TestRefusalsLookAlike: a token of another tenant and one that was never given cannot be told apart.
func TestRefusalsLookAlike(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	never, _ := auth.NewToken(auth.PrefixSession, d.acme.ID)
	foreign, _ := d.knock(t, "acme.localhost", bearer(d.globexToken))
	unknown, _ := d.knock(t, "acme.localhost", bearer(never))
	if foreign.Body.String() != unknown.Body.String() || foreign.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("foreign %s, unknown %s", foreign.Body.String(), unknown.Body.String())
	}
	var body struct {
		Errors []struct {
			Message    string `json:"message"`
			Extensions struct {
				Code fault.Code `json:"code"`
			} `json:"extensions"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(unknown.Body.Bytes(), &body); err != nil || len(body.Errors) != 1 || body.Errors[0].Extensions.Code != fault.Unauthenticated {
		t.Errorf("a client cannot read %s (%v)", unknown.Body.String(), err)
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	identity := Identity{Log: slog.New(slog.DiscardHandler)}
	for name, tt := range map[string]struct {
		err    error
		status int
		retry  string
	}{
		"busy":     {fault.New(fault.Unavailable, "Come back.").After(1500 * time.Millisecond), 503, "2"},
		"our own":  {errors.New("secret of the database"), 500, ""},
		"no token": {fault.New(fault.Unauthenticated, "Sign in."), 401, ""},
		"limited":  {fault.New(fault.RateLimited, "Wait.").After(time.Second), 429, "1"},
		"no place": {fault.New(fault.NotFound, "Nothing here."), 404, ""},
	} {
		answer := httptest.NewRecorder()
		identity.refuse(t.Context(), answer, tt.err)
		if answer.Code != tt.status || answer.Header().Get("Retry-After") != tt.retry || strings.Contains(answer.Body.String(), "secret") {
			t.Errorf("%s: %d, retry after %q: %s", name, answer.Code, answer.Header().Get("Retry-After"), answer.Body.String())
		}
	}
}

func TestClientIP(t *testing.T) {
	t.Parallel()
	identity := Identity{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for name, tt := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"direct":                        {"192.0.2.1:1", nil, "192.0.2.1"},
		"direct, with a claim":          {"192.0.2.1:1", []string{"198.51.100.9"}, "192.0.2.1"},
		"behind a proxy":                {"10.0.0.1:1", []string{"198.51.100.9"}, "198.51.100.9"},
		"behind two proxies":            {"10.0.0.1:1", []string{"198.51.100.9, 10.0.0.2"}, "198.51.100.9"},
		"behind a proxy, with a claim":  {"10.0.0.1:1", []string{"1.1.1.1, 198.51.100.9"}, "198.51.100.9"},
		"a line of the proxy's own":     {"10.0.0.1:1", []string{"1.1.1.1", "198.51.100.9"}, "198.51.100.9"},
		"behind a proxy of IPv6":        {"[fd00::1]:1", []string{"2001:db8::9"}, "2001:db8::9"},
		"mapped into IPv6":              {"[::ffff:10.0.0.1]:1", []string{"198.51.100.9"}, "198.51.100.9"},
		"the proxy says nothing":        {"10.0.0.1:1", nil, "10.0.0.1"},
		"the proxy says nonsense":       {"10.0.0.1:1", []string{"nonsense"}, "10.0.0.1"},
		"nonsense further away":         {"10.0.0.1:1", []string{"nonsense, 198.51.100.9"}, "198.51.100.9"},
		"nothing but proxies":           {"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"a huge claim":                  {"10.0.0.1:1", []string{strings.Repeat("10.0.0.2,", 10_000) + "198.51.100.9"}, "198.51.100.9"},
		"an address that is not one":    {"@", nil, "@"},
		"a claim of where nobody knows": {"@", []string{"198.51.100.9"}, "@"},
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		request.RemoteAddr, request.Header["X-Forwarded-For"] = tt.remote, tt.forwarded
		if got := identity.clientIP(request); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// TestTokensAreCounted sends tokens that open nothing: each is counted, and none that is good.
func TestTokensAreCounted(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	counted := &strict{}
	d.identity.Guesses = counted
	handler := d.identity.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for name, tt := range map[string]struct {
		authorization string
		status, tries int
	}{
		"none":              {"", 204, 0},
		"good":              {"Bearer " + d.acmeToken, 204, 0},
		"a key":             {"Bearer " + d.key, 204, 0},
		"nonsense":          {"Bearer nonsense", 429, 1},
		"of another tenant": {"Bearer " + d.globexToken, 429, 1},
		"another scheme":    {"Basic bm8=", 429, 1},
	} {
		counted.tried = nil
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", http.NoBody)
		r.Host, r.RemoteAddr = "acme.localhost", "[2001:db8:1:2:3::4]:1234"
		r.Header.Set("Authorization", tt.authorization)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != tt.status || len(counted.tried) != tt.tries {
			t.Errorf("%s: status %d, want %d; tries %q", name, w.Code, tt.status, counted.tried)
		}
		if want := d.acme.ID.String() + " token 2001:db8:1:2::/64"; tt.tries == 1 && counted.tried[0] != want {
			t.Errorf("%s: counted as %q, want %q", name, counted.tried[0], want)
		}
		if tt.status == http.StatusTooManyRequests && !strings.Contains(w.Body.String(), `"retryAfter":1`) {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
	ctx := viewer.With(WithRequest(t.Context(), Request{TenantNamed: true}), viewer.Of(d.acme.ID))
	services := &Services{Tenancy: d.identity.Tenancy, Guesses: counted}
	if _, err := services.initSocket(ctx, map[string]any{"authorization": "Bearer nonsense"}); fault.CodeOf(err) != fault.RateLimited {
		t.Errorf("a socket: %v", err)
	}
}

// TestSockets authenticates by the payload of connection_init, within the tenant of the host.
func TestSockets(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	services := &Services{Tenancy: d.identity.Tenancy, Guesses: generous{}}
	visit := func(named bool) context.Context {
		return viewer.With(WithRequest(t.Context(), Request{TenantNamed: named}), viewer.Of(d.acme.ID))
	}
	for name, tt := range map[string]struct {
		ctx     context.Context
		payload map[string]any
		want    fault.Code
		tenant  uuid.UUID
		role    viewer.Role
	}{
		"no payload":          {visit(true), nil, "", d.acme.ID, viewer.Anonymous},
		"nothing in it":       {visit(true), map[string]any{"x": 1}, "", d.acme.ID, viewer.Anonymous},
		"not a text":          {visit(true), map[string]any{"authorization": 7}, "", d.acme.ID, viewer.Anonymous},
		"empty":               {visit(true), map[string]any{"authorization": ""}, "", d.acme.ID, viewer.Anonymous},
		"token":               {visit(true), map[string]any{"authorization": "Bearer " + d.acmeToken}, "", d.acme.ID, viewer.Learner},
		"in capitals":         {visit(true), map[string]any{"Authorization": "bearer " + d.acmeToken}, "", d.acme.ID, viewer.Learner},
		"of another tenant":   {visit(true), map[string]any{"authorization": "Bearer " + d.globexToken}, fault.Unauthenticated, uuid.Nil, ""},
		"where it decides":    {visit(false), map[string]any{"authorization": "Bearer " + d.globexToken}, "", d.globex.ID, viewer.Learner},
		"nonsense":            {visit(true), map[string]any{"authorization": "Bearer nonsense"}, fault.Unauthenticated, uuid.Nil, ""},
		"another way to sign": {visit(true), map[string]any{"authorization": "Basic x"}, fault.Unauthenticated, uuid.Nil, ""},
	} {
		ctx, err := services.initSocket(tt.ctx, tt.payload)
		if fault.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if err != nil {
			continue
		}
		if v, _ := viewer.From(ctx); v.Tenant != tt.tenant || v.Role != tt.role {
			t.Errorf("%s: %+v, want %s of %s", name, v, tt.role, tt.tenant)
		}
	}
}

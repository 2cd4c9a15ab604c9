package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"lyceum/internal/platform/cache/cachetest"
)

// friend is the only foreign origin that is allowed.
const friend = "https://app.example.org"

// strangers are origins that only look like ours or the friend's.
func strangers() map[string]string {
	return map[string]string{
		"the friend without TLS":        "http://app.example.org",
		"another port of the friend":    "https://app.example.org:8443",
		"below the friend":              "https://evil.app.example.org",
		"above the friend":              "https://example.org",
		"the friend as a prefix":        "https://app.example.org.evil.example",
		"the friend as a suffix":        "https://evil-app.example.org",
		"the friend as a user":          "https://app.example.org@evil.example",
		"the friend, and somebody else": "https://app.example.org https://evil.example",
		"us as a prefix":                "http://acme.localhost.evil.example",
		"us as a prefix, with our port": "http://acme.localhost.evil.example:8080",
		"another port of ours":          "http://acme.localhost:9090",
		"ours without its port":         "http://acme.localhost",
		"another tenant":                "http://globex.localhost:8080",
		"the domain above all tenants":  "http://localhost:8080",
		"a sandboxed page":              "null",
		"a file":                        "file://",
		"an extension":                  "chrome-extension://abcdefgh",
		"everybody":                     "*",
		"nonsense":                      "::::",
	}
}

// ownOrigin is where acme's own pages come from.
const ownOrigin = "http://acme.localhost:8080"

func newBrowserEdge(t *testing.T) *edge {
	t.Helper()
	return newEdge(t, "LYCEUM_HTTP_ALLOWED_ORIGINS="+friend)
}

// TestAttackCORS asks from other origins' pages: only the friend's may read the answers, and nobody's with cookies.
func TestAttackCORS(t *testing.T) {
	t.Parallel()
	e := newBrowserEdge(t)
	requests := map[string]edgeRequest{
		"a query":          {body: `{"query":"{viewer{role}}"}`},
		"an error":         {body: `{"query":"{unheard}"}`},
		"a token of none":  {body: `{"query":"{viewer{role}}"}`, token: "lys_none"},
		"a host of nobody": {body: `{"query":"{viewer{role}}"}`, host: "initech.localhost"},
		"a question first": {method: http.MethodOptions, header: map[string]string{
			"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type", "Content-Type": "",
		}},
	}
	ask := func(r edgeRequest, origin string) *edgeReply {
		r.header = with(r.header, "Origin", origin)
		return e.ask(t, r)
	}
	for what, r := range requests {
		for who, origin := range strangers() {
			reply := ask(r, origin)
			for name := range reply.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s, %s (%s): %s is %q", what, who, origin, name, reply.header.Get(name))
				}
			}
			if !strings.Contains(strings.Join(reply.header.Values("Vary"), ","), "Origin") {
				t.Errorf("%s, %s: a cache may give the answer to others: Vary is %q", what, who, reply.header.Values("Vary"))
			}
		}
		reply := ask(r, friend)
		if got := reply.header.Get("Access-Control-Allow-Origin"); got != friend || reply.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s, the friend: %v", what, reply.header)
		}
		if exposed := reply.header.Get("Access-Control-Expose-Headers"); !mentions(exposed, "X-Request-Id", "Retry-After", "Idempotency-Replayed") {
			t.Errorf("%s: the friend may read %q", what, exposed)
		}
	}
	reply := ask(requests["a question first"], friend)
	if allowed := reply.header.Get("Access-Control-Allow-Headers"); reply.status != http.StatusNoContent ||
		!mentions(allowed, "Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "X-Request-Id") || strings.Contains(allowed, "*") {
		t.Errorf("status %d; the friend may send %q", reply.status, allowed)
	}
	if methods := reply.header.Get("Access-Control-Allow-Methods"); methods != "GET, HEAD, POST" {
		t.Errorf("the friend may use %q", methods)
	}
	for _, path := range []string{"/", "/graphiql", "/verify/x", "/schema.graphql", "/readyz"} {
		if got := ask(edgeRequest{method: http.MethodGet, path: path}, friend).header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s may be read by %q", path, got)
		}
	}
}

// mentions reports whether a list of header names holds all of the names.
func mentions(list string, names ...string) bool {
	for _, name := range names {
		if !strings.Contains(","+strings.ReplaceAll(list, " ", "")+",", ","+name+",") {
			return false
		}
	}
	return true
}

// TestAttackSocketOrigins opens sockets from other origins' pages.
func TestAttackSocketOrigins(t *testing.T) {
	t.Parallel()
	e := newBrowserEdge(t)
	dial := func(origin string) int {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, response, err := websocket.Dial(t.Context(), e.server.URL+"/graphql", &websocket.DialOptions{
			Subprotocols: []string{"graphql-transport-ws"}, Host: "acme.localhost:8080", HTTPHeader: header,
		})
		if err == nil {
			_ = conn.CloseNow()
		}
		if response == nil {
			t.Fatal(err)
		}
		return response.StatusCode
	}
	for who, origin := range strangers() {
		if status := dial(origin); status != http.StatusForbidden {
			t.Errorf("%s (%s): status %d, want 403", who, origin, status)
		}
	}
	for who, origin := range map[string]string{"a program": "", "our own page": ownOrigin, "the friend": friend} {
		if status := dial(origin); status != http.StatusSwitchingProtocols {
			t.Errorf("%s: status %d", who, status)
		}
	}
}

// TestAttackForgedRequests sends what another site's page can make a browser send: with cookies, and without a header
// that the browser would ask for first.
func TestAttackForgedRequests(t *testing.T) {
	t.Parallel()
	e := newBrowserEdge(t)
	token := e.token(t, "acme", "admin")
	const change = `mutation{saveCategory(input:{slug:"forged",name:"Forged"}){category{slug}}}`
	cookies := "token=" + token + "; session=" + token + "; lyceum_staff=" + token + "; Authorization=Bearer " + token
	forged := func(method, query string, header map[string]string) edgeRequest {
		r := edgeRequest{method: method, body: `{"query":"` + query + `"}`, header: with(header, "Cookie", cookies)}
		r.header["Accept"] = "application/graphql-response+json"
		if method == http.MethodGet {
			r.path, r.body = "/graphql?query="+url.QueryEscape(query), ""
			r.header["Content-Type"] = ""
		}
		return r
	}
	for name, tt := range map[string]struct {
		request edgeRequest
		status  int
	}{
		"a form":                         {forged("POST", change, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}), 415},
		"a form of several parts":        {forged("POST", change, map[string]string{"Content-Type": "multipart/form-data; boundary=x"}), 415},
		"a form of plain text":           {forged("POST", change, map[string]string{"Content-Type": "text/plain"}), 415},
		"a beacon without a type":        {forged("POST", change, map[string]string{"Content-Type": ""}), 415},
		"an image":                       {forged("GET", "{viewer{role}}", map[string]string{"Sec-Fetch-Site": "cross-site"}), 403},
		"an image of another tenant":     {forged("GET", "{viewer{role}}", map[string]string{"Sec-Fetch-Site": "same-site"}), 403},
		"an image in an old browser":     {forged("GET", "{viewer{role}}", nil), 403},
		"an image that changes":          {forged("GET", change, map[string]string{"Sec-Fetch-Site": "same-origin"}), 405},
		"a page of ours":                 {forged("GET", "{viewer{role}}", map[string]string{"Sec-Fetch-Site": "same-origin"}), 200},
		"a typed address":                {forged("GET", "{viewer{role}}", map[string]string{"Sec-Fetch-Site": "none"}), 200},
		"a client of ours":               {forged("GET", "{viewer{role}}", map[string]string{"GraphQL-Require-Preflight": "1"}), 200},
		"a client of Apollo's":           {forged("GET", "{viewer{role}}", map[string]string{"Apollo-Require-Preflight": "true"}), 200},
		"JSON, as only our pages get it": {forged("POST", "{viewer{role}}", map[string]string{"Origin": ownOrigin}), 200},
		"without cookies":                {edgeRequest{method: http.MethodGet, path: "/graphql?query=%7Bviewer%7Brole%7D%7D"}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := e.ask(t, tt.request)
			if reply.status != tt.status {
				t.Errorf("status %d, want %d: %s", reply.status, tt.status, reply.text)
			}
			// A token in a cookie is no token: whoever gets an answer is a visitor.
			if tt.status == http.StatusOK && !strings.Contains(reply.text, `"ANONYMOUS"`) {
				t.Errorf("a cookie signs somebody in: %s", reply.text)
			}
		})
	}
	for _, path := range []string{"/", "/graphiql", "/verify/x", "/schema.graphql", "/graphql?query=%7B__typename%7D"} {
		if reply := e.ask(t, edgeRequest{method: http.MethodGet, path: path}); reply.header.Get("Set-Cookie") != "" {
			t.Errorf("%s sets a cookie: %q", path, reply.header.Get("Set-Cookie"))
		}
	}
}

// TestAttackStaffCookies signs in on the admin listener, forges, fixes and steals its cookie, and signs out.
func TestAttackStaffCookies(t *testing.T) {
	t.Parallel()
	redis := cachetest.Start(t)
	e := newEdge(t, "REDIS_URL="+redis.URL(), "LYCEUM_REDIS_TIMEOUT=2s")
	const host, origin = "127.0.0.1:8081", "http://127.0.0.1:8081"
	send := func(t *testing.T, method, path string, header map[string]string) *http.Response {
		t.Helper()
		r := edgeRequest{method: method, path: path, host: host, header: with(header, "Content-Type", "application/x-www-form-urlencoded")}
		if path == "/sign-in" {
			r.body = url.Values{"email": {edgeStaff}, "password": {edgePassword}}.Encode()
		}
		w := httptest.NewRecorder()
		e.admin.ServeHTTP(w, r.fill(t, ""))
		return w.Result()
	}
	cookieOf := func(t *testing.T, response *http.Response) *http.Cookie {
		t.Helper()
		all := response.Cookies()
		if len(all) != 1 {
			t.Fatalf("status %d, cookies %v", response.StatusCode, all)
		}
		return all[0]
	}
	own := map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": origin}
	opens := func(t *testing.T, cookie *http.Cookie, header map[string]string) bool {
		t.Helper()
		return send(t, http.MethodGet, "/debug/pprof/", with(header, "Cookie", cookie.Name+"="+cookie.Value)).StatusCode == http.StatusOK
	}

	t.Run("from elsewhere", func(t *testing.T) {
		for name, header := range map[string]map[string]string{
			"another site":                {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
			"the public listener's pages": {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:8080"},
			"an old browser":              {"Origin": "https://evil.example"},
			"an old browser, a tenant":    {"Origin": ownOrigin},
			"a sandboxed page":            {"Origin": "null"},
		} {
			for _, path := range []string{"/sign-in", "/sign-out", "/jobs/api/jobs/cancel", "/debug/pprof/"} {
				if response := send(t, http.MethodPost, path, header); response.StatusCode != http.StatusForbidden || len(response.Cookies()) > 0 {
					t.Errorf("%s to %s: status %d", name, path, response.StatusCode)
				}
			}
		}
	})
	t.Run("its attributes", func(t *testing.T) {
		for proto, name := range map[string]string{"": "lyceum_staff", "https": "__Host-lyceum_staff"} {
			cookie := cookieOf(t, send(t, http.MethodPost, "/sign-in", with(own, "X-Forwarded-Proto", proto)))
			if cookie.Name != name || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Secure != (proto == "https") ||
				cookie.Path != "/" || cookie.Domain != "" {
				t.Errorf("over %q: %s", proto, cookie)
			}
			if !opens(t, cookie, map[string]string{"X-Forwarded-Proto": proto}) {
				t.Errorf("over %q it opens nothing", proto)
			}
			if proto == "https" && opens(t, &http.Cookie{Name: "lyceum_staff", Value: cookie.Value}, map[string]string{"X-Forwarded-Proto": proto}) {
				t.Error("over TLS a cookie is believed that any other host could have set")
			}
		}
	})
	t.Run("fixed, rotated, ended", func(t *testing.T) {
		first := cookieOf(t, send(t, http.MethodPost, "/sign-in", with(own, "Cookie", "lyceum_staff=lyp_chosen-by-somebody-else")))
		if strings.Contains(first.Value, "chosen") || !opens(t, first, nil) {
			t.Fatalf("the session is %q", first.Value)
		}
		second := cookieOf(t, send(t, http.MethodPost, "/sign-in", with(own, "Cookie", first.Name+"="+first.Value)))
		if second.Value == first.Value || opens(t, first, nil) || !opens(t, second, nil) {
			t.Errorf("signing in again leaves the first session open (%t), or opens none (%t)", opens(t, first, nil), !opens(t, second, nil))
		}
		gone := cookieOf(t, send(t, http.MethodPost, "/sign-out", with(own, "Cookie", second.Name+"="+second.Value)))
		if gone.Value != "" || gone.MaxAge >= 0 && gone.Expires.Year() != 1970 {
			t.Errorf("the browser keeps %s", gone)
		}
		if opens(t, second, nil) {
			t.Error("a stolen cookie outlives the end of its session")
		}
	})
	t.Run("somebody else's", func(t *testing.T) {
		for name, value := range map[string]string{
			"a tenant admin's": e.token(t, "acme", "admin"), "nonsense": "lyp_x", "nothing": "",
		} {
			if opens(t, &http.Cookie{Name: "lyceum_staff", Value: value}, nil) {
				t.Errorf("%s token opens the profiles", name)
			}
		}
	})
}

// TestAttackEndedSessions ends sessions of people: their tokens open nothing any more, and a new one is new.
func TestAttackEndedSessions(t *testing.T) {
	t.Parallel()
	e := newBrowserEdge(t)
	role := func(token string) string {
		return e.ask(t, edgeRequest{token: token, body: `{"query":"{viewer{role}}"}`}).text
	}
	run := func(token, mutation string) string {
		return e.ask(t, edgeRequest{token: token, body: fmt.Sprintf(`{"query":%q}`, mutation)}).text
	}
	first, second := e.token(t, "acme", "learner"), e.token(t, "acme", "learner")
	if first == second {
		t.Fatal("two sessions have one token")
	}
	_, rest, _ := strings.Cut(run(first, `mutation{rotateSession{token}}`), `"token":"`)
	rotated, _, _ := strings.Cut(rest, `"`)
	if rotated == first || !strings.Contains(role(rotated), "LEARNER") || !strings.Contains(role(first), "UNAUTHENTICATED") {
		t.Errorf("after rotation the old token says %s, the new one %s", role(first), role(rotated))
	}
	if answer := run(rotated, `mutation{signOut{signedOut}}`); !strings.Contains(answer, "true") || !strings.Contains(role(rotated), "UNAUTHENTICATED") {
		t.Errorf("after signing out: %s, and then %s", answer, role(rotated))
	}
	if !strings.Contains(role(second), "LEARNER") {
		t.Errorf("the other session ended, too: %s", role(second))
	}
}

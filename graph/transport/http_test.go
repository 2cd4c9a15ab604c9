package transport_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lyceum/graph/transport"
	"lyceum/internal/fault"
)

const (
	graphqlJSON = "application/graphql-response+json; charset=utf-8"
	plainJSON   = "application/json; charset=utf-8"
	events      = "text/event-stream; charset=utf-8"
	// What urql sends with every request.
	urql = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)

func TestAccept(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	const query, wrong, subscription = `{hello}`, `{nothing}`, `subscription{count(to:1)}`
	tests := []struct {
		accept, document string
		status           int
		media            string
	}{
		{"", query, 200, plainJSON},
		{"*/*", query, 200, plainJSON},
		{"application/*", query, 200, plainJSON},
		{"application/json", query, 200, plainJSON},
		{"APPLICATION/JSON", query, 200, plainJSON},
		{"application/json; charset=utf-8", query, 200, plainJSON},
		{"application/graphql-response+json; charset=UTF-8", query, 200, graphqlJSON},
		{"application/graphql-response+json, application/json;q=0.9", query, 200, graphqlJSON},
		{"application/json, application/graphql-response+json", query, 200, plainJSON},
		{"application/json;q=0.5, application/graphql-response+json", query, 200, graphqlJSON},
		{"application/json;q=0, */*", query, 200, plainJSON},
		{"text/html, application/json", query, 200, plainJSON},
		{urql, query, 200, graphqlJSON},
		{"text/event-stream", query, 200, events},
		{"text/html, text/event-stream", query, 200, events},
		{"text/html", query, 406, plainJSON},
		{"application/json; charset=latin1", query, 406, plainJSON},
		{"application/json;q=2", query, 406, plainJSON},
		{"application/json;q=0", query, 406, plainJSON},
		{";;;", query, 406, plainJSON},

		{"", wrong, 200, plainJSON},
		{"application/json", wrong, 200, plainJSON},
		{"application/graphql-response+json", wrong, 400, graphqlJSON},
		{urql, wrong, 400, graphqlJSON},
		{"text/event-stream", wrong, 200, events},

		{"", subscription, 406, plainJSON},
		{"*/*", subscription, 406, plainJSON},
		{"application/graphql-response+json", subscription, 406, graphqlJSON},
		{"text/event-stream", subscription, 200, events},
		{"text/event-stream;q=0, application/json", subscription, 406, plainJSON},
		{"application/json, text/event-stream", subscription, 200, events},
		{urql, subscription, 200, events},
	}
	for _, tt := range tests {
		t.Run(tt.accept+" "+tt.document, func(t *testing.T) {
			t.Parallel()
			got := s.ask(t, tt.document, "Accept", tt.accept)
			if got.status != tt.status || got.header.Get("Content-Type") != tt.media {
				t.Errorf("%d %s, want %d %s (%s)", got.status, got.header.Get("Content-Type"), tt.status, tt.media, got.body)
			}
			if got.header.Get("Vary") != "Accept" || got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", got.header)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	const cost = `,"extensions":{"cost":{"requested":1,"maximum":20000}}}`
	tests := map[string]string{
		`{"query":"{hello}"}`:     `{"data":{"hello":"hello world"}` + cost,
		`{"query":"{raw hello}"}`: `{"data":{"raw":"a"  ,"hello":"hello world"}` + cost,
		`{"query":"query A{hello} query B{hello(name:\"b\")}","operationName":"B"}`:   `{"data":{"hello":"hello b"}` + cost,
		`{"query":"query($n:String){hello(name:$n)}","variables":{"n":"n"}}`:          `{"data":{"hello":"hello n"}` + cost,
		`{"query":"{hello}","variables":null,"operationName":null,"extensions":null}`: `{"data":{"hello":"hello world"}` + cost,
		`{"query":"{hello}","variables":{},"something":[1,{"else":true}]}`:            `{"data":{"hello":"hello world"}` + cost,
		" \n{\"query\":\"{hello}\"}\n ":                                               `{"data":{"hello":"hello world"}` + cost,
	}
	for body, want := range tests {
		got := s.post(t, body)
		if got.status != 200 || got.body != want {
			t.Errorf("%s: %d %s, want %s", body, got.status, got.body, want)
		}
	}
}

func TestFieldErrors(t *testing.T) {
	t.Parallel()
	s := serve(t, options{http: transport.HTTP{Timeout: 10 * time.Millisecond}})
	for query, code := range map[string]string{`{fail}`: "INTERNAL", `{slow}`: "UNAVAILABLE"} {
		got := s.ask(t, query, "Accept", "application/graphql-response+json")
		if got.status != 200 || got.code(t) != code || !strings.Contains(got.body, `"data":{`) || strings.Contains(got.body, secret) {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	got := s.ask(t, `{boom}`)
	if got.status != 500 || got.code(t) != "INTERNAL" || strings.Contains(got.body, secret) || got.header.Get("Content-Type") != plainJSON {
		t.Errorf("a panic: %d %s", got.status, got.body)
	}
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	s := serve(t, options{http: transport.HTTP{MaxRequest: 4096}})
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	tests := map[string]string{
		"nothing":              ``,
		"not JSON":             secret,
		"cut short":            `{"query":"{hello}","x":"hunter2`,
		"unquoted":             `{query:"hunter2"}`,
		"trailing comma":       `{"query":"{hello}",}`,
		"trailing data":        `{"query":"{hello}"}{"hunter2":1}`,
		"trailing bracket":     `{"query":"{hello}"}]`,
		"a batch":              `[{"query":"{hello}"},{"query":"mutation{bump}"}]`,
		"an empty batch":       `[]`,
		"a string":             `"hunter2"`,
		"null":                 `null`,
		"a number":             `7`,
		"a comment":            `{"query":"{hello}"} // hunter2`,
		"a key twice":          `{"query":"{hello}","query":"mutation{bump}"}`,
		"a key twice, escaped": `{"query":"{hello}","\u0071uery":"mutation{bump}"}`,
		"a variable twice":     `{"query":"{hello}","variables":{"a":1,"a":"hunter2"}}`,
		"deep":                 `{"query":"{hello}","variables":{"x":` + deep + `}}`,
		"not UTF-8":            "{\"query\":\"{hello(name:\\\"\xff\\\")}\"}",
		"UTF-16":               "\xff\xfe{\x00}\x00",
		"a byte order mark":    "\ufeff{\"query\":\"{hello}\"}",
		"no query":             `{"variables":{"password":"hunter2"}}`,
		"an empty query":       `{"query":""}`,
		"a null query":         `{"query":null}`,
		"query an object":      `{"query":{"hunter2":1}}`,
		"operationName a list": `{"query":"{hello}","operationName":["hunter2"]}`,
		"variables a string":   `{"query":"{hello}","variables":"hunter2"}`,
		"variables a list":     `{"query":"{hello}","variables":["hunter2"]}`,
		"extensions a number":  `{"query":"{hello}","extensions":7}`,
		"documentId a number":  `{"documentId":7}`,
		"persistedQuery text":  `{"extensions":{"persistedQuery":"hunter2"}}`,
		"persistedQuery empty": `{"extensions":{"persistedQuery":{}}}`,
		"sha256Hash a number":  `{"extensions":{"persistedQuery":{"sha256Hash":7}}}`,
		"a long document id":   `{"documentId":"` + strings.Repeat("x", 257) + `"}`,
		"a long last event":    `{"query":"{hello}","extensions":{"lastEventId":"` + strings.Repeat("x", 257) + `"}}`,
		"last event a number":  `{"query":"{hello}","extensions":{"lastEventId":7}}`,
		"a form":               `query=%7Bhello%7D`,
		"NUL":                  "\x00",
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, accept := range []string{"application/json", "application/graphql-response+json", "text/event-stream"} {
				got := s.post(t, body, "Accept", accept)
				if accept == "text/event-stream" && got.status == 200 && strings.Contains(got.body, "BAD_REQUEST") {
					continue // it was found out by GraphQL, after the form of the answer was settled
				}
				if got.status != http.StatusBadRequest || got.code(t) != transport.CodeBadRequest {
					t.Errorf("%s: %d %s", accept, got.status, got.body)
				}
				if strings.Contains(got.body, secret) || strings.Contains(got.body, `"data"`) {
					t.Errorf("%s: %s", accept, got.body)
				}
			}
			if s.bumps.Load() != 0 {
				t.Error("the mutation ran")
			}
		})
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	for contentType, want := range map[string]int{
		"application/json":                       200,
		"application/json; charset=utf-8":        200,
		"Application/JSON;charset=UTF-8":         200,
		"application/json; charset=utf-16":       415,
		"":                                       415,
		"text/plain":                             415,
		"application/x-www-form-urlencoded":      415,
		"multipart/form-data; boundary=x":        415,
		"application/graphql":                    415,
		"application/graphql-response+json":      415,
		"application/json, text/plain":           415,
		"text/plain; application/json":           415,
		"application/json; charset=utf-8; x=\"y": 415,
	} {
		r := request(t, http.MethodPost, s.URL, strings.NewReader(`{"query":"{hello}"}`), "Content-Type", contentType)
		got := do(t, r)
		if got.status != want || (want == 415) != (got.code(t) == transport.CodeMediaType) {
			t.Errorf("%q: %d %s, want %d", contentType, got.status, got.body, want)
		}
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, `{"query":"{hello}"}`); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got := s.post(t, packed.String(), "Content-Encoding", "gzip")
	if got.status != 415 || got.code(t) != transport.CodeMediaType {
		t.Errorf("gzip: %d %s", got.status, got.body)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	s := serve(t, options{http: transport.HTTP{MaxRequest: 100}})
	body := func(n int) string {
		base := `{"query":"{hello}","x":""}`
		return strings.Replace(base, `""`, `"`+strings.Repeat("x", n-len(base))+`"`, 1)
	}
	if got := s.post(t, body(100)); got.status != 200 {
		t.Errorf("just fits: %d %s", got.status, got.body)
	}
	if got := s.post(t, body(101)); got.status != 413 || got.code(t) != transport.CodeTooLarge {
		t.Errorf("one too many: %d %s", got.status, got.body)
	}
	chunked := request(t, http.MethodPost, s.URL, io.MultiReader(strings.NewReader(body(101))), "Content-Type", "application/json")
	if got := do(t, chunked); got.status != 413 || got.code(t) != transport.CodeTooLarge {
		t.Errorf("of unknown length: %d %s", got.status, got.body)
	}
	long := request(t, http.MethodGet, s.URL+"?query={hello}&x="+strings.Repeat("x", 100), http.NoBody)
	if got := do(t, long); got.status != 413 || got.code(t) != transport.CodeTooLarge {
		t.Errorf("a query string: %d %s", got.status, got.body)
	}
}

func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := serve(t, options{http: transport.HTTP{BodyTimeout: 20 * time.Millisecond}})
	body, end := io.Pipe()
	defer func() { _ = end.Close() }()
	got := do(t, request(t, http.MethodPost, s.URL, body, "Content-Type", "application/json"))
	if got.status != http.StatusRequestTimeout || got.code(t) != transport.CodeTimeout {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestSlowBodyOfKnownLength: who announces a body and sends a part of it is answered when its time is up, and holds the
// connection no longer.
func TestSlowBodyOfKnownLength(t *testing.T) {
	t.Parallel()
	s := serve(t, options{http: transport.HTTP{BodyTimeout: 20 * time.Millisecond}})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	const head = "POST / HTTP/1.1\r\nHost: school\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	got, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer func() { _ = got.Body.Close() }()
	if got.StatusCode != http.StatusRequestTimeout {
		t.Errorf("status %d", got.StatusCode)
	}
	if _, err := io.Copy(io.Discard, answers); err != nil {
		t.Errorf("the connection stays open: %v", err)
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	escape := url.QueryEscape
	tests := map[string]struct {
		query  string
		status int
		code   string
		want   string
	}{
		"a query":             {"query=" + escape(`{hello}`), 200, "", "hello world"},
		"with variables":      {"query=" + escape(`query($n:String){hello(name:$n)}`) + "&variables=" + escape(`{"n":"you"}`), 200, "", "hello you"},
		"by name":             {"query=" + escape(`query A{hello} query B{raw}`) + "&operationName=A", 200, "", "hello world"},
		"a stored document":   {"documentId=hello", 200, "", "hello world"},
		"Apollo's hash":       {"extensions=" + escape(`{"persistedQuery":{"version":1,"sha256Hash":"c0ffee"}}`), 200, "", "hello world"},
		"empty variables":     {"query=" + escape(`{hello}`) + "&variables=", 200, "", "hello world"},
		"a mutation":          {"query=" + escape(`mutation{bump}`), 405, transport.CodeMethod, ""},
		"a subscription":      {"query=" + escape(`subscription{count(to:1)}`), 406, transport.CodeNotAcceptable, ""},
		"nothing":             {"", 400, transport.CodeBadRequest, ""},
		"a query twice":       {"query=" + escape(`{hello}`) + "&query=" + escape(`{raw}`), 400, transport.CodeBadRequest, ""},
		"variables no object": {"query=" + escape(`{hello}`) + "&variables=[1]", 400, transport.CodeBadRequest, ""},
		"variables no JSON":   {"query=" + escape(`{hello}`) + "&variables=hunter2", 400, transport.CodeBadRequest, ""},
		"malformed":           {"query=%zz", 400, transport.CodeBadRequest, ""},
		"semicolons":          {"query=" + escape(`{hello}`) + ";x=1", 400, transport.CodeBadRequest, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := do(t, request(t, http.MethodGet, s.URL+"?"+tt.query, http.NoBody))
			if got.status != tt.status || got.code(t) != tt.code || !strings.Contains(got.body, tt.want) || strings.Contains(got.body, secret) {
				t.Errorf("%d %s", got.status, got.body)
			}
			if tt.status == 405 && got.header.Get("Allow") != http.MethodPost {
				t.Errorf("Allow: %q", got.header.Get("Allow"))
			}
			if s.bumps.Load() != 0 {
				t.Error("the mutation ran")
			}
		})
	}
}

func TestForgedGet(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	tests := map[string]struct {
		headers []string
		status  int
	}{
		"no cookie":              {[]string{"Sec-Fetch-Site", "cross-site"}, 200},
		"our page":               {[]string{"Cookie", "s=1", "Sec-Fetch-Site", "same-origin"}, 200},
		"typed by the user":      {[]string{"Cookie", "s=1", "Sec-Fetch-Site", "none"}, 200},
		"another site":           {[]string{"Cookie", "s=1", "Sec-Fetch-Site", "cross-site"}, 403},
		"another tenant's page":  {[]string{"Cookie", "s=1", "Sec-Fetch-Site", "same-site"}, 403},
		"an old browser":         {[]string{"Cookie", "s=1"}, 403},
		"after a preflight":      {[]string{"Cookie", "s=1", "Sec-Fetch-Site", "cross-site", "GraphQL-Require-Preflight", "1"}, 200},
		"after Apollo's":         {[]string{"Cookie", "s=1", "Apollo-Require-Preflight", "true"}, 200},
		"without the cookie too": {nil, 200},
	}
	for name, tt := range tests {
		got := do(t, request(t, http.MethodGet, s.URL+"?query=%7Bhello%7D", http.NoBody, tt.headers...))
		if got.status != tt.status && (tt.status != 403 || got.code(t) != "FORBIDDEN") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	for method, want := range map[string]int{
		http.MethodPut: 405, http.MethodDelete: 405, http.MethodPatch: 405, "BREW": 405, http.MethodOptions: 204,
	} {
		got := do(t, request(t, method, s.URL+"?query=%7Bhello%7D", http.NoBody))
		if got.status != want || got.header.Get("Allow") != "GET, HEAD, POST, OPTIONS" {
			t.Errorf("%s: %d %v", method, got.status, got.header)
		}
	}
}

func TestPersisted(t *testing.T) {
	t.Parallel()
	free := serve(t, options{})
	bound := serve(t, options{only: func(context.Context) bool { return true }})
	const ok, missing = "", transport.CodePersistedNotFound
	apollo := func(hash, more string) string {
		return `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}` + more + `}`
	}
	tests := map[string]struct{ body, free, bound string }{
		"by id":                   {`{"documentId":"hello"}`, ok, ok},
		"by prefixed hash":        {`{"documentId":"sha256:c0ffee"}`, ok, ok},
		"with variables":          {`{"documentId":"hello","variables":{"name":"x"}}`, ok, ok},
		"by Apollo's hash":        {apollo("c0ffee", ""), ok, ok},
		"unknown":                 {`{"documentId":"nothing"}`, missing, missing},
		"unknown to Apollo":       {apollo("dead", ""), missing, missing},
		"Apollo's second attempt": {apollo("dead", `,"query":"{raw}"`), ok, missing},
		"a text":                  {`{"query":"{hello}"}`, ok, "FORBIDDEN"},
		"the text and its id":     {`{"documentId":"hello","query":"` + `query Hello($name: String) { hello(name: $name) }` + `"}`, ok, ok},
		"another text":            {`{"documentId":"hello","query":"{raw}"}`, ok, transport.CodeBadRequest},
	}
	for name, tt := range tests {
		if got := free.post(t, tt.body); got.code(t) != tt.free {
			t.Errorf("%s: %s, want %q", name, got.body, tt.free)
		}
		if got := bound.post(t, tt.body); got.code(t) != tt.bound {
			t.Errorf("%s, without texts: %s, want %q", name, got.body, tt.bound)
		}
	}
	if got := bound.ask(t, `{hello}`, "Accept", "application/graphql-response+json"); got.status != 403 {
		t.Errorf("a text: status %d", got.status)
	}
	if got := bound.ask(t, `{hello}`); got.status != 200 {
		t.Errorf("a text, to a client of application/json: status %d", got.status)
	}
}

// broke is a budget that nobody can pay from.
type broke struct{ err error }

func (b broke) Spend(context.Context, int) (*int, error) { return nil, b.err }

func TestRefusedBeforeExecution(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err        error
		status     int
		retryAfter string
	}{
		"limited":       {fault.New(fault.RateLimited, "Slow down.").After(1500 * time.Millisecond), 429, "2"},
		"unavailable":   {fault.New(fault.Unavailable, "Later."), 503, ""},
		"our mistake":   {errors.New(secret), 500, ""},
		"not signed in": {fault.New(fault.Unauthenticated, "Sign in."), 401, ""},
	}
	for name, tt := range tests {
		s := serve(t, options{budget: broke{tt.err}})
		got := s.ask(t, `{hello}`, "Accept", "application/graphql-response+json")
		if got.status != tt.status || got.header.Get("Retry-After") != tt.retryAfter || strings.Contains(got.body, secret) {
			t.Errorf("%s: %d %q %s", name, got.status, got.header.Get("Retry-After"), got.body)
		}
		if !strings.Contains(got.body, `"cost":{"requested":1,`) {
			t.Errorf("%s: no cost in %s", name, got.body)
		}
	}
}

func TestLargeDataIsWrittenWhole(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	got := s.ask(t, `{big(n:1000000)}`)
	var body struct {
		Data struct {
			Big string `json:"big"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || len(body.Data.Big) != 1_000_000 {
		t.Errorf("%d characters, %v", len(body.Data.Big), err)
	}
}

func TestCacheControlOfOthersStays(t *testing.T) {
	t.Parallel()
	s := serve(t, options{wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "public, max-age=60")
			next.ServeHTTP(w, r)
		})
	}})
	if got := s.ask(t, `{hello}`); got.header.Get("Cache-Control") != "public, max-age=60" {
		t.Errorf("%v", got.header)
	}
}

func TestLastEventIDOfQueries(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	if got := s.ask(t, `{lastEvent}`, "Last-Event-ID", "e7"); !strings.Contains(got.body, `"e7"`) {
		t.Errorf("the header: %s", got.body)
	}
	if got := s.post(t, `{"query":"{lastEvent}","extensions":{"lastEventId":"e8"}}`); !strings.Contains(got.body, `"e8"`) {
		t.Errorf("the extension: %s", got.body)
	}
	if got := s.ask(t, `{lastEvent}`); !strings.Contains(got.body, `"lastEvent":""`) {
		t.Errorf("neither: %s", got.body)
	}
}

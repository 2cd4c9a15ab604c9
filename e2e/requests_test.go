package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"lyceum/e2e/stack"
)

// TestBadRequests sends what is no GraphQL request, or one that nobody should have to run. Each gets a status,
// and one error with a code.
func TestBadRequests(t *testing.T) {
	const plain = `{"query":"{ viewer { role } }"}`
	mutation := url.QueryEscape(`mutation { signOut { signedOut } }`)
	header := func(pairs ...string) map[string]string {
		h := map[string]string{"Content-Type": "application/json"}
		for i := 0; i < len(pairs); i += 2 {
			h[pairs[i]] = pairs[i+1]
		}
		return h
	}
	for name, tt := range map[string]struct {
		method, query, body string
		header              map[string]string
		status              int
		code                string
	}{
		"no JSON":                 {body: `{`, status: 400, code: "BAD_REQUEST"},
		"a batch":                 {body: `[` + plain + `]`, status: 400, code: "BAD_REQUEST"},
		"a key twice":             {body: `{"query":"{ a }","query":"{ viewer { role } }"}`, status: 400, code: "BAD_REQUEST"},
		"nothing":                 {body: ``, status: 400, code: "BAD_REQUEST"},
		"no document":             {body: `{}`, status: 400, code: "BAD_REQUEST"},
		"a number for a document": {body: `{"query":7}`, status: 400, code: "BAD_REQUEST"},
		"a list of variables":     {body: `{"query":"{ viewer { role } }","variables":[]}`, status: 400, code: "BAD_REQUEST"},
		"too large":               {body: `{"query":"{ viewer { role } }","extensions":{"x":"` + strings.Repeat("x", 1<<18) + `"}}`, status: 413, code: "PAYLOAD_TOO_LARGE"},
		"a form":                  {body: `query={viewer{role}}`, header: header("Content-Type", "application/x-www-form-urlencoded"), status: 415, code: "UNSUPPORTED_MEDIA_TYPE"},
		"a file":                  {body: `--x--`, header: header("Content-Type", "multipart/form-data; boundary=x"), status: 415, code: "UNSUPPORTED_MEDIA_TYPE"},
		"plain text":              {body: plain, header: header("Content-Type", "text/plain"), status: 415, code: "UNSUPPORTED_MEDIA_TYPE"},
		"compressed":              {body: plain, header: header("Content-Encoding", "gzip"), status: 415, code: "UNSUPPORTED_MEDIA_TYPE"},
		"for a browser":           {body: plain, header: header("Accept", "text/html"), status: 406, code: "NOT_ACCEPTABLE"},
		"by PUT":                  {method: http.MethodPut, body: plain, status: 405, code: "METHOD_NOT_ALLOWED"},
		"a mutation by GET":       {method: http.MethodGet, query: "?query=" + mutation, status: 405, code: "METHOD_NOT_ALLOWED"},
		"GET of nothing":          {method: http.MethodGet, status: 400, code: "BAD_REQUEST"},
		"GET with bad variables":  {method: http.MethodGet, query: "?query=%7Bviewer%7Brole%7D%7D&variables=%7B", status: 400, code: "BAD_REQUEST"},
		"another scheme":          {body: plain, header: header("Authorization", "Basic bGVhcm5lcg=="), status: 401, code: "UNAUTHENTICATED"},
		"a token of nobody":       {body: plain, header: header("Authorization", "Bearer lys_"+strings.Repeat("0", 82)), status: 401, code: "UNAUTHENTICATED"},
		"a very long token":       {body: plain, header: header("Authorization", "Bearer "+strings.Repeat("x", 20_000)), status: 401, code: "UNAUTHENTICATED"},

		"a document with a mistake": {body: bodyOf(`{ viewer {`), status: 200, code: "GRAPHQL_PARSE_FAILED"},
		"an unknown operation":      {body: `{"query":"query A { viewer { role } }","operationName":"B"}`, status: 200, code: "GRAPHQL_VALIDATION_FAILED"},
		"a deep document":           {body: bodyOf(strings.Repeat(`{ node `, 200) + strings.Repeat(`}`, 200)), status: 200, code: "OPERATION_TOO_LARGE"},
		"many aliases":              {body: bodyOf(`{` + aliases(100) + ` }`), status: 200, code: "OPERATION_TOO_LARGE"},
		"many nodes":                {body: bodyOf(`{ courses(first: 100) { nodes { prerequisites { prerequisites { prerequisites { prerequisites { id } } } } } } }`), status: 200, code: "OPERATION_TOO_COSTLY"},
		"a subscription unstreamed": {body: bodyOf(`subscription { notificationReceived { seq } }`), status: 406, code: "NOT_ACCEPTABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.method == "" {
				tt.method = http.MethodPost
			}
			if tt.header == nil {
				tt.header = header()
			}
			reply := running.Visitor("acme").Send(t, tt.method, "/graphql"+tt.query, tt.header, []byte(tt.body))
			answer := &stack.Answer{}
			if err := json.Unmarshal(reply.Body, answer); err != nil {
				t.Fatalf("status %d, no JSON: %s", reply.Status, reply.Body)
			}
			if reply.Status != tt.status || answer.Code() != tt.code || len(answer.Errors) != 1 {
				t.Errorf("status %d, %s, want %d and %s", reply.Status, reply.Body, tt.status, tt.code)
			}
			if revealing.MatchString(answer.Errors[0].Message) {
				t.Errorf("reveals too much: %s", reply.Body)
			}
		})
	}
}

// bodyOf is the body of a request for a document.
func bodyOf(query string) string {
	body, _ := json.Marshal(map[string]string{"query": query})
	return string(body)
}

// aliases asks for the viewer's role under so many names.
func aliases(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a" + strings.Repeat("x", i%50) + string(rune('a'+i/50)) + ": viewer { role }")
	}
	return b.String()
}

// TestOtherDoors knocks at the addresses besides the API.
func TestOtherDoors(t *testing.T) {
	acme := running.Visitor("acme")
	operators := running.Visitor("")
	operators.URL = running.AdminURL()
	elsewhere := map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "Content-Type": "application/x-www-form-urlencoded"}
	for name, tt := range map[string]struct {
		who          *stack.Persona
		method, path string
		header       map[string]string
		status       []int
	}{
		"an unknown page":                     {acme, "GET", "/unheard-of", nil, []int{404}},
		"a certificate with a long code":      {acme, "GET", "/verify/" + strings.Repeat("a", 5000), nil, []int{404}},
		"a certificate with a NUL":            {acme, "GET", "/verify/%00", nil, []int{404}},
		"a file without a signature":          {acme, "GET", "/blob/t/x/assets/y", nil, []int{400, 403, 404}},
		"a file above the others":             {acme, "GET", "/blob/..%2f..%2fsecrets.json", nil, []int{400, 403, 404}},
		"a static file above the others":      {acme, "GET", "/static/..%2f..%2fgo.mod", nil, []int{400, 404}},
		"the attack from another site":        {acme, "POST", "/demo/attack", elsewhere, []int{403}},
		"an unknown host's page":              {&stack.Persona{}, "GET", "/", nil, []int{404}},
		"staff sign-in from another site":     {operators, "POST", "/sign-in", elsewhere, []int{403}},
		"the job console without a sign-in":   {operators, "GET", "/jobs/", nil, []int{200}}, // led to the sign-in page
		"the console's API without a sign-in": {operators, "GET", "/jobs/api/jobs", nil, []int{200}},
		"profiles without a sign-in":          {operators, "GET", "/debug/pprof/goroutine?debug=2", nil, []int{200}},
	} {
		t.Run(name, func(t *testing.T) {
			who := tt.who
			if who.URL == "" {
				who = running.Visitor("initech")
			}
			reply := who.Send(t, tt.method, tt.path, tt.header, nil)
			if !slices.Contains(tt.status, reply.Status) {
				t.Errorf("status %d, want one of %v: %.300s", reply.Status, tt.status, reply.Body)
			}
			if reply.Status == http.StatusOK && !strings.Contains(string(reply.Body), `action="/sign-in"`) {
				t.Errorf("opened without a sign-in: %.300s", reply.Body)
			}
		})
	}
}

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"lyceum/e2e/stack"
)

// TestAPIKeys tries each scope on a query, a mutation and a persisted document, and keys that are not good.
func TestAPIKeys(t *testing.T) {
	c := campusOf(t, "acme")
	for name, tt := range map[string]struct {
		scopes                                  []string
		query, mutation, stored, storedMutation string
	}{
		"read":      {[]string{"READ"}, "", "FORBIDDEN", "", "FORBIDDEN"},
		"write":     {[]string{"WRITE"}, "FORBIDDEN", "", "FORBIDDEN", "NOT_FOUND"},
		"both":      {[]string{"READ", "WRITE"}, "", "", "", "NOT_FOUND"},
		"persisted": {[]string{"PERSISTED"}, "FORBIDDEN", "FORBIDDEN", "", "FORBIDDEN"},
	} {
		t.Run(name, func(t *testing.T) {
			_, key := c.apiKey(t, c.instructor, tt.scopes...)
			gives(t, key, tt.query, request{"query": `{ viewer { role } }`})
			gives(t, key, tt.mutation, request{"query": `mutation { saveCategory(input: {slug: "by-key", name: "By key"}) { category { slug } } }`})
			gives(t, key, tt.stored, request{"documentId": "viewer"})
			gives(t, key, tt.storedMutation, request{"documentId": "publish-course", "variables": input{"courseId": unheardOf(c.ids["course"])}})
			gives(t, key, or(tt.mutation, "CONFLICT"), request{"query": `mutation { createApiKey(input: {name: "Child", scopes: [READ]}) { token } }`})
		})
	}
	t.Run("revoked", func(t *testing.T) {
		id, key := c.apiKey(t, c.instructor, "READ")
		c.run(t, c.instructor, `mutation($i: ID!) { revokeApiKey(id: $i) { apiKey { revokedAt } } }`, input{"i": id})
		locked(t, key)
	})
	t.Run("expired", func(t *testing.T) {
		soon := time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339Nano)
		data := c.run(t, c.instructor, `mutation($t: Time!) { createApiKey(input: {name: "Short", scopes: [READ], expiresAt: $t}) { token } }`, input{"t": soon})
		key := running.Visitor("acme")
		key.Token = dig[string](t, data, "createApiKey", "token")
		gives(t, key, "", request{"query": `{ viewer { role } }`})
		stack.Eventually(t, "the key expiring", 10*time.Second, func() bool {
			return key.Do(t, `{ viewer { role } }`, nil).Code() == "UNAUTHENTICATED"
		})
	})
	t.Run("of a suspended person", func(t *testing.T) {
		id, who := c.person(t, "INSTRUCTOR")
		_, key := c.apiKey(t, who, "READ")
		c.run(t, c.admin, `mutation($i: ID!) { suspendUser(id: $i) { user { status } } }`, input{"i": id})
		locked(t, key)
		locked(t, who)
	})
}

// or is the first text that is not empty.
func or(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// request is the body of a GraphQL request.
type request map[string]any

// gives sends a request and compares the code of the answer; "" is an answer without errors.
func gives(t *testing.T, who *stack.Persona, code string, r request) *stack.Answer {
	t.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	reply := who.Send(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json"}, body)
	answer := &stack.Answer{}
	if err := json.Unmarshal(reply.Body, answer); err != nil {
		t.Fatalf("%v: status %d, no JSON: %s", r, reply.Status, reply.Body)
	}
	if answer.Code() != code || code != "" && len(answer.Errors) != 1 {
		t.Errorf("%v: %+v %s, want %q", r, answer.Errors, answer.Data, code)
	}
	return answer
}

// locked makes sure that a token opens nothing.
func locked(t *testing.T, who *stack.Persona) {
	t.Helper()
	reply := who.Send(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json"}, []byte(`{"query":"{ viewer { role } }"}`))
	if reply.Status != http.StatusUnauthorized || !strings.Contains(string(reply.Body), `"UNAUTHENTICATED"`) || reply.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("status %d, %s %s; want 401", reply.Status, reply.Header, reply.Body)
	}
}

// TestPersistedDocuments runs ready documents by name and by hash, over POST and GET.
func TestPersistedDocuments(t *testing.T) {
	visitor := running.Visitor("acme")
	text, err := os.ReadFile("../docs/operations/viewer.graphql")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	hash := hex.EncodeToString(sum[:])
	apollo := input{"persistedQuery": input{"version": 1, "sha256Hash": hash}}
	for name, r := range map[string]request{
		"by name":                  {"documentId": "viewer"},
		"by hash":                  {"documentId": "sha256:" + hash},
		"as Apollo does":           {"extensions": apollo},
		"as Apollo does, and text": {"extensions": apollo, "query": string(text)},
	} {
		t.Run(name, func(t *testing.T) {
			if answer := gives(t, visitor, "", r); !strings.Contains(string(answer.Data), `"slug":"acme"`) {
				t.Errorf("data is %s", answer.Data)
			}
		})
	}
	t.Run("unknown", func(t *testing.T) {
		gives(t, visitor, "PERSISTED_QUERY_NOT_FOUND", request{"documentId": "unheard-of"})
		gives(t, visitor, "PERSISTED_QUERY_NOT_FOUND", request{"extensions": input{"persistedQuery": input{"version": 1, "sha256Hash": strings.Repeat("0", 64)}}})
	})
	t.Run("over GET", func(t *testing.T) {
		reply := visitor.Send(t, http.MethodGet, "/graphql?documentId=viewer", nil, nil)
		if reply.Status != http.StatusOK || !strings.Contains(string(reply.Body), `"slug":"acme"`) {
			t.Errorf("status %d: %s", reply.Status, reply.Body)
		}
		variables := url.QueryEscape(`{"first":1}`)
		reply = visitor.Send(t, http.MethodGet, "/graphql?documentId=catalog&variables="+variables, nil, nil)
		if reply.Status != http.StatusOK || !strings.Contains(string(reply.Body), `"courses"`) {
			t.Errorf("status %d: %s", reply.Status, reply.Body)
		}
		credentials := url.QueryEscape(`{"email":"learner@acme.example","password":"lyceum-demo"}`)
		reply = visitor.Send(t, http.MethodGet, "/graphql?documentId=sign-in&variables="+credentials, nil, nil)
		if reply.Status != http.StatusMethodNotAllowed || strings.Contains(string(reply.Body), "token") {
			t.Errorf("a mutation over GET: status %d: %s", reply.Status, reply.Body)
		}
	})
}

// TestHosts asks on each kind of host who is being served.
func TestHosts(t *testing.T) {
	domain(t, "acme", "learn.acme-coffee.example")
	learner := as(t, "acme", "learner")
	for name, tt := range map[string]struct {
		host, token string
		status      int
		slug        string
	}{
		"of a tenant":                          {host: "globex.localhost", status: 200, slug: "globex"},
		"with capitals, a port and a dot":      {host: "GLOBEX.localhost.:8080", status: 200, slug: "globex"},
		"that names none":                      {host: "localhost", status: 200, slug: "acme"},
		"that is an address":                   {host: "127.0.0.1", status: 200, slug: "acme"},
		"of a tenant's own":                    {host: "learn.acme-coffee.example", status: 200, slug: "acme"},
		"of a tenant's own, with its token":    {host: "learn.acme-coffee.example", token: learner.Token, status: 200, slug: "acme"},
		"of no tenant":                         {host: "initech.localhost", status: 404},
		"below a tenant's":                     {host: "www.acme.localhost", status: 404},
		"unknown":                              {host: "lyceum.example", status: 404},
		"malformed":                            {host: "acme_localhost", status: 404},
		"with a token of the tenant":           {host: "acme.localhost", token: learner.Token, status: 200, slug: "acme"},
		"that names none, with a token":        {host: "127.0.0.1", token: as(t, "globex", "learner").Token, status: 200, slug: "globex"},
		"of another tenant than the token":     {host: "globex.localhost", token: learner.Token, status: 401},
		"own to another tenant than the token": {host: "learn.acme-coffee.example", token: as(t, "globex", "learner").Token, status: 401},
		"with a token that was tampered with":  {host: "acme.localhost", token: learner.Token[:len(learner.Token)-1] + "!", status: 401},
	} {
		t.Run(name, func(t *testing.T) {
			who := running.Visitor("")
			who.Host, who.Token = tt.host, tt.token
			reply := who.Send(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json"},
				[]byte(`{"query":"{ viewer { tenant { slug } } }"}`))
			if reply.Status != tt.status {
				t.Fatalf("status %d, want %d: %s", reply.Status, tt.status, reply.Body)
			}
			if tt.slug != "" && !strings.Contains(string(reply.Body), `"slug":"`+tt.slug+`"`) {
				t.Errorf("answered %s, want tenant %s", reply.Body, tt.slug)
			}
			if tt.slug == "" && !strings.Contains(string(reply.Body), `"code":"`) {
				t.Errorf("no code: %s", reply.Body)
			}
		})
	}
}

// domain gives a tenant a host name of its own, as operators do.
func domain(t *testing.T, slug, host string) {
	t.Helper()
	owner, err := running.OwnerURL()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), running.Binary, "tenant", "domain", slug, host)
	command.Env = append(os.Environ(), "LYCEUM_MIGRATE_DATABASE_URL="+owner, "LYCEUM_HOME="+running.Home)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("lyceum tenant domain: %v\n%s", err, out)
	}
}

// TestSignInLimit guesses passwords: after five tries for an account from one address the door stays shut, also
// for several tries in one request, and only there.
func TestSignInLimit(t *testing.T) {
	const guess = `signIn(input: {email: "admin@springfield.example", password: "a guess"}) { token }`
	guesser := running.Visitor("springfield")
	guesser.Address = "198.51.100.23"
	shut := 0
	for range 4 {
		answer := guesser.Do(t, `mutation { a: `+guess+` b: `+guess+` }`, nil)
		for _, e := range answer.Errors {
			switch e.Extensions["code"] {
			case "UNAUTHENTICATED":
			case "RATE_LIMITED":
				shut++
			default:
				t.Errorf("%+v", e)
			}
		}
		if string(answer.Data) != "null" {
			t.Errorf("data: %s", answer.Data)
		}
	}
	if shut == 0 {
		t.Error("eight tries, and the door was never shut")
	}
	reply := guesser.Send(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json"},
		[]byte(bodyOf(`mutation { signIn(input: {email: "admin@springfield.example", password: "lyceum-demo"}) { token } }`)))
	if reply.Header.Get("Retry-After") == "" || !strings.Contains(string(reply.Body), "RATE_LIMITED") || strings.Contains(string(reply.Body), "lys_") {
		t.Errorf("the right password while the door is shut: status %d, %v %s", reply.Status, reply.Header, reply.Body)
	}
	if owner := running.SignIn(t, "springfield", "admin"); owner.Token == "" {
		t.Error("the door is shut for everybody")
	}
}

// TestCostIsTold reads from an answer what it cost and what is left, which is a lot. What proxies may keep for all
// visitors says nothing of it.
func TestCostIsTold(t *testing.T) {
	visitor := running.Visitor("acme")
	kept := visitor.Send(t, http.MethodGet, "/graphql?documentId=catalog&variables="+url.QueryEscape(`{"first":20}`), nil, nil)
	if kept.Status != http.StatusOK || strings.Contains(string(kept.Body), `"cost"`) {
		t.Errorf("what is kept for everybody, status %d, says what it cost somebody: %.300s", kept.Status, kept.Body)
	}
	reply := visitor.Send(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json"},
		[]byte(`{"documentId":"catalog","variables":{"first":20}}`))
	var answer struct {
		Extensions struct {
			Cost struct{ Requested, Maximum, Remaining int }
		}
	}
	if err := json.Unmarshal(reply.Body, &answer); err != nil {
		t.Fatal(err)
	}
	cost := answer.Extensions.Cost
	if cost.Requested == 0 || cost.Requested > cost.Maximum || cost.Remaining < 10*cost.Maximum {
		t.Errorf("cost is told as %+v", cost)
	}
}

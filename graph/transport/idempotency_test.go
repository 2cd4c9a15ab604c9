package transport_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"lyceum/graph/transport"
	"lyceum/internal/platform/idempotency"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// serveKeys serves a mutation under idempotency keys. Who asks is said by the header Persona: learner, or other
// for another tenant's; nobody without one.
func serveKeys(t *testing.T, unkeyed, secret []string) *service {
	t.Helper()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	keys, err := idempotency.New(d.DB, time.Hour, slog.New(slog.DiscardHandler), []byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	people := map[string]viewer.Viewer{
		"": viewer.Of(acme.ID), "learner": {Tenant: acme.ID, User: acme.Learner, Role: viewer.Learner},
		"other": {Tenant: globex.ID, User: globex.Learner, Role: viewer.Learner},
	}
	return serve(t, options{
		http: transport.HTTP{Idempotency: &transport.Idempotency{Keys: keys, Unkeyed: unkeyed, Secret: secret}},
		wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(viewer.With(r.Context(), people[r.Header.Get("Persona")])))
			})
		},
	})
}

const keyHeader, replayedHeader = "Idempotency-Key", "Idempotency-Replayed"

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	s := serveKeys(t, nil, nil)
	first := s.ask(t, `mutation{bump}`, "Persona", "learner", keyHeader, "k")
	if first.status != 200 || !strings.Contains(first.body, `"bump":1`) || first.header.Get(replayedHeader) != "false" {
		t.Fatalf("%d %s %v", first.status, first.body, first.header)
	}
	for _, accept := range []string{"application/json", "application/graphql-response+json", urql} {
		again := s.ask(t, `mutation{bump}`, "Persona", "learner", keyHeader, "k", "Accept", accept)
		if again.status != first.status || again.body != first.body || again.header.Get(replayedHeader) != "true" {
			t.Errorf("%s: %d %s %v, want %s", accept, again.status, again.body, again.header, first.body)
		}
	}
	if n := s.bumps.Load(); n != 1 {
		t.Errorf("%d effects, want 1", n)
	}
	other := s.ask(t, `mutation{bump}`, "Persona", "other", keyHeader, "k")
	if !strings.Contains(other.body, `"bump":2`) || other.header.Get(replayedHeader) != "false" {
		t.Errorf("another tenant's: %s %v", other.body, other.header)
	}
}

func TestIdempotencyKeyRefused(t *testing.T) {
	t.Parallel()
	s := serveKeys(t, nil, nil)
	s.ask(t, `mutation{bump}`, "Persona", "learner", keyHeader, "used")
	const graphqlResponse = "application/graphql-response+json"
	for name, tt := range map[string]struct {
		document, key, accept string
		status                int
		code                  string
	}{
		"empty":          {`mutation{bump}`, "", graphqlResponse, 400, "BAD_USER_INPUT"},
		"with a space":   {`mutation{bump}`, "a b", graphqlResponse, 400, "BAD_USER_INPUT"},
		"too long":       {`mutation{bump}`, strings.Repeat("k", 256), graphqlResponse, 400, "BAD_USER_INPUT"},
		"in plain JSON":  {`mutation{bump}`, "a b", "application/json", 200, "BAD_USER_INPUT"},
		"another text":   {`mutation{b:bump}`, "used", "application/json", 409, "CONFLICT"},
		"invalid":        {`mutation{nothing}`, "fresh", graphqlResponse, 400, "GRAPHQL_VALIDATION_FAILED"},
		"as a stream":    {`mutation{bump}`, "fresh", "text/event-stream", 406, "NOT_ACCEPTABLE"},
		"invalid, twice": {`mutation{nothing}`, "fresh", graphqlResponse, 400, "GRAPHQL_VALIDATION_FAILED"},
	} {
		got := s.ask(t, tt.document, "Persona", "learner", keyHeader, tt.key, "Accept", tt.accept)
		if got.status != tt.status || got.code(t) != tt.code || got.header.Get(replayedHeader) != "" {
			t.Errorf("%s: %d %s %v", name, got.status, got.body, got.header)
		}
	}
	if n := s.bumps.Load(); n != 1 {
		t.Errorf("%d effects, want 1", n)
	}
	// Nothing was kept of what did not begin.
	if got := s.ask(t, `mutation{bump}`, "Persona", "learner", keyHeader, "fresh"); !strings.Contains(got.body, `"bump":2`) {
		t.Errorf("after refusals: %s", got.body)
	}
	twice := request(t, http.MethodPost, s.URL, strings.NewReader(`{"query":"mutation{bump}"}`), "Content-Type", "application/json", "Persona", "learner")
	twice.Header[keyHeader] = []string{"a", "b"}
	if got := do(t, twice); got.code(t) != "BAD_USER_INPUT" {
		t.Errorf("two keys: %s", got.body)
	}
}

// TestIdempotencyKeyMeansNothing sends the header where there is nothing to repeat.
func TestIdempotencyKeyMeansNothing(t *testing.T) {
	t.Parallel()
	s := serveKeys(t, []string{"bump"}, nil)
	for name, headers := range map[string][]string{
		`query{hello}`:   {"Persona", "learner", keyHeader, "a b"},
		`mutation{bump}`: {keyHeader, "k"},
	} {
		for range 2 {
			if got := s.ask(t, name, headers...); got.status != 200 || got.code(t) != "" || got.header.Get(replayedHeader) != "" {
				t.Errorf("%s: %d %s", name, got.status, got.body)
			}
		}
	}
	for range 2 {
		s.ask(t, `mutation{bump}`, "Persona", "learner", keyHeader, "k")
	}
	if n := s.bumps.Load(); n != 4 {
		t.Errorf("%d effects, want 4: of a visitor, and of a mutation that takes no key", n)
	}
	if got := s.ask(t, `mutation{a:bump b:bump}`, "Persona", "learner", keyHeader, "k"); got.code(t) != "BAD_USER_INPUT" || s.bumps.Load() != 4 {
		t.Errorf("with company: %s", got.body)
	}
}

// TestIdempotencySecretIsNotKept asks again for an answer that held a secret. Here nothing took effect in the
// database, so that the key is free again.
func TestIdempotencySecretIsNotKept(t *testing.T) {
	t.Parallel()
	s := serveKeys(t, nil, []string{"bump"})
	for want := range 2 {
		got := s.ask(t, `mutation{bump}`, "Persona", "learner", keyHeader, "k")
		if !strings.Contains(got.body, `"bump":`+string(rune('1'+want))) || got.header.Get(replayedHeader) != "false" {
			t.Errorf("%s %v", got.body, got.header)
		}
	}
}

package transport_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	keep "lyceum/graph/answer"
	"lyceum/graph/transport"
	"lyceum/internal/fault"
	"lyceum/internal/viewer"
)

// numbers are epochs that tests move.
type numbers struct{ now atomic.Int64 }

func (n *numbers) Of(context.Context, uuid.UUID) (int64, error) { return n.now.Load(), nil }

// keeper is a service that keeps answers. Who asks is said by the header Persona.
type keeper struct {
	*service

	epochs *numbers
	// charged counts what was charged for kept answers, and poor refuses it.
	charged atomic.Int32
	poor    atomic.Bool
}

func serveKept(t *testing.T) *keeper {
	t.Helper()
	return serveKeptWithin(t, 0)
}

// serveKeptWithin is serveKept with a time for each request.
func serveKeptWithin(t *testing.T, timeout time.Duration) *keeper {
	t.Helper()
	k := &keeper{epochs: &numbers{}}
	hints, err := keep.NewHints(gqlparser.MustLoadSchema(&ast.Source{Input: schemaText}))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := keep.New(keep.Config{
		Bytes: 1 << 20, Epochs: k.epochs, Hints: hints, Generation: "test", MaxCost: 99,
		Host: func(ctx context.Context) string { host, _ := ctx.Value(hostKey{}).(string); return host },
		Charge: func(context.Context) (*int, error) {
			if k.poor.Load() {
				return nil, fault.New(fault.RateLimited, "Too much.")
			}
			left := 1000 - int(k.charged.Add(1))
			return &left, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	acme, globex := uuid.New(), uuid.New()
	people := map[string]viewer.Viewer{
		"": viewer.Of(acme), "stranger": viewer.Of(globex), "pupil": {Tenant: acme, Role: viewer.Anonymous, School: true},
		"learner": {Tenant: acme, User: uuid.New(), Role: viewer.Learner}, "key": {Tenant: acme, Role: viewer.Anonymous, APIKey: uuid.New()},
		"nobody": {},
	}
	k.service = serve(t, options{
		http: transport.HTTP{Answers: kept, Documents: store{}, Timeout: timeout},
		wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ctx := viewer.With(r.Context(), people[r.Header.Get("Persona")])
				next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, hostKey{}, r.Header.Get("Name"))))
			})
		},
	})
	return k
}

type hostKey struct{}

func (k *keeper) get(t *testing.T, query string, headers ...string) answer {
	t.Helper()
	return do(t, request(t, http.MethodGet, k.URL+"?query="+url.QueryEscape(query), http.NoBody, headers...))
}

// ran checks how many times something was resolved.
func (k *keeper) ran(t *testing.T, want int32, after string) {
	t.Helper()
	if got := k.bumps.Load(); got != want {
		t.Errorf("after %s: resolved %d times, want %d", after, got, want)
	}
}

func TestKeptAnswers(t *testing.T) {
	t.Parallel()
	k := serveKept(t)
	first := k.ask(t, `{counted}`)
	again := k.ask(t, `{counted}`)
	if !strings.HasPrefix(first.body, `{"data":{"counted":1}`) || !strings.HasPrefix(again.body, `{"data":{"counted":1}`) {
		t.Fatalf("%s, then %s", first.body, again.body)
	}
	k.ran(t, 1, "two of the same")
	// What is said to one caller is not said to the next.
	if want := `{"data":{"counted":1},"extensions":{"cost":{"requested":1,"maximum":99,"remaining":999}}}`; again.body != want {
		t.Errorf("%s, want %s", again.body, want)
	}
	if got := again.header.Get("Cache-Control"); got != "no-store" || again.header.Get("ETag") != "" {
		t.Errorf("an answer to POST: %v", again.header)
	}
	if charged := k.charged.Load(); charged != 1 {
		t.Errorf("charged %d times, want once for the kept answer", charged)
	}
	for i, different := range [][]string{
		{"Persona", "stranger"}, {"Persona", "pupil"}, {"Name", "learn.example.org"}, {"Persona", "learner"}, {"Persona", "key"},
	} {
		k.ask(t, `{counted}`, different...)
		k.ran(t, int32(i+2), "asked with "+strings.Join(different, " "))
	}
	k.ask(t, `{counted}`, "Persona", "learner")
	k.ran(t, 7, "a learner's second")
	for i, body := range []string{
		`{"query":"{counted }"}`, `{"query":"query A{counted} query B{counted}","operationName":"A"}`,
		`{"query":"query A{counted} query B{counted}","operationName":"B"}`,
		`{"query":"query A($n:String){counted(name:$n)}","variables":{"n":"a"}}`,
		`{"query":"query A($n:String){counted(name:$n)}","variables":{"n":"b"}}`,
	} {
		k.post(t, body)
		k.post(t, body)
		k.ran(t, int32(i+8), body)
	}
	k.post(t, `{"variables":{"n":"\u0062"},"query":"query A($n:String){counted(name:$n)}"}`)
	k.ran(t, 12, "the same in other words")
	k.epochs.now.Add(1)
	k.ask(t, `{counted}`)
	k.ran(t, 13, "a change")
}

// TestKeptAnswersHerd has 1,000 callers ask at once for what is not kept: it is resolved once.
func TestKeptAnswersHerd(t *testing.T) {
	t.Parallel()
	k := serveKept(t)
	for _, known := range []string{"a document never seen", "a document known"} {
		before := k.bumps.Load()
		const callers, each = 50, 20
		var group sync.WaitGroup
		for range callers {
			group.Go(func() {
				for range each {
					if got := k.ask(t, `{counted}`); got.status != http.StatusOK || !strings.HasPrefix(got.body, `{"data":{"counted":`) {
						t.Errorf("%s: %d %s", known, got.status, got.body)
					}
				}
			})
		}
		group.Wait()
		k.ran(t, before+1, known)
		k.epochs.now.Add(1)
	}
}

func TestErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	k := serveKept(t)
	for i := range 3 {
		got := k.ask(t, `{failing}`)
		if got.code(t) == "" {
			t.Errorf("%d %s", got.status, got.body)
		}
		k.ran(t, int32(i+1), "a failure")
		if got := k.get(t, `{failing}`); got.header.Get("Cache-Control") != "no-store" || got.header.Get("ETag") != "" {
			t.Errorf("a failure may be kept: %v", got.header)
		}
		k.bumps.Add(-1)
	}
	if got := k.ask(t, `{hello}`); got.body == "" {
		t.Error("no answer")
	}
	for _, query := range []string{`{hello counted}`, `mutation{bump}`, `{counted __schema{queryType{name}}}`} {
		before := k.bumps.Load()
		first, second := k.ask(t, query), k.ask(t, query)
		if k.bumps.Load() != before+2 {
			t.Errorf("%s was kept: %s, %s", query, first.body, second.body)
		}
	}
}

// TestKeptAnswersCost: who has nothing left gets nothing, kept or not.
func TestKeptAnswersCost(t *testing.T) {
	t.Parallel()
	k := serveKept(t)
	k.ask(t, `{counted}`)
	k.poor.Store(true)
	if got := k.ask(t, `{counted}`); got.status != http.StatusTooManyRequests || got.code(t) != "RATE_LIMITED" || strings.Contains(got.body, "counted") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := k.get(t, `{counted}`); got.status != http.StatusTooManyRequests || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", got.status, got.header)
	}
}

func TestConditionalGet(t *testing.T) {
	t.Parallel()
	k := serveKept(t)
	const graphQL = "application/graphql-response+json"
	miss, hit := k.get(t, `{counted}`), k.get(t, `{counted}`)
	tag := miss.header.Get("ETag")
	if miss.body != `{"data":{"counted":1}}` || hit.body != miss.body || tag == "" || hit.header.Get("ETag") != tag {
		t.Fatalf("%s %v, then %s %v", miss.body, miss.header, hit.body, hit.header)
	}
	for name, got := range map[string]answer{"found": miss, "kept": hit} {
		vary := strings.Join(got.header.Values("Vary"), ", ")
		if !strings.Contains(vary, "Authorization") || !strings.Contains(vary, "Accept") {
			t.Errorf("%s: Vary %q", name, vary)
		}
		if age := got.header.Get("Cache-Control"); age != "public, max-age=60" && age != "public, max-age=59" {
			t.Errorf("%s: Cache-Control %q", name, age)
		}
	}
	for field, want := range map[string]int{
		tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, "": 200, strings.Trim(tag, `"`): 200,
	} {
		got := k.get(t, `{counted}`, "If-None-Match", field)
		if got.status != want || (want == 304) != (got.body == "") || got.header.Get("ETag") != tag || got.header.Get("Cache-Control") == "" {
			t.Errorf("If-None-Match %s: %d %q %v", field, got.status, got.body, got.header)
		}
	}
	other := k.get(t, `{counted}`, "Accept", graphQL)
	if other.header.Get("ETag") == tag || other.body != hit.body || !strings.HasPrefix(other.header.Get("Content-Type"), graphQL) {
		t.Errorf("the other media type: %s %v", other.body, other.header)
	}
	if got := k.get(t, `{counted}`, "Accept", graphQL, "If-None-Match", tag); got.status != 200 {
		t.Errorf("the tag of one media type is good for the other: %d", got.status)
	}
	k.ran(t, 1, "all of that")
	// The same data after a change has the same tag; other data has another.
	k.epochs.now.Add(1)
	k.bumps.Store(0)
	if got := k.get(t, `{counted}`, "If-None-Match", tag); got.status != 304 {
		t.Errorf("after a change that changes nothing: %d", got.status)
	}
	k.epochs.now.Add(1)
	if got := k.get(t, `{counted}`, "If-None-Match", tag); got.status != 200 || got.header.Get("ETag") == tag {
		t.Errorf("after a change: %d %v", got.status, got.header)
	}
	// Who is signed in is answered afresh, and nobody keeps that.
	if got := k.get(t, `{counted}`, "Persona", "learner", "If-None-Match", "*"); got.status != 200 || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a learner: %d %v", got.status, got.header)
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	k := serveKept(t)
	head := func(query string, headers ...string) answer {
		return do(t, request(t, http.MethodHead, k.URL+"?query="+url.QueryEscape(query), http.NoBody, headers...))
	}
	got := k.get(t, `{counted}`)
	if h := head(`{counted}`); h.status != 200 || h.body != "" || h.header.Get("ETag") != got.header.Get("ETag") ||
		h.header.Get("Content-Length") != got.header.Get("Content-Length") {
		t.Errorf("HEAD: %d %v, GET %v", h.status, h.header, got.header)
	}
	if h := head(`{counted}`, "If-None-Match", got.header.Get("ETag")); h.status != 304 {
		t.Errorf("HEAD of what is not modified: %d", h.status)
	}
	k.ran(t, 1, "GET and HEAD")
	for query, want := range map[string]int{`mutation{bump}`: 405, `subscription{silence}`: 405, `{hello}`: 200, `{nonsense}`: 200} {
		if h := head(query, "Accept", "application/json, text/event-stream"); h.status != want || h.body != "" {
			t.Errorf("HEAD of %s: %d", query, h.status)
		}
	}
	k.ran(t, 1, "HEAD of a mutation")
}

// TestPersistedAnswersAreKept: a document by its id and by its text is the same question.
func TestPersistedAnswersAreKept(t *testing.T) {
	t.Parallel()
	k := serveKept(t)
	got := do(t, request(t, http.MethodGet, k.URL+"?documentId=counted", http.NoBody))
	again := do(t, request(t, http.MethodGet, k.URL+"?documentId=counted", http.NoBody, "If-None-Match", got.header.Get("ETag")))
	if got.status != 200 || again.status != 304 {
		t.Errorf("%d %s, then %d", got.status, got.body, again.status)
	}
	k.ask(t, countedText)
	k.ran(t, 1, "by id and by text")
	if unknown := do(t, request(t, http.MethodGet, k.URL+"?documentId=unknown", http.NoBody)); unknown.code(t) != transport.CodePersistedNotFound {
		t.Errorf("unknown: %d %s", unknown.status, unknown.body)
	}
}

// TestWaitingForAnAnswerEnds: who waits for somebody else's answer waits no longer than for their own.
func TestWaitingForAnAnswerEnds(t *testing.T) {
	t.Parallel()
	const timeout = 300 * time.Millisecond
	k := serveKeptWithin(t, timeout)
	for _, when := range []string{"the document is new", "the document is known"} {
		began := time.Now()
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if got := k.ask(t, `{slow}`); !strings.Contains(got.body, `"errors"`) {
					t.Errorf("%s: %d %s", when, got.status, got.body)
				}
			})
		}
		group.Wait()
		if took := time.Since(began); took > 10*timeout {
			t.Errorf("%s: it took %s", when, took)
		}
	}
}

package transport_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/graph/transport"
	"lyceum/internal/fault"
)

// eventually waits for a condition that other goroutines bring about.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
		<-ticker.C
	}
}

func (s *service) quiet() bool { return s.running.Load() == 0 && s.streams.Open() == 0 }

// subscribe opens a stream.
func (s *service) subscribe(t testing.TB, ctx context.Context, query string, headers ...string) *http.Response {
	t.Helper()
	headers = append([]string{"Content-Type", "application/json", "Accept", "text/event-stream"}, headers...)
	r := request(t, http.MethodPost, s.URL, strings.NewReader(`{"query":"`+query+`"}`), headers...).WithContext(ctx)
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestEvents(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	const end = "event: complete\ndata:\n\n"
	next := func(id, n string) string {
		return "event: next\nid: " + id + "\ndata: {\"data\":{\"count\":" + n + "},\"extensions\":{\"eventId\":\"" + id + "\"}}\n\n"
	}
	tests := map[string]struct {
		query   string
		headers []string
		want    string
	}{
		"to the end":         {`subscription{count(to:2)}`, nil, next("1", "1") + next("2", "2") + end},
		"from the last seen": {`subscription{count(to:3)}`, []string{"Last-Event-ID", "2"}, next("3", "3") + end},
		"nothing to come":    {`subscription{count(to:3)}`, []string{"Last-Event-ID", "3"}, end},
		"a query":            {`{hello}`, nil, `event: next` + "\n" + `data: {"data":{"hello":"hello world"},"extensions":{"cost":{"requested":1,"maximum":20000}}}` + "\n\n" + end},
		"cannot start":       {`subscription{broken}`, nil, `event: next` + "\n" + `data: {"errors":[{"message":"No such thing.","extensions":{"code":"NOT_FOUND"}}]}` + "\n\n" + end},
		"invalid": {`subscription{nothing}`, nil, `event: next` + "\n" +
			`data: {"errors":[{"message":"Cannot query field \"nothing\" on type \"Subscription\".","locations":[{"line":1,"column":14}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]}` + "\n\n" + end},
		"breaks in the data": {`subscription{oddID}`, nil, `event: next` + "\n" + `data: {"data":{ "oddID":  1},"extensions":{"eventId":"1\ndata: forged"}}` + "\n\n" + end},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := s.subscribe(t, t.Context(), tt.query, tt.headers...)
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(":\n\n"+tt.want, string(body)); diff != "" {
				t.Error(diff)
			}
			if resp.Header.Get("X-Accel-Buffering") != "no" || resp.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", resp.Header)
			}
		})
	}
}

// gqlgen writes every response of a subscription into one buffer, so a response must not be looked at once
// the next one is being made.
func TestFastEventsStayWhole(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	body, err := io.ReadAll(s.subscribe(t, t.Context(), `subscription{count(to:2000)}`).Body)
	if err != nil {
		t.Fatal(err)
	}
	for i, frame := range strings.Split(strings.TrimPrefix(string(body), ":\n\n"), "\n\n")[:2000] {
		if want := fmt.Sprintf("id: %d\ndata: {\"data\":{\"count\":%d},", i+1, i+1); !strings.Contains(frame, want) {
			t.Fatalf("event %d is %q", i+1, frame)
		}
	}
}

func TestEventSource(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	got := do(t, request(t, http.MethodGet, s.URL+"?query=subscription%7Bcount(to:2)%7D", http.NoBody,
		"Accept", "text/event-stream", "Last-Event-ID", "1"))
	if got.status != 200 || !strings.Contains(got.body, "id: 2\n") || strings.Contains(got.body, "id: 1\n") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestPanicInAStream(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	body, err := io.ReadAll(s.subscribe(t, t.Context(), `subscription{boom}`).Body)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(body); !strings.Contains(text, `"INTERNAL"`) || strings.Contains(text, secret) || !strings.HasSuffix(text, "event: complete\ndata:\n\n") {
		t.Errorf("%s", text)
	}
}

func TestSilenceIsBroken(t *testing.T) {
	t.Parallel()
	s := serve(t, options{http: transport.HTTP{KeepAlive: time.Millisecond}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines := bufio.NewScanner(s.subscribe(t, ctx, `subscription{silence}`).Body)
	for range 20 {
		if !lines.Scan() || (lines.Text() != ":" && lines.Text() != "") {
			t.Fatalf("got %q, %v", lines.Text(), lines.Err())
		}
	}
	cancel()
	eventually(t, "the subscription ends with its client", s.quiet)
}

// The transport of gqlgen pings from a goroutine that can outlive the handler; within seconds this took
// the process down.
func TestKeepAliveRace(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, options{tls: http2, http: transport.HTTP{KeepAlive: 50 * time.Microsecond}})
			stop := time.Now().Add(2 * time.Second)
			var clients sync.WaitGroup
			for range 8 {
				clients.Go(func() {
					for time.Now().Before(stop) {
						visit(t, s, time.Duration(rand.IntN(3000))*time.Microsecond)
					}
				})
			}
			clients.Wait()
			eventually(t, "every subscription ends with its client", s.quiet)
		})
	}
}

// visit subscribes, reads for a while, and leaves in the middle of whatever is going on.
func visit(t *testing.T, s *service, stay time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stay)
	defer cancel()
	query := []string{`subscription{silence}`, `subscription{flood}`, `subscription{count(to:5)}`, `{hello}`}[rand.IntN(4)]
	r := request(t, http.MethodPost, s.URL, strings.NewReader(`{"query":"`+query+`"}`),
		"Content-Type", "application/json", "Accept", "text/event-stream").WithContext(ctx)
	resp, err := s.Client().Do(r)
	if err != nil {
		if ctx.Err() == nil {
			t.Error(err)
		}
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}

// A client that stops reading must not hold the handler longer than the write timeout.
func TestClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	s := serve(t, options{http: transport.HTTP{WriteTimeout: 50 * time.Millisecond}})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	body := `{"query":"subscription{flood(n:60000)}"}`
	r := request(t, http.MethodPost, s.URL, strings.NewReader(body), "Content-Type", "application/json", "Accept", "text/event-stream")
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stream has begun", func() bool { return s.streams.Open() == 1 })
	eventually(t, "the stream is given up", s.quiet)
}

// After a stream has ended, its connection serves on, without the deadline of the last frame.
func TestConnectionServesOn(t *testing.T) {
	t.Parallel()
	s := serve(t, options{http: transport.HTTP{WriteTimeout: 20 * time.Millisecond}})
	for range 3 {
		if _, err := io.Copy(io.Discard, s.subscribe(t, t.Context(), `subscription{count(to:1)}`).Body); err != nil {
			t.Fatal(err)
		}
		<-time.After(30 * time.Millisecond)
		r := request(t, http.MethodPost, s.URL, strings.NewReader(`{"query":"{big(n:100000)}"}`), "Content-Type", "application/json")
		resp, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); err != nil || n < 100_000 {
			t.Fatalf("%d bytes, %v", n, err)
		}
		resp.Body.Close()
	}
}

func TestServerStopsStreams(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	var bodies []io.Reader
	for range 5 {
		bodies = append(bodies, s.subscribe(t, t.Context(), `subscription{silence}`).Body)
	}
	if s.streams.Open() != 5 {
		t.Fatalf("%d streams are open", s.streams.Open())
	}
	if err := s.streams.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, body := range bodies {
		text, err := io.ReadAll(body)
		if err != nil || !strings.Contains(string(text), "retry: ") || strings.Contains(string(text), "complete") {
			t.Errorf("%q, %v", text, err)
		}
	}
	late, err := io.ReadAll(s.subscribe(t, t.Context(), `subscription{silence}`).Body)
	if err != nil || !strings.Contains(string(late), "retry: ") {
		t.Errorf("a late one: %q, %v", late, err)
	}
	if err := s.streams.Close(t.Context()); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}

func TestAdmission(t *testing.T) {
	t.Parallel()
	caller := func(ctx context.Context) string { name, _ := ctx.Value(callerKey{}).(string); return name }
	s := serve(t, options{
		http: transport.HTTP{Admission: transport.NewCap(9, 2, caller)},
		wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, r.Header.Get("Caller"))))
			})
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	open := func(name string) int {
		return s.subscribe(t, ctx, `subscription{silence}`, "Caller", name).StatusCode
	}
	for i, name := range []string{"a", "a", "b", "b", "", "", "", ""} {
		if got := open(name); got != 200 {
			t.Errorf("stream %d, of %q: %d", i, name, got)
		}
	}
	for _, accept := range []string{"text/event-stream", urql} {
		got := s.ask(t, `subscription{silence}`, "Caller", "a", "Accept", accept)
		if got.status != http.StatusTooManyRequests || got.code(t) != "RATE_LIMITED" {
			t.Errorf("a third of a: %d %s", got.status, got.body)
		}
	}
	if got := s.ask(t, `{hello}`, "Caller", "a"); got.status != 200 {
		t.Errorf("a query: %d %s", got.status, got.body)
	}
	cancel()
	eventually(t, "the streams end", s.quiet)
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	if got := open("a"); got != 200 {
		t.Errorf("after the others: %d", got)
	}
}

type callerKey struct{}

// A stream through a writer that cannot flush ends at once, instead of holding events back for ever.
func TestWriterWithoutFlush(t *testing.T) {
	t.Parallel()
	s := serve(t, options{wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
		})
	}})
	if _, err := io.ReadAll(s.subscribe(t, t.Context(), `subscription{silence}`).Body); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stream ends", s.quiet)
}

// scarce is a budget that is used up whenever it was asked.
type scarce struct {
	asked atomic.Int32
}

func (s *scarce) Spend(context.Context, int) (*int, error) {
	if s.asked.Add(1)%2 == 0 {
		return new(0), fault.New(fault.RateLimited, "Too much.").After(time.Millisecond)
	}
	return new(1), nil
}

// TestEventsThatWaitAreNotLost has a stream wait for its budget again and again, and come back in between.
func TestEventsThatWaitAreNotLost(t *testing.T) {
	t.Parallel()
	budget := &scarce{}
	s := serve(t, options{budget: budget})
	for _, from := range []int{0, 2500} {
		body, err := io.ReadAll(s.subscribe(t, t.Context(), `subscription{count(to:5000)}`, "Last-Event-ID", strconv.Itoa(from)).Body)
		if err != nil {
			t.Fatal(err)
		}
		frames := strings.Split(strings.TrimPrefix(string(body), ":\n\n"), "\n\n")
		for i := range 5000 - from {
			if want := fmt.Sprintf("event: next\nid: %d\n", from+i+1); !strings.HasPrefix(frames[i], want) {
				t.Fatalf("from %d: frame %d is %q", from, i, frames[i])
			}
		}
		if end := frames[5000-from]; end != "event: complete\ndata:" {
			t.Errorf("the end is %q", end)
		}
		budget.asked.Store(0)
	}
}

package telemetry

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
)

// buffer is a log that several goroutines may write.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// lines returns the JSON lines that were logged under a message.
func (b *buffer) lines(t *testing.T, message string) []map[string]any {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []map[string]any
	for text := range strings.Lines(b.text.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if line["msg"] == message {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestLogLinesCarryTheirContext(t *testing.T) {
	t.Parallel()
	var out buffer
	logger := NewLogger(&out, LogOptions{Level: "info", Format: "json"})
	ctx := WithAttrs(t.Context(), slog.String("tenant", "acme"), slog.String("role", "ANONYMOUS"))
	inner := WithAttrs(ctx, slog.String("role", "LEARNER"))
	tests := map[string]struct {
		ctx  context.Context
		log  *slog.Logger
		want map[string]any
	}{
		"no context":       {t.Context(), logger, map[string]any{"k": "v"}},
		"attributes":       {ctx, logger, map[string]any{"k": "v", "tenant": "acme", "role": "ANONYMOUS"}},
		"the inner wins":   {inner, logger, map[string]any{"k": "v", "tenant": "acme", "role": "LEARNER"}},
		"beside the own":   {ctx, logger.With("part", "jobs"), map[string]any{"k": "v", "part": "jobs", "tenant": "acme", "role": "ANONYMOUS"}},
		"outside of group": {ctx, logger.With("part", "jobs").WithGroup("job").With("id", "7"), map[string]any{"part": "jobs", "tenant": "acme", "role": "ANONYMOUS", "job": map[string]any{"id": "7", "k": "v"}}},
		"a nameless group": {ctx, logger.WithGroup(""), map[string]any{"k": "v", "tenant": "acme", "role": "ANONYMOUS"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.log.InfoContext(tt.ctx, name, "k", "v") //nolint:sloglint // Each case finds its own line.
			lines := out.lines(t, name)
			if len(lines) != 1 {
				t.Fatalf("%d lines", len(lines))
			}
			for _, key := range []string{"time", "level", "msg"} {
				delete(lines[0], key)
			}
			if diff := cmp.Diff(tt.want, lines[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLogLevels(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]string{"debug": "DIWE", "info": "IWE", "warn": "WE", "error": "E", "": "IWE", "loud": "IWE"} {
		for _, format := range []string{"json", "text"} {
			var out bytes.Buffer
			logger := NewLogger(&out, LogOptions{Level: level, Format: format})
			logger.DebugContext(t.Context(), "<D>")
			logger.InfoContext(t.Context(), "<I>")
			logger.WarnContext(t.Context(), "<W>")
			logger.ErrorContext(t.Context(), "<E>")
			var got string
			for _, letter := range "DIWE" {
				if strings.Contains(out.String(), "<"+string(letter)+">") || strings.Contains(out.String(), `\u003c`+string(letter)) {
					got += string(letter)
				}
			}
			if got != want {
				t.Errorf("level %q as %s logs %s, want %s", level, format, got, want)
			}
		}
	}
}

func TestTextForPeople(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := newContextHandler(newTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}, true))
	logger := slog.New(h).With("part", "a b")
	ctx := WithAttrs(t.Context(), slog.String("tenant", "acme"))
	logger.WarnContext(ctx, "disk is filling", "left", 3)
	logger.WithGroup("job").DebugContext(ctx, "done", "msg", "kept")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []string{
		"\x1b[33mWARN \x1b[0m disk is filling\x1b[2m part=\"a b\" left=3 tenant=acme\x1b[0m",
		"\x1b[2mDEBUG\x1b[0m done\x1b[2m part=\"a b\" tenant=acme job.msg=kept\x1b[0m",
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	for i := range want {
		if !strings.HasSuffix(lines[i], want[i]) {
			t.Errorf("line %q, want it to end with %q", lines[i], want[i])
		}
	}
	var plain bytes.Buffer
	NewLogger(&plain, LogOptions{Format: "text"}).InfoContext(t.Context(), "hello")
	if strings.Contains(plain.String(), "\x1b") || !strings.HasSuffix(plain.String(), " INFO  hello\n") {
		t.Errorf("not on a terminal: %q", plain.String())
	}
	var machine bytes.Buffer
	NewLogger(&machine, LogOptions{Format: "auto"}).InfoContext(t.Context(), "hello")
	if !strings.HasPrefix(machine.String(), "{") {
		t.Errorf("auto without a terminal is not JSON: %q", machine.String())
	}
}

// server is a mux behind the middleware.
type server struct {
	*httptest.Server
	log     *buffer
	metrics *Metrics
}

func newServer(t *testing.T, tracing *Tracing) server {
	t.Helper()
	log, metrics := &buffer{}, NewMetrics()
	logger := NewLogger(log, LogOptions{Level: "debug", Format: "json"})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /things/{id}", func(w http.ResponseWriter, r *http.Request) {
		ctx := WithAttrs(r.Context(), slog.String("tenant", "acme"), slog.String("role", "LEARNER"))
		logger.InfoContext(ctx, "looking")
		say(t, w, RequestID(ctx))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("POST /panic", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5")
		panic("oh no")
	})
	mux.HandleFunc("GET /abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("GET /half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		say(t, w, "half of the ans")
		flush(t, w)
		panic(errors.New("oh no"))
	})
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		say(t, w, "data: first\n\n")
		flush(t, w)
		<-r.Context().Done()
	})
	mux.HandleFunc("GET /upgrade", func(w http.ResponseWriter, _ *http.Request) {
		hijacker, ok := w.(http.Hijacker)
		if !ok {
			t.Error("the writer cannot be taken over")
			return
		}
		conn, _, err := hijacker.Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		say(t, conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
		_ = conn.Close()
	})
	s := server{log: log, metrics: metrics}
	s.Server = httptest.NewServer(Middleware{Logger: logger, Tracing: tracing, Metrics: metrics}.Wrap(mux))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(s.Close)
	return s
}

func say(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Error(err)
	}
}

func flush(t *testing.T, w http.ResponseWriter) {
	t.Helper()
	flusher, ok := w.(http.Flusher)
	if !ok {
		t.Error("the writer cannot be flushed")
		return
	}
	flusher.Flush()
}

func quiet(t *testing.T) *Tracing {
	t.Helper()
	tracing, err := NewTracing(t.Context(), TraceOptions{Service: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tracing.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return tracing
}

// answered is what came back for a request.
type answered struct {
	status int
	id     string // X-Request-ID
	body   string
}

func (s server) do(t *testing.T, method, path string, headers ...string) (answered, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.Client().Do(r)
	if err != nil {
		return answered{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answered{status: answer.StatusCode, id: answer.Header.Get("X-Request-ID"), body: string(body)}, err
}

func (s server) scrape(t *testing.T) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	return w.Body.String()
}

// line waits for the one line of a message: it is written after the answer.
func (s server) line(t *testing.T, message string) map[string]any {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if lines := s.log.lines(t, message); len(lines) > 0 {
			return lines[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing logged as %q", message)
		}
		<-tick.C
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		given string
		kept  bool
	}{
		"none":             {},
		"well-formed":      {given: "3f2a7c1e-9f5b-4a52-8a49-0c5c4f0f3d11", kept: true},
		"shortest":         {given: "abc.12:_", kept: true},
		"too short":        {given: "abc.12_"},
		"too long":         {given: strings.Repeat("a", 65)},
		"a space in it":    {given: "12345678 9"},
		"not ASCII":        {given: "größer-als-acht"},
		"a quote for logs": {given: `12345678","level":"x`},
	}
	s := newServer(t, quiet(t))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := s.do(t, http.MethodGet, "/things/1", "X-Request-ID", tt.given)
			if err != nil {
				t.Fatal(err)
			}
			if (got.id == tt.given) != tt.kept || !wellFormedID.MatchString(got.id) {
				t.Errorf("given %q, got %q", tt.given, got.id)
			}
			if got.body != got.id {
				t.Errorf("the handler saw %q, the caller %q", got.body, got.id)
			}
		})
	}
	if RequestID(t.Context()) != "" {
		t.Error("an id outside of any request")
	}
}

func TestOneLineForEachRequest(t *testing.T) {
	t.Parallel()
	s := newServer(t, quiet(t))
	if _, err := s.do(t, http.MethodGet, "/things/1", "X-Request-ID", "request-1",
		"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"level": "INFO", "msg": "request", "request_id": "request-1", "trace_id": "0af7651916cd43dd8448eb211c80319c", "tenant": "acme",
		"role": "LEARNER", "method": "GET", "route": "/things/{id}", "status": 200.0, "bytes": 9.0,
	}
	got := s.line(t, "request")
	delete(got, "time")
	delete(got, "ms")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := s.line(t, "looking"); got["request_id"] != "request-1" || got["tenant"] != "acme" {
		t.Errorf("the handler's line: %v", got)
	}
}

func TestProbesAreLoggedQuietly(t *testing.T) {
	t.Parallel()
	s := newServer(t, quiet(t))
	if _, err := s.do(t, http.MethodGet, "/readyz"); err != nil {
		t.Fatal(err)
	}
	if got := s.line(t, "request"); got["level"] != "DEBUG" || got["status"] != 503.0 {
		t.Errorf("line %v", got)
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	s := newServer(t, quiet(t))
	got, err := s.do(t, http.MethodPost, "/panic", "X-Request-ID", "request-1")
	if err != nil {
		t.Fatal(err)
	}
	var content map[string]string
	if err := json.Unmarshal([]byte(got.body), &content); err != nil {
		t.Fatal(err)
	}
	if got.status != http.StatusInternalServerError || content["request_id"] != "request-1" || len(content["trace_id"]) != 32 ||
		strings.Contains(got.body, "oh no") {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	line := s.line(t, "panic")
	if line["reason"] != "oh no" || line["trace_id"] != content["trace_id"] || !strings.Contains(fmt.Sprint(line["stack"]), "telemetry_test.go") {
		t.Errorf("line %v", line)
	}
	if got := s.line(t, "request"); got["level"] != "ERROR" || got["status"] != 500.0 {
		t.Errorf("line %v", got)
	}
	for _, path := range []string{"/half", "/abort"} {
		if got, err := s.do(t, http.MethodGet, path); err == nil {
			t.Errorf("%s looks whole: %q", path, got.body)
		}
	}
	if n := len(s.log.lines(t, "panic")); n != 2 {
		t.Errorf("%d panics logged, want 2: aborting is no panic", n)
	}
}

func TestMetricsHaveBoundedLabels(t *testing.T) {
	t.Parallel()
	s := newServer(t, quiet(t))
	for _, request := range [][2]string{
		{"GET", "/things/1"}, {"GET", "/things/2"}, {"GET", "/no/such/path"}, {"BREW", "/things/1"}, {"POST", "/panic"},
	} {
		if _, err := s.do(t, request[0], request[1]); err != nil {
			t.Fatal(err)
		}
	}
	text := s.scrape(t)
	for _, line := range []string{
		`http_requests_total{method="GET",route="/things/{id}",status="200"} 2`,
		`http_requests_total{method="GET",route="other",status="404"} 1`,
		`http_requests_total{method="other",route="other",status="405"} 1`,
		`http_requests_total{method="POST",route="/panic",status="500"} 1`,
		`http_request_duration_seconds_count{method="GET",route="/things/{id}"} 2`,
		`http_requests_active 0`, `go_goroutines `, `process_start_time_seconds `,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("metrics lack %s", line)
		}
	}
}

func TestStreamsAndUpgradesPassThrough(t *testing.T) {
	t.Parallel()
	s := newServer(t, quiet(t))
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/stream", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	first, err := bufio.NewReader(answer.Body).ReadString('\n')
	if err != nil || first != "data: first\n" {
		t.Errorf("while the stream is open: %q, %v", first, err)
	}
	if !strings.Contains(s.scrape(t), "http_requests_active 1") {
		t.Error("an open stream is not counted as active")
	}
	leave()

	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // The server closes it first.
	say(t, conn, "GET /upgrade HTTP/1.1\r\nHost: x\r\n\r\n")
	status, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(status, "101") {
		t.Errorf("upgrade: %q, %v", status, err)
	}
}

// collector takes traces as OTLP over HTTP.
func collector(t *testing.T) (string, func() string) {
	t.Helper()
	var got buffer
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/traces" {
			t.Errorf("traces sent to %s", r.URL.Path)
		}
		if _, err := io.Copy(&got, r.Body); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(s.Close)
	return s.URL, func() string {
		got.mu.Lock()
		defer got.mu.Unlock()
		return got.text.String()
	}
}

func TestTracesAreSent(t *testing.T) {
	t.Parallel()
	address, sent := collector(t)
	tracing, err := NewTracing(t.Context(), TraceOptions{Endpoint: address, SampleRatio: 1, Service: "lyceum-test", Version: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, tracing)
	if _, err := s.do(t, http.MethodGet, "/things/code-of-a-thing"); err != nil {
		t.Fatal(err)
	}
	s.line(t, "request") // The span has ended before it.
	memory := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: memory.Addr()})
	defer client.Close() //nolint:errcheck // Nothing is lost with it.
	if err := tracing.Redis(client); err != nil {
		t.Fatal(err)
	}
	if err := client.Set(t.Context(), "key", "argument-of-a-command", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := tracing.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"GET /things/{id}", "lyceum-test", "v1.2.3", "http.response.status_code", "set"} {
		if !strings.Contains(sent(), part) {
			t.Errorf("the traces lack %q", part)
		}
	}
	if strings.Contains(sent(), "argument-of-a-command") {
		t.Error("the traces hold what was written to Redis")
	}
	if strings.Contains(sent(), "code-of-a-thing") {
		t.Error("the traces hold what stood in a place of the pattern, which may be a secret")
	}
	if tracing.Postgres() == nil {
		t.Error("no tracer for Postgres")
	}
}

func TestNothingIsSentWithoutSampling(t *testing.T) {
	t.Parallel()
	address, sent := collector(t)
	tracing, err := NewTracing(t.Context(), TraceOptions{Endpoint: address + "/", SampleRatio: 0})
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tracing.Provider().Tracer("test").Start(t.Context(), "unsampled")
	if len(TraceID(ctx)) != 32 {
		t.Errorf("trace id %q", TraceID(ctx))
	}
	span.End()
	if err := tracing.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sent() != "" {
		t.Errorf("sent %q", sent())
	}
	if TraceID(t.Context()) != "" {
		t.Error("a trace id outside of any trace")
	}
}

func TestTracingNeedsAURL(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"collector:4318", "/v1/traces", "http://[::1"} {
		if _, err := NewTracing(t.Context(), TraceOptions{Endpoint: endpoint}); err == nil {
			t.Errorf("%q was accepted", endpoint)
		}
	}
	for endpoint, want := range map[string]string{
		"http://c:4318": "http://c:4318/v1/traces", "http://c/otlp/": "http://c/otlp/v1/traces", "http://c/v1/traces": "http://c/v1/traces",
	} {
		if got, err := tracesURL(endpoint); err != nil || got != want {
			t.Errorf("%s gives %s, %v; want %s", endpoint, got, err, want)
		}
	}
}

// poolStat is a pool with a number for everything.
type poolStat struct{}

func (poolStat) AcquiredConns() int32           { return 1 }
func (poolStat) IdleConns() int32               { return 2 }
func (poolStat) TotalConns() int32              { return 3 }
func (poolStat) MaxConns() int32                { return 4 }
func (poolStat) AcquireCount() int64            { return 5 }
func (poolStat) AcquireDuration() time.Duration { return 6 * time.Second }
func (poolStat) CanceledAcquireCount() int64    { return 7 }
func (poolStat) EmptyAcquireCount() int64       { return 8 }

func TestPoolMetrics(t *testing.T) {
	t.Parallel()
	m := NewMetrics()
	stat := func() PoolStat { return poolStat{} }
	for _, name := range []string{"main", "replica"} {
		if err := m.Pool(name, stat); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Pool("main", stat); err == nil {
		t.Error("two pools of one name")
	}
	text := server{metrics: m}.scrape(t)
	for _, line := range []string{
		`postgres_pool_acquired{pool="main"} 1`, `postgres_pool_idle{pool="replica"} 2`, `postgres_pool_total{pool="main"} 3`,
		`postgres_pool_max{pool="main"} 4`, `postgres_pool_acquires_total{pool="main"} 5`, `postgres_pool_acquire_seconds_total{pool="main"} 6`,
		`postgres_pool_canceled_acquires_total{pool="main"} 7`, `postgres_pool_empty_acquires_total{pool="replica"} 8`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("metrics lack %s", line)
		}
	}
}

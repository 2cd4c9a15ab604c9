package telemetry

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/felixge/httpsnoop"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// requestIDHeader carries the id of a request, in both directions.
const requestIDHeader = "X-Request-ID"

// wellFormedID is a request id that is taken over from a caller: it goes into logs and headers.
var wellFormedID = regexp.MustCompile(`^[A-Za-z0-9._:-]{8,64}$`)

// requestIDKey is the context key of the request's id.
type requestIDKey struct{}

// RequestID returns the id of the request that ctx belongs to, "" outside of one.
func RequestID(ctx context.Context) string {
	id, ok := ctx.Value(requestIDKey{}).(string)
	if !ok {
		return ""
	}
	return id
}

// scopeKey is the context key of the scope.
type scopeKey struct{}

// scope is what the line about a request learns from those who handle it: their attributes.
type scope struct {
	mu    sync.Mutex
	attrs []slog.Attr
}

func (s *scope) keep(attrs []slog.Attr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attrs = attrs
}

// learned returns the attributes that were given further in and that the context itself lacks.
func learned(ctx context.Context) []slog.Attr {
	s, ok := ctx.Value(scopeKey{}).(*scope)
	if !ok {
		return nil
	}
	s.mu.Lock()
	all := slices.Clone(s.attrs)
	s.mu.Unlock()
	own := Attrs(ctx)
	return slices.DeleteFunc(all, func(a slog.Attr) bool {
		return slices.ContainsFunc(own, func(b slog.Attr) bool { return a.Key == b.Key })
	})
}

// Middleware is what every request passes on its way to a handler: it gets an id and a trace, it is counted and
// logged, and a panic ends in an answer.
type Middleware struct {
	Logger  *slog.Logger
	Tracing *Tracing
	Metrics *Metrics
}

// Wrap puts the middleware around a handler. Requests are counted, traced and logged under the pattern that an
// http.ServeMux matched; for that the handler must be the mux, or pass the request on to it as it is.
//
// The id is the caller's X-Request-ID if that is well-formed (8 to 64 letters, digits or ._:-), else a new one; it
// is in the context, in the log, and in the answer. One line is logged for each request, with the attributes that
// handlers gave to their contexts: at level Error when it failed on our side, at Debug for /livez, /readyz and
// /metrics, else at Info. A panic is logged with its stack and answered with status 500; when the answer had begun,
// the connection is cut instead, so that half an answer is not taken for a whole one.
func (m Middleware) Wrap(next http.Handler) http.Handler {
	tracer := m.Tracing.Provider().Tracer("lyceum/internal/platform/telemetry")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		ctx := identify(r.Context(), w, r)
		ctx = Propagator().Extract(ctx, propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, methodOf(r), trace.WithSpanKind(trace.SpanKindServer))
		r = r.WithContext(ctx)
		a := &answer{status: http.StatusOK}
		m.Metrics.active.Inc()
		defer func() {
			m.Metrics.count(r, w, a, time.Since(begin))
			describe(span, r, a)
			span.End()
			m.log(r, a, time.Since(begin))
		}()
		watched := a.watch(w)
		defer m.rescue(ctx, watched, a)
		next.ServeHTTP(watched, r)
	})
}

// identify gives a request its id.
func identify(ctx context.Context, w http.ResponseWriter, r *http.Request) context.Context {
	id := r.Header.Get(requestIDHeader)
	if !wellFormedID.MatchString(id) {
		id = rand.Text()
	}
	w.Header().Set(requestIDHeader, id)
	ctx = context.WithValue(ctx, requestIDKey{}, id)
	ctx = context.WithValue(ctx, scopeKey{}, &scope{})
	return WithAttrs(ctx, slog.String("request_id", id))
}

// rescue ends the panic of a handler; it is to be deferred.
func (m Middleware) rescue(ctx context.Context, w http.ResponseWriter, a *answer) {
	reason := recover() //nolint:revive // This is the deferred function.
	if reason == nil {
		return
	}
	if err, ok := reason.(error); ok && err == http.ErrAbortHandler { //nolint:errorlint // As net/http compares it.
		panic(reason)
	}
	attrs := append(learned(ctx), slog.String("reason", fmt.Sprint(reason)), slog.String("stack", string(debug.Stack())))
	m.Logger.LogAttrs(ctx, slog.LevelError, "panic", attrs...)
	if a.begun {
		panic(http.ErrAbortHandler)
	}
	apologise(ctx, w)
}

// apologise says that something broke, and under which ids it can be found.
func apologise(ctx context.Context, w http.ResponseWriter) {
	content := map[string]string{
		"error": "Something went wrong on our side.", "request_id": RequestID(ctx), "trace_id": TraceID(ctx),
	}
	text, err := json.Marshal(content)
	if err != nil {
		text = nil // Texts can always be encoded.
	}
	for _, stale := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		w.Header().Del(stale)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusInternalServerError)
	// The client may be gone; there is nobody else to tell.
	_, _ = w.Write(text)
}

func (m Middleware) log(r *http.Request, a *answer, took time.Duration) {
	level := levelOf(r, a.status)
	if !m.Logger.Enabled(r.Context(), level) {
		return
	}
	m.Logger.LogAttrs(r.Context(), level, "request", append(learned(r.Context()),
		slog.String("method", methodOf(r)), slog.String("route", routeOf(r)), slog.Int("status", a.status),
		slog.Int64("bytes", a.size), slog.Float64("ms", float64(took.Microseconds())/1000))...)
}

func levelOf(r *http.Request, status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable:
		return slog.LevelError
	case slices.Contains([]string{"/livez", "/readyz", "/metrics"}, r.URL.Path):
		return slog.LevelDebug
	default:
		return slog.LevelInfo
	}
}

// describe gives a span what OpenTelemetry's conventions ask of a request's.
func describe(span trace.Span, r *http.Request, a *answer) {
	if !span.IsRecording() {
		return
	}
	route := routeOf(r)
	span.SetName(methodOf(r) + " " + route)
	span.SetAttributes(
		attribute.String("http.request.method", methodOf(r)), attribute.String("http.route", route),
		attribute.String("url.path", pathOf(r)), attribute.String("server.address", r.Host),
		attribute.Int("http.response.status_code", a.status), attribute.String("request.id", RequestID(r.Context())),
	)
	if a.status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, strconv.Itoa(a.status))
	}
}

// answer is what is noted about the answer to a request.
type answer struct {
	status int
	size   int64
	begun  bool
}

// watch returns a writer that notes the answer. It can do all that w can, streams and upgrades included.
func (a *answer) watch(w http.ResponseWriter) http.ResponseWriter {
	return httpsnoop.Wrap(w, httpsnoop.Hooks{
		WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(code int) {
				// Informational answers are followed by the real one; switching protocols is real.
				if !a.begun && (code >= http.StatusOK || code == http.StatusSwitchingProtocols) {
					a.status, a.begun = code, true
				}
				next(code)
			}
		},
		Write: func(next httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(p []byte) (int, error) {
				a.begun = true
				n, err := next(p)
				a.size += int64(n)
				return n, err
			}
		},
		ReadFrom: func(next httpsnoop.ReadFromFunc) httpsnoop.ReadFromFunc {
			return func(from io.Reader) (int64, error) {
				a.begun = true
				n, err := next(from)
				a.size += n
				return n, err
			}
		},
		Flush: func(next httpsnoop.FlushFunc) httpsnoop.FlushFunc {
			return func() { a.begun = true; next() }
		},
		Hijack: func(next httpsnoop.HijackFunc) httpsnoop.HijackFunc {
			return func() (net.Conn, *bufio.ReadWriter, error) {
				a.begun, a.status = true, http.StatusSwitchingProtocols
				return next()
			}
		},
	})
}

// pathOf is the path of the request as others may know it. What stands in a place of the pattern may open something, as
// the code of a certificate and the token in the link of a mail do: there the pattern stands for the path.
func pathOf(r *http.Request) string {
	if route := routeOf(r); strings.Contains(route, "{") {
		return route
	}
	return r.URL.Path
}

// routeOf is the path of the pattern that a mux found for the request, "other" when none did.
func routeOf(r *http.Request) string {
	if r.Pattern == "" {
		return other
	}
	if _, path, found := strings.Cut(r.Pattern, " "); found {
		return path
	}
	return r.Pattern
}

package transport

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lyceum/graph/answer"
	"lyceum/graph/present"
	"lyceum/internal/fault"
)

// allowed lists the methods that GraphQL is served to.
const allowed = "GET, HEAD, POST, OPTIONS"

// HTTP answers GET, HEAD and POST, and streams subscriptions as server-sent events. It takes every request that
// is no WebSocket handshake, and says what is wrong with those that it cannot serve.
//
// GET runs queries and, for the EventSource of browsers, subscriptions. A GET with cookies must come from
// the same origin, or carry a GraphQL-Require-Preflight header: a page elsewhere can make a browser
// send the one, but not the other.
type HTTP struct {
	// MaxRequest bounds the body, or the query string, in bytes. DefaultMaxRequest when zero.
	MaxRequest int64
	// MaxBody bounds the body of the caller whom the context names, in bytes. MaxRequest for everybody when nil.
	MaxBody func(context.Context) int64
	// BodyTimeout bounds the arrival of the body. DefaultBodyTimeout when zero.
	BodyTimeout time.Duration
	// Timeout bounds a query or a mutation. DefaultTimeout when zero.
	Timeout time.Duration
	// KeepAlive is the pause between comments on a silent stream. DefaultKeepAlive when zero.
	KeepAlive time.Duration
	// WriteTimeout bounds the sending of one event. DefaultWriteTimeout when zero.
	WriteTimeout time.Duration
	// Admission limits the streams of one caller. It may be nil.
	Admission Admission
	// Streams is told of open streams, and ends them when the server stops. It may be nil.
	Streams *Streams
	// Idempotency serves Idempotency-Key. Nil: the header means nothing.
	Idempotency *Idempotency
	// Answers keeps answers that are the same for all visitors. Nil: none is kept.
	Answers *answer.Cache
	// Documents are the persisted documents, for Answers to know them by their ids.
	Documents Documents
}

var _ graphql.Transport = HTTP{}

// Supports implements graphql.Transport.
func (HTTP) Supports(r *http.Request) bool { return !isHandshake(r) }

// Do implements graphql.Transport.
func (t HTTP) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Add("Vary", "Accept")
	takes := negotiate(r.Header)
	params, problem := t.read(w, r, takes)
	if problem != nil {
		problem.write(w, takes)
		return
	}
	ctx, err := withLastEvent(r.Context(), r.Header.Get("Last-Event-ID"), params.Extensions)
	if err != nil {
		(&trouble{CodeBadRequest, err.Error()}).write(w, takes)
		return
	}
	v := &visit{HTTP: t, w: w, r: r, exec: exec, takes: takes, asked: t.question(ctx, params, takes)}
	if v.asked.Planned() {
		if v.known(ctx, params) {
			return
		}
		v.asked = nil // not a second time
	}
	op, refused := create(ctx, exec, params)
	switch {
	case refused != nil && takes.json == "":
		t.stream(ctx, w, nil, func(_ context.Context, emit func(*graphql.Response) bool) { emit(refused) })
	case refused != nil:
		write(w, takes.json, refused)
	case v.reads() && op.Operation.Operation == ast.Mutation:
		w.Header().Set("Allow", http.MethodPost)
		(&trouble{CodeMethod, "Mutations need POST."}).write(w, takes)
	case r.Method == http.MethodHead && isSubscription(op):
		w.Header().Set("Allow", "GET, POST")
		(&trouble{CodeMethod, "Subscriptions need GET or POST."}).write(w, takes)
	default:
		if plan := v.asked.Plan(op.Operation); plan.Keeps() && v.run(ctx, op, plan) {
			return
		}
		t.answer(ctx, w, exec, op, takes)
	}
}

// answer runs an operation that was found in order, in the form that it needs and the client takes.
func (t HTTP) answer(ctx context.Context, w http.ResponseWriter, exec graphql.GraphExecutor, op *graphql.OperationContext, takes accepted) {
	execute := func(ctx context.Context, emit func(*graphql.Response) bool) {
		run(ctx, exec, op, cmp.Or(t.Timeout, DefaultTimeout), emit)
	}
	key, err := t.Idempotency.keyed(ctx, op)
	switch {
	case err != nil:
		write(w, cmp.Or(takes.json, mediaJSON), presented(ctx, exec, err))
	case key != "" && takes.json == "":
		(&trouble{CodeNotAcceptable, "With an Idempotency-Key, accept application/graphql-response+json or application/json."}).write(w, takes)
	case key != "":
		t.once(ctx, w, exec, op, key, takes.json, execute)
	case isSubscription(op) && !takes.events:
		(&trouble{CodeNotAcceptable, "Subscriptions need a stream: accept text/event-stream, or use WebSocket with graphql-transport-ws."}).write(w, takes)
	case isSubscription(op):
		t.subscribe(ctx, w, exec, takes, execute)
	case takes.json == "":
		t.stream(ctx, w, nil, execute)
	default:
		write(w, takes.json, first(ctx, execute))
	}
}

// subscribe streams a subscription, if its caller may open one more.
func (t HTTP) subscribe(ctx context.Context, w http.ResponseWriter, exec graphql.GraphExecutor, takes accepted, execute execution) {
	release, err := admit(ctx, t.Admission)
	if err != nil {
		write(w, cmp.Or(takes.json, mediaJSON), presented(ctx, exec, err))
		return
	}
	defer release()
	stopping, leave := t.Streams.enter()
	defer leave()
	t.stream(ctx, w, stopping, execute)
}

// execution runs an operation and emits its responses until emit says no, or the context ends.
type execution func(ctx context.Context, emit func(*graphql.Response) bool)

// first returns the one response of a query or a mutation. There is none when its time was up before it
// began, or the client has gone.
func first(ctx context.Context, execute execution) *graphql.Response {
	var only *graphql.Response
	execute(ctx, func(resp *graphql.Response) bool {
		only = resp
		return false
	})
	if only == nil {
		return late().response()
	}
	return only
}

// late is what is told when the time is up.
func late() *trouble {
	return &trouble{string(fault.Unavailable), "The request ended before it was answered."}
}

// read takes the request from the query string or the body.
func (t HTTP) read(w http.ResponseWriter, r *http.Request, takes accepted) (*graphql.RawParams, *trouble) {
	started := graphql.Now()
	params, problem := t.params(w, r, takes)
	if problem != nil {
		return nil, problem
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}
	return params, nil
}

func (t HTTP) params(w http.ResponseWriter, r *http.Request, takes accepted) (*graphql.RawParams, *trouble) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
		w.Header().Set("Allow", allowed)
		return nil, &trouble{CodeMethod, "GraphQL is served to GET, HEAD and POST."}
	case takes.json == "" && !takes.events:
		return nil, &trouble{CodeNotAcceptable, "Accept application/graphql-response+json, application/json or text/event-stream."}
	case r.Method != http.MethodPost:
		return t.fromQuery(r)
	default:
		return t.fromBody(w, r)
	}
}

func (t HTTP) fromQuery(r *http.Request) (*graphql.RawParams, *trouble) {
	if limit := t.maxRequest(); int64(len(r.URL.RawQuery)) > limit {
		return nil, tooLarge(limit)
	}
	if mayBeForged(r) {
		return nil, &trouble{string(fault.Forbidden), "Requests with cookies from other origins need the header GraphQL-Require-Preflight."}
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &trouble{CodeBadRequest, "The query string is malformed."}
	}
	members := map[string]any{}
	for _, name := range []string{keyQuery, keyOperationName, keyDocumentID, keyVariables, keyExtensions} {
		if len(values[name]) > 1 {
			return nil, &trouble{CodeBadRequest, "The query string holds the same key twice."}
		}
		if text := values.Get(name); text != "" {
			members[name] = text
		}
	}
	for _, name := range []string{keyVariables, keyExtensions} {
		text, given := members[name].(string)
		if !given {
			continue
		}
		if members[name], err = decodeObject([]byte(text)); err != nil {
			return nil, &trouble{CodeBadRequest, strconv.Quote(name) + " must be one JSON object, without a key twice."}
		}
	}
	return paramsOf(members)
}

// mayBeForged reports whether another site's page may have made the browser send the request, cookies
// included. Browsers of today say where a request comes from; for others there is the header.
func mayBeForged(r *http.Request) bool {
	if r.Header.Get("Cookie") == "" {
		return false
	}
	if r.Header.Get("GraphQL-Require-Preflight") != "" || r.Header.Get("Apollo-Require-Preflight") != "" {
		return false
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "same-origin" && site != "none"
}

func (t HTTP) fromBody(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *trouble) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != mediaJSON || !isUTF8(params) {
		return nil, &trouble{CodeMediaType, "The body must be application/json in UTF-8."}
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, &trouble{CodeMediaType, "The body must not be compressed."}
	}
	limit := t.maxBody(r.Context())
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	body, problem := t.body(w, r, limit)
	if problem != nil {
		return nil, problem
	}
	members, err := decodeObject(body)
	if err != nil {
		return nil, &trouble{CodeBadRequest, err.Error()}
	}
	return paramsOf(members)
}

func paramsOf(members map[string]any) (*graphql.RawParams, *trouble) {
	params, err := requestOf(members)
	if err != nil {
		return nil, &trouble{CodeBadRequest, err.Error()}
	}
	return params, nil
}

// body reads the whole body. Then the read deadline is lifted: the connection may stream for hours. Of a body that did
// not come whole it stays, because net/http reads what is left of it before it answers.
func (t HTTP) body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *trouble) {
	control := http.NewResponseController(w)
	// A writer that knows no deadlines is one of a test; those of net/http do.
	_ = control.SetReadDeadline(time.Now().Add(cmp.Or(t.BodyTimeout, DefaultBodyTimeout)))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if _, exceeded := errors.AsType[*http.MaxBytesError](err); exceeded {
		return nil, tooLarge(limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, &trouble{CodeTimeout, "The body took too long to arrive."}
	}
	if err != nil {
		return nil, &trouble{CodeBadRequest, "The body did not arrive whole."}
	}
	_ = control.SetReadDeadline(time.Time{})
	return body, nil
}

func (t HTTP) maxRequest() int64 { return cmp.Or(t.MaxRequest, DefaultMaxRequest) }

func (t HTTP) maxBody(ctx context.Context) int64 {
	if t.MaxBody == nil {
		return t.maxRequest()
	}
	return t.MaxBody(ctx)
}

func tooLarge(limit int64) *trouble {
	return &trouble{CodeTooLarge, "A request may have " + strconv.FormatInt(limit, 10) + " bytes at most."}
}

// write sends one answer. Its data goes out as it is.
func write(w http.ResponseWriter, media string, resp *graphql.Response) {
	if wait := present.RetryAfter(resp.Errors); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(wait))
	}
	pieces := envelope(resp)
	deliver(w, media, status(media, resp), pieces[:]...)
}

// deliver sends an answer in pieces.
func deliver(w http.ResponseWriter, media string, status int, pieces ...[]byte) {
	length := 0
	for _, piece := range pieces {
		length += len(piece)
	}
	header := w.Header()
	header.Set("Content-Type", media+"; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(length))
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "no-store") // unless somebody in front has decided that it may be kept
	}
	w.WriteHeader(status)
	for _, piece := range pieces {
		if _, err := w.Write(piece); err != nil {
			return // the client has gone
		}
	}
}

// status is where the status of an answer is chosen.
//
// An operation that ran is 200, whatever its fields say, but for one that came to nothing because something was
// UNAVAILABLE: 503 is what clients and proxies know to come back after. One that did not run is 4xx or 5xx for clients
// of application/graphql-response+json. Those of application/json get 200 for everything that is wrong
// with the operation itself, as the audits ask, and a status only where HTTP has a word for it.
func status(media string, resp *graphql.Response) int {
	code := present.CodeOf(resp.Errors)
	if string(resp.Data) == "null" && code == string(fault.Unavailable) {
		return http.StatusServiceUnavailable
	}
	if resp.Data != nil || len(resp.Errors) == 0 {
		return http.StatusOK
	}
	if status, known := statusOfTrouble[code]; known {
		return status
	}
	if media != mediaGraphQL {
		return http.StatusOK
	}
	switch fault.Code(code) {
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	default:
		return http.StatusBadRequest
	}
}

// statusOfTrouble maps codes that mean the same to every client.
var statusOfTrouble = map[string]int{
	CodeBadRequest:            http.StatusBadRequest,
	CodeMethod:                http.StatusMethodNotAllowed,
	CodeNotAcceptable:         http.StatusNotAcceptable,
	CodeTimeout:               http.StatusRequestTimeout,
	CodeTooLarge:              http.StatusRequestEntityTooLarge,
	CodeMediaType:             http.StatusUnsupportedMediaType,
	string(fault.Conflict):    http.StatusConflict,
	string(fault.RateLimited): http.StatusTooManyRequests,
	string(fault.Unavailable): http.StatusServiceUnavailable,
	string(fault.Internal):    http.StatusInternalServerError,
}

// trouble is what is wrong with a request, before GraphQL looks at it.
type trouble struct{ code, message string }

func (p *trouble) response() *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{refusal(p.code, p.message)}}
}

func (p *trouble) write(w http.ResponseWriter, takes accepted) {
	write(w, cmp.Or(takes.json, mediaJSON), p.response())
}

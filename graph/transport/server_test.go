package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/graph/limit"
	"lyceum/graph/present"
	"lyceum/graph/transport"
	"lyceum/internal/fault"
)

const schemaText = `
directive @cacheControl(maxAge: Int) on FIELD_DEFINITION
type Query {
  hello(name: String): String
  "How often it was asked for."
  counted(name: String): Int @cacheControl(maxAge: 60)
  "Fails for those who ask for it."
  failing: String @cacheControl(maxAge: 60)
  raw: String
  lastEvent: String
  slow: String @cacheControl(maxAge: 60)
  boom: String
  fail: String
  big(n: Int!): String
}
type Mutation { bump: Int }
type Subscription {
  "Counts from the last event seen, each number with its event id."
  count(to: Int!): Int
  "Sends as fast as it can, for ever."
  flood(n: Int): Int
  "Sends nothing, for ever."
  silence: Int
  broken: Int
  boom: Int
  "An id that would break the framing."
  oddID: Int
}
`

// service is a GraphQL server without generated code: the real executor, extensions, presenter and
// transports around an executable schema written by hand.
type service struct {
	*httptest.Server
	streams *transport.Streams
	bumps   atomic.Int32
	running atomic.Int32 // subscriptions being resolved
	log     bytes.Buffer
}

type options struct {
	http   transport.HTTP
	socket transport.WebSocket
	only   func(context.Context) bool
	wrap   func(http.Handler) http.Handler
	tls    bool
	budget limit.Budget
}

func serve(t testing.TB, o options) *service {
	t.Helper()
	s := &service{streams: transport.NewStreams()}
	schema := &executable{
		schema:  gqlparser.MustLoadSchema(&ast.Source{Input: schemaText}),
		service: s,
	}
	documents, err := limit.NewDocuments(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	presenter := present.Presenter{Log: slog.New(slog.DiscardHandler)}
	server := handler.New(schema)
	server.SetErrorPresenter(presenter.Present)
	server.SetRecoverFunc(presenter.Recover)
	server.SetQueryCache(documents)
	server.SetParserTokenLimit(limit.DefaultLimits().Tokens)
	server.SetDisableSuggestion(true)
	server.SetValidationRulesFn(limit.ValidationRules)
	server.Use(present.Errors{})
	server.Use(transport.Persisted{Documents: store{}, Only: o.only})
	server.Use(limit.Shape{Limits: limit.DefaultLimits(), Accepted: documents})
	server.Use(limit.Introspection{Allow: func(context.Context) bool { return true }})
	server.Use(limit.Cost{Budget: o.budget})
	o.http.Streams, o.socket.Streams = s.streams, s.streams
	server.AddTransport(o.socket)
	server.AddTransport(o.http)

	var root http.Handler = server
	if o.wrap != nil {
		root = o.wrap(root)
	}
	s.Server = httptest.NewUnstartedServer(root)
	s.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(&s.log, nil), slog.LevelError)
	if o.tls {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() {
		s.Close()
		if strings.Contains(s.log.String(), "panic") {
			t.Errorf("the server panicked: %s", s.log.String())
		}
	})
	return s
}

// store holds two documents, one of them under two names.
type store struct{}

const storedText = `query Hello($name: String) { hello(name: $name) }`

// countedText is another one.
const countedText = `query Counted { counted }`

func (store) Lookup(_ context.Context, id string) (string, bool) {
	if id == "counted" {
		return countedText, true
	}
	return storedText, id == "hello" || id == "sha256:c0ffee"
}

// executable resolves by hand what gqlgen would generate.
type executable struct {
	schema  *ast.Schema
	service *service
}

func (e *executable) Schema() *ast.Schema { return e.schema }

func (*executable) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (e *executable) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	if op.Operation.Operation == ast.Subscription {
		return e.subscribe(ctx, op)
	}
	done := false
	return func(ctx context.Context) *graphql.Response {
		if done {
			return nil
		}
		done = true
		return &graphql.Response{Data: e.object(ctx, op)}
	}
}

func (e *executable) object(ctx context.Context, op *graphql.OperationContext) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	root := map[ast.Operation]string{ast.Query: "Query", ast.Mutation: "Mutation"}[op.Operation.Operation]
	for i, field := range graphql.CollectFields(op, op.Operation.SelectionSet, []string{root}) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(field.Alias) + ":")
		b.Write(e.field(ctx, root, field, field.ArgumentMap(op.Variables)))
	}
	b.WriteByte('}')
	return b.Bytes()
}

// secret must never be told to a client.
const secret = "hunter2"

func (e *executable) field(ctx context.Context, root string, field graphql.CollectedField, args map[string]any) []byte {
	text := func(v any) []byte {
		out, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return out
	}
	switch field.Name {
	case "__typename":
		return text(root)
	case "__type":
		return []byte("null")
	case "hello":
		return text("hello " + orWorld(args["name"]))
	case "raw":
		return []byte("\"a\"  ") // spaces that another encoding would drop
	case "lastEvent":
		return text(transport.LastEventID(ctx))
	case "slow":
		<-ctx.Done()
		graphql.AddError(ctx, ctx.Err())
		return []byte("null")
	case "boom":
		panic(secret)
	case "fail", "failing":
		e.service.bumps.Add(1)
		graphql.AddError(ctx, errors.New(secret))
		return []byte("null")
	case "big":
		n, _ := args["n"].(int64)
		return text(strings.Repeat("x", int(n)))
	case "bump", "counted":
		return text(e.service.bumps.Add(1))
	}
	return []byte("null")
}

func orWorld(name any) string {
	if name, ok := name.(string); ok {
		return name
	}
	return "world"
}

func (e *executable) subscribe(ctx context.Context, op *graphql.OperationContext) graphql.ResponseHandler {
	field := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Subscription"})[0]
	args := field.ArgumentMap(op.Variables)
	var buf bytes.Buffer // one for all responses, as in generated code
	event := func(n int) *graphql.Response {
		buf.Reset()
		buf.WriteString("{" + strconv.Quote(field.Alias) + ":" + strconv.Itoa(n) + "}")
		return &graphql.Response{Data: buf.Bytes()}
	}
	e.service.running.Add(1)
	context.AfterFunc(ctx, func() { e.service.running.Add(-1) })
	switch field.Name {
	case "count":
		to, _ := args["to"].(int64)
		n, _ := strconv.Atoi(transport.LastEventID(ctx))
		return func(ctx context.Context) *graphql.Response {
			if n++; n > int(to) {
				return nil
			}
			graphql.RegisterExtension(ctx, transport.KeyEventID, strconv.Itoa(n))
			return event(n)
		}
	case "flood":
		size, _ := args["n"].(int64)
		pad := strings.Repeat(" ", int(size))
		return func(ctx context.Context) *graphql.Response {
			if ctx.Err() != nil {
				return nil
			}
			resp := event(1)
			resp.Data = append(resp.Data, pad...)
			return resp
		}
	case "broken":
		graphql.AddError(ctx, fault.New(fault.NotFound, "No such thing."))
		return nil
	case "boom":
		panic(secret)
	case "oddID":
		done := false
		return func(ctx context.Context) *graphql.Response {
			if done {
				return nil
			}
			done = true
			graphql.RegisterExtension(ctx, transport.KeyEventID, "1\ndata: forged")
			resp := event(1)
			resp.Data = []byte("{\n\"oddID\":\r\n1}")
			return resp
		}
	default:
		return func(ctx context.Context) *graphql.Response {
			<-ctx.Done()
			return nil
		}
	}
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   string
}

func do(t testing.TB, r *http.Request) answer {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: string(body)}
}

func request(t testing.TB, method, url string, body io.Reader, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// post sends a request body as JSON.
func (s *service) post(t testing.TB, body string, headers ...string) answer {
	t.Helper()
	return do(t, request(t, http.MethodPost, s.URL, strings.NewReader(body), append([]string{"Content-Type", "application/json"}, headers...)...))
}

// ask sends a document.
func (s *service) ask(t testing.TB, query string, headers ...string) answer {
	t.Helper()
	return s.post(t, `{"query":`+strconv.Quote(query)+`}`, headers...)
}

// code returns the code of the first error, and "" when there is none.
func (a answer) code(t testing.TB) string {
	t.Helper()
	var body struct {
		Errors []struct {
			Message    string `json:"message"`
			Extensions struct {
				Code string `json:"code"`
			} `json:"extensions"`
		} `json:"errors"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("%v: %q", err, a.body)
	}
	if len(body.Errors) == 0 {
		return ""
	}
	if body.Errors[0].Message == "" {
		t.Errorf("an error without a message: %s", a.body)
	}
	return body.Errors[0].Extensions.Code
}

package present_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vikstrous/dataloadgen"
	"go.opentelemetry.io/otel/trace"

	"lyceum/graph/present"
	"lyceum/internal/fault"
)

var errDriver = errors.New(`pq: secret detail "hunter2"`)

// bench is a presenter whose log can be read.
type bench struct {
	present.Presenter
	log bytes.Buffer
}

func newBench() *bench {
	b := &bench{}
	b.Log = slog.New(slog.NewJSONHandler(&b.log, nil))
	return b
}

func (b *bench) lines() int { return strings.Count(b.log.String(), "\n") }

func shown(t *testing.T, err *gqlerror.Error) string {
	t.Helper()
	text, marshalErr := json.Marshal(err)
	if marshalErr != nil {
		t.Fatal(marshalErr)
	}
	return string(text)
}

func TestPresent(t *testing.T) {
	t.Parallel()
	errRow := errors.New("no rows")
	classify := func(err error) *fault.Error {
		if errors.Is(err, errRow) {
			return fault.New(fault.NotFound, "No such course.")
		}
		return nil
	}
	tests := map[string]struct {
		err  error
		want string
		logs int
	}{
		"a fault": {
			err:  fmt.Errorf("enroll: %w", fault.New(fault.Conflict, "You are already enrolled.").Because(errDriver)),
			want: `{"message":"You are already enrolled.","extensions":{"code":"CONFLICT"}}`,
		},
		"violations": {
			err:  fault.Invalid("title", "Give a title."),
			want: `{"message":"Give a title.","extensions":{"code":"BAD_USER_INPUT","violations":[{"field":"title","message":"Give a title."}]}}`,
		},
		"when to come back": {
			err:  fault.New(fault.RateLimited, "Slow down.").After(1200 * time.Millisecond),
			want: `{"message":"Slow down.","extensions":{"code":"RATE_LIMITED","retryAfter":2}}`,
		},
		"a dependency down": {
			err:  fault.New(fault.Unavailable, "Search is down.").Because(errDriver),
			want: `{"message":"Search is down.","extensions":{"code":"UNAVAILABLE"}}`,
			logs: 1,
		},
		"classified": {
			err:  fmt.Errorf("load: %w", errRow),
			want: `{"message":"No such course.","extensions":{"code":"NOT_FOUND"}}`,
		},
		"not loaded": {
			err:  fmt.Errorf("load: %w", dataloadgen.ErrNotFound),
			want: `{"message":"Not found.","extensions":{"code":"NOT_FOUND"}}`,
		},
		"cancelled": {
			err:  fmt.Errorf("query: %w", context.Canceled),
			want: `{"message":"The request was cancelled.","extensions":{"code":"UNAVAILABLE"}}`,
		},
		"out of time": {
			err:  fmt.Errorf("query: %w", context.DeadlineExceeded),
			want: `{"message":"This took too long. Please try again.","extensions":{"code":"UNAVAILABLE"}}`,
			logs: 1,
		},
		"a fault in gqlgen's wrapping": {
			err:  &gqlerror.Error{Err: fault.New(fault.Forbidden, "No."), Message: "leaks", Locations: []gqlerror.Location{{Line: 1, Column: 2}}},
			want: `{"message":"No.","locations":[{"line":1,"column":2}],"extensions":{"code":"FORBIDDEN"}}`,
		},
		"nothing": {want: "null"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench()
			b.Classify = classify
			if got := shown(t, b.Present(t.Context(), tt.err)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if b.lines() != tt.logs {
				t.Errorf("%d lines logged, want %d: %s", b.lines(), tt.logs, b.log.String())
			}
		})
	}
}

func TestUnknownErrorsAreHidden(t *testing.T) {
	t.Parallel()
	internal := fault.New(fault.Internal, "made by hand hunter2")
	for _, err := range []error{errDriver, internal, gqlerror.Wrap(errDriver), gqlerror.Errorf("hunter2"), errors.Join(errDriver, errDriver)} {
		b := newBench()
		got := b.Present(t.Context(), err)
		if text := shown(t, got); strings.Contains(text, "hunter2") {
			t.Errorf("%s", text)
		}
		id, _ := got.Extensions["traceId"].(string)
		if got.Message != "Something went wrong on our side." || got.Extensions["code"] != "INTERNAL" || len(id) != 32 {
			t.Errorf("got %s", shown(t, got))
		}
		if b.lines() != 1 || !strings.Contains(b.log.String(), "hunter2") || !strings.Contains(b.log.String(), id) {
			t.Errorf("the log has %s", b.log.String())
		}
	}
}

func TestTraceIDIsTheSpans(t *testing.T) {
	t.Parallel()
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, 2, 3}, SpanID: trace.SpanID{4}})
	got := newBench().Present(trace.ContextWithSpanContext(t.Context(), span), errDriver)
	if got.Extensions["traceId"] != span.TraceID().String() {
		t.Errorf("got %v", got.Extensions["traceId"])
	}
}

func TestPanicsAreHidden(t *testing.T) {
	t.Parallel()
	for _, value := range []any{"hunter2", errDriver, fault.New(fault.Forbidden, "hunter2"), 7, nil} {
		b := newBench()
		got := b.Present(t.Context(), b.Recover(t.Context(), value))
		if text := shown(t, got); strings.Contains(text, "hunter2") || got.Extensions["code"] != "INTERNAL" {
			t.Errorf("%s", text)
		}
		if b.lines() != 1 || !strings.Contains(b.log.String(), "TestPanicsAreHidden") {
			t.Errorf("no stack in the log: %s", b.log.String())
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	name := "createCourse"
	field := &graphql.FieldContext{Field: graphql.CollectedField{Field: &ast.Field{Alias: name, Name: name}}}
	ctx := graphql.WithFieldContext(t.Context(), field)
	at := func(err error) error {
		return gqlerror.WrapPath(ast.Path{ast.PathName(name), ast.PathName("input"), ast.PathName("modules"), ast.PathIndex(0)}, err)
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"a scalar of ours": {
			err:  at(fault.New(fault.BadInput, "An Int is a whole number.")),
			want: `{"message":"An Int is a whole number.","path":["createCourse"],"extensions":{"code":"BAD_USER_INPUT","violations":[{"field":"input.modules.0","message":"An Int is a whole number."}]}}`,
		},
		"with violations": {
			err:  at(fault.Invalid("url", "Give a URL.")),
			want: `{"message":"Give a URL.","path":["createCourse"],"extensions":{"code":"BAD_USER_INPUT","violations":[{"field":"input.modules.0.url","message":"Give a URL."}]}}`,
		},
		"a scalar of gqlgen": {
			err:  at(errors.New(`strconv.ParseInt: parsing "hunter2": invalid syntax`)),
			want: `{"message":"This value is not accepted here.","path":["createCourse"],"extensions":{"code":"BAD_USER_INPUT","violations":[{"field":"input.modules.0","message":"This value is not accepted here."}]}}`,
		},
		"the resolver": {
			err:  gqlerror.WrapPath(field.Path(), fault.New(fault.Conflict, "Taken.")),
			want: `{"message":"Taken.","path":["createCourse"],"extensions":{"code":"CONFLICT"}}`,
		},
		"a child": { // as the error of another field may pass through
			err:  gqlerror.WrapPath(ast.Path{ast.PathName("other"), ast.PathName("x")}, fault.New(fault.Conflict, "Taken.")),
			want: `{"message":"Taken.","path":["other","x"],"extensions":{"code":"CONFLICT"}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench()
			if got := shown(t, b.Present(ctx, tt.err)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if b.lines() != 0 {
				t.Errorf("logged %s", b.log.String())
			}
		})
	}
}

var schema = gqlparser.MustLoadSchema(&ast.Source{Input: `
type Query { hello(name: String, count: Int, state: State, filter: Filter, id: ID): String viewer: User }
type User { id: ID! }
enum State { OPEN CLOSED }
input Filter { name: String! count: Int states: [State!] }
`})

// newExecutor runs execute for every valid query, through the presenter.
func newExecutor(b *bench, execute func(context.Context)) *executor.Executor {
	exec := executor.New(&graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ExecFunc: func(context.Context) graphql.ResponseHandler {
			return func(ctx context.Context) *graphql.Response {
				execute(ctx)
				return &graphql.Response{Data: []byte("null")}
			}
		},
	})
	exec.SetErrorPresenter(b.Present)
	exec.SetRecoverFunc(b.Recover)
	exec.Use(present.Errors{})
	return exec
}

func respond(t *testing.T, exec *executor.Executor, params *graphql.RawParams) *graphql.Response {
	t.Helper()
	ctx := graphql.StartOperationTrace(t.Context())
	operation, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		return exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs)
	}
	next, ctx := exec.DispatchOperation(ctx, operation)
	return next(ctx)
}

func TestRequestErrors(t *testing.T) {
	t.Parallel()
	const parse, invalid = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"
	long := strings.Repeat("x", 10_000)
	tests := map[string]struct {
		params graphql.RawParams
		code   string
		want   string
	}{
		"cut short":         {graphql.RawParams{Query: `{hello(`}, parse, "Syntax error: Expected Name."},
		"a string":          {graphql.RawParams{Query: `{"hunter2"}`}, parse, "Syntax error: Expected Name."},
		"a bare word":       {graphql.RawParams{Query: `hunter2 {b}`}, parse, "Syntax error: Unexpected Name."},
		"no keyword":        {graphql.RawParams{Query: `fragment f hunter2 Query{b}`}, parse, `Syntax error: Expected "on".`},
		"a bad escape":      {graphql.RawParams{Query: `{hello(name:"\u00zzhunter2")}`}, parse, "Syntax error: Unexpected <Invalid>."},
		"a bad character":   {graphql.RawParams{Query: "{hello \x00hunter2}"}, parse, "Syntax error: Expected Name."},
		"a bad number":      {graphql.RawParams{Query: "{hello(count:01)}"}, parse, "Syntax error: Unexpected <Invalid>."},
		"unknown field":     {graphql.RawParams{Query: `{helo}`}, invalid, `Cannot query field "helo" on type "Query".`},
		"unknown argument":  {graphql.RawParams{Query: `{hello(nam:"hunter2")}`}, invalid, `Unknown argument "nam" on field "Query.hello".`},
		"wrong literal":     {graphql.RawParams{Query: `{hello(count:"hunter2")}`}, invalid, "Int cannot represent non-integer value."},
		"no such value":     {graphql.RawParams{Query: `{hello(state:hunter2)}`}, invalid, `The value does not exist in "State" enum.`},
		"a quoted value":    {graphql.RawParams{Query: `{hello(state:"hunter2")}`}, invalid, `Enum "State" cannot represent non-enum value.`},
		"not an object":     {graphql.RawParams{Query: `{hello(filter:"hunter2")}`}, invalid, `Expected value of type "Filter".`},
		"not a string":      {graphql.RawParams{Query: `{hello(name:hunter2)}`}, invalid, "String cannot represent a non string value."},
		"which operation":   {graphql.RawParams{Query: `{viewer{id}}`, OperationName: "hunter2"}, invalid, "The document has no operation of that name, or needs one to be named."},
		"no operation":      {graphql.RawParams{Query: ` `}, invalid, "no operation provided"},
		"a missing one":     {graphql.RawParams{Query: `query($f:Filter!){hello(filter:$f)}`}, invalid, "Variable $f must be defined."},
		"an inner one":      {graphql.RawParams{Query: `query($f:Filter){hello(filter:$f)}`, Variables: map[string]any{"f": map[string]any{"name": nil}}}, invalid, "Variable $f.name cannot be null."},
		"an inner value":    {graphql.RawParams{Query: `query($f:Filter){hello(filter:$f)}`, Variables: map[string]any{"f": map[string]any{"name": "x", "states": []any{"OPEN", "hunter2"}}}}, invalid, "Variable $f.states.1 is not a valid State."},
		"an unknown one":    {graphql.RawParams{Query: `query($f:Filter){hello(filter:$f)}`, Variables: map[string]any{"f": map[string]any{long: "hunter2"}}}, invalid, ""},
		"a fraction":        {graphql.RawParams{Query: `query($n:Int){hello(count:$n)}`, Variables: map[string]any{"n": json.Number("1.5")}}, invalid, "Variable $n is not a number that fits."},
		"a giant":           {graphql.RawParams{Query: `query($n:Int){hello(count:$n)}`, Variables: map[string]any{"n": json.Number("99999999999999999999")}}, invalid, "Variable $n is not a number that fits."},
		"the wrong kind":    {graphql.RawParams{Query: `query($n:Int){hello(count:$n)}`, Variables: map[string]any{"n": "hunter2"}}, invalid, "Variable $n must be of type Int, not string."},
		"a very long field": {graphql.RawParams{Query: `{` + long + `}`}, invalid, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench()
			resp := respond(t, newExecutor(b, func(context.Context) {}), &tt.params)
			if len(resp.Errors) == 0 || present.CodeOf(resp.Errors) != tt.code {
				t.Fatalf("got %v, want %s", resp.Errors, tt.code)
			}
			got := resp.Errors[0]
			if tt.want != "" && got.Message != tt.want {
				t.Errorf("got  %q\nwant %q", got.Message, tt.want)
			}
			if text := shown(t, got); strings.Contains(text, "hunter2") || strings.Contains(text, "Did you mean") || len(text) > 600 {
				t.Errorf("%s", text)
			}
			if got.Path != nil || b.lines() != 0 {
				t.Errorf("path %v, log %s", got.Path, b.log.String())
			}
		})
	}
}

func TestErrorsAreCapped(t *testing.T) {
	t.Parallel()
	for n, omitted := range map[int]any{0: nil, 20: nil, 21: 1, 300: 280} {
		b := newBench()
		resp := respond(t, newExecutor(b, func(ctx context.Context) {
			for range n {
				graphql.AddError(ctx, errDriver)
			}
		}), &graphql.RawParams{Query: `{viewer{id}}`})
		if got, want := len(resp.Errors), min(n, present.MaxErrors); got != want {
			t.Errorf("%d errors: %d listed, want %d", n, got, want)
		}
		if diff := cmp.Diff(omitted, resp.Extensions["errorsOmitted"]); diff != "" {
			t.Errorf("%d errors: %s", n, diff)
		}
		if got, want := b.lines(), min(n, 20); got != want {
			t.Errorf("%d errors: %d logged, want %d", n, got, want)
		}
	}
}

func TestEndOfStreamPasses(t *testing.T) {
	t.Parallel()
	if resp := (present.Errors{}).InterceptResponse(t.Context(), func(context.Context) *graphql.Response { return nil }); resp != nil {
		t.Errorf("got %v", resp)
	}
}

func TestReadPresented(t *testing.T) {
	t.Parallel()
	b := newBench()
	errs := gqlerror.List{
		b.Present(t.Context(), fault.New(fault.RateLimited, "Wait.").After(3*time.Second)),
		b.Present(t.Context(), fault.New(fault.RateLimited, "Wait.").After(9*time.Second)),
		b.Present(t.Context(), fault.New(fault.NotFound, "No.")),
	}
	if got := present.RetryAfter(errs); got != 9 {
		t.Errorf("RetryAfter: %d", got)
	}
	if got := present.CodeOf(errs); got != "RATE_LIMITED" {
		t.Errorf("CodeOf: %q", got)
	}
	if present.RetryAfter(nil) != 0 || present.CodeOf(nil) != "" {
		t.Error("nothing is something")
	}
}

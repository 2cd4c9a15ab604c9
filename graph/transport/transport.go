// Package transport carries GraphQL: over HTTP (GET, POST, and server-sent events in the "distinct
// connections" mode of graphql-sse), and over WebSocket (graphql-transport-ws).
//
// HTTP follows https://github.com/graphql/graphql-over-http as the server audits of graphql-http test it.
// A response's data is written as the executor made it, without another pass of encoding/json.
package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes that the transports put into errors[].extensions.code, besides those of package fault.
const (
	// CodeBadRequest: the request is not a GraphQL request.
	CodeBadRequest = "BAD_REQUEST"
	// CodeMethod: this HTTP method cannot do that.
	CodeMethod = "METHOD_NOT_ALLOWED"
	// CodeNotAcceptable: the answer has none of the forms that the client accepts.
	CodeNotAcceptable = "NOT_ACCEPTABLE"
	// CodeTimeout: the request's body did not arrive in time.
	CodeTimeout = "REQUEST_TIMEOUT"
	// CodeTooLarge: the request is larger than the server reads.
	CodeTooLarge = "PAYLOAD_TOO_LARGE"
	// CodeMediaType: the request's body is not JSON in UTF-8.
	CodeMediaType = "UNSUPPORTED_MEDIA_TYPE"
	// CodePersistedNotFound: no document is stored under the id.
	CodePersistedNotFound = "PERSISTED_QUERY_NOT_FOUND"
)

// Defaults of HTTP and WebSocket.
const (
	DefaultMaxRequest   = 256 << 10
	DefaultBodyTimeout  = 10 * time.Second
	DefaultTimeout      = 10 * time.Second
	DefaultKeepAlive    = 15 * time.Second
	DefaultWriteTimeout = 10 * time.Second
)

// create reads and checks one operation. When it is refused, or the attempt panics, the response says why
// and there is no operation.
func create(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams) (op *graphql.OperationContext, refusal *graphql.Response) {
	defer func() {
		if p := recover(); p != nil {
			op, refusal = nil, presented(ctx, exec, panicked(p))
		}
	}()
	op, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		return nil, exec.DispatchError(graphql.WithOperationContext(ctx, op), errs)
	}
	return op, nil
}

// run executes the operation and emits its responses until emit says no, or they end. A query or a
// mutation has one response, and no more than the timeout to find it.
func run(ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext, timeout time.Duration, emit func(*graphql.Response) bool) {
	if !isSubscription(op) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	defer func() {
		if p := recover(); p != nil {
			emit(presented(ctx, exec, panicked(p)))
		}
	}()
	next, ctx := exec.DispatchOperation(ctx, op)
	for resp := next(ctx); resp != nil; resp = next(ctx) {
		if !emit(resp) {
			return
		}
	}
}

func isSubscription(op *graphql.OperationContext) bool {
	return op.Operation.Operation == ast.Subscription
}

// presented makes a response of an error that arose outside of an operation, through the error presenter.
func presented(ctx context.Context, exec graphql.GraphExecutor, err error) *graphql.Response {
	ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
	return exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
}

func panicked(value any) error { return fmt.Errorf("panic: %v\n%s", value, debug.Stack()) }

// envelope returns a response as the pieces of one JSON object: what comes before the data, the data as it
// is, and what comes after. A response without data, of an operation that did not run, has no such member.
func envelope(resp *graphql.Response) [3][]byte {
	head := []byte{'{'}
	if len(resp.Errors) > 0 {
		encoded, err := json.Marshal(resp.Errors)
		if err != nil {
			return unencodable()
		}
		head = append(append(head, `"errors":`...), encoded...)
	}
	if resp.Data != nil {
		head = append(separate(head), `"data":`...)
	}
	var tail []byte
	if len(resp.Extensions) > 0 {
		encoded, err := json.Marshal(resp.Extensions)
		if err != nil {
			return unencodable()
		}
		if resp.Data != nil || len(head) > 1 {
			tail = append(tail, ',')
		}
		tail = append(append(tail, `"extensions":`...), encoded...)
	}
	return [3][]byte{head, resp.Data, append(tail, '}')}
}

// separate puts a comma behind the members of an object, if it has any yet.
func separate(object []byte) []byte {
	if len(object) > 1 {
		return append(object, ',')
	}
	return object
}

// unencodable stands for a response whose errors or extensions no JSON can hold.
func unencodable() [3][]byte {
	return [3][]byte{[]byte(`{"errors":[{"message":"Something went wrong on our side.","extensions":{"code":"INTERNAL"}}]}`)}
}

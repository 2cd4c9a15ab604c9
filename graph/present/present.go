// Package present turns the errors of a GraphQL response into what its reader may know: a sentence, a code
// from a closed set, and what to do about it. Whatever it does not recognise it logs, once, and shows as
// an internal error with a trace id.
package present

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vikstrous/dataloadgen"
	"go.opentelemetry.io/otel/trace"

	"lyceum/internal/fault"
)

// The keys under errors[].extensions.
const (
	keyCode       = "code"
	keyViolations = "violations"
	keyRetryAfter = "retryAfter"
	keyTraceID    = "traceId"
)

// Presenter shows errors to clients. Its methods fit handler.Server.SetErrorPresenter and SetRecoverFunc.
type Presenter struct {
	// Classify names the fault behind errors of the storage layer, and returns nil for those that it
	// does not know. It may be nil.
	Classify func(error) *fault.Error
	// Log hears of internal errors; slog.Default() when nil.
	Log *slog.Logger
}

// Present implements graphql.ErrorPresenterFunc. It never returns nil for an error.
func (p Presenter) Present(ctx context.Context, err error) *gqlerror.Error {
	if err == nil {
		return nil
	}
	var located gqlerror.Error
	if found, ok := errors.AsType[*gqlerror.Error](err); ok {
		located = *found
		if code, ok := located.Extensions[keyCode].(string); ok {
			return protocolError(&located, code)
		}
	}
	path, argument := splitPath(ctx, located.Path)
	shown := &gqlerror.Error{Err: err, Path: path, Locations: located.Locations}
	p.describe(ctx, shown, p.fault(err, argument), argument)
	return shown
}

// fault finds what to tell about an error: nil when it is internal.
func (p Presenter) fault(err error, argument string) *fault.Error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Code != fault.Internal {
		return f
	}
	if p.Classify != nil {
		if f := p.Classify(err); f != nil && f.Code != fault.Internal {
			return f
		}
	}
	switch {
	case errors.Is(err, dataloadgen.ErrNotFound):
		return fault.New(fault.NotFound, "Not found.")
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Unavailable, "The request was cancelled.")
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unavailable, "This took too long. Please try again.").Because(err)
	case argument != "":
		// A scalar or an enum refused the value; what it says may repeat the value.
		return fault.New(fault.BadInput, "This value is not accepted here.")
	}
	return nil
}

// describe fills in the message and the extensions, and logs what an operator should hear of.
func (p Presenter) describe(ctx context.Context, shown *gqlerror.Error, f *fault.Error, argument string) {
	if f == nil {
		traceID := traceID(ctx)
		p.log(ctx, slog.LevelError, shown, slog.String("trace_id", traceID))
		shown.Message = "Something went wrong on our side."
		shown.Extensions = map[string]any{keyCode: string(fault.Internal), keyTraceID: traceID}
		return
	}
	if f.Code == fault.Unavailable && f.Unwrap() != nil {
		p.log(ctx, slog.LevelWarn, shown)
	}
	shown.Message = f.Message
	shown.Extensions = map[string]any{keyCode: string(f.Code)}
	if violations := violationsOf(f, argument); len(violations) > 0 {
		shown.Extensions[keyViolations] = violations
	}
	if f.RetryAfter > 0 {
		shown.Extensions[keyRetryAfter] = int(math.Ceil(f.RetryAfter.Seconds()))
	}
}

// violationsOf returns the fault's violations, each under the argument that was being read, if any.
func violationsOf(f *fault.Error, argument string) []fault.Violation {
	if argument == "" {
		return f.Violations
	}
	if len(f.Violations) == 0 && f.Code == fault.BadInput {
		return []fault.Violation{{Field: argument, Message: f.Message}}
	}
	under := slices.Clone(f.Violations)
	for i := range under {
		under[i].Field = argument + "." + under[i].Field
	}
	return under
}

// splitPath parts the path of an error that arose while an argument was read, which gqlgen gives as one,
// into the path of the field and the way into its arguments, dotted.
func splitPath(ctx context.Context, path ast.Path) (field ast.Path, argument string) {
	current := graphql.GetFieldContext(ctx)
	if current == nil {
		return path, ""
	}
	field = current.Path()
	if len(path) <= len(field) || !slices.Equal(path[:len(field)], field) {
		return path, ""
	}
	return field, dotted(path[len(field):])
}

// maxLogged bounds the internal errors of one response that are logged: when a list of a thousand things
// breaks, it breaks a thousand times for one reason.
const maxLogged = 20

func (p Presenter) log(ctx context.Context, level slog.Level, shown *gqlerror.Error, more ...slog.Attr) {
	if t, ok := ctx.Value(tallyKey{}).(*tally); ok && t.logged.Add(1) > maxLogged {
		return
	}
	attrs := append([]slog.Attr{slog.Any("error", shown.Err), slog.String("path", shown.Path.String())}, more...)
	if graphql.HasOperationContext(ctx) {
		attrs = append(attrs, slog.String("operation", Operation(ctx)))
	}
	if panicked, ok := errors.AsType[*panicError](shown.Err); ok {
		attrs = append(attrs, slog.String("stack", string(panicked.stack)))
	}
	cmp.Or(p.Log, slog.Default()).LogAttrs(ctx, level, "graphql error", attrs...)
}

// Operation returns the name of the operation that ctx runs, shortened for the log; "" when it has none.
func Operation(ctx context.Context) string {
	if !graphql.HasOperationContext(ctx) {
		return ""
	}
	return shorten(graphql.GetOperationContext(ctx).OperationName)
}

// traceID returns the id of the trace that the context belongs to, or a fresh one to find the log line by.
func traceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		return span.TraceID().String()
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // documented never to fail
	return hex.EncodeToString(id[:])
}

// panicError is a recovered panic. It hides the panic's value from errors.As: that a panic carried a
// fault does not make it one.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// Recover implements graphql.RecoverFunc. The presenter, which gqlgen hands the result to, logs it.
func (Presenter) Recover(_ context.Context, value any) error {
	return &panicError{value: value, stack: debug.Stack()}
}

// CodeOf returns the code of the first of the presented errors, or "".
func CodeOf(errs gqlerror.List) string {
	if len(errs) == 0 {
		return ""
	}
	code, _ := errs[0].Extensions[keyCode].(string)
	return code
}

// RetryAfter returns the longest wait, in seconds, that the presented errors ask for, or zero.
func RetryAfter(errs gqlerror.List) int {
	longest := 0
	for _, err := range errs {
		seconds, _ := err.Extensions[keyRetryAfter].(int)
		longest = max(longest, seconds)
	}
	return longest
}

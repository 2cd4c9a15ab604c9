package limit

import (
	"context"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"lyceum/internal/fault"
)

// Size bounds the text that one answer holds. Cost counts objects, and an object may hold a megabyte, which aliases repeat
// for nothing: a few fields can ask for more than a process has memory.
//
// Counted is what fields resolve to, before it is written. A text beyond the bound is an error of its field, as every one
// after it is. What package lean writes is bounded there, and not counted again.
type Size struct {
	// Most is how many bytes of text an answer to the caller whom the context names may hold.
	Most func(context.Context) int64
}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
	graphql.FieldInterceptor
} = Size{}

type sizeKey struct{}

// ExtensionName implements graphql.HandlerExtension.
func (Size) ExtensionName() string { return "Size" }

// Validate implements graphql.HandlerExtension.
func (Size) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse implements graphql.ResponseInterceptor. Each event of a subscription is an answer.
func (s Size) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	left := new(atomic.Int64)
	left.Store(s.Most(ctx))
	return next(context.WithValue(ctx, sizeKey{}, left))
}

// InterceptField implements graphql.FieldInterceptor.
func (Size) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	if err != nil {
		return value, err
	}
	n := textIn(value)
	if n == 0 {
		return value, nil
	}
	if left, counted := ctx.Value(sizeKey{}).(*atomic.Int64); counted && left.Add(-n) < 0 {
		return nil, fault.New(fault.BadInput, "The answer would hold too much text. Ask for less at a time.")
	}
	return value, nil
}

// textIn is the length of a field's text, 0 for what is none.
func textIn(value any) int64 {
	switch text := value.(type) {
	case string:
		return int64(len(text))
	case *string:
		if text != nil {
			return int64(len(*text))
		}
	}
	return 0
}

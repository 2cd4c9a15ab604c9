package present

import (
	"context"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
)

// MaxErrors is how many errors one response lists.
const MaxErrors = 20

// Errors keeps the errors of a response to MaxErrors, and says in extensions.errorsOmitted how many more
// there were. It is a gqlgen extension, for handler.Server.Use, first of all.
type Errors struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
} = Errors{}

type tallyKey struct{}

// tally counts what was logged for one response.
type tally struct{ logged atomic.Int32 }

// ExtensionName implements graphql.HandlerExtension.
func (Errors) ExtensionName() string { return "Errors" }

// Validate implements graphql.HandlerExtension.
func (Errors) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse implements graphql.ResponseInterceptor.
func (Errors) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	resp := next(context.WithValue(ctx, tallyKey{}, &tally{}))
	if resp == nil || len(resp.Errors) <= MaxErrors {
		return resp
	}
	if resp.Extensions == nil {
		resp.Extensions = map[string]any{}
	}
	resp.Extensions["errorsOmitted"] = len(resp.Errors) - MaxErrors
	resp.Errors = resp.Errors[:MaxErrors]
	return resp
}

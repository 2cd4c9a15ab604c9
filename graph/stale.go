package graph

import (
	"context"
	"fmt"
	"strconv"
	"time"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lyceum/internal/fault"
)

const (
	staleDirective = "stale"
	staleAge       = "maxAge"
	// maxStale is the oldest that a query can allow, in seconds.
	maxStale = 300
	// asOfExtension says as of when an answer is.
	asOfExtension = "asOf"
)

// stale answers queries that say @stale from a copy of the database, where one is close enough, and says as of when.
type stale struct {
	// reading returns a context for reading what is at most so old, and as of when that is. Nil: all is read afresh.
	reading func(ctx context.Context, maxAge time.Duration) (context.Context, time.Time)
}

var _ interface {
	gqlgen.HandlerExtension
	gqlgen.OperationContextMutator
	gqlgen.ResponseInterceptor
} = stale{}

// ExtensionName implements graphql.HandlerExtension.
func (stale) ExtensionName() string { return "Stale" }

// Validate implements graphql.HandlerExtension.
func (stale) Validate(gqlgen.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator: it refuses ages that cannot be meant.
func (stale) MutateOperationContext(_ context.Context, operation *gqlgen.OperationContext) *gqlerror.Error {
	age, allowed := allowedAge(operation)
	if !allowed || meant(age) {
		return nil
	}
	refused := fault.Invalid(staleAge, "A query allows an answer that is 1 to 300 seconds old.")
	return &gqlerror.Error{Err: refused, Message: refused.Error()}
}

// InterceptResponse implements graphql.ResponseInterceptor.
func (s stale) InterceptResponse(ctx context.Context, next gqlgen.ResponseHandler) *gqlgen.Response {
	if !gqlgen.HasOperationContext(ctx) {
		return next(ctx)
	}
	age, allowed := allowedAge(gqlgen.GetOperationContext(ctx))
	if !allowed || !meant(age) {
		return next(ctx)
	}
	asOf := time.Now()
	if s.reading != nil {
		ctx, asOf = s.reading(ctx, age)
	}
	gqlgen.RegisterExtension(ctx, asOfExtension, asOf.UTC().Format(time.RFC3339Nano))
	return next(ctx)
}

func meant(age time.Duration) bool { return age >= time.Second && age <= maxStale*time.Second }

// allowedAge is how old an answer the query allows; false for what has to be answered afresh.
func allowedAge(operation *gqlgen.OperationContext) (time.Duration, bool) {
	if operation.Operation == nil || operation.Operation.Operation != ast.Query {
		return 0, false
	}
	directive := operation.Operation.Directives.ForName(staleDirective)
	if directive == nil {
		return 0, false
	}
	// A number in the document and one in a variable come as different types; what is neither is 0, and refused.
	seconds, _ := strconv.ParseFloat(fmt.Sprint(directive.ArgumentMap(operation.Variables)[staleAge]), 64)
	return time.Duration(min(max(seconds, 0), maxStale+1)) * time.Second, true
}

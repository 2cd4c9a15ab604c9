package graph

import (
	"context"
	"fmt"
	"strings"
	"sync"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lyceum/graph/present"
	"lyceum/internal/policy"
)

// postcondition replaces a response in which a root field answered without any policy having been asked: a
// resolver that forgot shows an error, and nothing of ours. That @access let the caller through does not count, for
// it does not know the rows.
type postcondition struct{ presenter present.Presenter }

type unaskedKey struct{}

// unasked collects the root fields of one response for which nothing was asked.
type unasked struct {
	mu     sync.Mutex
	fields []string
}

func (u *unasked) add(field string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.fields = append(u.fields, field)
}

type streamKey struct{}

// operation watches a subscription from its start: its events come of what was asked then.
func (postcondition) operation(ctx context.Context, next gqlgen.OperationHandler) gqlgen.ResponseHandler {
	if gqlgen.GetOperationContext(ctx).Operation.Operation != ast.Subscription {
		return next(ctx)
	}
	ctx, asked := policy.Watch(ctx)
	return next(context.WithValue(ctx, streamKey{}, asked))
}

// answers reports whether the response holds data.
func answers(response *gqlgen.Response) bool {
	return response != nil && len(response.Data) > 0 && string(response.Data) != "null"
}

// field watches one root field. What is null tells nothing, and what the schema says of itself is not guarded by
// policies.
func (postcondition) field(ctx context.Context, next gqlgen.RootResolver) gqlgen.Marshaler {
	ctx, asked := policy.Watch(ctx)
	answer := next(ctx)
	root := gqlgen.GetRootFieldContext(ctx).Field
	if u, ok := ctx.Value(unaskedKey{}).(*unasked); ok && answer != gqlgen.Null && !asked.Yes() && !strings.HasPrefix(root.Name, "__") {
		u.add(root.ObjectDefinition.Name + "." + root.Name)
	}
	return answer
}

// response replaces the response.
func (p postcondition) response(ctx context.Context, next gqlgen.ResponseHandler) *gqlgen.Response {
	u := &unasked{}
	response := next(context.WithValue(ctx, unaskedKey{}, u))
	if asked, streams := ctx.Value(streamKey{}).(*policy.Asked); streams && !asked.Yes() && answers(response) {
		u.add("Subscription." + streamed(ctx))
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if response == nil || len(u.fields) == 0 {
		return response
	}
	err := fmt.Errorf("graph: no policy was asked for %s", strings.Join(u.fields, ", "))
	return &gqlgen.Response{Errors: gqlerror.List{p.presenter.Present(ctx, err)}, Extensions: response.Extensions}
}

// streamed is the root field of the subscription.
func streamed(ctx context.Context) string {
	operation := gqlgen.GetOperationContext(ctx)
	for _, field := range gqlgen.CollectFields(operation, operation.Operation.SelectionSet, []string{"Subscription"}) {
		return field.Name
	}
	return ""
}

package graph

import (
	"context"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"lyceum/graph/transport"
)

// eventIDs carries the id of each event from the resolver of a subscription to the response it becomes. It
// holds one, so that a resolver is at most one event ahead of the responses.
type eventIDs chan string

type eventIDsKey struct{}

// withEventIDs prepares a subscription for events that have ids.
func withEventIDs(ctx context.Context, next gqlgen.OperationHandler) gqlgen.ResponseHandler {
	if gqlgen.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		ctx = context.WithValue(ctx, eventIDsKey{}, make(eventIDs, 1))
	}
	return next(ctx)
}

// identified passes the events on as what they are shown as, each with its id in front of it.
func identified[E, T any](ctx context.Context, events <-chan E, id func(E) string, show func(E) T) <-chan T {
	ids, known := ctx.Value(eventIDsKey{}).(eventIDs)
	if !known {
		ids = make(eventIDs, 1)
	}
	out := make(chan T)
	go func() {
		defer close(out)
		for event := range events {
			select {
			case ids <- id(event):
			case <-ctx.Done():
				return
			}
			select {
			case out <- show(event):
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// giveEventID puts the id of the event into the response that it became: transports send it along.
func giveEventID(ctx context.Context, next gqlgen.ResponseHandler) *gqlgen.Response {
	response := next(ctx)
	ids, ok := ctx.Value(eventIDsKey{}).(eventIDs)
	if response == nil || !ok {
		return response
	}
	select {
	case id := <-ids:
		if response.Extensions == nil {
			response.Extensions = map[string]any{}
		}
		response.Extensions[transport.KeyEventID] = id
	default: // an error before the first event
	}
	return response
}

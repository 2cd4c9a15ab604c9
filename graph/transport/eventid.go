package transport

import (
	"context"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
)

// Events have ids, so that a subscriber who was cut off can go on where it stopped. The server sends them as
// extensions.eventId, and in server-sent events as the event's "id" as well; the client sends back the
// last one that it has seen.
const (
	keyEventID     = "eventId"
	keyLastEventID = "lastEventId"
)

type lastEventKey struct{}

// maxEventID bounds event ids, in bytes.
const maxEventID = 256

// LastEventID returns the id of the last event that the subscriber has seen, or "" when it starts afresh.
// It comes from the header Last-Event-ID, or from extensions.lastEventId of the request, and may be
// anything: whoever resumes from it checks it.
func LastEventID(ctx context.Context) string {
	id, _ := ctx.Value(lastEventKey{}).(string)
	return id
}

// withLastEvent puts the id of the last event into the context, if there is one.
func withLastEvent(ctx context.Context, header string, extensions map[string]any) (context.Context, error) {
	id := header
	if id == "" {
		if err := member(extensions, keyLastEventID, "a string", &id); err != nil {
			return nil, err
		}
	}
	if len(id) > maxEventID {
		return nil, malformed("The id of the last event is too long.")
	}
	if id == "" {
		return ctx, nil
	}
	return context.WithValue(ctx, lastEventKey{}, id), nil
}

type eventIDKey struct{}

// eventID is where the id of the response being made is left.
type eventID struct{ id atomic.Pointer[string] }

// withEventID returns a context under which SetEventID works.
func withEventID(ctx context.Context) (context.Context, *eventID) {
	slot := &eventID{}
	return context.WithValue(ctx, eventIDKey{}, slot), slot
}

// SetEventID gives the response being made an event id. Any resolver of the event may call it, or
// AroundResponses, also at the same time; the last call counts. A line break in the id would end it, so
// such an id is not sent as "id".
func SetEventID(ctx context.Context, id string) {
	if slot, ok := ctx.Value(eventIDKey{}).(*eventID); ok {
		slot.id.Store(&id)
	}
}

// stamp moves the id to the response, if one was set.
func (e *eventID) stamp(resp *graphql.Response) {
	id := e.id.Swap(nil)
	if id == nil {
		return
	}
	if resp.Extensions == nil {
		resp.Extensions = map[string]any{}
	}
	resp.Extensions[keyEventID] = *id
}

package transport

import "context"

// KeyEventID is the extension of a response under which the executor puts the id of the event that it is made of:
// a text, so that a subscriber who was cut off can go on where it stopped. In server-sent events it goes out as the
// event's "id" as well, unless a line break in it would end that. The client sends back the last one that it has seen.
const KeyEventID = "eventId"

const keyLastEventID = "lastEventId"

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

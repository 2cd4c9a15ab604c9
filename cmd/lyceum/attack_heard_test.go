//go:build attack

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// heard is an open subscription, over whichever transport.
type heard struct {
	// events has what came as data, and is closed when the stream has ended.
	events chan string
	// send says something more, where the transport lets one, and after has the answer to the operation of that name. It
	// is closed when the socket is.
	send  func(message string) error
	after chan string
}

// codeOf is the code that an event refuses with, "" when it brings something.
func codeOf(event string) string {
	a := answer{Body: []byte(event)}
	a.parse()
	return a.Code()
}

// transports are the ways to subscribe.
func transports() []string { return []string{"SSE", "WebSocket"} }

// subscribe opens a stream, which the test's end ends.
func (w *attackWorld) subscribe(ctx context.Context, transport string, q question) (*heard, error) {
	if transport == "SSE" {
		return w.overSSE(ctx, q)
	}
	return w.overSocket(ctx, q)
}

// overSSE reads server-sent events.
func (w *attackWorld) overSSE(ctx context.Context, q question) (*heard, error) {
	q.header = maps.Clone(q.header)
	if q.header == nil {
		q.header = map[string]string{}
	}
	q.header["Accept"] = "text/event-stream"
	response, err := w.post(ctx, q, strconv.FormatInt(w.questions.Add(1), 10)) // the reader closes it
	if err != nil {
		return nil, err
	}
	f := &heard{events: make(chan string, 1000)}
	go func() {
		defer close(f.events)
		defer func() { _ = response.Body.Close() }()
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			line := lines.Text()
			if event, found := strings.CutPrefix(line, "data: "); found && event != "" {
				f.events <- event
			} else if strings.HasPrefix(line, "{") {
				f.events <- line // refused before there was a stream
			}
		}
	}()
	return f, nil
}

// overSocket speaks graphql-transport-ws, and gives the token where browsers must.
func (w *attackWorld) overSocket(ctx context.Context, q question) (*heard, error) {
	conn, response, err := websocket.Dial(ctx, w.server.URL+"/graphql", &websocket.DialOptions{
		Host: q.host, Subprotocols: []string{"graphql-transport-ws"}, HTTPClient: w.server.Client(),
		HTTPHeader: http.Header{"X-Forwarded-For": {w.address()}},
	})
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	conn.SetReadLimit(1 << 20)
	f := &heard{events: make(chan string, 1000), after: make(chan string, 1)}
	f.send = func(message string) error { return conn.Write(ctx, websocket.MessageText, []byte(message)) }
	payload := map[string]any{}
	if q.token != "" {
		payload["authorization"] = "Bearer " + q.token
	}
	if err := f.say(map[string]any{"type": "connection_init", "payload": payload}); err != nil {
		return nil, err
	}
	go f.hear(ctx, conn, q)
	return f, nil
}

func (f *heard) say(message map[string]any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	if err := f.send(string(text)); err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	return nil
}

// hear reads a socket until it is closed. The stream ends with its subscription; the socket may stay.
func (f *heard) hear(ctx context.Context, conn *websocket.Conn, q question) {
	defer close(f.after)
	done := sync.OnceFunc(func() { close(f.events) })
	defer done()
	stop := context.AfterFunc(ctx, func() { _ = conn.CloseNow() })
	defer stop()
	for {
		_, text, err := conn.Read(context.WithoutCancel(ctx))
		if err != nil {
			return
		}
		var m struct {
			Type, ID string
			Payload  json.RawMessage
		}
		if err := json.Unmarshal(text, &m); err != nil {
			return
		}
		switch {
		case m.Type == "connection_ack":
			err = f.begin(q)
		case m.Type == "ping":
			err = f.say(map[string]any{"type": "pong"})
		case m.ID == "after" && m.Type != "complete":
			f.after <- string(m.Payload)
		case m.ID == "s" && m.Type == "next":
			f.events <- string(m.Payload)
		case m.ID == "s" && m.Type == "error":
			f.events <- `{"errors":` + string(m.Payload) + `}`
			done()
		case m.ID == "s":
			done()
		}
		if err != nil {
			return
		}
	}
}

// begin subscribes.
func (f *heard) begin(q question) error {
	extensions := map[string]any{}
	if id, given := q.header["Last-Event-ID"]; given {
		extensions["lastEventId"] = id
	}
	return f.say(map[string]any{"type": "subscribe", "id": "s", "payload": map[string]any{
		"query": q.document, "variables": q.variables, "extensions": extensions,
	}})
}

// next is the next event, or "" when the stream has ended.
func (f *heard) next(t *testing.T, who string) string {
	t.Helper()
	select {
	case event := <-f.events:
		return event
	case <-time.After(streamPatience):
		t.Fatalf("%s: no event within %s, and no end", who, streamPatience)
		return ""
	}
}

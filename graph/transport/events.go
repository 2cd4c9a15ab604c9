package transport

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// stream answers with server-sent events: a "next" for each response, and "complete" when the operation
// has ended by itself. Silence is broken by comments, so that proxies and clients see life.
//
// Every write happens here, on the goroutine of the handler: nothing can touch w after it has returned.
func (t HTTP) stream(ctx context.Context, w http.ResponseWriter, stopping <-chan struct{}, execute execution) {
	out := newEventWriter(w, cmp.Or(t.WriteTimeout, DefaultWriteTimeout))
	defer out.close()
	if !out.open() {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	frames := make(chan string)
	defer func() {
		cancel() // the client has gone, or everything is said
		for range frames {
		}
	}()
	go func() {
		defer close(frames)
		// Encoded over there: gqlgen reuses a response's buffer for the next one.
		execute(ctx, func(resp *graphql.Response) bool { return send(ctx, frames, nextFrame(resp)) })
	}()
	silence := time.NewTicker(cmp.Or(t.KeepAlive, DefaultKeepAlive))
	defer silence.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-stopping:
			out.comeBack()
			return
		case <-silence.C:
			if !out.comment() {
				return
			}
		case frame, more := <-frames:
			if !more {
				if ctx.Err() == nil { // else it did not end by itself
					out.complete()
				}
				return
			}
			if !out.send(frame) {
				return
			}
		}
	}
}

// send hands a frame over, unless the context ends first.
func send(ctx context.Context, to chan<- string, frame string) bool {
	select {
	case to <- frame:
		return true
	case <-ctx.Done():
		return false
	}
}

// eventWriter writes frames, each within a deadline. Its methods report whether the client is still there.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
}

func newEventWriter(w http.ResponseWriter, timeout time.Duration) *eventWriter {
	return &eventWriter{w: w, control: http.NewResponseController(w), timeout: timeout}
}

// open sends the headers and a first comment, so that the client learns at once that it is connected.
func (e *eventWriter) open() bool {
	header := e.w.Header()
	header.Set("Content-Type", mediaEvents+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would hold events back
	e.w.WriteHeader(http.StatusOK)
	began := e.comment()
	// The request was read, up to here: a client that listens says nothing more, for as long as it likes.
	_ = e.control.SetReadDeadline(time.Time{})
	return began
}

// close lifts the write deadline: the connection may serve other requests.
func (e *eventWriter) close() { _ = e.control.SetWriteDeadline(time.Time{}) }

func (e *eventWriter) comment() bool { return e.send(":\n\n") }

func (e *eventWriter) complete() { e.send("event: complete\ndata:\n\n") }

// comeBack asks the client to connect again soon, not all at the same moment.
func (e *eventWriter) comeBack() {
	wait := 500 + rand.IntN(2500) //nolint:gosec // it spreads load, it is no secret
	e.send(fmt.Sprintf("retry: %d\n\n", wait))
}

// nextFrame writes a response as an event.
func nextFrame(resp *graphql.Response) string {
	var frame strings.Builder
	frame.WriteString("event: next\n")
	if id, _ := resp.Extensions[KeyEventID].(string); id != "" && !strings.ContainsAny(id, "\r\n\x00") {
		frame.WriteString("id: " + id + "\n")
	}
	frame.WriteString("data: ")
	for _, piece := range envelope(resp) {
		frame.Write(oneLine(piece))
	}
	frame.WriteString("\n\n")
	return frame.String()
}

// oneLine returns JSON without line breaks, which would end the data of an event. In JSON they can only
// stand between tokens, where a space does as well.
func oneLine(text []byte) []byte {
	if !bytes.ContainsAny(text, "\r\n") {
		return text
	}
	return bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, text)
}

func (e *eventWriter) send(frame string) bool {
	// A writer that knows no deadlines is one of a test; those of net/http do.
	_ = e.control.SetWriteDeadline(time.Now().Add(e.timeout))
	if _, err := io.WriteString(e.w, frame); err != nil {
		return false
	}
	return e.control.Flush() == nil
}

package transport

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lyceum/graph/present"
	"lyceum/internal/fault"
)

// The close codes of graphql-transport-ws.
const (
	closeBadRequest       websocket.StatusCode = 4400
	closeUnauthorized     websocket.StatusCode = 4401
	closeForbidden        websocket.StatusCode = 4403
	closeSubprotocol      websocket.StatusCode = 4406
	closeInitTimeout      websocket.StatusCode = 4408
	closeSubscriberExists websocket.StatusCode = 4409
	closeTooManyInits     websocket.StatusCode = 4429
	closeInternal         websocket.StatusCode = 4500
)

// maxOperationID bounds the ids that clients give to operations, in bytes.
const maxOperationID = 128

// socket is one connection. Messages are read, and operations checked, on the goroutine of serve, one at a
// time; each operation then runs on a goroutine of its own.
type socket struct {
	WebSocket
	conn   *websocket.Conn
	exec   graphql.GraphExecutor
	header http.Header // of the handshake

	work    sync.WaitGroup // every goroutine of the socket
	mu      sync.Mutex
	running map[string]*running // by the client's id
}

// running is an operation in progress.
type running struct{ cancel context.CancelFunc }

// message is one message of the client.
type message struct {
	kind    string
	id      string
	payload any
}

// serve speaks the protocol until the socket is closed.
func (s *socket) serve(ctx context.Context, stopping <-chan struct{}) {
	ended := make(chan struct{})
	s.work.Go(func() {
		select {
		case <-stopping:
			s.close(websocket.StatusGoingAway, "The server is going away")
		case <-ended:
		}
	})
	defer s.work.Wait()
	defer close(ended)
	defer func() { _ = s.conn.CloseNow() }()
	if s.conn.Subprotocol() != subprotocol {
		s.close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	session, initialised := s.initialise(ctx)
	if !initialised {
		return
	}
	release, err := admit(session, s.Admission)
	if err != nil {
		s.refuse(ctx, err)
		return
	}
	defer release()
	stop := context.AfterFunc(session, func() {
		if ctx.Err() != nil {
			s.close(websocket.StatusGoingAway, "The server is going away")
			return
		}
		s.close(closeForbidden, "The session has ended")
	})
	defer stop()
	s.converse(session)
}

// converse acknowledges the connection and serves its operations until it is closed.
func (s *socket) converse(session context.Context) {
	ctx, cancel := context.WithCancel(session)
	defer cancel() // ends the operations
	if !s.write(ctx, []byte(`{"type":"connection_ack"}`)) {
		return
	}
	s.work.Go(func() { s.keepAlive(ctx) })
	for {
		m, ok := s.receive(ctx)
		if !ok || !s.handle(ctx, m) {
			return
		}
	}
}

// initialise waits for connection_init and returns the context that operations run under.
func (s *socket) initialise(ctx context.Context) (context.Context, bool) {
	timeout := time.AfterFunc(cmp.Or(s.InitTimeout, DefaultInitTimeout), func() {
		s.close(closeInitTimeout, "Connection initialisation timeout")
	})
	defer timeout.Stop()
	for {
		m, ok := s.receive(ctx)
		switch {
		case !ok:
			return nil, false
		case m.kind == "connection_init":
			timeout.Stop()
			return s.authenticate(ctx, m.payload)
		case m.kind == "subscribe":
			s.close(closeUnauthorized, "Unauthorized")
			return nil, false
		case !s.handle(ctx, m):
			return nil, false
		}
	}
}

func (s *socket) authenticate(ctx context.Context, payload any) (context.Context, bool) {
	given, ok := payload.(map[string]any)
	if !ok && payload != nil {
		s.close(closeBadRequest, "The payload must be an object")
		return nil, false
	}
	if s.Init == nil {
		return ctx, true
	}
	session, err := s.Init(ctx, given)
	if err != nil {
		s.refuse(ctx, err)
		return nil, false
	}
	return session, true
}

// refuse closes the socket for the reason that the error presenter gives.
func (s *socket) refuse(ctx context.Context, err error) {
	errs := presented(ctx, s.exec, err).Errors
	code := closeForbidden
	switch fault.Code(present.CodeOf(errs)) {
	case fault.Internal:
		code = closeInternal
	case fault.RateLimited, fault.Unavailable:
		code = websocket.StatusTryAgainLater
	default:
	}
	s.close(code, errs[0].Message)
}

// receive reads the next message, or closes the socket when it is none.
func (s *socket) receive(ctx context.Context) (message, bool) {
	// The end of ctx must not cut the connection: whoever ends it sends a close frame first.
	kind, text, err := s.conn.Read(context.WithoutCancel(ctx))
	if err != nil {
		return message{}, false
	}
	m, ok := message{}, kind == websocket.MessageText
	if ok {
		m, ok = messageOf(text)
	}
	if !ok {
		s.close(closeBadRequest, "Invalid message")
	}
	return m, ok
}

func messageOf(text []byte) (message, bool) {
	members, err := decodeObject(text)
	if err != nil {
		return message{}, false
	}
	m := message{payload: members["payload"]}
	if member(members, "type", "a string", &m.kind) != nil || member(members, "id", "a string", &m.id) != nil {
		return message{}, false
	}
	needsID := m.kind == "subscribe" || m.kind == "complete"
	return m, !needsID || (m.id != "" && len(m.id) <= maxOperationID)
}

// handle does what a message says, and reports whether the conversation goes on.
func (s *socket) handle(ctx context.Context, m message) bool {
	switch m.kind {
	case "subscribe":
		return s.subscribe(ctx, m)
	case "complete":
		s.cancel(m.id)
		return true
	case "ping":
		return s.write(ctx, []byte(`{"type":"pong"}`))
	case "pong":
		return true
	case "connection_init":
		s.close(closeTooManyInits, "Too many initialisation requests")
		return false
	default:
		s.close(closeBadRequest, "Invalid message")
		return false
	}
}

// subscribe checks an operation and starts it.
func (s *socket) subscribe(ctx context.Context, m message) bool {
	params, ctx, err := s.request(ctx, m.payload)
	if err != nil {
		s.close(closeBadRequest, err.Error())
		return false
	}
	count, taken := s.census(m.id)
	if taken {
		s.close(closeSubscriberExists, "A subscriber with this id already exists")
		return false
	}
	if count >= cmp.Or(s.MaxOperations, DefaultMaxOperations) {
		full := refusal(string(fault.RateLimited), "Too many operations run on this connection.")
		return s.writeErrors(ctx, m.id, gqlerror.List{full})
	}
	op, refused := create(ctx, s.exec, params)
	if refused != nil {
		return s.writeErrors(ctx, m.id, refused.Errors)
	}
	ctx, cancel := context.WithCancel(ctx)
	started := &running{cancel: cancel}
	s.mu.Lock()
	s.running[m.id] = started
	s.mu.Unlock()
	s.work.Go(func() { s.execute(ctx, m.id, started, op) })
	return true
}

// request reads the payload of subscribe. The error is malformed.
func (s *socket) request(ctx context.Context, payload any) (*graphql.RawParams, context.Context, error) {
	ctx = graphql.StartOperationTrace(ctx)
	started := graphql.Now()
	members, ok := payload.(map[string]any)
	if !ok {
		return nil, nil, malformed("The payload must be an object")
	}
	params, err := requestOf(members)
	if err != nil {
		return nil, nil, err
	}
	params.Headers = s.header
	params.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}
	ctx, err = withLastEvent(ctx, "", params.Extensions)
	return params, ctx, err
}

// execute runs an operation and sends what comes of it. An operation that its client has completed sends
// nothing any more.
func (s *socket) execute(ctx context.Context, id string, self *running, op *graphql.OperationContext) {
	defer self.cancel()
	var failed gqlerror.List
	run(ctx, s.exec, op, cmp.Or(s.Timeout, DefaultTimeout), func(resp *graphql.Response) bool {
		if resp.Data == nil && len(resp.Errors) > 0 {
			failed = resp.Errors // it did not start
			return false
		}
		return ctx.Err() == nil && s.writeNext(ctx, id, resp)
	})
	s.forget(id, self) // before the client hears of the end: it may use the id again
	switch {
	case ctx.Err() != nil:
	case failed != nil:
		s.writeErrors(ctx, id, failed)
	default:
		s.write(ctx, []byte(`{"id":`+quote(id)+`,"type":"complete"}`))
	}
}

// census counts the running operations, and reports whether one has the id.
func (s *socket) census(id string) (count int, taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, taken = s.running[id]
	return len(s.running), taken
}

// cancel ends the operation with the id, if there is one.
func (s *socket) cancel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op, found := s.running[id]; found {
		op.cancel()
		delete(s.running, id)
	}
}

// forget removes an operation that has ended, unless its id belongs to another one by now.
func (s *socket) forget(id string, self *running) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[id] == self {
		delete(s.running, id)
	}
}

// keepAlive cuts the connection when a ping is not answered.
func (s *socket) keepAlive(ctx context.Context) {
	interval := cmp.Or(s.PingInterval, DefaultPingInterval)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), interval)
		err := s.conn.Ping(patience)
		cancel()
		if err != nil {
			_ = s.conn.CloseNow()
			return
		}
	}
}

func (s *socket) writeNext(ctx context.Context, id string, resp *graphql.Response) bool {
	text := []byte(`{"id":` + quote(id) + `,"type":"next","payload":`)
	for _, piece := range envelope(resp) {
		text = append(text, piece...)
	}
	return s.write(ctx, append(text, '}'))
}

func (s *socket) writeErrors(ctx context.Context, id string, errs gqlerror.List) bool {
	payload, err := json.Marshal(errs)
	if err != nil {
		payload = []byte(`[{"message":"Something went wrong on our side.","extensions":{"code":"INTERNAL"}}]`)
	}
	return s.write(ctx, []byte(`{"id":`+quote(id)+`,"type":"error","payload":`+string(payload)+`}`))
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		return `""` // cannot be: a string always encodes
	}
	return string(quoted)
}

// write sends one message. A client that does not take it in time is cut off.
func (s *socket) write(ctx context.Context, text []byte) bool {
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(s.WriteTimeout, DefaultWriteTimeout))
	defer cancel()
	return s.conn.Write(patience, websocket.MessageText, text) == nil
}

// maxReason is what a close frame has room for, in bytes.
const maxReason = 123

// close closes the socket; the first to do so chooses code and reason.
func (s *socket) close(code websocket.StatusCode, reason string) {
	for len(reason) > maxReason || !utf8.ValidString(reason) {
		reason = reason[:len(reason)-1]
	}
	_ = s.conn.Close(code, strings.TrimRight(reason, "."))
}

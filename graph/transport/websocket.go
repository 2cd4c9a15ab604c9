package transport

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
)

// Defaults of WebSocket.
const (
	DefaultMaxOperations = 50
	DefaultInitTimeout   = 5 * time.Second
	DefaultPingInterval  = 15 * time.Second
)

// subprotocol is the only one spoken. The older graphql-ws is not.
const subprotocol = "graphql-transport-ws"

// WebSocket speaks graphql-transport-ws, with its close codes:
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
//
//	1001  the server stops; come back
//	1009  a message is larger than MaxRequest
//	1013  Init or Admission has no room for the caller now; come back later
//	4400  a message that the protocol does not know
//	4401  subscribe before connection_init was acknowledged
//	4403  Init refuses the caller, or the context that it returned has ended
//	4406  the client does not speak the protocol
//	4408  no connection_init in time
//	4409  an operation with this id is running
//	4429  a second connection_init
//	4500  Init failed
type WebSocket struct {
	// Init authenticates the caller from the payload of connection_init, which may be nil. Operations run
	// under the context that it returns, and the socket closes when that context ends: with the session.
	// Nil accepts everybody, under the context of the handshake.
	Init func(ctx context.Context, payload map[string]any) (context.Context, error)
	// Origins lists hosts, as patterns of path.Match, whose pages may connect, besides the server's own.
	Origins []string
	// MaxRequest bounds a message, in bytes. DefaultMaxRequest when zero.
	MaxRequest int64
	// MaxOperations bounds the operations that run at once. DefaultMaxOperations when zero.
	MaxOperations int
	// InitTimeout is how long the client may take to say connection_init. DefaultInitTimeout when zero.
	InitTimeout time.Duration
	// PingInterval is the pause between pings; a client that does not answer one for as long is cut off.
	// DefaultPingInterval when zero.
	PingInterval time.Duration
	// WriteTimeout bounds the sending of one message. DefaultWriteTimeout when zero.
	WriteTimeout time.Duration
	// Timeout bounds a query or a mutation. DefaultTimeout when zero.
	Timeout time.Duration
	// Admission limits the sockets of one caller. It may be nil.
	Admission Admission
	// Streams is told of open sockets, and ends them when the server stops. It may be nil.
	Streams *Streams
}

var _ graphql.Transport = WebSocket{}

// Supports implements graphql.Transport.
func (WebSocket) Supports(r *http.Request) bool { return isHandshake(r) }

func isHandshake(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// Do implements graphql.Transport. It returns when the socket is closed and its operations have ended.
func (t WebSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:   []string{subprotocol},
		OriginPatterns: t.Origins,
	})
	if err != nil {
		return // Accept has answered: 403 to a foreign origin, 4xx to a malformed handshake
	}
	stopping, leave := t.Streams.enter()
	defer leave()
	conn.SetReadLimit(cmp.Or(t.MaxRequest, DefaultMaxRequest))
	s := &socket{WebSocket: t, conn: conn, exec: exec, header: r.Header, running: map[string]*running{}}
	s.serve(r.Context(), stopping)
}

package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"lyceum/graph/transport"
	"lyceum/internal/fault"
)

// client is a WebSocket client that says exactly what it is told to.
type client struct {
	*websocket.Conn
	t testing.TB
}

func (s *service) dial(t testing.TB, o *websocket.DialOptions) *client {
	t.Helper()
	if o == nil {
		o = &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}}
	}
	conn, resp, err := websocket.Dial(t.Context(), s.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		resp.Body.Close()
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(1 << 20)
	return &client{Conn: conn, t: t}
}

// connected dials and initialises.
func (s *service) connected(t testing.TB) *client {
	t.Helper()
	c := s.dial(t, nil)
	c.say(`{"type":"connection_init"}`)
	c.hear(`{"type":"connection_ack"}`)
	return c
}

func (c *client) say(text string) {
	c.t.Helper()
	if err := c.Write(c.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatalf("say %s: %v", text, err)
	}
}

func (c *client) next() string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	_, text, err := c.Read(ctx)
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return string(text)
}

func (c *client) hear(want string) {
	c.t.Helper()
	if got := c.next(); got != want {
		c.t.Fatalf("heard %s\nwant  %s", got, want)
	}
}

// closed reads until the server closes, and returns code and reason.
func (c *client) closed() (websocket.StatusCode, string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, _, err := c.Read(ctx)
		if closing, ok := errors.AsType[websocket.CloseError](err); ok {
			return closing.Code, closing.Reason
		}
		if err != nil {
			c.t.Fatalf("read: %v", err)
		}
	}
}

func subscribe(id, query string) string {
	return fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":{"query":%q}}`, id, query)
}

func TestSocketOperations(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	c := s.connected(t)
	c.say(subscribe("1", `{hello}`))
	c.hear(`{"id":"1","type":"next","payload":{"data":{"hello":"hello world"},"extensions":{"cost":{"requested":1,"maximum":20000}}}}`)
	c.hear(`{"id":"1","type":"complete"}`)
	c.say(subscribe("1", `subscription{count(to:2)}`)) // the id is free again
	c.hear(`{"id":"1","type":"next","payload":{"data":{"count":1},"extensions":{"eventId":"1"}}}`)
	c.hear(`{"id":"1","type":"next","payload":{"data":{"count":2},"extensions":{"eventId":"2"}}}`)
	c.hear(`{"id":"1","type":"complete"}`)
	c.say(`{"id":"r","type":"subscribe","payload":{"query":"subscription{count(to:3)}","extensions":{"lastEventId":"2"}}}`)
	c.hear(`{"id":"r","type":"next","payload":{"data":{"count":3},"extensions":{"eventId":"3"}}}`)
	c.hear(`{"id":"r","type":"complete"}`)
	c.say(`{"id":"p","type":"subscribe","payload":{"documentId":"hello","variables":{"name":"you"}}}`)
	c.hear(`{"id":"p","type":"next","payload":{"data":{"hello":"hello you"},"extensions":{"cost":{"requested":1,"maximum":20000}}}}`)
	c.hear(`{"id":"p","type":"complete"}`)
	c.say(subscribe("\"<é", `mutation{bump}`))
	if got := c.next(); !strings.Contains(got, `"data":{"bump":1}`) {
		t.Error(got)
	}
	var last struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	if err := json.Unmarshal([]byte(c.next()), &last); err != nil || last.ID != "\"<é" || last.Type != "complete" {
		t.Errorf("%+v, %v", last, err)
	}
}

func TestSocketErrors(t *testing.T) {
	t.Parallel()
	s := serve(t, options{socket: transport.WebSocket{Timeout: 10 * time.Millisecond}})
	c := s.connected(t)
	tests := map[string]string{
		`{nothing}`:                       `GRAPHQL_VALIDATION_FAILED`,
		`{`:                               `GRAPHQL_PARSE_FAILED`,
		`subscription{broken}`:            `NOT_FOUND`,
		`subscription{boom}`:              `INTERNAL`,
		`{boom}`:                          `INTERNAL`,
		`{hello hello hello hello hello}`: `OPERATION_TOO_LARGE`,
	}
	for query, code := range tests {
		c.say(subscribe("x", query))
		got := c.next()
		if !strings.HasPrefix(got, `{"id":"x","type":"error","payload":[{`) || !strings.Contains(got, code) || strings.Contains(got, secret) {
			t.Errorf("%s: %s", query, got)
		}
	}
	for query, code := range map[string]string{`{fail}`: "INTERNAL", `{slow}`: "UNAVAILABLE"} {
		c.say(subscribe("x", query))
		got := c.next()
		if !strings.HasPrefix(got, `{"id":"x","type":"next","payload":{"errors":[`) || !strings.Contains(got, code) || strings.Contains(got, secret) {
			t.Errorf("%s: %s", query, got)
		}
		c.hear(`{"id":"x","type":"complete"}`)
	}
	eventually(t, "the subscriptions end", func() bool { return s.running.Load() == 0 })
}

func TestSocketCloseCodes(t *testing.T) {
	t.Parallel()
	const initialise, silence = `{"type":"connection_init"}`, `subscription{silence}`
	s := serve(t, options{socket: transport.WebSocket{MaxRequest: 1000}})
	tests := map[string]struct {
		say  []string
		code websocket.StatusCode
	}{
		"subscribe first":          {[]string{subscribe("1", `{hello}`)}, 4401},
		"a second init":            {[]string{initialise, initialise}, 4429},
		"an id twice":              {[]string{initialise, subscribe("1", silence), subscribe("1", silence)}, 4409},
		"too large":                {[]string{initialise, subscribe("1", strings.Repeat(" ", 1000))}, websocket.StatusMessageTooBig},
		"too large, first":         {[]string{`{"type":"connection_init","payload":{"x":"` + strings.Repeat("x", 1000) + `"}}`}, websocket.StatusMessageTooBig},
		"no JSON":                  {[]string{secret}, 4400},
		"no JSON, later":           {[]string{initialise, `{`}, 4400},
		"no object":                {[]string{`[]`}, 4400},
		"no type":                  {[]string{initialise, `{"id":"1"}`}, 4400},
		"type a number":            {[]string{`{"type":7}`}, 4400},
		"an unknown type":          {[]string{initialise, `{"type":"start","id":"1"}`}, 4400},
		"an unknown type, first":   {[]string{`{"type":"start","id":"1"}`}, 4400},
		"a server's message":       {[]string{initialise, `{"type":"connection_ack"}`}, 4400},
		"a key twice":              {[]string{`{"type":"ping","type":"connection_init"}`}, 4400},
		"init with a list":         {[]string{`{"type":"connection_init","payload":[]}`}, 4400},
		"no id":                    {[]string{initialise, `{"type":"subscribe","payload":{"query":"{hello}"}}`}, 4400},
		"id a number":              {[]string{initialise, `{"id":1,"type":"subscribe","payload":{"query":"{hello}"}}`}, 4400},
		"an empty id":              {[]string{initialise, subscribe("", `{hello}`)}, 4400},
		"a long id":                {[]string{initialise, subscribe(strings.Repeat("x", 129), `{hello}`)}, 4400},
		"complete without an id":   {[]string{initialise, `{"type":"complete"}`}, 4400},
		"no payload":               {[]string{initialise, `{"id":"1","type":"subscribe"}`}, 4400},
		"a payload without query":  {[]string{initialise, `{"id":"1","type":"subscribe","payload":{}}`}, 4400},
		"query a number":           {[]string{initialise, `{"id":"1","type":"subscribe","payload":{"query":7}}`}, 4400},
		"variables a list":         {[]string{initialise, `{"id":"1","type":"subscribe","payload":{"query":"{hello}","variables":[]}}`}, 4400},
		"a long last event":        {[]string{initialise, `{"id":"1","type":"subscribe","payload":{"query":"{hello}","extensions":{"lastEventId":"` + strings.Repeat("x", 257) + `"}}}`}, 4400},
		"ping, pong, then no JSON": {[]string{`{"type":"ping"}`, `{"type":"pong"}`, `{"type":"complete","id":"1"}`, `{`}, 4400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.dial(t, nil)
			for _, text := range tt.say {
				c.say(text)
			}
			code, reason := c.closed()
			if code != tt.code || reason == "" || strings.Contains(reason, secret) {
				t.Errorf("closed with %d %q, want %d", code, reason, tt.code)
			}
		})
	}
	t.Run("binary", func(t *testing.T) {
		t.Parallel()
		c := s.dial(t, nil)
		if err := c.Write(t.Context(), websocket.MessageBinary, []byte(initialise)); err != nil {
			t.Fatal(err)
		}
		if code, _ := c.closed(); code != 4400 {
			t.Errorf("closed with %d", code)
		}
	})
	t.Cleanup(func() { eventually(t, "every socket ends", s.quiet) })
}

func TestSocketInitTimeout(t *testing.T) {
	t.Parallel()
	s := serve(t, options{socket: transport.WebSocket{InitTimeout: 30 * time.Millisecond}})
	if code, _ := s.dial(t, nil).closed(); code != 4408 {
		t.Errorf("closed with %d", code)
	}
	c := s.connected(t) // in time, and then for longer
	<-time.After(60 * time.Millisecond)
	c.say(`{"type":"ping"}`)
	c.hear(`{"type":"pong"}`)
}

func TestSocketSubprotocol(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	for _, offered := range [][]string{nil, {"graphql-ws"}, {"soap"}} {
		c := s.dial(t, &websocket.DialOptions{Subprotocols: offered})
		if code, _ := c.closed(); code != 4406 {
			t.Errorf("%v: closed with %d", offered, code)
		}
	}
	s.dial(t, &websocket.DialOptions{Subprotocols: []string{"graphql-ws", "graphql-transport-ws"}}).say(`{"type":"connection_init"}`)
}

func TestSocketOrigin(t *testing.T) {
	t.Parallel()
	s := serve(t, options{socket: transport.WebSocket{Origins: []string{"*.acme.example", "https://app.example"}}})
	for origin, allowed := range map[string]bool{
		"":                             true, // not a browser
		s.URL:                          true,
		"https://shop.acme.example":    true,
		"https://app.example":          true,
		"http://app.example":           false,
		"https://evil.example":         false,
		"https://acme.example.evil.tk": false,
		"https://xacme.example":        false,
		"null":                         false,
		"file://":                      false,
	} {
		o := &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{}}
		if origin != "" {
			o.HTTPHeader.Set("Origin", origin)
		}
		conn, resp, err := websocket.Dial(t.Context(), s.URL, o)
		if (err == nil) != allowed {
			t.Errorf("%q: %v, allowed: %v", origin, err, allowed)
		}
		if err == nil {
			_ = conn.CloseNow()
		} else if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%q: status %d", origin, resp.StatusCode)
		}
	}
}

type sessionKey struct{}

func TestSocketInit(t *testing.T) {
	t.Parallel()
	login := func(ctx context.Context, payload map[string]any) (context.Context, error) {
		switch payload["token"] {
		case "good":
			return context.WithValue(ctx, sessionKey{}, "good"), nil
		case "limited":
			return nil, fault.New(fault.RateLimited, "Too many sign-ins.")
		case "down":
			return nil, fault.New(fault.Unavailable, "Later.").Because(errors.New(secret))
		case "broken":
			return nil, errors.New(secret)
		default:
			return nil, fault.New(fault.Unauthenticated, "Sign in "+strings.Repeat("né", 100)+".")
		}
	}
	s := serve(t, options{socket: transport.WebSocket{Init: login}})
	for payload, want := range map[string]websocket.StatusCode{
		``:                               4403,
		`,"payload":null`:                4403,
		`,"payload":{"token":"bad"}`:     4403,
		`,"payload":{"token":7}`:         4403,
		`,"payload":{"token":"limited"}`: websocket.StatusTryAgainLater,
		`,"payload":{"token":"down"}`:    websocket.StatusTryAgainLater,
		`,"payload":{"token":"broken"}`:  4500,
	} {
		c := s.dial(t, nil)
		c.say(`{"type":"connection_init"` + payload + `}`)
		if code, reason := c.closed(); code != want || reason == "" || strings.Contains(reason, secret) {
			t.Errorf("%s: closed with %d %q, want %d", payload, code, reason, want)
		}
	}
	c := s.dial(t, nil)
	c.say(`{"type":"connection_init","payload":{"token":"good"}}`)
	c.hear(`{"type":"connection_ack"}`)
}

// When the context that Init returned ends, so does the socket: a session may be revoked.
func TestSocketEndsWithItsSession(t *testing.T) {
	t.Parallel()
	session, revoke := context.WithCancel(t.Context())
	s := serve(t, options{socket: transport.WebSocket{
		Init: func(context.Context, map[string]any) (context.Context, error) { return session, nil },
	}})
	c := s.connected(t)
	c.say(subscribe("1", `subscription{silence}`))
	eventually(t, "the subscription runs", func() bool { return s.running.Load() == 1 })
	revoke()
	if code, _ := c.closed(); code != 4403 {
		t.Errorf("closed with %d", code)
	}
	eventually(t, "the socket ends", s.quiet)
}

func TestSocketComplete(t *testing.T) {
	t.Parallel()
	s := serve(t, options{socket: transport.WebSocket{MaxOperations: 2}})
	c := s.connected(t)
	c.say(`{"id":"nobody","type":"complete"}`)
	c.say(subscribe("a", `subscription{silence}`))
	c.say(subscribe("b", `subscription{silence}`))
	c.say(subscribe("c", `subscription{silence}`))
	if got := c.next(); !strings.HasPrefix(got, `{"id":"c","type":"error"`) || !strings.Contains(got, "RATE_LIMITED") {
		t.Errorf("a third operation: %s", got)
	}
	c.say(`{"id":"a","type":"complete"}`)
	c.say(subscribe("a", `subscription{count(to:1)}`)) // at once, under the same id
	c.hear(`{"id":"a","type":"next","payload":{"data":{"count":1},"extensions":{"eventId":"1"}}}`)
	c.hear(`{"id":"a","type":"complete"}`)
	eventually(t, "only b runs", func() bool { return s.running.Load() == 1 })
	c.say(`{"id":"b","type":"complete"}`)
	eventually(t, "nothing runs", func() bool { return s.running.Load() == 0 })
	c.say(`{"type":"ping"}`)
	c.hear(`{"type":"pong"}`) // and not "complete" for b, which the client has completed
}

func TestServerStopsSockets(t *testing.T) {
	t.Parallel()
	s := serve(t, options{})
	waiting, talking := s.dial(t, nil), s.connected(t)
	talking.say(subscribe("1", `subscription{silence}`))
	eventually(t, "the subscription runs", func() bool { return s.running.Load() == 1 })
	ended := make(chan error, 1)
	go func() { ended <- s.streams.Close(context.WithoutCancel(t.Context())) }()
	for _, c := range []*client{waiting, talking} {
		if code, _ := c.closed(); code != websocket.StatusGoingAway {
			t.Errorf("closed with %d", code)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if open := s.streams.Open(); open != 0 {
		t.Errorf("%d sockets are open", open)
	}
	eventually(t, "the subscription ends", s.quiet)
}

func TestSocketAdmission(t *testing.T) {
	t.Parallel()
	s := serve(t, options{socket: transport.WebSocket{
		Admission: transport.NewCap(9, 1, func(context.Context) string { return "everybody" }),
	}})
	first := s.connected(t)
	second := s.dial(t, nil)
	second.say(`{"type":"connection_init"}`)
	if code, _ := second.closed(); code != websocket.StatusTryAgainLater {
		t.Errorf("closed with %d", code)
	}
	if err := first.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first is gone", s.quiet)
	s.connected(t)
}

func TestSocketKeepAlive(t *testing.T) {
	t.Parallel()
	s := serve(t, options{socket: transport.WebSocket{PingInterval: 300 * time.Millisecond}})
	reading := s.connected(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	alive := reading.CloseRead(ctx) // answers pings
	deaf := s.connected(t)          // reads nothing from here on, and so answers none
	_ = deaf
	eventually(t, "the deaf client is cut off", func() bool { return s.streams.Open() == 1 })
	if alive.Err() != nil {
		t.Error("the client that answers was cut off")
	}
}

func TestSocketThatDoesNotRead(t *testing.T) {
	t.Parallel()
	s := serve(t, options{socket: transport.WebSocket{WriteTimeout: 50 * time.Millisecond}})
	c := s.connected(t)
	c.say(subscribe("1", `subscription{flood(n:60000)}`))
	eventually(t, "the subscription runs", func() bool { return s.running.Load() == 1 })
	eventually(t, "the client is given up", s.quiet)
}

// Clients leave in the middle of whatever is going on, or are cut off for not answering pings.
func TestSocketClientsGone(t *testing.T) {
	t.Parallel()
	s := serve(t, options{socket: transport.WebSocket{PingInterval: 2 * time.Millisecond}})
	stop := time.Now().Add(time.Second)
	var clients sync.WaitGroup
	for i := range 6 {
		clients.Go(func() {
			for time.Now().Before(stop) {
				visitSocket(t, s, i*3)
			}
		})
	}
	clients.Wait()
	eventually(t, "every socket ends", s.quiet)
}

// visitSocket starts some operations, reads so many messages and leaves.
func visitSocket(t *testing.T, s *service, messages int) {
	t.Helper()
	c := s.dial(t, nil)
	defer func() { _ = c.CloseNow() }()
	say := []string{`{"type":"connection_init"}`}
	for id, query := range []string{`subscription{flood}`, `subscription{silence}`, `subscription{count(to:9)}`, `{hello}`} {
		say = append(say, subscribe(strconv.Itoa(id), query))
	}
	for _, text := range say {
		if c.Write(t.Context(), websocket.MessageText, []byte(text)) != nil {
			return
		}
	}
	for range messages {
		if _, _, err := c.Read(t.Context()); err != nil {
			return
		}
	}
}

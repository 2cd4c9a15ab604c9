package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"lyceum/graph/present"
)

// hostileBudget is what the hardest request may take of a processor, from its bytes to the answer's.
const hostileBudget = 50 * time.Millisecond

// full is as much as a visitor may send.
const full = 256 << 10

// processorTime is what the process has used so far, of all processors.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// leastTime is the least processor time of some runs: what the work takes, without the neighbours.
func leastTime(t *testing.T, run func()) time.Duration {
	t.Helper()
	least := time.Hour
	for range 7 {
		before := processorTime(t)
		run()
		if least = min(least, processorTime(t)-before); least < hostileBudget/5 {
			break
		}
	}
	return least
}

// worst remembers the request that took longest.
type worst struct {
	count int
	took  time.Duration
	name  string
}

func (w *worst) note(t *testing.T, name string, took time.Duration) {
	t.Helper()
	w.count++
	if took > w.took {
		w.took, w.name = took, name
	}
	if took > raceFactor*hostileBudget {
		t.Errorf("took %v of processor time, at most %v is allowed (%d times %v)", took, raceFactor*hostileBudget, raceFactor, hostileBudget)
	}
}

// nest writes {open{open{… inner …}}} n times.
func nest(open, inner string, n int) string {
	return strings.Repeat(open+"{", n) + inner + strings.Repeat("}", n)
}

// repeat writes the format with 0 to n-1 in it.
func repeat(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// chain is a document of n fragments, each spreading the next so many times.
func chain(n, spreads int) string {
	var b strings.Builder
	b.WriteString("{...f0}")
	for i := range n {
		fmt.Fprintf(&b, " fragment f%d on Query{%s}", i, strings.Repeat(fmt.Sprintf("...f%d ", i+1), spreads))
	}
	fmt.Fprintf(&b, " fragment f%d on Query{__typename}", n)
	return b.String()
}

// circle is n fragments that spread each other, the last one the first.
func circle(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " fragment f%d on Query{...f%d}", i, (i+1)%n)
	}
	return b.String()
}

// doubling nests two of a field in each of two, so deep.
func doubling(field string, depth int) string {
	if depth == 0 {
		return "id"
	}
	return strings.Repeat(field+"{"+doubling(field, depth-1)+"} ", 2)
}

// upTo repeats a text until it fills a request, with room for what is around it. In the request it is longer, if
// JSON has to escape it.
func upTo(text string) string {
	return strings.Repeat(text, (full-1000)/max(len(text), len(strconv.Quote(text))-2))
}

// operationTooLarge and the others are the codes that a hostile operation meets.
const (
	operationTooLarge = "OPERATION_TOO_LARGE"
	tooCostly         = "OPERATION_TOO_COSTLY"
	parseFailed       = "GRAPHQL_PARSE_FAILED"
	invalid           = "GRAPHQL_VALIDATION_FAILED"
	badRequest        = "BAD_REQUEST"
	badInput          = "BAD_USER_INPUT"
)

// hostileOperation is an operation made to cost more than it should, and the code that it meets; "" for one that
// is cheap and answered.
type hostileOperation struct {
	query     string
	variables string // JSON
	operation string
	want      string
}

func hostileOperations() map[string]hostileOperation {
	courses := func(inner string) string { return "{courses(first:1){nodes{" + inner + "}}}" }
	save := `mutation($i:SaveLessonInput!){saveLesson(input:$i){lesson{id}}}`
	return map[string]hostileOperation{
		"overlapping: one field 4,000 times":       {query: "{" + strings.Repeat("viewer{role} ", 4000) + "}", want: parseFailed},
		"overlapping: one field 600 times":         {query: courses(strings.Repeat("id ", 600)), want: operationTooLarge},
		"overlapping: doubled 9 times":             {query: courses(doubling("prerequisites", 9)), want: parseFailed},
		"overlapping: doubled 7 times":             {query: courses(doubling("prerequisites", 7)), want: operationTooLarge},
		"overlapping: doubled 5 times":             {query: courses(doubling("prerequisites", 5)), want: tooCostly},
		"overlapping: inline fragments":            {query: courses(strings.Repeat("...on Course{id} ", 300)), want: operationTooLarge},
		"overlapping: arguments that differ":       {query: "{" + repeat("node(id:\"%d\"){id} ", 18) + "}", want: operationTooLarge},
		"overlapping: in pairs of fragments":       {query: courses(repeat("...f%d ", 90)) + repeat(" fragment f%d on Course{id}", 90), want: operationTooLarge},
		"fragments: a circle of two":               {query: "{...a} fragment a on Query{...b} fragment b on Query{...a}", want: invalid},
		"fragments: a circle of 150":               {query: "{...f0}" + circle(150), want: invalid},
		"fragments: 60 levels, doubled":            {query: chain(60, 2), want: operationTooLarge},
		"fragments: 150 levels, doubled":           {query: chain(150, 2), want: operationTooLarge},
		"fragments: 200 levels":                    {query: chain(200, 1)},
		"fragments: 5,000 levels":                  {query: chain(5000, 1), want: parseFailed},
		"fragments: unused":                        {query: "{__typename}" + repeat(" fragment f%d on Query{__typename}", 200), want: invalid},
		"fragments: spread into the unknown":       {query: "{" + repeat("...f%d ", 600) + "}", want: invalid},
		"fragments: of one name":                   {query: "{...f}" + strings.Repeat(" fragment f on Query{__typename}", 200), want: invalid},
		"fragments: on types that never meet":      {query: "{" + strings.Repeat("...on Course{id} ", 20) + "}", want: invalid},
		"nesting: 16 deep":                         {query: courses(nest("prerequisites", "id", 14)), want: operationTooLarge},
		"nesting: 900 deep":                        {query: courses(nest("prerequisites", "id", 650)), want: operationTooLarge},
		"nesting: 100,000 braces":                  {query: strings.Repeat("{", 100_000), want: parseFailed},
		"nesting: 13 deep, of lists":               {query: courses(nest("prerequisites", "id", 12)), want: tooCostly},
		"aliases: of a cheap field":                {query: "{" + repeat("a%d:viewer{role} ", 21) + "}", want: operationTooLarge},
		"aliases: 600":                             {query: "{" + repeat("a%d:__typename ", 600) + "}", want: operationTooLarge},
		"aliases: of all courses":                  {query: "{" + repeat("a%d:courses(first:100){nodes{prerequisites{id} modules{lessons{id}}}} ", 10) + "}", want: tooCostly},
		"directives: unknown, 10,000":              {query: "{__typename" + repeat("@a%d", 10_000) + "}", want: parseFailed},
		"directives: unknown, 900":                 {query: "{__typename" + repeat("@a%d", 900) + "}", want: operationTooLarge},
		"directives: repeated":                     {query: "{__typename" + strings.Repeat(" @skip(if:false)", 5) + "}", want: invalid},
		"directives: repeated 100 times":           {query: "{__typename" + strings.Repeat(" @skip(if:false)", 100) + "}", want: operationTooLarge},
		"directives: on the operation":             {query: "query" + repeat(" @a%d", 900) + "{__typename}", want: operationTooLarge},
		"directives: defer":                        {query: "{...@defer{__typename}}", want: invalid},
		"lists: 100,000 in the document":           {query: "{nodes(ids:[" + strings.Repeat("1,", 100_000) + "]){id}}", want: parseFailed},
		"lists: 1,500 in the document":             {query: "{nodes(ids:[" + strings.Repeat(`"x",`, 1500) + "]){id}}", want: operationTooLarge},
		"lists: 1,000 ids that name nothing":       {query: "query($i:[ID!]!){nodes(ids:$i){id}}", variables: `{"i":[` + strings.Repeat(`"x",`, 999) + `"x"]}`, want: badInput},
		"lists: 100,000 in a variable":             {query: "query($i:[ID!]!){nodes(ids:$i){id}}", variables: `{"i":[` + strings.Repeat(`1,`, 100_000) + `1]}`, want: badRequest},
		"lists: 40,000 in a variable":              {query: "query($i:[ID!]!){nodes(ids:$i){id}}", variables: `{"i":[` + strings.Repeat(`1,`, 40_000) + `1]}`, want: operationTooLarge},
		"lists: nested 1,000 deep in the document": {query: "{nodes(ids:" + strings.Repeat("[", 900) + strings.Repeat("]", 900) + "){id}}", want: operationTooLarge},
		"lists: nested 100,000 deep, open":         {query: "{nodes(ids:" + strings.Repeat("[", 100_000), want: parseFailed},
		"inputs: 11 deep":                          {query: save, variables: `{"i":` + strings.Repeat(`{"quiz":`, 11) + `1` + strings.Repeat(`}`, 11) + `}`, want: operationTooLarge},
		"inputs: 50,000 deep":                      {query: save, variables: `{"i":` + strings.Repeat(`[`, 50_000) + strings.Repeat(`]`, 50_000) + `}`, want: badRequest},
		"inputs: 15,000 unknown fields":            {query: save, variables: `{"i":{"courseId":"x"` + repeat(`,"a%d":1`, 15_000) + `}}`, want: invalid},
		"inputs: unknown fields in many items":     {query: "mutation($i:RecordProgressInput!){recordProgress(input:$i){__typename}}", variables: `{"i":{"enrollmentId":"x","lessons":[` + strings.TrimSuffix(repeat(`{"lessonId":"%d","positionMs":1.5,"a":1,"segments":[]},`, 900), ",") + `]}}`, want: invalid},
		"inputs: a million keys in the document":   {query: "mutation{saveLesson(input:{" + repeat("a%d:1 ", 20_000) + "}){lesson{id}}}", want: parseFailed},
		"inputs: unknown keys in the document":     {query: "mutation{saveLesson(input:{" + repeat("a%d:1 ", 600) + "}){lesson{id}}}", want: invalid},
		"numbers: an int of 200,000 digits":        {query: "{courses(first:" + strings.Repeat("9", 200_000) + "){nodes{id}}}", want: invalid},
		"numbers: a float of 200,000 digits":       {query: "{courses(first:1." + strings.Repeat("9", 200_000) + "){nodes{id}}}", want: invalid},
		"numbers: 1e999999999":                     {query: "{courses(first:1e999999999){nodes{id}}}", want: invalid},
		"numbers: 2^62":                            {query: "{courses(first:4611686018427387904){nodes{id}}}", want: badInput},
		"numbers: 2^62, negative, in a variable":   {query: "query($n:Int){courses(first:$n){nodes{id}}}", variables: `{"n":-4611686018427387904}`, want: badInput},
		"numbers: 200,000 digits in a variable":    {query: "query($n:Int){courses(first:$n){nodes{id}}}", variables: `{"n":` + strings.Repeat("9", 200_000) + `}`, want: invalid},
		"numbers: an exponent in a variable":       {query: "query($n:Int){courses(first:$n){nodes{id}}}", variables: `{"n":1e400000000}`, want: invalid},
		"strings: one of 200,000":                  {query: `{node(id:"` + strings.Repeat("a", 200_000) + `"){id}}`, want: badInput},
		"strings: a block of 200,000 lines":        {query: `{node(id:"""` + strings.Repeat("\n", 125_000) + `"""){id}}`, want: badInput},
		"strings: a block of indented lines":       {query: `{node(id:"""` + strings.Repeat("\n  x", 50_000) + `"""){id}}`, want: badInput},
		"strings: escaped quotes in a block":       {query: `{node(id:"""` + strings.Repeat(`\"""`, 30_000) + `"""){id}}`, want: badInput},
		"strings: 40,000 escapes":                  {query: `{node(id:"` + strings.Repeat(`\u0041`, 35_000) + `"){id}}`, want: badInput},
		"strings: lone surrogates":                 {query: `{node(id:"` + strings.Repeat(`\ud800`, 1000) + `"){id}}`, want: badInput},
		"strings: braced escapes without end":      {query: `{node(id:"\u{` + strings.Repeat("0", 100_000) + `"){id}}`, want: parseFailed},
		"strings: without end":                     {query: `{node(id:"` + strings.Repeat("a", 200_000), want: parseFailed},
		"strings: a block without end":             {query: `{node(id:"""` + strings.Repeat("a\n", 80_000), want: parseFailed},
		"strings: 1,900 of them":                   {query: `{nodes(ids:[` + strings.Repeat(`"aaaa"`, 1900) + `]){id}}`, want: operationTooLarge},
		"names: one of 200,000":                    {query: "{" + strings.Repeat("a", 200_000) + "}", want: operationTooLarge},
		"names: an operation's of 200,000":         {query: "query " + strings.Repeat("a", 200_000) + "{__typename}", want: operationTooLarge},
		"names: unknown fields in many places":     {query: "{" + repeat("r%d:viewer{"+repeat("x%[1]d ", 9)+"} ", 10) + "}", want: invalid},
		"variables: duplicated 400 times":          {query: "query(" + strings.Repeat("$a:Int ", 400) + "){__typename}", want: invalid},
		"variables: 600, unused":                   {query: "query(" + repeat("$a%d:Int ", 450) + "){__typename}", want: invalid},
		"variables: 100,000":                       {query: "query(" + repeat("$a%d:Int ", 20_000) + "){__typename}", want: parseFailed},
		"variables: with defaults that nest":       {query: "query($a:Int=" + strings.Repeat("[", 500) + strings.Repeat("]", 500) + "){__typename}", want: operationTooLarge},
		"variables: unknown types":                 {query: "query(" + repeat("$b%d:Unheard ", 450) + "){__typename}", want: invalid},
		"variables: used 400 times, defined never": {query: "{" + repeat("r%d:courses(first:$v){nodes{id}} ", 10) + "}", want: invalid},
		"variables: one type wrapped 900 times":    {query: "query($a:" + strings.Repeat("[", 900) + "Int" + strings.Repeat("]", 900) + "){__typename}", want: invalid},
		"variables: 20,000 that nobody asked for":  {query: "{__typename}", variables: `{` + strings.TrimSuffix(repeat(`"a%d":1,`, 18_000), ",") + `}`},
		"operations: 400":                          {query: repeat("query q%d{__typename} ", 300), operation: "q1", want: operationTooLarge},
		"operations: of one name":                  {query: strings.Repeat("query q{__typename} ", 20), operation: "q", want: invalid},
		"operations: twenty that share fragments":  {query: repeat("query q%d{...f0} ", 20) + strings.TrimPrefix(chain(150, 1), "{...f0}"), operation: "q7"},
		"operations: none of that name":            {query: "query a{__typename}", operation: strings.Repeat("b", 200_000), want: invalid},
		"introspection: of everything, with depth": {query: "{__schema{types{" + nest("fields{type", "name", 6) + strings.Repeat("}", 6) + "}}}", want: invalid},
		"introspection: types of types":            {query: "{__schema{types{fields{type{fields{type{fields{type{name}}}}}}}}}", want: invalid},
		"introspection: 20 times":                  {query: "{" + repeat("a%d:__schema{types{name fields{name type{name}}}} ", 10) + "}", want: forbidden},
		"introspection: by name":                   {query: "{" + repeat(`a%d:__type(name:"Query"){fields{name}} `, 10) + "}", want: forbidden},
		"comments: one of 250,000":                 {query: "#" + upTo("a") + "\n{__typename}"},
		"comments: 100,000":                        {query: upTo("#\n") + "{__typename}", want: parseFailed},
		"comments: and nothing else":               {query: upTo("#\n"), want: parseFailed},
		"spaces: 250,000":                          {query: upTo(" ") + "{__typename}"},
		"spaces: commas":                           {query: upTo(",") + "{__typename}"},
		"spaces: line ends":                        {query: upTo("\n") + "{__typename}"},
		"marks: one at the front":                  {query: "\ufeff{__typename}"},
		"marks: 80,000 of them":                    {query: upTo("\ufeff") + "{__typename}"},
		"nothing but a bang":                       {query: upTo("!"), want: parseFailed},
		"dots without end":                         {query: "{" + upTo("."), want: parseFailed},
		"spreads without end":                      {query: "{" + upTo("..."), want: parseFailed},
		"control characters":                       {query: "{" + strings.Repeat("\x01", 1000) + "}", want: parseFailed},
		"a schema in the place of a query":         {query: repeat("type T%d{a:Int} ", 300), want: parseFailed},
		"mutations: 100 tries to sign in":          {query: "mutation{" + repeat(`a%d:signIn(input:{email:"admin@acme.example",password:"x"}){token} `, 100) + "}", want: operationTooLarge},
		"a subscription to two things":             {query: "subscription{a:notificationReceived{id} b:notificationReceived{id}}", want: invalid},
		"a subscription to something unheard of":   {query: "subscription{" + repeat("x%d ", 15) + "}", want: invalid},
		"a subscription to its own name":           {query: "subscription{__typename}", want: invalid},
		"a variable of 250,000 that nobody uses":   {query: "{__typename}", variables: `{"x":"` + upTo("a") + `"}`},
	}
}

// forbidden is what visitors meet who read the schema.
const forbidden = "FORBIDDEN"

// body is the operation as a request.
func (o hostileOperation) body(t *testing.T) string {
	t.Helper()
	query, err := json.Marshal(o.query)
	if err != nil {
		t.Fatal(err)
	}
	return `{"query":` + string(query) + `,"operationName":` + strconv.Quote(o.operation) + `,"variables":` + orElse(o.variables, "{}") + `}`
}

// newHostileEdge serves on a domain of the world, where only staff read the schema.
func newHostileEdge(t *testing.T) *edge {
	t.Helper()
	return newEdge(t, "LYCEUM_BASE_DOMAIN=lyceum.example", "LYCEUM_LIMIT_COST_ADDRESS=0", "LYCEUM_LIMIT_COST_TENANT=0")
}

const hostileHost = "acme.lyceum.example"

// TestAttackHostileOperations sends operations made to cost more than they should, through the handler that the
// world reaches: each takes at most 50 ms of processor time and is refused with a code, or answered.
// It runs alone, because the processor time of the process is what is measured.
func TestAttackHostileOperations(t *testing.T) {
	e := newHostileEdge(t)
	var hardest worst
	for name, o := range hostileOperations() {
		t.Run(name, func(t *testing.T) {
			r := edgeRequest{host: hostileHost, body: o.body(t)}
			if len(r.body) > full {
				t.Fatalf("%d bytes do not fit into a request", len(r.body))
			}
			w := httptest.NewRecorder()
			hardest.note(t, name, leastTime(t, func() {
				w = httptest.NewRecorder()
				e.public.ServeHTTP(w, r.fill(t, ""))
			}))
			reply := &edgeReply{status: w.Code, text: w.Body.String()}
			if err := json.Unmarshal(w.Body.Bytes(), reply); err != nil {
				t.Fatalf("status %d: %.200s", w.Code, reply.text)
			}
			checkRefused(t, reply, o.want)
		})
	}
	t.Logf("hostile operations over HTTP: %d; the hardest took %v of a processor (%s), at most %v each", hardest.count, hardest.took, hardest.name, hostileBudget)
}

// checkRefused wants the code, or an answer, and in any case a short list of short errors that each have one.
func checkRefused(t *testing.T, reply *edgeReply, want string) {
	t.Helper()
	if reply.code() != want {
		t.Errorf("code %q, want %q: %.300s", reply.code(), want, reply.text)
	}
	if len(reply.Errors) > present.MaxErrors || len(reply.text) > 16<<10 {
		t.Errorf("%d errors in %d bytes", len(reply.Errors), len(reply.text))
	}
	for _, told := range reply.Errors {
		if told.Extensions.Code == "" || told.Extensions.Code == "INTERNAL" || told.Message == "" {
			t.Errorf("told without a code: %+v", told)
		}
	}
}

// TestAttackHostileSockets sends the same operations through a WebSocket.
// It runs alone, because the processor time of the process is what is measured.
func TestAttackHostileSockets(t *testing.T) {
	e := newHostileEdge(t)
	e.config.Tenant.Default = "acme"
	var hardest worst
	for name, o := range hostileOperations() {
		t.Run(name, func(t *testing.T) {
			socket := e.dial(t, hostileHost, nil)
			said := `{"id":"1","type":"subscribe","payload":` + o.body(t) + `}`
			var reply *edgeReply
			hardest.note(t, name, leastTime(t, func() { reply = socket.ask(t, said) }))
			if reply == nil {
				if o.want != badRequest {
					t.Errorf("the socket was closed, want %q", o.want)
				}
				return
			}
			checkRefused(t, reply, o.want)
		})
	}
	t.Logf("hostile operations over WebSocket: %d; the hardest took %v of a processor (%s), client included, at most %v each",
		hardest.count, hardest.took, hardest.name, hostileBudget)
}

// edgeSocket is a connection that speaks graphql-transport-ws.
type edgeSocket struct {
	conn *websocket.Conn
	open func() *websocket.Conn
}

// dial connects to a host and initialises with a payload.
func (e *edge) dial(t *testing.T, host string, payload any) *edgeSocket {
	t.Helper()
	return e.dialFrom(t, host, "198.51.100.1", payload)
}

// dialFrom connects from an address.
func (e *edge) dialFrom(t *testing.T, host, address string, payload any) *edgeSocket {
	t.Helper()
	text, err := json.Marshal(map[string]any{"type": "connection_init", "payload": payload})
	if err != nil {
		t.Fatal(err)
	}
	s := &edgeSocket{}
	s.open = func() *websocket.Conn {
		conn, response, err := websocket.Dial(t.Context(), e.server.URL+"/graphql", &websocket.DialOptions{
			Subprotocols: []string{"graphql-transport-ws"}, Host: host, HTTPHeader: http.Header{"X-Forwarded-For": {address}},
		})
		if err != nil {
			t.Fatalf("%v %v", err, response)
		}
		t.Cleanup(func() { _ = conn.CloseNow() })
		conn.SetReadLimit(4 << 20)
		if err := conn.Write(t.Context(), websocket.MessageText, text); err != nil {
			t.Fatal(err)
		}
		if _, _, err := conn.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	s.conn = s.open()
	return s
}

// ask says a subscribe message and returns the first answer to it, nil when the socket was closed instead; then it
// is opened again.
func (s *edgeSocket) ask(t *testing.T, said string) *edgeReply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(said)); err != nil {
		t.Fatal(err)
	}
	var reply *edgeReply
	for {
		_, text, err := s.conn.Read(ctx)
		if err != nil {
			if websocket.CloseStatus(err) == -1 {
				t.Fatal(err)
			}
			s.conn = s.open()
			return nil
		}
		var heard struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(text, &heard); err != nil {
			t.Fatal(err)
		}
		switch heard.Type {
		case "next":
			reply = &edgeReply{text: string(heard.Payload)}
			err = json.Unmarshal(heard.Payload, reply)
		case "error":
			reply = &edgeReply{text: string(heard.Payload)}
			err = json.Unmarshal(heard.Payload, &reply.Errors)
		case "complete":
			return reply
		}
		if err != nil {
			t.Fatal(err)
		}
		if heard.Type == "error" {
			return reply
		}
	}
}

// say sends one message.
func (s *edgeSocket) say(t *testing.T, text string) {
	t.Helper()
	if err := s.conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// hear reads one message: the operation that it belongs to, its type, and the code of the first error in it.
func (s *edgeSocket) hear(t *testing.T) (id, kind, code string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, text, err := s.conn.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var heard struct {
		ID, Type string
		Payload  json.RawMessage
	}
	if err := json.Unmarshal(text, &heard); err != nil {
		t.Fatal(err)
	}
	var reply edgeReply
	switch heard.Type {
	case "error":
		err = json.Unmarshal(heard.Payload, &reply.Errors)
	case "next":
		err = json.Unmarshal(heard.Payload, &reply)
	}
	if err != nil {
		t.Fatal(err)
	}
	return heard.ID, heard.Type, reply.code()
}

// hostileBody is a request that is no GraphQL request, or pretends not to be one.
type hostileBody struct {
	edgeRequest

	status int
	want   string
}

func hostileBodies() map[string]hostileBody {
	const small = `{"query":"{__typename}"}`
	as := func(media, body string) edgeRequest {
		return edgeRequest{body: body, header: map[string]string{"Content-Type": media}}
	}
	get := func(query string) edgeRequest {
		return edgeRequest{method: http.MethodGet, path: "/graphql?" + query, header: map[string]string{"Content-Type": ""}}
	}
	said := func(body string) edgeRequest { return edgeRequest{body: body} }
	apollo := func(hash string) string {
		return `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}}`
	}
	const multipart = "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n" + small + "\r\n--x\r\n" +
		"Content-Disposition: form-data; name=\"map\"\r\n\r\n{\"0\":[\"variables.file\"]}\r\n--x--\r\n"
	return map[string]hostileBody{
		"a batch of one":                      {said("[" + small + "]"), 400, badRequest},
		"a batch of 8,000":                    {said("[" + strings.TrimSuffix(upTo(small+","), ",") + "]"), 400, badRequest},
		"zeros":                               {said("[" + upTo("0,") + "0]"), 400, badRequest},
		"empty objects":                       {said("[" + upTo("{},") + "{}]"), 400, badRequest},
		"brackets, open":                      {said(upTo("[")), 400, badRequest},
		"brackets, closed":                    {said(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)), 400, badRequest},
		"objects in objects":                  {said(strings.Repeat(`{"a":`, 40_000) + "1" + strings.Repeat("}", 40_000)), 400, badRequest},
		"one key 20,000 times":                {said(`{"query":"{__typename}"` + strings.Repeat(`,"a":1`, 20_000) + "}"), 400, badRequest},
		"30,000 keys":                         {said(`{"query":"{__typename}"` + repeat(`,"a%d":1`, 20_000) + "}"), 200, ""},
		"an endless string":                   {said(`{"query":"` + upTo("a")), 400, badRequest},
		"escapes":                             {said(`{"query":"` + upTo(`\u0020`) + `{__typename}"}`), 200, ""},
		"lone surrogates":                     {said(`{"query":"` + upTo(`\ud800`) + `"}`), 400, parseFailed},
		"a number of 250,000 digits":          {said(`{"query":"{__typename}","x":` + upTo("9") + `}`), 200, ""},
		"bytes that are no text":              {said(upTo("\xff")), 400, badRequest},
		"a byte order mark":                   {said("\ufeff" + small), 400, badRequest},
		"UTF-16":                              {said("\xff\xfe{\x00}\x00"), 400, badRequest},
		"nulls":                               {said(upTo("\x00")), 400, badRequest},
		"nothing":                             {said(""), 400, badRequest},
		"a number":                            {said("7"), 400, badRequest},
		"null":                                {said("null"), 400, badRequest},
		"two requests":                        {said(small + small), 400, badRequest},
		"spaces":                              {said(upTo(" ") + small), 200, ""},
		"one byte too many":                   {said(`{"query":"` + strings.Repeat(" ", full) + `"}`), 413, "PAYLOAD_TOO_LARGE"},
		"ten megabytes":                       {said(strings.Repeat(" ", 10<<20)), 413, "PAYLOAD_TOO_LARGE"},
		"a query that is a list":              {said(`{"query":["{__typename}"]}`), 400, badRequest},
		"variables that are a list":           {said(`{"query":"{__typename}","variables":[` + upTo("1,") + `1]}`), 400, badRequest},
		"extensions that are text":            {said(`{"query":"{__typename}","extensions":"x"}`), 400, badRequest},
		"persisted, unheard of":               {said(`{"documentId":"x"}`), 400, "PERSISTED_QUERY_NOT_FOUND"},
		"persisted, a path":                   {said(`{"documentId":"../../../etc/passwd"}`), 400, "PERSISTED_QUERY_NOT_FOUND"},
		"persisted, 250,000 bytes":            {said(`{"documentId":"` + upTo("a") + `"}`), 400, badRequest},
		"persisted, no text":                  {said(`{"documentId":7}`), 400, badRequest},
		"persisted, a hash unheard of":        {said(apollo(strings.Repeat("0", 64))), 400, "PERSISTED_QUERY_NOT_FOUND"},
		"persisted, a hash of 250,000":        {said(apollo(upTo("0"))), 400, badRequest},
		"persisted, no hash":                  {said(apollo("")), 400, badRequest},
		"persisted, to poison the cache":      {said(`{"query":"{__typename}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + strings.Repeat("0", 64) + `"}}}`), 200, ""},
		"a form":                              {as("application/x-www-form-urlencoded", "query="+url.QueryEscape("{__typename}")), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"plain text":                          {as("text/plain", small), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"plain text that says it is JSON":     {as("text/plain; application/json", small), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"GraphQL's own type":                  {as("application/graphql", "{__typename}"), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"a type that begins like JSON":        {as("application/jsonp", small), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"no type":                             {as("", small), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"two types":                           {as("application/json, text/plain", small), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"another charset":                     {as("application/json; charset=utf-16", small), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"several parts":                       {as("multipart/form-data; boundary=x", multipart), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"several mixed parts":                 {as("multipart/mixed; boundary=x", multipart), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"compressed":                          {edgeRequest{body: "\x1f\x8b", header: map[string]string{"Content-Encoding": "gzip"}}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		"a mutation by GET":                   {get("query=" + url.QueryEscape(`mutation{signOut{signedOut}}`)), 405, "METHOD_NOT_ALLOWED"},
		"a mutation by GET, persisted":        {get("documentId=sign-in&variables=" + url.QueryEscape(`{"email":"a","password":"b"}`)), 405, "METHOD_NOT_ALLOWED"},
		"a mutation by GET, among queries":    {get("operationName=b&query=" + url.QueryEscape(`query a{__typename} mutation b{signOut{signedOut}}`)), 405, "METHOD_NOT_ALLOWED"},
		"a query string of 300,000":           {get("query=" + strings.Repeat("+", 300_000)), 413, "PAYLOAD_TOO_LARGE"},
		"a query string with 40,000 keys":     {get("query=%7B__typename%7D" + repeat("&a%d", 30_000)), 400, badRequest},
		"a query string with one key twice":   {get("query=%7B__typename%7D&query=x"), 400, badRequest},
		"a query string that is malformed":    {get("query=%zz"), 400, badRequest},
		"a query string with deep variables":  {get("query=%7B__typename%7D&variables=" + strings.Repeat("[", 100_000)), 400, badRequest},
		"PUT":                                 {edgeRequest{method: http.MethodPut, body: small}, 405, "METHOD_NOT_ALLOWED"},
		"DELETE":                              {edgeRequest{method: http.MethodDelete}, 405, "METHOD_NOT_ALLOWED"},
		"TRACE":                               {edgeRequest{method: http.MethodTrace}, 405, "METHOD_NOT_ALLOWED"},
		"a method overridden by a header":     {edgeRequest{method: http.MethodGet, body: small, header: map[string]string{"X-HTTP-Method-Override": "POST"}}, 400, badRequest},
		"a client that accepts nothing of it": {edgeRequest{body: small, header: map[string]string{"Accept": "text/html"}}, 406, "NOT_ACCEPTABLE"},
		"10,000 types accepted":               {edgeRequest{body: small, header: map[string]string{"Accept": strings.Repeat("a/b;q=0.1,", 10_000) + "application/json"}}, 200, ""},
	}
}

// TestAttackHostileBodies sends what is no request, and requests in disguise.
// It runs alone, because the processor time of the process is what is measured.
func TestAttackHostileBodies(t *testing.T) {
	e := newHostileEdge(t)
	var hardest worst
	for name, tt := range hostileBodies() {
		t.Run(name, func(t *testing.T) {
			r := tt.edgeRequest
			r.host = hostileHost
			if r.header["Accept"] == "" {
				r.header = with(r.header, "Accept", "application/graphql-response+json")
			}
			w := httptest.NewRecorder()
			hardest.note(t, name, leastTime(t, func() {
				w = httptest.NewRecorder()
				e.public.ServeHTTP(w, r.fill(t, ""))
			}))
			reply := &edgeReply{status: w.Code, text: w.Body.String()}
			if err := json.Unmarshal(w.Body.Bytes(), reply); err != nil {
				t.Fatalf("status %d: %.200s", w.Code, reply.text)
			}
			if w.Code != tt.status {
				t.Errorf("status %d, want %d: %.300s", w.Code, tt.status, reply.text)
			}
			checkRefused(t, reply, tt.want)
		})
	}
	t.Logf("hostile requests: %d; the hardest took %v of a processor (%s), at most %v each", hardest.count, hardest.took, hardest.name, hostileBudget)
}

// with returns the headers and one more.
func with(header map[string]string, name, value string) map[string]string {
	all := map[string]string{name: value}
	maps.Copy(all, header)
	return all
}

// TestAttackShapeStandsFirst sends operations that are too large and invalid as well: they are refused for their
// shape, which is looked at first, and not for what validation would have said.
func TestAttackShapeStandsFirst(t *testing.T) {
	t.Parallel()
	e := newHostileEdge(t)
	for name, query := range map[string]string{
		"unknown fields, too many at the root": "{" + repeat("unheard%d ", 21) + "}",
		"unknown fields, too deep":             "{" + nest("unheard", "of", 20) + "}",
		"unknown types, spread too often":      "{" + strings.Repeat("...on Unheard{a} ", 300) + "}",
		"unknown variables, too many aliases":  "{" + repeat("a%d:node(id:$x){id} ", 11) + "}",
	} {
		reply := e.ask(t, at(graphQL(t, query, nil), hostileHost))
		if reply.code() != operationTooLarge || len(reply.Errors) != 1 {
			t.Errorf("%s: %s", name, reply.text)
		}
	}
}

// at sends a request to another host.
func at(r edgeRequest, host string) edgeRequest {
	r.host = host
	return r
}

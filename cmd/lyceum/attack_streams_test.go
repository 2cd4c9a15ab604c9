//go:build attack

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"lyceum/e2e/attack"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/gid"
	"lyceum/internal/viewer"
)

// closesWithin is how long a stream may outlive the right to it; a stream that never ends is not waited for longer
// than patience.
const (
	closesWithin   = 5 * time.Second
	streamPatience = 30 * time.Second
)

// subject is how a subscription is attacked: what it is asked with, and how events for people are made by the real
// services.
type subject struct {
	document string
	// sinceThen are the variables that ask for all that came after the event with this number.
	sinceThen func(number int) input
	// last is the number of a person's last event.
	last func(ctx context.Context, w *attackWorld, user uuid.UUID) (int, error)
	// make makes an event for each person of the tenant.
	make func(t *testing.T, f *filling, people []uuid.UUID)
}

// subjects has every subscription of the schema.
func subjects() map[string]subject {
	return map[string]subject{
		"notificationReceived": {
			document:  `subscription S($n: Int) { notificationReceived(after: $n) { __typename id seq kind title body link sentAt readAt } }`,
			sinceThen: func(number int) input { return input{"n": number} },
			last: func(ctx context.Context, w *attackWorld, user uuid.UUID) (last int, err error) {
				err = w.superScan(ctx, `SELECT coalesce(max(last_seq), 0) FROM inboxes WHERE user_id = $1`, []any{user}, &last)
				return last, err
			},
			make: func(t *testing.T, f *filling, people []uuid.UUID) {
				t.Helper()
				course := f.plainCourse(t, "instructor", "event-"+uuid.NewString()[:8], f.marker, "MEMBERS")
				for _, user := range people {
					f.assign(t, course, user)
				}
				f.settle(t)
			},
		},
	}
}

// aboutThings are the subscriptions that are not about their listener, each with the test that attacks it.
var aboutThings = map[string]func(*testing.T){
	"assetUpdated": TestAttackAssetStreams, "enrollmentChanged": TestAttackPlaceStreams, "progressUpdated": TestAttackPlaceStreams,
}

// subscriptions are the fields of Subscription that are about their listener. One that is in no list of subjects fails
// the test by name.
func subscriptions(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, field := range loadSurface(t).Schema.Subscription.Fields {
		if aboutThings[field.Name] == nil {
			names = append(names, field.Name)
		}
	}
	for _, name := range names {
		if _, known := subjects()[name]; !known {
			t.Fatalf("nobody makes events for Subscription.%s: nobody attacks it", name)
		}
	}
	if len(names) == 0 {
		t.Fatal("there are no subscriptions")
	}
	return names
}

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

// listener is somebody of the attacker's tenant who subscribes.
type listener struct {
	name, transport, field string
	token                  string
	user                   uuid.UUID
	feed                   *heard
}

// listeners are all personas of the attacker's over all transports, for every subscription.
func (w *attackWorld) listeners(t *testing.T, side *side) []*listener {
	t.Helper()
	owner := map[string]string{"reader": "admin", "key": "admin", "revoked key": "admin"}
	var all []*listener
	for _, field := range subscriptions(t) {
		for _, transport := range transports() {
			for _, persona := range append(slices.Sorted(maps.Keys(side.tokens)), "") {
				l := &listener{name: persona, transport: transport, field: field, token: side.tokens[persona], user: side.people[persona]}
				if owner[persona] != "" {
					l.user = side.people[owner[persona]]
				}
				all = append(all, l)
			}
		}
	}
	return all
}

// bystanders makes so many learners of the tenant.
func (w *attackWorld) bystanders(t *testing.T, s *side, n int) []uuid.UUID {
	t.Helper()
	people := make([]uuid.UUID, n)
	for i := range people {
		people[i] = w.newcomerTo(t, s, viewer.Learner)
	}
	return people
}

// newcomerTo adds somebody to the tenant, without a password.
func (w *attackWorld) newcomerTo(t *testing.T, s *side, role viewer.Role) uuid.UUID {
	t.Helper()
	made, err := w.db.User.Create().SetEmail(uuid.NewString() + "@" + s.slug + ".example").SetName("Stream " + s.marker).SetRole(role).
		Save(viewer.With(t.Context(), viewer.Job(s.tenant, "attack")))
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// TestAttackStreams lets everybody of the attacker's tenant subscribe to everything while 200 events are made for the
// victim's people: the first event that anybody gets is their own, which is made last.
func TestAttackStreams(t *testing.T) {
	t.Parallel()
	const events = 200
	w := newAttackWorld(t)
	everything, err := w.scanner(t.Context(), w.victim, false)
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := &filling{w, w.attacker}, &filling{w, w.victim}
	all := w.listeners(t, w.attacker)
	open := map[*listener]bool{}
	for _, l := range all {
		s := subjects()[l.field]
		last, err := s.last(t.Context(), w, l.user)
		if err != nil {
			t.Fatal(err)
		}
		l.feed, err = w.subscribe(t.Context(), l.transport, question{token: l.token, host: w.attacker.host, document: s.document, variables: s.sinceThen(last)})
		if err != nil {
			t.Fatalf("%s over %s: %v", l.name, l.transport, err)
		}
		open[l] = true
	}
	people := append(w.bystanders(t, w.victim, events/10), w.victim.people["admin"])[:events/10]
	made := 0
	for _, field := range subscriptions(t) {
		before := w.count(t, w.victim)
		for range 10 {
			subjects()[field].make(t, theirs, people)
		}
		if made = w.count(t, w.victim) - before; made < events {
			t.Fatalf("%d events of the victim were made, want %d", made, events)
		}
		own := map[uuid.UUID]bool{}
		for l := range open {
			if l.user != uuid.Nil && l.name != "suspended" && l.name != "expired" && l.name != "support" {
				own[l.user] = true
			}
		}
		subjects()[field].make(t, mine, slices.Collect(maps.Keys(own)))
	}
	heard, refused := 0, map[string]int{}
	// Support comes last: when everybody else has heard, whatever it was to be told has been told.
	slices.SortStableFunc(all, func(a, b *listener) int {
		return strings.Compare(strconv.FormatBool(a.name == "support"), strconv.FormatBool(b.name == "support"))
	})
	for _, l := range all {
		who := fmt.Sprintf("%q over %s", l.name, l.transport)
		event, quiet := l.first(t, who)
		if quiet {
			refused["nothing to hear"]++
			continue
		}
		for _, finding := range everything.Scan([]byte(event)) {
			t.Errorf("%s is told of %s", who, finding)
		}
		switch code := codeOf(event); {
		case strings.Contains(event, w.attacker.marker):
			heard++
		case event == "":
			refused["at the door"]++
		default:
			refused[code]++
		}
	}
	checkHeard(t, all, heard, refused)
	t.Logf("%d events of the victim, %d listeners of the attacker: %d heard of their own first, refused were %v, none heard of the victim",
		made, len(all), heard, refused)
	w.resume(t, everything)
}

// first is the first event that the listener gets. Nothing is ever told to support, which learns nothing: when everybody
// else has heard, either it was refused or its stream is quiet.
func (l *listener) first(t *testing.T, who string) (event string, quiet bool) {
	t.Helper()
	if l.name != "support" {
		return l.feed.next(t, who), false
	}
	select {
	case event = <-l.feed.events:
		return event, false
	default:
		return "", true
	}
}

// checkHeard fails unless the people with a good session heard, over both transports.
func checkHeard(t *testing.T, all []*listener, heard int, refused map[string]int) {
	t.Helper()
	if want := len(transports()) * len(subscriptions(t)) * 5; heard < want { // admin, instructor, teacher, learner, reader
		t.Errorf("%d of %d listeners heard of their own, want %d (%v): the attack is vacuous", heard, len(all), want, refused)
	}
}

// count is how many notifications a tenant has.
func (w *attackWorld) count(t *testing.T, s *side) (n int) {
	t.Helper()
	if err := w.superScan(t.Context(), `SELECT count(*) FROM notifications WHERE tenant_id = $1`, []any{s.tenant}, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// resume comes back with the ids of the victim's events, and with what no event has: whoever does is given nothing but
// their own.
func (w *attackWorld) resume(t *testing.T, everything *attack.Scanner) {
	t.Helper()
	var last int
	if err := w.superScan(t.Context(), `SELECT max(last_seq) FROM inboxes WHERE tenant_id = $1`, []any{w.victim.tenant}, &last); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, field := range subscriptions(t) {
		for _, transport := range transports() {
			for _, id := range []string{
				"0", "1", strconv.Itoa(last), strconv.Itoa(last + 1), "9223372036854775807", "9223372036854775808", "-1", "", "null", "0x1", "1e3", "１",
				w.victim.id("Notification"), w.victim.raw("Notification").String(), w.victim.slug + ":1", "' OR 1=1", "1\\n2", strings.Repeat("9", 400),
			} {
				ctx, cancel := context.WithCancel(t.Context())
				opened, err := w.subscribe(ctx, transport, question{
					token: w.attacker.tokens["learner"], host: w.attacker.host, document: subjects()[field].document, header: map[string]string{"Last-Event-ID": id},
				})
				if err != nil {
					t.Fatal(err)
				}
				event := w.provoke(t, opened)
				cancel()
				for _, finding := range everything.Scan([]byte(event), id) {
					t.Errorf("%s, resumed with %q: %s", transport, id, finding)
				}
				tried++
			}
		}
	}
	t.Logf("%d streams were resumed with the victim's and with senseless ids", tried)
}

// provoke returns the first event of a stream that was resumed: what was missed comes at once, and what is new is made
// again and again, for nobody knows when the stream has begun to listen.
func (w *attackWorld) provoke(t *testing.T, opened *heard) string {
	t.Helper()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for end := time.After(streamPatience); ; {
		w.wake(t)
		select {
		case event := <-opened.events:
			return event
		case <-again.C:
		case <-end:
			t.Fatalf("no event within %s, and no end", streamPatience)
		}
	}
}

// wake makes an event of the attacker's learner in the database, as a job would.
func (w *attackWorld) wake(t *testing.T) {
	t.Helper()
	err := w.super(t.Context(), `
		WITH box AS (
			UPDATE inboxes SET last_seq = last_seq + 1, unread = unread + 1 WHERE tenant_id = $1 AND user_id = $2 RETURNING last_seq
		)
		INSERT INTO notifications (id, tenant_id, created_at, updated_at, user_id, seq, kind, title, body, link, subject_id, sent_at)
		SELECT $3, $1, now(), now(), $2, last_seq, 'ENROLLED', 'woken', '', '', $3, now() FROM box`,
		w.attacker.tenant, w.attacker.people["learner"], uuid.Must(uuid.NewV7()))
	if err != nil {
		t.Fatal(err)
	}
	inbox := feed.Topic{Kind: "inbox", Subject: w.attacker.people["learner"]}
	w.feed.Bus.Wake(t.Context(), w.attacker.tenant, []feed.Topic{inbox})
}

// ending is a way in which somebody loses the right to their stream.
type ending struct {
	role viewer.Role
	// token gives the right away; nil is a session.
	token func(t *testing.T, f *filling, user uuid.UUID) string
	// lose takes it back.
	lose func(t *testing.T, f *filling, l *loser)
	// lasts says that the session goes on all the same.
	lasts bool
}

// loser is somebody about to lose it.
type loser struct {
	*ending

	what, transport string
	user            uuid.UUID
	token           string
	feed            *heard
}

func endings() map[string]*ending {
	asAdmin := func(document string) func(*testing.T, *filling, *loser) {
		return func(t *testing.T, f *filling, l *loser) {
			t.Helper()
			f.do(t, "admin", document, input{"u": gid.New("usr", l.user).String()}, nil)
		}
	}
	return map[string]*ending{
		"a role is removed":     {lasts: true, role: viewer.Instructor, lose: asAdmin(`mutation($u: ID!) { changeUserRole(id: $u, role: LEARNER) { user { id } } }`)},
		"a role is given":       {lasts: true, role: viewer.Learner, lose: asAdmin(`mutation($u: ID!) { changeUserRole(id: $u, role: INSTRUCTOR) { user { id } } }`)},
		"the user is suspended": {role: viewer.Learner, lose: asAdmin(`mutation($u: ID!) { suspendUser(id: $u) { user { id } } }`)},
		"the session is revoked": {role: viewer.Learner, lose: func(t *testing.T, f *filling, l *loser) {
			t.Helper()
			second, err := f.session(t.Context(), f.side, l.user)
			if err != nil {
				t.Fatal(err)
			}
			f.run(t, second, f.host, `mutation { revokeSessions { revoked } }`, nil, nil)
		}},
		"somebody signs out": {role: viewer.Learner, lose: func(t *testing.T, f *filling, l *loser) {
			t.Helper()
			f.run(t, l.token, f.host, `mutation { signOut { signedOut } }`, nil, nil)
		}},
		"the password is changed": {role: viewer.Learner, lose: func(t *testing.T, f *filling, l *loser) {
			t.Helper()
			hash, err := f.services.Tenancy.Hasher.Hash(t.Context(), attackPassword)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.super(t.Context(), `UPDATE users SET password_hash = $2 WHERE id = $1`, l.user, hash); err != nil {
				t.Fatal(err)
			}
			second, err := f.session(t.Context(), f.side, l.user)
			if err != nil {
				t.Fatal(err)
			}
			f.run(t, second, f.host, `mutation($c: String!) { changePassword(input: {current: $c, new: "another long password"}) { revoked } }`,
				input{"c": attackPassword}, nil)
		}},
		"the key is revoked": {role: viewer.Instructor, token: keyOf, lose: func(t *testing.T, f *filling, l *loser) {
			t.Helper()
			session, err := f.session(t.Context(), f.side, l.user)
			if err != nil {
				t.Fatal(err)
			}
			var read struct {
				APIKeys []struct{ ID string }
			}
			f.run(t, session, f.host, `{ apiKeys { id } }`, nil, &read)
			f.run(t, session, f.host, `mutation($i: ID!) { revokeApiKey(id: $i) { apiKey { id } } }`, input{"i": read.APIKeys[0].ID}, nil)
		}},
		"the session expires": {role: viewer.Learner, lose: func(t *testing.T, f *filling, l *loser) {
			t.Helper()
			if err := f.super(t.Context(), `UPDATE sessions SET expires_at = now() WHERE user_id = $1`, l.user); err != nil {
				t.Fatal(err)
			}
		}},
	}
}

// keyOf makes a key that reads.
func keyOf(t *testing.T, f *filling, user uuid.UUID) string {
	t.Helper()
	session, err := f.session(t.Context(), f.side, user)
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ CreateAPIKey struct{ Token string } }
	f.run(t, session, f.host, `mutation { createApiKey(input: {name: "Stream", scopes: [READ]}) { token } }`, nil, &made)
	return made.CreateAPIKey.Token
}

// TestAttackStreamsEnd takes back, in every way there is, the right to a stream that is open: it ends within five
// seconds, over both transports, with Redis and without.
func TestAttackStreamsEnd(t *testing.T) {
	t.Parallel()
	w := newEmptyAttackWorld(t)
	s := w.provision(t, attackerSlug)
	f := &filling{w, s}
	f.addPerson(t, "instructor", "INSTRUCTOR", "Instructor", "instructor@"+s.slug+".example")
	saveCategoryFor(t, f)
	for _, field := range subscriptions(t) {
		for _, redis := range []string{"with Redis", "without Redis"} {
			if redis == "without Redis" {
				w.redis.Stop(t)
			}
			w.lose(t, f, field, redis)
		}
	}
}

// saveCategoryFor makes the category that plain courses are in.
func saveCategoryFor(t *testing.T, f *filling) {
	t.Helper()
	f.texts["Category.slug"] = "category"
	f.do(t, "admin", `mutation { saveCategory(input: {slug: "category", name: "Category"}) { category { id } } }`, nil, nil)
}

// lose opens a stream for each ending and transport, takes the right to all of them back, and measures.
func (w *attackWorld) lose(t *testing.T, f *filling, field, redis string) {
	t.Helper()
	var losers []*loser
	var people []uuid.UUID
	for what, ending := range endings() {
		for _, transport := range transports() {
			l := &loser{ending: ending, what: what, transport: transport, user: w.newcomerTo(t, f.side, ending.role)}
			losers, people = append(losers, l), append(people, l.user)
		}
	}
	staying := &loser{ending: endings()["a role is given"], what: "nothing", transport: "SSE", user: w.newcomerTo(t, f.side, viewer.Learner)}
	subject := subjects()[field]
	subject.make(t, f, append(people, staying.user))
	for _, l := range append(losers, staying) {
		w.openFor(t, f, l, question{document: subject.document, variables: subject.sinceThen(0)})
	}
	took := make([]time.Duration, len(losers))
	var group errgroup.Group
	for i, l := range losers {
		l.lose(t, f, l)
		lost := time.Now()
		group.Go(func() error {
			if err := l.ended(); err != nil {
				return fmt.Errorf("%s, %s over %s: %w", redis, l.what, l.transport, err)
			}
			took[i] = time.Since(lost)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	for i, l := range losers {
		if took[i] > closesWithin {
			t.Errorf("%s, %s: over %s the stream goes on for %s", redis, l.what, l.transport, took[i])
		}
	}
	select {
	case event, goesOn := <-staying.feed.events:
		t.Errorf("%s: who keeps the right is told %q, and goes on: %t", redis, event, goesOn)
	default:
	}
	w.deaf(t, f, losers)
	t.Logf("%s: %d streams ended, the slowest %s after the right was lost", redis, len(losers), slices.Max(took).Round(time.Millisecond))
}

// openFor opens the stream of a loser, and sees that it goes.
func (w *attackWorld) openFor(t *testing.T, f *filling, l *loser, q question) {
	t.Helper()
	var err error
	if l.ending.token == nil {
		l.token, err = w.session(t.Context(), f.side, l.user)
	} else {
		l.token = l.ending.token(t, f, l.user)
	}
	if err != nil {
		t.Fatal(err)
	}
	q.token, q.host = l.token, f.host
	if l.feed, err = w.subscribe(t.Context(), l.transport, q); err != nil {
		t.Fatal(err)
	}
	if event := l.feed.next(t, l.what); !strings.Contains(event, `"seq":1`) {
		t.Fatalf("%s over %s: %q, want an event", l.what, l.transport, event)
	}
}

// ended waits for the end of the stream, before which nothing may come.
func (l *loser) ended() error {
	select {
	case event, goesOn := <-l.feed.events:
		if goesOn && codeOf(event) == "" {
			return fmt.Errorf("another event came: %s", event)
		}
		return nil
	case <-time.After(streamPatience):
		return fmt.Errorf("it did not end in %s", streamPatience)
	}
}

// deaf asks with what the losers still hold: a token that is over opens nothing, and neither does a socket that was
// opened with it.
func (w *attackWorld) deaf(t *testing.T, f *filling, losers []*loser) {
	t.Helper()
	for _, l := range losers {
		// With another role the session goes on, and the token opens what the new role may.
		if l.lasts {
			continue
		}
		if a := w.ask(t, l.token, f.host, `{ notifications { nodes { id } } }`, nil); a.Code() != "UNAUTHENTICATED" {
			t.Errorf("%s: the token still gives %d %s", l.what, a.Status, a.Body)
		}
	}
	for _, l := range losers {
		if l.feed.send == nil {
			continue
		}
		err := l.feed.say(map[string]any{"type": "subscribe", "id": "after", "payload": map[string]any{"query": `{ notifications { nodes { id title } } }`}})
		if err != nil {
			continue // the socket is closed
		}
		select {
		case said := <-l.feed.after:
			if said != "" && !strings.Contains(said, "UNAUTHENTICATED") {
				t.Errorf("%s: the socket still answers %s", l.what, said)
			}
		case <-time.After(streamPatience):
			t.Errorf("%s: the socket neither answers nor closes", l.what)
		}
	}
}

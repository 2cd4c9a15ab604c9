//go:build attack

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"lyceum/internal/platform/gid"
	"lyceum/internal/viewer"
)

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

//go:build attack

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/e2e/attack"
	"lyceum/internal/platform/feed"
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

package feed_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// station is a database with two tenants, and a log whose hints stay in the process.
type station struct {
	*pgtest.Database

	acme, globex pgtest.Tenant
	log          *feed.Log
	topic        feed.Topic
}

func newStation(t *testing.T) *station {
	t.Helper()
	db := pgtest.New(t)
	hub := cache.NewHub(t.Context(), nil, cache.HubConfig{})
	t.Cleanup(hub.Close)
	return &station{
		Database: db, acme: pgtest.NewTenant(t, db, "acme"), globex: pgtest.NewTenant(t, db, "globex"),
		log:   &feed.Log{Bus: feed.NewWakes(hub, nil), Look: 50 * time.Millisecond},
		topic: feed.Topic{Kind: "thing", Subject: uuid.New()},
	}
}

// tell tells the changes in a transaction of the tenant's.
func (s *station) tell(ctx context.Context, tenant pgtest.Tenant, changes ...feed.Change) error {
	ctx = tenant.System(ctx)
	return s.Tx(ctx, func(tx *pg.Tx) error { return s.log.Tell(ctx, tx, changes...) })
}

// happened is a change that is told one by one.
func (s *station) happened(event string) feed.Change {
	return feed.Change{Topic: s.topic, Event: event, Ref: uuid.New()}
}

// moved is a change that only says that there is more.
func (s *station) moved() feed.Change { return feed.Change{Topic: s.topic} }

func (s *station) open(t *testing.T, ctx context.Context, after string) <-chan feed.Event {
	t.Helper()
	events, err := s.log.Open(s.acme.AsLearner(ctx), s.DB, s.topic, after)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// next is the next event.
func next(t *testing.T, events <-chan feed.Event) feed.Event {
	t.Helper()
	select {
	case e, open := <-events:
		if !open {
			t.Fatal("the stream ended")
		}
		return e
	case <-time.After(patience):
		t.Fatal("no event came")
		return feed.Event{}
	}
}

// want reads events of these names and returns the last one's id.
func want(t *testing.T, events <-chan feed.Event, names ...string) (last string) {
	t.Helper()
	for i, name := range names {
		e := next(t, events)
		if e.Name != name {
			t.Fatalf("event %d is %s, want %s", i, e.Name, name)
		}
		last = e.ID
	}
	return last
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestStreamContinues(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	live := s.open(t, ctx, "")
	start := want(t, live, feed.Started)
	must(t, s.tell(t.Context(), s.acme, s.happened("A"), s.moved(), s.happened("B")))
	middle := want(t, live, "A", "B")
	must(t, s.tell(t.Context(), s.acme, s.moved()))
	want(t, live, feed.Moved)
	must(t, s.tell(t.Context(), s.acme, s.happened("C"), s.moved(), s.moved()))
	end := want(t, live, "C", feed.Moved)
	for name, tt := range map[string]struct {
		after string
		want  []string
	}{
		"from the start":            {start, []string{"A", "B", "C", feed.Moved}},
		"from the middle":           {middle, []string{"C", feed.Moved}},
		"from what never was":       {s.topic.Position(s.acme.ID, 99), []string{feed.Resync}},
		"from another topic":        {feed.Topic{Kind: "other", Subject: s.topic.Subject}.Position(s.acme.ID, 1), []string{feed.Resync}},
		"from another tenant":       {s.topic.Position(s.globex.ID, 1), []string{feed.Resync}},
		"from the largest there is": {s.topic.Position(s.acme.ID, 1<<62), []string{feed.Resync}},
	} {
		t.Run(name, func(t *testing.T) {
			want(t, s.open(t, ctx, tt.after), tt.want...)
		})
	}
	quiet, resynced := s.open(t, ctx, end), s.open(t, ctx, s.topic.Position(s.acme.ID, 99))
	want(t, resynced, feed.Resync)
	must(t, s.tell(t.Context(), s.acme, s.happened("NEW")))
	want(t, quiet, "NEW")
	want(t, resynced, "NEW")
}

func TestPositionsAreChecked(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	for _, after := range []string{
		" ", "1", "-1", "0-", "00000000", "00000000-", "00000000--1", "00000000-1e3", "00000000-9223372036854775808", "x", strings.Repeat("9", 200),
		"0000000-1", "00000000-1\n", "00000000-\u0661",
	} {
		if _, err := s.log.Open(s.acme.AsLearner(t.Context()), s.DB, s.topic, after); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%q: %v, want BadInput", after, err)
		}
	}
}

// TestForgottenIsResynced forgets entries: who has not seen them is told to start again, and who has goes on.
func TestForgottenIsResynced(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	must(t, s.tell(t.Context(), s.acme, s.happened("OLD"), s.happened("OLD TOO")))
	must(t, s.tell(t.Context(), s.globex, s.happened("OLD")))
	super := pgtest.Pool(t, s.SuperuserURL)
	if _, err := super.Exec(t.Context(), `UPDATE feed_entries SET at = at - interval '8 days'`); err != nil {
		t.Fatal(err)
	}
	must(t, s.tell(t.Context(), s.acme, s.happened("NEW")))
	must(t, feed.Sweep(s.acme.System(t.Context()), s.DB))
	want(t, s.open(t, t.Context(), s.topic.Position(s.acme.ID, 0)), feed.Resync)
	want(t, s.open(t, t.Context(), s.topic.Position(s.acme.ID, 1)), feed.Resync)
	want(t, s.open(t, t.Context(), s.topic.Position(s.acme.ID, 2)), "NEW")
	var left int
	if err := super.QueryRow(t.Context(), `SELECT count(*) FROM feed_entries WHERE tenant_id = $1`, s.globex.ID).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d entries of the other tenant are left (%v), want 1", left, err)
	}
}

// TestNothingIsMissed has writers that overlap, roll back and commit late, while a reader leaves and comes back after
// every few events: it sees each change once, in the order of the numbers.
func TestNothingIsMissed(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	const writers, each = 6, 25
	errBack := errors.New("roll back")
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			ctx := s.acme.System(t.Context())
			for i := range each {
				err := s.Tx(ctx, func(tx *pg.Tx) error {
					err := s.log.Tell(ctx, tx, s.happened(fmt.Sprintf("W%d.%d", w, i)), feed.Change{Topic: feed.Topic{Kind: "other", Subject: uuid.New()}})
					if err == nil && i%5 == 4 {
						return errBack
					}
					return err
				})
				if err != nil && !errors.Is(err, errBack) {
					t.Errorf("tell: %v", err)
				}
			}
		})
	}
	var seen []string
	last := s.topic.Position(s.acme.ID, 0)
	for len(seen) < writers*each*4/5 {
		ctx, leave := context.WithCancel(t.Context())
		events := s.open(t, ctx, last)
		for range min(7, writers*each*4/5-len(seen)) {
			e := next(t, events)
			seen, last = append(seen, e.Name), e.ID
		}
		leave()
		for range events { // what was under way is not counted as seen
		}
	}
	group.Wait()
	sorted := slices.Sorted(slices.Values(seen))
	if n := len(slices.Compact(sorted)); n != len(seen) {
		t.Errorf("%d of %d events are twice there", len(seen)-n, len(seen))
	}
	for w := range writers {
		mine := slices.DeleteFunc(slices.Clone(seen), func(e string) bool { return !strings.HasPrefix(e, fmt.Sprintf("W%d.", w)) })
		var asked []string
		for i := range each {
			if i%5 != 4 {
				asked = append(asked, fmt.Sprintf("W%d.%d", w, i))
			}
		}
		if !slices.Equal(mine, asked) {
			t.Errorf("of writer %d came %v, want %v", w, mine, asked)
		}
	}
}

// TestManyChangesAreOneStatement tells of 1,000 topics.
func TestManyChangesAreOneStatement(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	changes := make([]feed.Change, 1000)
	for i := range changes {
		changes[i] = feed.Change{Topic: feed.Topic{Kind: "thing", Subject: uuid.New()}}
	}
	ctx, counter := pg.CountStatements(s.acme.System(t.Context()))
	must(t, s.Tx(ctx, func(tx *pg.Tx) error { return s.log.Tell(ctx, tx, changes...) }))
	if n := counter.Load(); n != 1 {
		t.Errorf("%d statements, want 1", n)
	}
	began := time.Now()
	must(t, s.Tx(ctx, func(tx *pg.Tx) error { return s.log.Tell(ctx, tx, changes...) }))
	t.Logf("1,000 topics were moved again in %s", time.Since(began))
}

// TestOnesOwnTenant tells of the same topic in another tenant: its streams hear nothing of it.
func TestOnesOwnTenant(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	events := s.open(t, t.Context(), "")
	want(t, events, feed.Started)
	for range 50 {
		must(t, s.tell(t.Context(), s.globex, s.happened("THEIRS")))
	}
	must(t, s.tell(t.Context(), s.acme, s.happened("OURS")))
	want(t, events, "OURS")
}

// gate lets everybody in until it is shut.
type gate struct{ shut chan struct{} }

func (g gate) Gone(context.Context, viewer.Viewer) <-chan struct{} { return g.shut }

// TestSlowReadersHoldNothing: a stream whose reader takes nothing ends with its right, and holds no more than one batch.
func TestSlowReadersHoldNothing(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	g := gate{make(chan struct{})}
	s.log.Gate = g
	changes := make([]feed.Change, 5000)
	for i := range changes {
		changes[i] = s.happened("X")
	}
	must(t, s.tell(t.Context(), s.acme, changes...))
	ctx, counter := pg.CountStatements(t.Context())
	events := s.open(t, ctx, s.topic.Position(s.acme.ID, 0))
	want(t, events, "X")
	if n := counter.Load(); n != 1 {
		t.Errorf("%d reads for a reader who has taken one event, want 1", n)
	}
	close(g.shut)
	for deadline := time.After(patience); ; {
		select {
		case _, open := <-events:
			if !open {
				return
			}
		case <-deadline:
			t.Fatal("the stream goes on")
		}
	}
}

// TestPace: after a burst a stream is told no more than so many events a second.
func TestPace(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	changes := make([]feed.Change, 220)
	for i := range changes {
		changes[i] = s.happened("X")
	}
	must(t, s.tell(t.Context(), s.acme, changes...))
	began := time.Now()
	events := s.open(t, t.Context(), s.topic.Position(s.acme.ID, 0))
	for range changes {
		want(t, events, "X")
	}
	if took := time.Since(began); took < 500*time.Millisecond {
		t.Errorf("%d events took %s: nothing holds them up", len(changes), took)
	}
}

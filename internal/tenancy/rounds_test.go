package tenancy_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"lyceum/internal/platform/pg"
	"lyceum/internal/tenancy"
	"lyceum/internal/viewer"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

func (f fixture) rounds(every time.Duration) *tenancy.Rounds {
	r := tenancy.NewRounds(f.DB, slog.New(slog.DiscardHandler))
	r.Every = every
	return r
}

// sentAway waits until the stream is to end.
func sentAway(t *testing.T, who string, gone <-chan struct{}) {
	t.Helper()
	select {
	case <-gone:
	case <-time.After(patience):
		t.Fatalf("%s stays", who)
	}
}

// stays looks for as long as several rounds take whether the stream is to end.
func stays(t *testing.T, who string, counter *pg.Counter, gone <-chan struct{}) {
	t.Helper()
	for after := counter.Load() + 3; counter.Load() < after; {
		select {
		case <-gone:
			t.Fatalf("%s is sent away", who)
		case <-time.After(time.Millisecond):
		}
	}
}

// TestRounds: who loses a session, a key, a role or a grant is sent away, whoever came in with the same is too, and
// nobody else.
func TestRounds(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.rounds(10 * time.Millisecond)
	ctx, counter := pg.CountStatements(t.Context())
	of := func(token string) viewer.Viewer {
		v, _ := viewer.From(f.as(t, token))
		return v
	}
	staying := of(f.signIn(t, f.acme, "learner").Token)
	there := r.Gone(ctx, staying)
	instructor := f.signIn(t, f.acme, "instructor")
	_, key, err := f.s.CreateKey(f.as(t, instructor.Token), tenancy.NewKey{Name: "k", Scopes: []viewer.Scope{viewer.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	one, two := of(f.signIn(t, f.acme, "learner").Token), of(f.signIn(t, f.acme, "learner").Token)
	keyed, admin := of(key), of(f.signIn(t, f.acme, "admin").Token)
	first, again, other := r.Gone(ctx, one), r.Gone(ctx, one), r.Gone(ctx, two)
	byKey, promoted := r.Gone(ctx, keyed), r.Gone(ctx, admin)
	stays(t, "somebody", counter, merged(ctx, there, first, again, other, byKey, promoted))

	f.age(t, f.acme, `UPDATE sessions SET revoked_at = now() WHERE id = $1`, one.Session)
	sentAway(t, "a session that was revoked", first)
	sentAway(t, "its second stream", again)
	sentAway(t, "who comes back with it", r.Gone(ctx, one))
	stays(t, "another session of the same person", counter, merged(ctx, there, other, byKey, promoted))
	f.age(t, f.acme, `UPDATE api_keys SET expires_at = now()`)
	sentAway(t, "a key that expired", byKey)
	f.User.UpdateOneID(f.acme.Admin).SetRole(viewer.Instructor).ExecX(f.acme.System(t.Context()))
	sentAway(t, "who lost a role", promoted)
	foreign := staying
	foreign.Tenant = f.globex.ID
	sentAway(t, "a session in another tenant", r.Gone(ctx, foreign))
	sentAway(t, "a visitor", r.Gone(ctx, viewer.Of(f.acme.ID)))
	stays(t, "who did nothing", counter, merged(ctx, there, other))
}

// TestReplacedTokensLeave: who came in with a token that was replaced is sent away, though its session goes on, and asks
// nothing more on a socket; who comes with the new one stays.
func TestReplacedTokensLeave(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.rounds(10 * time.Millisecond)
	old := f.as(t, f.signIn(t, f.acme, "learner").Token)
	before, _ := viewer.From(old)
	gone := r.Gone(t.Context(), before)
	opened, err := f.s.Rotate(old)
	if err != nil {
		t.Fatal(err)
	}
	sentAway(t, "who has the token that was replaced", gone)
	after, _ := viewer.From(f.as(t, opened.Token))
	for who, want := range map[*viewer.Viewer]bool{&before: false, &after: true} {
		if good, err := f.s.Still(t.Context(), *who); err != nil || good != want {
			t.Errorf("rotation %d is welcome: %t (%v), want %t", who.Rotation, good, err, want)
		}
	}
	ctx, counter := pg.CountStatements(t.Context())
	stays(t, "who has the new token", counter, r.Gone(ctx, after))
}

// merged is closed with the first of the channels.
func merged(ctx context.Context, channels ...<-chan struct{}) <-chan struct{} {
	first := make(chan struct{})
	var once sync.Once
	for _, c := range channels {
		go func() {
			select {
			case <-c:
				once.Do(func() { close(first) })
			case <-first:
			case <-ctx.Done():
			}
		}()
	}
	return first
}

// TestRoundsCostTheSame: two thousand streams of five hundred sessions cost one statement each time, and none once
// they are closed.
func TestRoundsCostTheSame(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const every, sessions, streams = 50 * time.Millisecond, 500, 2000
	v, _ := viewer.From(f.as(t, f.signIn(t, f.acme, "learner").Token))
	f.age(t, f.acme, `INSERT INTO sessions SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'token_hash', '\x' || md5(n::text)))).*
		FROM sessions s, generate_series(2, $1) n`, sessions)
	ids, err := f.Session.Query().IDs(f.acme.System(t.Context()))
	if err != nil || len(ids) != sessions {
		t.Fatalf("%d sessions (%v)", len(ids), err)
	}
	ctx, counter := pg.CountStatements(t.Context())
	ctx, leave := context.WithCancel(ctx)
	r := f.rounds(every)
	began := time.Now()
	var there []<-chan struct{}
	for i := range streams {
		v.Session = ids[i%sessions]
		there = append(there, r.Gone(ctx, v))
	}
	stays(t, "somebody", counter, merged(ctx, there...))
	if n, most := counter.Load(), int64(time.Since(began)/every)+1; n > most {
		t.Errorf("%d statements, want %d at most", n, most)
	}
	leave()
	for end := time.After(patience); r.Halls() > 0; {
		select {
		case <-end:
			t.Fatal("a tenant without streams is looked after")
		case <-time.After(time.Millisecond):
		}
	}
}

// TestRoundsWhenNobodyKnows: of whom it cannot be said whether they are welcome, leaves.
func TestRoundsWhenNobodyKnows(t *testing.T) {
	t.Parallel()
	f := setup(t)
	v, _ := viewer.From(f.as(t, f.signIn(t, f.acme, "learner").Token))
	r := f.rounds(10 * time.Millisecond)
	gone := r.Gone(t.Context(), v)
	ctx := f.acme.System(t.Context())
	err := f.Tx(ctx, func(tx *pg.Tx) error {
		_, err := tx.Exec(ctx, `LOCK TABLE users IN ACCESS EXCLUSIVE MODE`)
		if err == nil {
			sentAway(t, "somebody", gone)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	back, counter := pg.CountStatements(t.Context())
	stays(t, "who came back", counter, r.Gone(back, v))
}

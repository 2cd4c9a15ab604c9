package notification

import (
	"context"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pgtest"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// open starts a stream that ends with the test.
func (f fixture) open(t *testing.T, ctx context.Context, after *int) <-chan *ent.Notification {
	t.Helper()
	stream, err := f.s.Stream(ctx, after)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// receive reads n notifications and returns their numbers.
func receive(t *testing.T, stream <-chan *ent.Notification, n int) []int {
	t.Helper()
	var got []*ent.Notification
	deadline := time.After(patience)
	for len(got) < n {
		select {
		case next, open := <-stream:
			if !open {
				t.Fatalf("the stream ended after %v", seqs(got))
			}
			got = append(got, next)
		case <-deadline:
			t.Fatalf("only %v arrived", seqs(got))
		}
	}
	return seqs(got)
}

// ends fails unless the stream ends without sending more.
func ends(t *testing.T, stream <-chan *ent.Notification) {
	t.Helper()
	select {
	case n, open := <-stream:
		if open {
			t.Errorf("number %d was sent", n.Seq)
		}
	case <-time.After(patience):
		t.Error("the stream did not end")
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.fill(t, f.acme, f.acme.Learner, 150) // more than are read at a time
	for name, after := range map[string]*int{
		"from the beginning": new(0), "what was missed": new(140), "what is new": nil, "a number never given": new(9999),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(f.acme.AsLearner(t.Context()))
			defer cancel()
			last := len(f.inbox(t, f.acme, f.acme.Learner))
			missed := upTo(last)
			if after == nil {
				missed = nil
			} else {
				missed = missed[min(*after, last):]
			}
			stream := f.open(t, ctx, after)
			if got := receive(t, stream, len(missed)); !slices.Equal(got, missed) {
				t.Errorf("missed %v, want %v", got, missed)
			}
			f.fill(t, f.acme, f.acme.Learner, 3)
			if got := receive(t, stream, 3); !slices.Equal(got, []int{last + 1, last + 2, last + 3}) {
				t.Errorf("live %v", got)
			}
			cancel()
			ends(t, stream)
		})
	}
}

// TestStreamResumes drops the connection again and again while notifications arrive: each is seen once.
func TestStreamResumes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const total = 40
	arrived := make(chan error, 1)
	go func() {
		arrived <- race(4, func(int) error {
			for range total / 4 {
				if err := f.tell(context.WithoutCancel(t.Context()), f.acme, f.acme.Learner); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	var seen []int
	for len(seen) < total {
		ctx, cancel := context.WithCancel(f.acme.AsLearner(t.Context()))
		stream := f.open(t, ctx, new(len(seen)))
		seen = append(seen, receive(t, stream, min(7, total-len(seen)))...)
		cancel()
		for range stream { // what was under way is not counted as seen
		}
	}
	if err := <-arrived; err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(seen, upTo(total)) {
		t.Errorf("seen %v, want each once and in order", seen)
	}
}

// TestStreamIsOnes shows a stream nothing of other people and other tenants.
func TestStreamIsOnes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	same := pgtest.NewUser(t, f.Database, f.acme, "same", "LEARNER")
	stream := f.open(t, f.acme.AsLearner(t.Context()), new(0))
	for range 5 {
		f.fill(t, f.acme, same, 1)
		f.fill(t, f.acme, f.acme.Admin, 1)
		f.fill(t, f.globex, f.globex.Learner, 1)
		// A hint that names the right user and nothing new is harmless.
		f.bus.Wake(t.Context(), f.acme.ID, []feed.Topic{topic(f.acme.Learner)})
	}
	f.fill(t, f.acme, f.acme.Learner, 1)
	select {
	case n := <-stream:
		if n.UserID != f.acme.Learner || n.TenantID != f.acme.ID || n.Seq != 1 {
			t.Errorf("received %+v", n)
		}
	case <-time.After(patience):
		t.Fatal("nothing arrived")
	}
	select {
	case n := <-stream:
		t.Errorf("received %+v", n)
	default:
	}
}

// TestStreamWithoutHints has a bus that loses everything, and one that shuts down: looking makes it good.
func TestStreamWithoutHints(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.s.Feed.Look = 20 * time.Millisecond
	closing := f.open(t, f.acme.AsLearner(t.Context()), nil)
	f.bus.close()
	f.s.Feed.Bus = deaf{}
	lost := f.open(t, f.acme.AsLearner(t.Context()), nil)
	f.fill(t, f.acme, f.acme.Learner, 2)
	for name, stream := range map[string]<-chan *ent.Notification{"closed": closing, "deaf": lost} {
		if got := receive(t, stream, 2); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestStreamEndsWithItsSession shuts the viewer out: while waiting, and while a slow reader leaves a backlog
// unread.
func TestStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	for name, backlog := range map[string]int{"waiting": 0, "slow reader": 250} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.fill(t, f.acme, f.acme.Learner, backlog)
			stream := f.open(t, f.acme.AsLearner(t.Context()), new(0))
			close(f.gate.shut)
			ends(t, stream)
		})
	}
}

func TestStreamRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.s.Stream(f.acme.Anonymous(t.Context()), nil)
	wantCode(t, "a visitor", err, fault.Unauthenticated)
	_, err = f.s.Stream(t.Context(), nil)
	wantCode(t, "nobody", err, fault.Unauthenticated)
	_, err = f.s.Stream(f.acme.AsLearner(t.Context()), new(-1))
	wantCode(t, "a negative number", err, fault.BadInput)
}

// TestStreamsLeaveNothingBehind ends streams in every state.
func TestStreamsLeaveNothingBehind(t *testing.T) {
	f := setup(t)
	f.fill(t, f.acme, f.acme.Learner, 3)
	ignore := goleak.IgnoreCurrent()
	var streams []<-chan *ent.Notification
	ctx, cancel := context.WithCancel(f.acme.AsLearner(t.Context()))
	for range 5 {
		streams = append(streams, f.open(t, ctx, new(0)), f.open(t, ctx, nil))
	}
	receive(t, streams[0], 3)
	cancel()
	for i, stream := range streams {
		deadline := time.After(patience)
		for open := true; open; {
			select {
			case _, open = <-stream:
			case <-deadline:
				t.Fatalf("stream %d did not end", i)
			}
		}
	}
	goleak.VerifyNone(t, ignore)
}

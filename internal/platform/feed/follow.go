package feed

import (
	"cmp"
	"context"
	"log/slog"
	"time"
)

const (
	// defaultLook is how often a stream that is not woken looks for itself.
	defaultLook = 3 * time.Second
	// lookRest is how many looks a stream that would be woken does not read at: a lost hint costs that long.
	lookRest = 10
	// patience is how many times in a row reading may fail before a stream ends.
	patience = 20
	// burst is how many events a stream may send at once, and pace the time from one to the next after that.
	burst = 200
	pace  = 50 * time.Millisecond
)

// Watch is how a stream watches.
type Watch struct {
	// Woken gets a value when there is more; nil never does.
	Woken <-chan struct{}
	// Connected reports whether all hints arrive at present. While they do not, and when it is nil, the stream reads at
	// every look.
	Connected func() bool
	// Gone is closed when the viewer is not welcome any more; nil never is.
	Gone <-chan struct{}
	// Look is how often a stream that is not woken looks for itself; zero is three seconds.
	Look time.Duration
	// Log hears of streams that break; nil is the default logger.
	Log *slog.Logger
}

// Step is an event and its number.
type Step[T any] struct {
	Seq   int64
	Event T
	// Rest is how long the stream waits after it. What changes meanwhile is told at once then.
	Rest time.Duration
}

// Reader returns the first events behind the number seen, oldest first, and whether there may be more at once.
type Reader[T any] func(ctx context.Context, seen int64) (steps []Step[T], more bool, err error)

// Follow sends what is behind the number seen, and then what comes. It holds no more than one batch: a client that
// takes its time finds the rest where it was written. The channel is closed when ctx ends, the viewer is not welcome
// any more, or reading fails for long.
func Follow[T any](ctx context.Context, w Watch, seen int64, read Reader[T]) <-chan T {
	out := make(chan T)
	f := &follower[T]{Watch: w, read: read, seen: seen, out: out, allowance: burst, refilled: time.Now()}
	go func() {
		defer close(out)
		f.look = time.NewTicker(cmp.Or(w.Look, defaultLook))
		defer f.look.Stop()
		f.run(ctx)
	}()
	return out
}

// follower sends the events of one stream.
type follower[T any] struct {
	Watch

	read  Reader[T]
	seen  int64
	out   chan<- T
	look  *time.Ticker
	looks int
	// allowance is how many events may be sent now, as of refilled.
	allowance int
	refilled  time.Time
}

// run reads and sends until it is over.
func (f *follower[T]) run(ctx context.Context) {
	failures := 0
	for {
		steps, more, err := f.read(ctx, f.seen)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failures = 0
		case failures == patience:
			cmp.Or(f.Log, slog.Default()).ErrorContext(ctx, "live stream ended", "err", err)
			return
		default:
			failures++
		}
		for _, step := range steps {
			if !f.send(ctx, step) {
				return
			}
		}
		if !more && !f.wait(ctx, failures > 0) {
			return
		}
	}
}

// send hands one event over, and reports whether the viewer is still welcome.
func (f *follower[T]) send(ctx context.Context, step Step[T]) bool {
	if !f.pause(ctx, f.toll()) {
		return false
	}
	select {
	case f.out <- step.Event:
		f.seen = step.Seq
		return f.pause(ctx, step.Rest)
	case <-f.Gone:
		return false
	case <-ctx.Done():
		return false
	}
}

// toll takes one event out of the allowance, and returns how long to wait for it.
func (f *follower[T]) toll() time.Duration {
	if earned := int(time.Since(f.refilled) / pace); earned > 0 {
		f.allowance = min(burst, f.allowance+earned)
		f.refilled = time.Now()
	}
	if f.allowance > 0 {
		f.allowance--
		return 0
	}
	return pace
}

// pause waits, and reports whether the viewer is still welcome.
func (f *follower[T]) pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return !f.left()
	}
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
		return true
	case <-f.Gone:
		return false
	case <-ctx.Done():
		return false
	}
}

// left reports whether the viewer is not welcome any more: then nothing is sent, also to a reader who waits for it.
func (f *follower[T]) left() bool {
	select {
	case <-f.Gone:
		return true
	default:
		return false
	}
}

// wait returns when there may be more to send, and reports whether the viewer is still welcome.
func (f *follower[T]) wait(ctx context.Context, failing bool) bool {
	for {
		select {
		case _, open := <-f.Woken:
			if !open {
				f.Woken = nil // nobody wakes any more; looking goes on
			}
			return true
		case <-f.look.C:
			f.looks++
			if failing || f.looks%lookRest == 0 || !f.wakeable() {
				return true
			}
		case <-f.Gone:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// wakeable reports whether the stream is woken whenever there is more.
func (f *follower[T]) wakeable() bool { return f.Woken != nil && f.Connected != nil && f.Connected() }

package transport

import (
	"context"
	"fmt"
	"sync"
	"time"

	"lyceum/internal/fault"
)

// Streams knows the subscriptions that are open over HTTP, and the sockets, so that a stopping server can
// end them: http.Server.Shutdown waits for the former and forgets the latter.
type Streams struct {
	mu       sync.Mutex
	open     int
	stopping chan struct{}
	ended    chan struct{} // closed when stopping and, for the first time since, none is open
}

// NewStreams returns an empty set.
func NewStreams() *Streams {
	return &Streams{stopping: make(chan struct{}), ended: make(chan struct{})}
}

// Close tells every stream to end, and those still to come, and waits until they have.
func (s *Streams) Close(ctx context.Context) error {
	s.stop()
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("end open streams: %w", context.Cause(ctx))
	}
}

func (s *Streams) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !isClosed(s.stopping) {
		close(s.stopping)
	}
	s.endIfIdle()
}

// endIfIdle closes ended when the set is stopping and empty. The lock is held.
func (s *Streams) endIfIdle() {
	if s.open == 0 && isClosed(s.stopping) && !isClosed(s.ended) {
		close(s.ended)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Open returns how many streams are open.
func (s *Streams) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// enter counts a stream in. The stream ends when stopping is closed, and calls leave when it has ended.
func (s *Streams) enter() (stopping <-chan struct{}, leave func()) {
	if s == nil {
		return nil, func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	return s.stopping, sync.OnceFunc(s.leave)
}

func (s *Streams) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.endIfIdle()
}

// Admission limits how many streams one caller holds open: subscriptions over HTTP, and sockets.
type Admission interface {
	// Admit counts a stream in, for the caller that the context names, until release is called. The error
	// is told to the caller; *fault.Error with RateLimited, usually.
	Admit(ctx context.Context) (release func(), err error)
}

// admit asks the admission, if there is one.
func admit(ctx context.Context, admission Admission) (release func(), err error) {
	if admission == nil {
		return func() {}, nil
	}
	release, err = admission.Admit(ctx)
	if err != nil {
		return nil, fmt.Errorf("admit stream: %w", err)
	}
	return release, nil
}

// fullRetry is when to try again with a process that is full: the balancer may choose another one.
const fullRetry = 5 * time.Second

// Cap is an Admission of one process: so many streams in all, and for each caller.
type Cap struct {
	inAll, each int
	caller      func(context.Context) string

	mu    sync.Mutex
	total int
	open  map[string]int
}

var _ Admission = (*Cap)(nil)

// NewCap returns a cap of so many streams in all, and for each caller, as named by the function. Those whom
// it names "" share the number in all only.
func NewCap(inAll, each int, caller func(context.Context) string) *Cap {
	return &Cap{inAll: inAll, each: each, caller: caller, open: map[string]int{}}
}

// Admit implements Admission.
func (c *Cap) Admit(ctx context.Context) (release func(), err error) {
	caller := c.caller(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if caller != "" && c.open[caller] >= c.each {
		return nil, fault.Newf(fault.RateLimited, "You have %d live connections open already; close one first.", c.each)
	}
	if c.total >= c.inAll {
		return nil, fault.New(fault.Unavailable, "Too many live connections are open here; try again in a moment.").After(fullRetry)
	}
	c.total++
	c.open[caller]++
	return sync.OnceFunc(func() { c.release(caller) }), nil
}

func (c *Cap) release(caller string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total--
	if c.open[caller]--; c.open[caller] == 0 {
		delete(c.open, caller)
	}
}

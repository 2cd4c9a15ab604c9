package learning

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/platform/pg"
)

// The group commit. Whatever waits while the last group was committed goes next, together: there is no timer, and
// one batch alone does not wait for others. The goroutine that commits lives as long as there is something to
// do, started by whoever finds none; so a server that answers its requests before it stops has kept all of them.
const (
	// maxGroup bounds a group, maxQueue what waits for its turn.
	maxGroup = 512
	maxQueue = 4 * 1024
	// commitWait bounds the transaction of a group.
	commitWait = 5 * time.Second
	// comeBack is when to try again.
	comeBack = 2 * time.Second
)

// Meter hears of groups of batches: how many it had, how many waited for the next one when it was done, and how long
// it took.
type Meter interface {
	Committed(size, waiting int, took time.Duration)
}

// queue holds the batches that wait.
type queue struct {
	mu      sync.Mutex
	waiting []*ticket
	working bool
}

// ticket is a batch that waits for its answer.
type ticket struct {
	*sent

	caller context.Context //nolint:containedctx // whoever has gone away before their turn is passed over
	done   chan error
}

// abandoned reports whether nobody waits for the answer any more.
func (t *ticket) abandoned() bool { return t.caller.Err() != nil }

// submit has the batch kept, and waits until it is committed. The caller may leave before; the batch may be kept all
// the same. What has to be written together with the batch alone has a transaction of its own.
func (s *Service) submit(ctx context.Context, one *sent) (*Recorded, error) {
	if pg.Sealed(ctx) {
		if err := s.keep(ctx, []*sent{one}); err != nil {
			return nil, err
		}
		return one.answer, one.refused
	}
	waiting := &ticket{sent: one, caller: ctx, done: make(chan error, 1)}
	if !s.enqueue(waiting) { //nolint:contextcheck // whoever works on the queue works for all who wait
		return nil, fault.New(fault.Unavailable, "The service is busy; try again shortly.").After(comeBack)
	}
	select {
	case err := <-waiting.done:
		if err != nil {
			return nil, err
		}
		return one.answer, one.refused
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the commit: %w", ctx.Err())
	}
}

// enqueue reports whether there was room; whoever has gone away since makes some. It starts to work when nobody does.
func (s *Service) enqueue(t *ticket) bool {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	if len(s.queue.waiting) >= maxQueue {
		s.queue.waiting = slices.DeleteFunc(s.queue.waiting, (*ticket).abandoned)
	}
	if len(s.queue.waiting) >= maxQueue {
		return false
	}
	s.queue.waiting = append(s.queue.waiting, t)
	if !s.queue.working {
		s.queue.working = true
		go s.work()
	}
	return true
}

// work keeps group after group until nothing waits.
func (s *Service) work() {
	for {
		group := s.next()
		if len(group) == 0 {
			return
		}
		started := time.Now()
		s.commit(group)
		if s.Meter != nil {
			s.Meter.Committed(len(group), s.waiting(), time.Since(started))
		}
	}
}

func (s *Service) waiting() int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return len(s.queue.waiting)
}

// next takes the next group. None means that the work is over: it was decided behind the lock, so that whoever
// comes next starts anew.
func (s *Service) next() []*ticket {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	var group []*ticket
	for len(s.queue.waiting) > 0 && len(group) < maxGroup {
		t := s.queue.waiting[0]
		s.queue.waiting[0] = nil
		s.queue.waiting = s.queue.waiting[1:]
		if !t.abandoned() {
			group = append(group, t)
		}
	}
	s.queue.working = len(group) > 0
	return group
}

// commit keeps a group and answers everybody in it. One that cannot be kept whole is kept in halves, until the
// batch is alone that it fails for; a database that cannot be reached fails for all of them at once.
func (s *Service) commit(group []*ticket) {
	// The values are the first one's: of one batch alone, traces and counts are its own.
	ctx, cancel := context.WithTimeout(group[0].ctx, commitWait)
	defer cancel()
	all := make([]*sent, len(group))
	for i, t := range group {
		all[i] = t.sent
	}
	err := busy(s.keep(ctx, all))
	if err == nil || len(group) == 1 || fault.CodeOf(err) == fault.Unavailable {
		for _, t := range group {
			t.done <- err
		}
		return
	}
	half := len(group) / 2
	s.commit(group[:half])
	s.commit(group[half:])
}

// busy says of what took too long that it may be tried again.
func busy(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.New(fault.Unavailable, "This took too long; try again shortly.").After(comeBack).Because(err)
	}
	return err
}

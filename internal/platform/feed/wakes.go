package feed

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/google/uuid"

	"lyceum/internal/platform/cache"
)

// maxNamed is how many topics a hint names. One about more wakes every stream of the tenant.
const maxNamed = 500

// Wakes is a Bus over the hub: one channel for each tenant that somebody in this process watches, and one message for
// each transaction.
type Wakes struct {
	hub *cache.Hub
	log *slog.Logger

	mu    sync.Mutex
	desks map[uuid.UUID]*desk
}

// desk is where the streams of a tenant in this process are woken.
type desk struct {
	leave context.CancelFunc
	// ready is closed when hints arrive.
	ready chan struct{}
	ears  map[Topic]map[*ear]struct{}
	count int
}

// ear is one stream. Its channel holds one hint: more say nothing else.
type ear struct{ woken chan struct{} }

var _ Bus = (*Wakes)(nil)

// NewWakes returns a bus over the hub.
func NewWakes(hub *cache.Hub, log *slog.Logger) *Wakes {
	return &Wakes{hub: hub, log: log, desks: map[uuid.UUID]*desk{}}
}

func channel(tenant uuid.UUID) cache.Key { return cache.NewKey(tenant, "feed") }

// Connected implements Bus.
func (w *Wakes) Connected() bool { return w.hub.Connected() }

// Wake implements Bus.
func (w *Wakes) Wake(ctx context.Context, tenant uuid.UUID, topics []Topic) {
	var names []string
	for _, topic := range topics {
		names = append(names, topic.Kind+" "+topic.Subject.String())
	}
	if len(names) > maxNamed {
		names = nil
	}
	err := w.hub.Publish(ctx, channel(tenant), []byte(strings.Join(names, "\n")))
	if err != nil && !errors.Is(err, cache.ErrDown) {
		w.log.WarnContext(ctx, "streams not woken", "err", err)
	}
}

// Listen implements Bus.
func (w *Wakes) Listen(ctx context.Context, tenant uuid.UUID, topic Topic) <-chan struct{} {
	e := &ear{woken: make(chan struct{}, 1)}
	ready := w.join(ctx, tenant, topic, e)
	context.AfterFunc(ctx, func() { w.part(tenant, topic, e) })
	select {
	case <-ready:
	case <-ctx.Done():
	}
	return e.woken
}

// join adds the stream, and returns what is closed when it will be woken.
func (w *Wakes) join(ctx context.Context, tenant uuid.UUID, topic Topic, e *ear) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.desks[tenant]
	if d == nil {
		// The desk outlives the stream that opens it.
		session, leave := context.WithCancel(context.WithoutCancel(ctx))
		d = &desk{leave: leave, ready: make(chan struct{}), ears: map[Topic]map[*ear]struct{}{}}
		w.desks[tenant] = d
		go w.attend(session, tenant, d)
	}
	if d.ears[topic] == nil {
		d.ears[topic] = map[*ear]struct{}{}
	}
	d.ears[topic][e] = struct{}{}
	d.count++
	return d.ready
}

// part removes the stream, and the desk with the last one.
func (w *Wakes) part(tenant uuid.UUID, topic Topic, e *ear) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.desks[tenant]
	delete(d.ears[topic], e)
	if len(d.ears[topic]) == 0 {
		delete(d.ears, topic)
	}
	if d.count--; d.count == 0 {
		delete(w.desks, tenant)
		d.leave()
	}
}

// attend passes the tenant's hints on until the desk is left.
func (w *Wakes) attend(ctx context.Context, tenant uuid.UUID, d *desk) {
	events, err := w.hub.Subscribe(ctx, channel(tenant))
	close(d.ready)
	if err != nil {
		w.log.WarnContext(ctx, "streams are not woken", "err", err)
		return
	}
	for event := range events {
		w.hint(d, event)
	}
}

// hint wakes those it is about: all, when the hub says that hints were lost.
func (w *Wakes) hint(d *desk, event cache.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if event.Resync || len(event.Payload) == 0 {
		for _, ears := range d.ears {
			rouse(ears)
		}
		return
	}
	for name := range strings.SplitSeq(string(event.Payload), "\n") {
		kind, id, _ := strings.Cut(name, " ")
		if subject, err := uuid.Parse(id); err == nil {
			rouse(d.ears[Topic{kind, subject}])
		}
	}
}

func rouse(ears map[*ear]struct{}) {
	for e := range ears {
		select {
		case e.woken <- struct{}{}:
		default: // a hint is waiting already
		}
	}
}

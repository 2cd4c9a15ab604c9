package cache

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// defaultBuffer is how many events a subscriber may be behind.
	defaultBuffer = 64
	// heartbeat is how often a silent connection is tried; it is given up when it stays silent that long again.
	heartbeat = time.Second
	// The pause before Redis is tried again grows from the first to the second.
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
	// originBytes is the length of a process's name in front of every message.
	originBytes = 16
)

// ErrClosed is returned by a hub that was closed.
var ErrClosed = errors.New("hub closed")

// Event is what a subscriber receives.
type Event struct {
	// Payload is the published message. It is shared between subscribers: do not change it.
	Payload []byte
	// Resync reports, instead of a message, that some were lost: the subscriber was too slow, or Redis was away.
	// Everything published before it may be missing; the subscriber must look at the truth again.
	Resync bool
}

// HubConfig configures a hub.
type HubConfig struct {
	// Buffer is how many events a subscriber may be behind before it loses some; 0 is 64.
	Buffer int
	// Log hears when the connection comes and goes; nil is silence.
	Log *slog.Logger
}

// Hub carries messages between the subscribers of all processes over one Redis connection a process. Messages reach the
// subscribers of the own process even when Redis is down.
type Hub struct {
	client *Client
	buffer int
	log    *slog.Logger
	origin []byte

	cancel context.CancelFunc
	done   sync.WaitGroup
	wake   chan struct{}
	up     atomic.Bool

	mu     sync.Mutex
	closed bool
	topics map[Key]*topic
	// changed are the topics that Redis may have to be told of.
	changed map[Key]struct{}
}

// topic is a channel that somebody here listens to.
type topic struct {
	subscribers map[*subscriber]struct{}
	// requested: Redis was asked, on the present connection, to send its messages.
	requested bool
	// confirmed is closed when Redis has said that it will.
	confirmed chan struct{}
}

// subscriber is fed under the hub's lock. One place of its buffer is kept for a Resync, so that feeding never blocks.
type subscriber struct {
	events  chan Event
	lagging bool
	// waiting: Subscribe has not returned yet, so that nothing can have been missed.
	waiting bool
}

// NewHub returns a running hub. Without a client its messages stay in this process. Close it, before the client: the end
// of the context does not, so that subscribers can be drained.
func NewHub(ctx context.Context, client *Client, cfg HubConfig) *Hub {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h := &Hub{
		client: client, buffer: cfg.Buffer, log: cfg.Log, origin: make([]byte, originBytes),
		cancel: cancel, wake: make(chan struct{}, 1), topics: make(map[Key]*topic),
		changed: make(map[Key]struct{}),
	}
	_, _ = rand.Read(h.origin) // It never fails.
	if h.buffer == 0 {
		h.buffer = defaultBuffer
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if client != nil {
		h.done.Go(func() { h.run(ctx) })
	}
	return h
}

// Connected reports whether messages of other processes arrive now.
func (h *Hub) Connected() bool { return h.up.Load() }

// Close ends all subscriptions and waits until nothing of the hub runs any more.
func (h *Hub) Close() {
	h.cancel()
	h.done.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, t := range h.topics {
		for s := range t.subscribers {
			close(s.events)
		}
	}
	clear(h.topics)
}

// Publish sends the message to every subscriber of the channel. Those of this process have it when Publish returns; an
// error, such as ErrDown, says that other processes may not get it.
func (h *Hub) Publish(ctx context.Context, channel Key, payload []byte) error {
	if channel.IsZero() {
		return fmt.Errorf("publish: %w", ErrKey)
	}
	h.deliver(channel, Event{Payload: payload})
	if h.client == nil {
		return nil
	}
	message := append(bytes.Clone(h.origin), payload...)
	return h.client.do(ctx, "publish", func(ctx context.Context) error {
		return h.client.rdb.Publish(ctx, channel.String(), message).Err()
	})
}

// Subscribe returns the events of the channel until the context ends or the hub is closed; then the Go channel is closed.
// What is published after Subscribe has returned is received, or a Resync in its place.
func (h *Hub) Subscribe(ctx context.Context, channel Key) (<-chan Event, error) {
	if channel.IsZero() {
		return nil, fmt.Errorf("subscribe: %w", ErrKey)
	}
	s := &subscriber{events: make(chan Event, h.buffer+1), waiting: true}
	confirmed, err := h.join(channel, s)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { h.leave(channel, s) })
	h.await(ctx, confirmed)
	h.mu.Lock()
	defer h.mu.Unlock()
	s.waiting = false
	return s.events, nil
}

// join adds the subscriber and returns what is closed when Redis sends the channel.
func (h *Hub) join(channel Key, s *subscriber) (<-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	t := h.topics[channel]
	if t == nil {
		t = &topic{subscribers: make(map[*subscriber]struct{}), confirmed: make(chan struct{})}
		h.topics[channel] = t
	}
	t.subscribers[s] = struct{}{}
	h.nudge(channel)
	return t.confirmed, nil
}

// await gives Redis the time of one operation to confirm. If it takes longer, its confirmation will cause a Resync.
func (h *Hub) await(ctx context.Context, confirmed <-chan struct{}) {
	if h.client == nil || !h.up.Load() {
		return
	}
	timer := time.NewTimer(h.client.timeout)
	defer timer.Stop()
	select {
	case <-confirmed:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (h *Hub) leave(channel Key, s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[channel]
	if t == nil {
		return // The hub was closed.
	}
	if _, there := t.subscribers[s]; !there {
		return
	}
	delete(t.subscribers, s)
	close(s.events)
	switch {
	case len(t.subscribers) > 0:
	case h.client == nil:
		delete(h.topics, channel)
	default:
		h.nudge(channel) // The topic goes when Redis has been told.
	}
}

// nudge makes the running session compare what is wanted of the channels with what was requested. The caller holds the
// lock.
func (h *Hub) nudge(channels ...Key) {
	for _, channel := range channels {
		h.changed[channel] = struct{}{}
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *Hub) deliver(channel Key, e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[channel]
	if t == nil {
		return
	}
	for s := range t.subscribers {
		s.offer(e)
	}
}

// offer never blocks: a full buffer gets a Resync in its last place, and nothing more until that was taken.
func (s *subscriber) offer(e Event) {
	if s.lagging && len(s.events) > 0 {
		return
	}
	s.lagging = len(s.events) >= cap(s.events)-1
	if s.lagging {
		e = Event{Resync: true}
	}
	s.events <- e
}

// run keeps a session with Redis going until the context ends.
func (h *Hub) run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		wasUp, err := h.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if wasUp {
			pause = firstPause
			h.log.WarnContext(ctx, "messages between processes stopped", "error", err)
		}
		// The jitter keeps the processes of an installation from coming back all at once.
		timer := time.NewTimer(pause/2 + mathrand.N(pause)) //nolint:gosec // It may be guessed.
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		pause = min(2*pause, lastPause)
	}
}

// session lasts as long as one connection. It reports whether the connection was ever up.
func (h *Hub) session(ctx context.Context) (wasUp bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pubsub := h.client.rdb.Subscribe(ctx)
	// Closing the connection ends the wait for the next message.
	stop := context.AfterFunc(ctx, func() { _ = pubsub.Close() })
	defer func() {
		if stop() {
			_ = pubsub.Close()
		}
	}()
	defer func() {
		wasUp = h.up.Swap(false)
		h.forgetRequests()
	}()
	// This channel has no messages: its confirmation shows that the connection is up.
	if err := pubsub.Subscribe(ctx, GlobalKey(Cluster, "hub").String()); err != nil {
		return false, fmt.Errorf("connect to redis: %w", err)
	}
	var requests sync.WaitGroup
	requests.Go(func() { h.request(ctx, pubsub, cancel) })
	err = h.receive(ctx, pubsub)
	cancel()
	requests.Wait()
	return false, err
}

// forgetRequests is called when a connection has ended: nothing is confirmed any more, and all has to be requested again.
func (h *Hub) forgetRequests() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for channel, t := range h.topics {
		if len(t.subscribers) == 0 {
			delete(h.topics, channel)
			continue
		}
		t.requested = false
		select {
		case <-t.confirmed:
			t.confirmed = make(chan struct{})
		default:
		}
		h.nudge(channel)
	}
}

// request tells Redis what is wanted, whenever that changes. It ends the session when it cannot.
func (h *Hub) request(ctx context.Context, pubsub *redis.PubSub, end context.CancelFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		}
		added, dropped := h.changes()
		var err error
		if len(dropped) > 0 {
			err = pubsub.Unsubscribe(ctx, dropped...)
		}
		if len(added) > 0 {
			err = errors.Join(err, pubsub.Subscribe(ctx, added...))
		}
		if err != nil {
			end()
			return
		}
	}
}

// changes returns the channels that Redis has not been told of yet.
func (h *Hub) changes() (added, dropped []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer clear(h.changed)
	for channel := range h.changed {
		t := h.topics[channel]
		switch {
		case t == nil:
		case len(t.subscribers) == 0:
			delete(h.topics, channel)
			if t.requested {
				dropped = append(dropped, channel.String())
			}
		case !t.requested:
			t.requested = true
			added = append(added, channel.String())
		}
	}
	return added, dropped
}

// receive handles what Redis sends until the connection breaks or falls silent.
func (h *Hub) receive(ctx context.Context, pubsub *redis.PubSub) error {
	silent := false
	for {
		message, err := pubsub.ReceiveTimeout(ctx, heartbeat)
		var timeout net.Error
		switch {
		case err == nil:
			silent = false
			h.handle(ctx, message)
		case silent || !errors.As(err, &timeout) || !timeout.Timeout():
			return fmt.Errorf("receive from redis: %w", err)
		default:
			silent = true
			if err := pubsub.Ping(ctx); err != nil {
				return fmt.Errorf("ping redis: %w", err)
			}
		}
	}
}

func (h *Hub) handle(ctx context.Context, message any) {
	switch m := message.(type) {
	case *redis.Message:
		origin, payload := []byte(m.Payload)[:min(originBytes, len(m.Payload))], m.Payload[min(originBytes, len(m.Payload)):]
		if channel, ok := parseKey(m.Channel); ok && !bytes.Equal(origin, h.origin) {
			h.deliver(channel, Event{Payload: []byte(payload)})
		}
	case *redis.Subscription:
		if m.Kind == "subscribe" {
			h.confirm(ctx, m.Channel)
		}
	}
}

// confirm is called when Redis sends a channel from now on. Who listened before may have missed something.
func (h *Hub) confirm(ctx context.Context, name string) {
	if !h.up.Swap(true) {
		h.log.InfoContext(ctx, "messages between processes flow")
	}
	channel, ok := parseKey(name)
	if !ok {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[channel]
	if t == nil {
		return
	}
	for s := range t.subscribers {
		if !s.waiting {
			s.offer(Event{Resync: true})
		}
	}
	select {
	case <-t.confirmed:
	default:
		close(t.confirmed)
	}
}

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/cache/cachetest"
)

func newHub(t *testing.T, client *cache.Client, buffer int) *cache.Hub {
	t.Helper()
	hub := cache.NewHub(t.Context(), client, cache.HubConfig{Buffer: buffer})
	t.Cleanup(hub.Close)
	return hub
}

// connected returns a hub that hears other processes.
func connected(t *testing.T, url string, buffer int) *cache.Hub {
	t.Helper()
	hub := newHub(t, open(t, url, slow), buffer)
	waitFor(t, "the hub is connected", hub.Connected)
	return hub
}

func subscribe(t *testing.T, hub *cache.Hub, channel cache.Key) <-chan cache.Event {
	t.Helper()
	events, err := hub.Subscribe(t.Context(), channel)
	if err != nil {
		t.Fatalf("Subscribe: %v", err)
	}
	return events
}

func publish(t *testing.T, hub *cache.Hub, channel cache.Key, payload string) {
	t.Helper()
	if err := hub.Publish(t.Context(), channel, []byte(payload)); err != nil {
		t.Fatalf("Publish: %v", err)
	}
}

// next returns the next event as text.
func next(t *testing.T, events <-chan cache.Event) string {
	t.Helper()
	select {
	case e, open := <-events:
		switch {
		case !open:
			return "closed"
		case e.Resync:
			return "resync"
		default:
			return string(e.Payload)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("waited too long for an event")
		return ""
	}
}

func want(t *testing.T, events <-chan cache.Event, wanted ...string) {
	t.Helper()
	for i, w := range wanted {
		if got := next(t, events); got != w {
			t.Fatalf("event %d is %q, want %q", i, got, w)
		}
	}
}

func wantNothing(t *testing.T, events <-chan cache.Event) {
	t.Helper()
	select {
	case e, open := <-events:
		t.Errorf("got %+v (open %v), want nothing", e, open)
	default:
	}
}

func TestHubInOneProcess(t *testing.T) {
	t.Parallel()
	hub := newHub(t, nil, 0)
	tenant := uuid.New()
	channel := cache.NewKey(tenant, "inbox", "1")
	first, second := subscribe(t, hub, channel), subscribe(t, hub, channel)
	other := subscribe(t, hub, cache.NewKey(tenant, "inbox", "2"))
	foreign := subscribe(t, hub, cache.NewKey(uuid.New(), "inbox", "1"))
	publish(t, hub, channel, "a")
	publish(t, hub, channel, "")
	publish(t, hub, channel, "b\x00\n")
	want(t, first, "a", "", "b\x00\n")
	want(t, second, "a", "", "b\x00\n")
	wantNothing(t, other)
	wantNothing(t, foreign)
	if hub.Connected() {
		t.Error("a hub without Redis is connected")
	}
}

func TestHubRefuses(t *testing.T) {
	t.Parallel()
	hub := cache.NewHub(t.Context(), nil, cache.HubConfig{})
	if err := hub.Publish(t.Context(), cache.Key{}, nil); !errors.Is(err, cache.ErrKey) {
		t.Errorf("Publish = %v, want ErrKey", err)
	}
	if _, err := hub.Subscribe(t.Context(), cache.Key{}); !errors.Is(err, cache.ErrKey) {
		t.Errorf("Subscribe = %v, want ErrKey", err)
	}
	channel := cache.NewKey(uuid.New(), "a")
	events := subscribe(t, hub, channel)
	hub.Close()
	want(t, events, "closed")
	if _, err := hub.Subscribe(t.Context(), channel); !errors.Is(err, cache.ErrClosed) {
		t.Errorf("Subscribe after Close = %v, want ErrClosed", err)
	}
	if err := hub.Publish(t.Context(), channel, nil); err != nil {
		t.Errorf("Publish after Close = %v", err)
	}
	hub.Close()
}

func TestHubEndsWithContext(t *testing.T) {
	t.Parallel()
	for name, hub := range map[string]*cache.Hub{
		"in one process": newHub(t, nil, 0), "with Redis": connected(t, cachetest.Start(t).URL(), 0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channel := cache.NewKey(uuid.New(), "a")
			ctx, cancel := context.WithCancel(t.Context())
			events, err := hub.Subscribe(ctx, channel)
			if err != nil {
				t.Fatalf("Subscribe: %v", err)
			}
			stays := subscribe(t, hub, channel)
			cancel()
			want(t, events, "closed")
			publish(t, hub, channel, "x")
			want(t, stays, "x")
			// Somebody may come back to a channel that was left.
			again := subscribe(t, hub, channel)
			publish(t, hub, channel, "y")
			want(t, again, "y")
		})
	}
}

// TestSlowConsumer fills a buffer of four.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	hub := newHub(t, nil, 4)
	channel := cache.NewKey(uuid.New(), "a")
	slow, quick := subscribe(t, hub, channel), subscribe(t, hub, channel)
	for i := range 100 {
		publish(t, hub, channel, strconv.Itoa(i))
		want(t, quick, strconv.Itoa(i))
	}
	want(t, slow, "0", "1", "2", "3", "resync")
	wantNothing(t, slow)
	publish(t, hub, channel, "after")
	want(t, slow, "after")
	// While it has not taken the resync, all is lost; from then on nothing is.
	for i := range 5 {
		publish(t, hub, channel, strconv.Itoa(i))
	}
	want(t, slow, "0", "1", "2", "3")
	publish(t, hub, channel, "lost")
	want(t, slow, "resync")
	publish(t, hub, channel, "kept")
	want(t, slow, "kept")
}

func TestHubBetweenProcesses(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	here, there := connected(t, server.URL(), 0), connected(t, server.URL(), 0)
	tenant := uuid.New()
	channel := cache.NewKey(tenant, "inbox", "a:b")
	mine, theirs := subscribe(t, here, channel), subscribe(t, there, channel)
	foreign := subscribe(t, there, cache.NewKey(uuid.New(), "inbox", "a:b"))
	payload := "x\x00\r\n" + string(make([]byte, 100))
	publish(t, here, channel, payload)
	publish(t, here, channel, "")
	want(t, mine, payload, "")
	want(t, theirs, payload, "")
	publish(t, there, channel, "back")
	want(t, mine, "back")
	want(t, theirs, "back")
	wantNothing(t, mine) // Nobody hears his own message twice.
	wantNothing(t, foreign)
}

// TestSubscribeMissesNothing publishes as soon as Subscribe has returned, from another process.
func TestSubscribeMissesNothing(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	here, there := connected(t, server.URL(), 0), connected(t, server.URL(), 0)
	for i := range 50 {
		channel := cache.NewKey(uuid.New(), "a")
		ctx, cancel := context.WithCancel(t.Context())
		events, err := here.Subscribe(ctx, channel)
		if err != nil {
			t.Fatalf("Subscribe: %v", err)
		}
		publish(t, there, channel, strconv.Itoa(i))
		if got := next(t, events); got != strconv.Itoa(i) && got != "resync" {
			t.Errorf("event %q, want %d or a resync", got, i)
		}
		cancel()
	}
}

// TestHubWhileRedisIsAway kills Redis and brings it back.
func TestHubWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	here, there := connected(t, server.URL(), 0), connected(t, server.URL(), 0)
	channel := cache.NewKey(uuid.New(), "a")
	mine, theirs := subscribe(t, here, channel), subscribe(t, there, channel)
	server.Stop(t)
	waitFor(t, "the hubs notice", func() bool { return !here.Connected() && !there.Connected() })
	if err := here.Publish(t.Context(), channel, []byte("local")); !errors.Is(err, cache.ErrDown) {
		t.Errorf("Publish = %v, want ErrDown", err)
	}
	want(t, mine, "local")
	late := cache.NewKey(uuid.New(), "b")
	born := subscribe(t, here, late)
	if err := here.Publish(t.Context(), late, []byte("born")); !errors.Is(err, cache.ErrDown) {
		t.Errorf("Publish = %v, want ErrDown", err)
	}
	want(t, born, "born")
	server.Restart(t)
	// Each learns that it may have missed something, and then hears everything again.
	want(t, mine, "resync")
	want(t, theirs, "resync")
	want(t, born, "resync")
	waitFor(t, "redis takes messages", func() bool { return here.Publish(t.Context(), late, nil) == nil })
	publish(t, here, channel, "again")
	want(t, mine, "again")
	want(t, theirs, "again")
}

func TestHubWhileRedisHangs(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	here := newHub(t, open(t, server.URL(), 50*time.Millisecond), 0)
	waitFor(t, "the hub is connected", here.Connected)
	channel := cache.NewKey(uuid.New(), "a")
	events := subscribe(t, here, channel)
	server.Hang(t)
	t.Cleanup(func() { server.Resume(t) })
	waitFor(t, "the hub notices", func() bool { return !here.Connected() })
	if err := here.Publish(t.Context(), channel, []byte("local")); !errors.Is(err, cache.ErrDown) {
		t.Errorf("Publish = %v, want ErrDown", err)
	}
	for got := next(t, events); got != "local"; got = next(t, events) {
		if got != "resync" {
			t.Fatalf("event %q", got)
		}
	}
	server.Resume(t)
	waitFor(t, "the hub is connected again", here.Connected)
	want(t, events, "resync")
}

// TestHubStartsBeforeRedis has a process that comes up first.
func TestHubStartsBeforeRedis(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	server.Stop(t)
	hub := newHub(t, open(t, server.URL(), slow), 0)
	channel := cache.NewKey(uuid.New(), "a")
	events := subscribe(t, hub, channel)
	server.Restart(t)
	want(t, events, "resync")
	waitFor(t, "the hub is connected", hub.Connected)
}

// TestHubUnderLoad has many subscribers come and go while messages flow; the race detector looks on.
func TestHubUnderLoad(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	hub := connected(t, server.URL(), 2)
	tenant := uuid.New()
	const workers, rounds = 8, 40
	var group sync.WaitGroup
	for worker := range workers {
		channel := cache.NewKey(tenant, "room", strconv.Itoa(worker%3))
		group.Go(func() {
			for round := range rounds {
				ctx, cancel := context.WithCancel(t.Context())
				events, err := hub.Subscribe(ctx, channel)
				if err != nil {
					t.Errorf("Subscribe: %v", err)
				}
				if err := hub.Publish(ctx, channel, fmt.Appendf(nil, "%d/%d", worker, round)); err != nil {
					t.Errorf("Publish: %v", err)
				}
				if _, open := <-events; !open {
					t.Error("the subscription ended early")
				}
				cancel()
				for range events { // Until it is closed.
				}
			}
		})
	}
	group.Wait()
}

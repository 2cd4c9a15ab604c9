package cache_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/cache/cachetest"
)

// slow is a timeout for tests that are not about timeouts: the machine may be busy.
const slow = 5 * time.Second

func open(t *testing.T, url string, timeout time.Duration) *cache.Client {
	t.Helper()
	client, err := cache.Open(cache.Config{URL: url, Timeout: timeout})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return client
}

// waitFor waits until the condition is true.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited too long: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"empty":             "",
		"no scheme":         "localhost:6379",
		"other scheme":      "http://localhost:6379",
		"other kind":        "redis+mesh://localhost:6379",
		"no host":           "redis://",
		"not a URL":         "redis://user:hunter2@host:port:port",
		"bad database":      "redis://localhost/x",
		"unknown option":    "redis://localhost?colour=red",
		"sentinel, nobody":  "redis+sentinel://localhost:26379",
		"sentinel, bad":     "redis+sentinel://localhost:26379/x?master_name=m",
		"cluster, bad":      "redis+cluster://localhost:6379?addr=x",
		"cluster, over TLS": "redisss+cluster://localhost:6379",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := cache.Open(cache.Config{URL: url})
			if err == nil {
				t.Fatal("Open = nil, want an error")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestOpenKinds(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"redis://user:secret@127.0.0.1:1/2":                                            "*redis.Client",
		"rediss://127.0.0.1:1":                                                         "*redis.Client",
		"redis+sentinel://127.0.0.1:1/0?master_name=main&addr=127.0.0.1:2":             "*redis.Client",
		"rediss+sentinel://:secret@127.0.0.1:1?master_name=main&username=a&password=b": "*redis.Client",
		"redis+cluster://user:secret@127.0.0.1:1?addr=127.0.0.1:2&addr=127.0.0.1:3":    "*redis.ClusterClient",
		"rediss+cluster://127.0.0.1:1":                                                 "*redis.ClusterClient",
	} {
		var got string
		var pool int
		client, err := cache.Open(cache.Config{URL: url, PoolSize: 7, Instrument: func(rdb redis.UniversalClient) error {
			switch rdb := rdb.(type) {
			case *redis.Client:
				got, pool = "*redis.Client", rdb.Options().PoolSize
			case *redis.ClusterClient:
				got, pool = "*redis.ClusterClient", rdb.Options().PoolSize
			}
			return nil
		}})
		if err != nil || got != want || pool != 7 {
			t.Errorf("Open(%q) makes a %s with %d connections, %v; want a %s with 7", url, got, pool, err, want)
			continue
		}
		if err := client.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	broken := errors.New("no tracer")
	if _, err := cache.Open(cache.Config{URL: "redis://127.0.0.1:1", Instrument: func(redis.UniversalClient) error { return broken }}); !errors.Is(err, broken) {
		t.Errorf("Open = %v, want the error of Instrument", err)
	}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	client := open(t, cachetest.Start(t).URL(), slow)
	ctx := t.Context()
	mine, theirs := uuid.New(), uuid.New()
	key, foreign := cache.NewKey(mine, "session", "1"), cache.NewKey(theirs, "session", "1")
	if _, found, err := client.Get(ctx, key); found || err != nil {
		t.Errorf("Get of nothing = %v, %v", found, err)
	}
	value := []byte("a\x00\r\nb")
	if err := client.Set(ctx, key, value, time.Minute); err != nil {
		t.Fatalf("Set: %v", err)
	}
	if got, found, err := client.Get(ctx, key); !bytes.Equal(got, value) || !found || err != nil {
		t.Errorf("Get = %q, %v, %v", got, found, err)
	}
	if _, found, err := client.Get(ctx, foreign); found || err != nil {
		t.Errorf("Get of the other tenant = %v, %v", found, err)
	}
	if err := client.Set(ctx, key, nil, time.Minute); err != nil {
		t.Fatalf("Set: %v", err)
	}
	if got, found, err := client.Get(ctx, key); len(got) != 0 || !found || err != nil {
		t.Errorf("Get of an empty value = %q, %v, %v", got, found, err)
	}
	if err := errors.Join(client.Delete(ctx, key), client.Delete(ctx, key)); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if _, found, err := client.Get(ctx, key); found || err != nil {
		t.Errorf("Get after Delete = %v, %v", found, err)
	}
	for want := int64(1); want <= 3; want++ {
		if got, err := client.Increment(ctx, key, time.Minute); got != want || err != nil {
			t.Errorf("Increment = %d, %v; want %d", got, err, want)
		}
	}
	if err := client.Ping(ctx); err != nil || client.State() != cache.Up {
		t.Errorf("Ping = %v in state %s", err, client.State())
	}
}

func TestEntriesEnd(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	if !server.IsReal() {
		t.Skip("miniredis has no clock of its own")
	}
	client := open(t, server.URL(), slow)
	key, counter := cache.NewKey(uuid.New(), "short"), cache.NewKey(uuid.New(), "counter")
	if err := client.Set(t.Context(), key, []byte("x"), 20*time.Millisecond); err != nil {
		t.Fatalf("Set: %v", err)
	}
	if _, err := client.Increment(t.Context(), counter, 20*time.Millisecond); err != nil {
		t.Fatalf("Increment: %v", err)
	}
	waitFor(t, "the entries end", func() bool {
		_, found, err := client.Get(t.Context(), key)
		_, counted, err2 := client.Get(t.Context(), counter)
		return err == nil && err2 == nil && !found && !counted
	})
}

func TestOperationsRefuse(t *testing.T) {
	t.Parallel()
	client := open(t, cachetest.Start(t).URL(), slow)
	ctx, key := t.Context(), cache.NewKey(uuid.New(), "a")
	_, _, get := client.Get(ctx, cache.Key{})
	_, count := client.Increment(ctx, cache.NewKey(uuid.Nil, "a"), time.Minute)
	for name, err := range map[string]error{
		"Get": get, "Increment": count,
		"Set":    client.Set(ctx, cache.Key{}, nil, time.Minute),
		"Delete": client.Delete(ctx, cache.Key{}),
	} {
		if !errors.Is(err, cache.ErrKey) {
			t.Errorf("%s with the zero key = %v, want ErrKey", name, err)
		}
	}
	for _, life := range []time.Duration{0, -time.Second, time.Microsecond} {
		_, count := client.Increment(ctx, key, life)
		if client.Set(ctx, key, nil, life) == nil || count == nil {
			t.Errorf("an entry may live %v", life)
		}
	}
	if err := client.Set(ctx, key, []byte("text"), time.Minute); err != nil {
		t.Fatalf("Set: %v", err)
	}
	for range 10 { // An answer is an answer, even "this is no number": the breaker stays closed.
		if _, err := client.Increment(ctx, key, time.Minute); err == nil || errors.Is(err, cache.ErrDown) {
			t.Errorf("Increment of a text = %v", err)
		}
	}
	if client.State() != cache.Up {
		t.Errorf("state %s after refused commands", client.State())
	}
}

// TestBreaker kills the server and brings it back.
func TestBreaker(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	client := open(t, server.URL(), slow)
	key := cache.NewKey(uuid.New(), "a")
	if err := client.Set(t.Context(), key, []byte("x"), time.Minute); err != nil {
		t.Fatalf("Set: %v", err)
	}
	server.Stop(t)
	for i := range 5 {
		if client.State() != cache.Up {
			t.Errorf("state %s after %d failures", client.State(), i)
		}
		if _, found, err := client.Get(t.Context(), key); found || !errors.Is(err, cache.ErrDown) {
			t.Errorf("Get %d = %v, %v; want ErrDown", i, found, err)
		}
	}
	if client.State() != cache.Down {
		t.Errorf("state %s after 5 failures, want down", client.State())
	}
	begun := time.Now()
	for range 1000 {
		if err := client.Ping(t.Context()); !errors.Is(err, cache.ErrDown) {
			t.Errorf("Ping = %v, want ErrDown", err)
		}
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("1,000 refused operations took %v", took)
	}
	server.Restart(t)
	waitFor(t, "redis is used again", func() bool { return client.Set(t.Context(), key, []byte("x"), time.Minute) == nil })
	if client.State() != cache.Up {
		t.Errorf("state %s after a success", client.State())
	}
}

// TestHungServer measures how long callers wait for a server that accepts and says nothing.
func TestHungServer(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	const timeout = 50 * time.Millisecond
	client := open(t, server.URL(), timeout)
	waitFor(t, "redis answers", func() bool { return client.Ping(t.Context()) == nil })
	server.Hang(t)
	t.Cleanup(func() { server.Resume(t) })
	begun := time.Now()
	for range 100 {
		if err := client.Ping(t.Context()); !errors.Is(err, cache.ErrDown) {
			t.Errorf("Ping = %v, want ErrDown", err)
		}
	}
	// Five operations wait, and the probes of the time this takes; the rest is for a busy machine. A hundred that all wait
	// would take twice as long.
	if took := time.Since(begun); took > 50*timeout {
		t.Errorf("100 operations took %v", took)
	}
	server.Resume(t)
	waitFor(t, "redis is used again", func() bool { return client.Ping(t.Context()) == nil })
}

func TestCallerWhoLeavesIsNoFailure(t *testing.T) {
	t.Parallel()
	client := open(t, cachetest.Start(t).URL(), slow)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 {
		if err := client.Ping(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Ping = %v, want context.Canceled", err)
		}
	}
	if client.State() != cache.Up {
		t.Errorf("state %s", client.State())
	}
}

package cache_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/cache/cachetest"
)

// steppedClock goes on when it is told to.
type steppedClock struct{ now atomic.Int64 }

func newSteppedClock() *steppedClock {
	c := &steppedClock{}
	c.now.Store(time.Now().UnixNano())
	return c
}

func (c *steppedClock) NowNano() int64                    { return c.now.Load() }
func (*steppedClock) Tick(time.Duration) <-chan time.Time { return nil }
func (c *steppedClock) wait(d time.Duration)              { c.now.Add(d.Nanoseconds()) }

// tally counts what layers tell.
type tally struct{ process, redis, filled, degraded atomic.Int64 }

func (m *tally) Process()      { m.process.Add(1) }
func (m *tally) Redis()        { m.redis.Add(1) }
func (m *tally) Filled(uint64) { m.filled.Add(1) }
func (m *tally) Degraded()     { m.degraded.Add(1) }

// layered is one process's layers of texts, with a source that counts what it is asked.
type layered struct {
	*cache.Layers[string]

	clock *steppedClock
	meter *tally
	asked atomic.Int64
}

const (
	layerLife    = time.Minute
	layerMissing = 10 * time.Second
)

func newLayered(t *testing.T, client *cache.Client, bytes int64) *layered {
	t.Helper()
	l := &layered{clock: newSteppedClock(), meter: &tally{}}
	var err error
	l.Layers, err = cache.NewLayers(cache.LayersConfig[string]{
		Bytes: bytes, Life: layerLife, Missing: layerMissing, Client: client, Meter: l.meter, Clock: l.clock,
		Encode: func(s string) ([]byte, error) { return []byte(s), nil },
		Decode: func(b []byte) (string, error) {
			if strings.HasPrefix(string(b), "broken") {
				return "", errors.New("broken")
			}
			return string(b), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// source finds a text for every key, but none for those that are named so.
func (l *layered) source(_ context.Context, keys []cache.Key) (map[cache.Key]cache.Entry[string], error) {
	l.asked.Add(1)
	found := map[cache.Key]cache.Entry[string]{}
	for _, key := range keys {
		if !strings.Contains(key.String(), "missing") {
			found[key] = cache.Entry[string]{Value: "value of " + key.String()}
		}
	}
	return found, nil
}

// get asks for one key.
func (l *layered) get(t *testing.T, key cache.Key) (string, bool) {
	t.Helper()
	found, err := l.Get(t.Context(), []cache.Key{key}, l.source)
	if err != nil {
		t.Fatal(err)
	}
	value, ok := found[key]
	return value, ok
}

func (l *layered) fills(t *testing.T, want int64, when string) {
	t.Helper()
	if got := l.asked.Load(); got != want {
		t.Errorf("%s: the source was asked %d times, want %d", when, got, want)
	}
}

const plentyBytes = 1 << 20

// TestLayersHerd has 1,000 callers miss at once: one of them fills.
func TestLayersHerd(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]*cache.Client{"alone": nil, "with Redis": open(t, cachetest.Start(t).URL(), slow)} {
		l := newLayered(t, client, plentyBytes)
		key := cache.NewKey(uuid.New(), "herd")
		const callers = 1000
		var waiting, done sync.WaitGroup
		waiting.Add(callers)
		begin := make(chan struct{})
		for range callers {
			done.Go(func() {
				waiting.Done()
				<-begin
				found, err := l.Get(t.Context(), []cache.Key{key}, l.source)
				if err != nil || found[key] != "value of "+key.String() {
					t.Errorf("%s: %v (%v)", name, found, err)
				}
			})
		}
		waiting.Wait()
		close(begin)
		done.Wait()
		l.fills(t, 1, name)
	}
}

func TestLayersShareRedis(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	one, other := newLayered(t, open(t, server.URL(), slow), plentyBytes), newLayered(t, open(t, server.URL(), slow), plentyBytes)
	tenant := uuid.New()
	a, b, gone := cache.NewKey(tenant, "a"), cache.NewKey(tenant, "b"), cache.NewKey(tenant, "missing")
	one.get(t, a)
	other.clock.wait(layerLife * 2 / 3)
	found, err := other.Get(t.Context(), []cache.Key{a, b, gone}, other.source)
	if err != nil || len(found) != 2 || found[a] != "value of "+a.String() {
		t.Fatalf("%v (%v)", found, err)
	}
	if got := other.meter; got.redis.Load() != 1 || got.filled.Load() != 2 || got.process.Load() != 0 {
		t.Errorf("%d from Redis, %d filled, %d from the process; want 1, 2 and 0", got.redis.Load(), got.filled.Load(), got.process.Load())
	}
	if value, ok := other.Peek(a); !ok || value != found[a] {
		t.Errorf("Peek: %q, %t", value, ok)
	}
	// A value does not get a second life by coming from Redis.
	other.clock.wait(layerLife * 2 / 5)
	if _, ok := other.Peek(a); ok {
		t.Error("the value outlived its lifetime")
	}
	// What Redis holds by mistake is filled again.
	client := open(t, server.URL(), slow)
	for i, junk := range []string{"", "short", strings.Repeat("\x00", 8) + "old", "\x7f" + strings.Repeat("\xff", 7) + "broken"} {
		key := cache.NewKey(tenant, "junk", strconv.Itoa(i))
		if err := client.Set(t.Context(), key, []byte(junk), time.Minute); err != nil {
			t.Fatal(err)
		}
		if value, ok := one.get(t, key); !ok || value != "value of "+key.String() {
			t.Errorf("%q: %q", junk, value)
		}
	}
}

// TestLayersWithoutRedis: what the process keeps is served while Redis is away, what it does not keep is filled, and it is
// said.
func TestLayersWithoutRedis(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	l := newLayered(t, open(t, server.URL(), slow), plentyBytes)
	tenant := uuid.New()
	kept, other := cache.NewKey(tenant, "kept"), cache.NewKey(tenant, "other")
	l.get(t, kept)
	server.Stop(t)
	for range 3 {
		if value, ok := l.get(t, kept); !ok || value != "value of "+kept.String() {
			t.Errorf("kept: %q", value)
		}
	}
	l.fills(t, 1, "while Redis is away")
	if n := l.meter.degraded.Load(); n != 0 {
		t.Errorf("Redis was asked %d times for what the process keeps", n)
	}
	if value, ok := l.get(t, other); !ok || value != "value of "+other.String() {
		t.Errorf("other: %q", value)
	}
	if l.meter.degraded.Load() == 0 {
		t.Error("nothing says that Redis was away")
	}
	l.clock.wait(layerLife)
	l.get(t, kept)
	l.fills(t, 3, "after its lifetime")
}

func TestLayersLifetimes(t *testing.T) {
	t.Parallel()
	l := newLayered(t, nil, plentyBytes)
	tenant := uuid.New()
	gone := cache.NewKey(tenant, "missing")
	for range 3 {
		if _, ok := l.get(t, gone); ok {
			t.Error("what is missing was found")
		}
	}
	l.fills(t, 1, "what is missing")
	l.clock.wait(layerMissing)
	l.get(t, gone)
	l.fills(t, 2, "what was missing for long")

	// Of a hundred values that were filled together some end earlier, and none later.
	l = newLayered(t, nil, plentyBytes)
	for i := range 100 {
		l.get(t, cache.NewKey(tenant, strconv.Itoa(i)))
	}
	left := func() (n int) {
		for i := range 100 {
			if _, ok := l.Peek(cache.NewKey(tenant, strconv.Itoa(i))); ok {
				n++
			}
		}
		return n
	}
	l.clock.wait(layerLife * 89 / 100)
	early := left()
	l.clock.wait(layerLife * 6 / 100)
	middle := left()
	l.clock.wait(layerLife * 5 / 100)
	if late := left(); early != 100 || middle == 0 || middle == 100 || late != 0 {
		t.Errorf("%d, %d and %d of 100 are left near the end of their lifetime", early, middle, late)
	}
}

func TestLayersKeepNoErrors(t *testing.T) {
	t.Parallel()
	l := newLayered(t, nil, plentyBytes)
	key := cache.NewKey(uuid.New(), "key")
	errSource := errors.New("source is away")
	_, err := l.Get(t.Context(), []cache.Key{key}, func(context.Context, []cache.Key) (map[cache.Key]cache.Entry[string], error) {
		return nil, errSource
	})
	if !errors.Is(err, errSource) {
		t.Fatalf("%v, want the source's error", err)
	}
	if _, ok := l.get(t, key); !ok {
		t.Error("the error was kept")
	}
}

// TestLayersOutliveTheirCaller: who came first and goes does not spoil the fill for those who wait.
func TestLayersOutliveTheirCaller(t *testing.T) {
	t.Parallel()
	l := newLayered(t, nil, plentyBytes)
	key := cache.NewKey(uuid.New(), "key")
	ctx, leave := context.WithCancel(t.Context())
	_, err := l.Get(ctx, []cache.Key{key}, func(ctx context.Context, keys []cache.Key) (map[cache.Key]cache.Entry[string], error) {
		leave()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return l.source(ctx, keys)
	})
	if err != nil {
		t.Errorf("the fill ended with its caller: %v", err)
	}
	if _, ok := l.Peek(key); !ok {
		t.Error("what was filled is not kept")
	}
}

// TestLayersAreTenants: there is no key for what is nobody's, and one look is about one tenant.
func TestLayersAreTenants(t *testing.T) {
	t.Parallel()
	l := newLayered(t, nil, plentyBytes)
	for name, keys := range map[string][]cache.Key{
		"the zero key":  {{}},
		"no tenant":     {cache.NewKey(uuid.Nil, "a")},
		"a global key":  {cache.GlobalKey(cache.Cluster, "a")},
		"two tenants":   {cache.NewKey(uuid.New(), "a"), cache.NewKey(uuid.New(), "a")},
		"one and a lie": {cache.NewKey(uuid.New(), "a"), cache.GlobalKey(cache.Hosts, "t:{x}", "a")},
	} {
		if found, err := l.Get(t.Context(), keys, l.source); !errors.Is(err, cache.ErrKey) {
			t.Errorf("%s: %v (%v), want ErrKey", name, found, err)
		}
	}
	l.fills(t, 0, "keys of nobody")
	if found, err := l.Get(t.Context(), nil, l.source); err != nil || len(found) != 0 {
		t.Errorf("no keys: %v (%v)", found, err)
	}
}

func TestLayersAreBounded(t *testing.T) {
	t.Parallel()
	const bound = 20_000
	l := newLayered(t, nil, bound)
	tenant := uuid.New()
	for i := range 1000 {
		l.get(t, cache.NewKey(tenant, strconv.Itoa(i)))
	}
	var kept int
	for deadline := time.Now().Add(slow); ; {
		kept = 0
		for i := range 1000 {
			if _, ok := l.Peek(cache.NewKey(tenant, strconv.Itoa(i))); ok {
				kept++
			}
		}
		if kept <= bound/200 || time.Now().After(deadline) {
			break
		}
	}
	if kept == 0 || kept > bound/200 {
		t.Errorf("%d values of more than 200 bytes are kept in %d", kept, bound)
	}
	for name, c := range map[string]cache.LayersConfig[string]{
		"no bound":    {Life: time.Minute},
		"no lifetime": {Bytes: 1},
		"no encoding": {Bytes: 1, Life: time.Minute},
	} {
		if _, err := cache.NewLayers(c); err == nil {
			t.Errorf("%s: layers were made", name)
		}
	}
}

package cache_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/cache/cachetest"
)

func bucket(tenant uuid.UUID, name string, rate cache.Rate) cache.Bucket {
	return cache.Bucket{Key: cache.NewKey(tenant, "limit", name), Rate: rate}
}

func allow(t *testing.T, l *cache.Limiter, cost int, buckets ...cache.Bucket) cache.Decision {
	t.Helper()
	d, err := l.Allow(t.Context(), cost, buckets...)
	if err != nil {
		t.Fatalf("Allow: %v", err)
	}
	return d
}

func newLimiter(t *testing.T) *cache.Limiter {
	t.Helper()
	return cache.NewLimiter(open(t, cachetest.Start(t).URL(), slow))
}

// hourly is a rate so slow that nothing comes back during a test.
func hourly(count int) cache.Rate { return cache.Rate{Count: count, Per: time.Hour} }

func TestLimiterBurst(t *testing.T) {
	t.Parallel()
	l, b := newLimiter(t), bucket(uuid.New(), "login", hourly(5))
	for left := 4; left >= 0; left-- {
		if d := allow(t, l, 1, b); !d.Allowed || d.Remaining != left || d.RetryAfter != 0 || d.Degraded {
			t.Errorf("decision %+v, want %d remaining", d, left)
		}
	}
	d := allow(t, l, 1, b)
	if d.Allowed || d.Remaining != 0 || d.RetryAfter < 11*time.Minute || d.RetryAfter > 12*time.Minute {
		t.Errorf("decision %+v, want a refusal for a fifth of an hour", d)
	}
	if d := allow(t, l, 1, bucket(uuid.New(), "login", hourly(5))); !d.Allowed || d.Remaining != 4 {
		t.Errorf("another tenant: %+v", d)
	}
}

func TestLimiterCost(t *testing.T) {
	t.Parallel()
	l := newLimiter(t)
	b := bucket(uuid.New(), "queries", cache.Rate{Count: 60, Per: time.Hour, Burst: 100})
	for _, step := range []struct {
		cost      int
		allowed   bool
		remaining int
	}{{70, true, 30}, {31, false, 30}, {30, true, 0}, {1, false, 0}} {
		if d := allow(t, l, step.cost, b); d.Allowed != step.allowed || d.Remaining != step.remaining {
			t.Errorf("cost %d: %+v, want %+v", step.cost, d, step)
		}
	}
	if d := allow(t, l, 101, bucket(uuid.New(), "queries", b.Rate)); d.Allowed || d.RetryAfter != 0 {
		t.Errorf("a cost above the burst: %+v, want a refusal for ever", d)
	}
}

// TestLimiterIsAllOrNothing has a second bucket that is empty.
func TestLimiterIsAllOrNothing(t *testing.T) {
	t.Parallel()
	l, tenant := newLimiter(t), uuid.New()
	account, address := bucket(tenant, "account", hourly(5)), bucket(tenant, "address", hourly(2))
	for range 2 {
		allow(t, l, 1, account, address)
	}
	for range 3 {
		if d := allow(t, l, 1, account, address); d.Allowed || d.Remaining != 0 {
			t.Errorf("decision %+v, want a refusal", d)
		}
	}
	if d := allow(t, l, 1, account); !d.Allowed || d.Remaining != 2 {
		t.Errorf("refusals were charged to the other bucket: %+v", d)
	}
}

func TestLimiterFills(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	l := cache.NewLimiter(open(t, server.URL(), slow))
	b := bucket(uuid.New(), "fast", cache.Rate{Count: 20, Per: time.Second, Burst: 1})
	allow(t, l, 1, b)
	waitFor(t, "a unit comes back", func() bool { return allow(t, l, 1, b).Allowed })
}

// TestLimiterRace has many callers at once: no more than the burst may pass.
func TestLimiterRace(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	b := bucket(uuid.New(), "race", hourly(25))
	var passed atomic.Int64
	var group sync.WaitGroup
	for range 4 {
		l := cache.NewLimiter(open(t, server.URL(), slow)) // Each is another process.
		for range 4 {
			group.Go(func() {
				for range 10 {
					if d, err := l.Allow(t.Context(), 1, b); err != nil || d.Degraded {
						t.Errorf("Allow = %+v, %v", d, err)
					} else if d.Allowed {
						passed.Add(1)
					}
				}
			})
		}
	}
	group.Wait()
	if passed.Load() != 25 {
		t.Errorf("%d of 160 passed a bucket of 25", passed.Load())
	}
}

func TestLimiterRefusesMistakes(t *testing.T) {
	t.Parallel()
	l, tenant := newLimiter(t), uuid.New()
	good := bucket(tenant, "a", hourly(5))
	global := cache.Bucket{Key: cache.GlobalKey(cache.Clients, "127.0.0.1"), Rate: hourly(5)}
	for name, tt := range map[string]struct {
		cost    int
		buckets []cache.Bucket
	}{
		"no bucket":        {1, nil},
		"no cost":          {0, []cache.Bucket{good}},
		"negative cost":    {-1, []cache.Bucket{good}},
		"zero key":         {1, []cache.Bucket{good, {Rate: hourly(5)}}},
		"two tenants":      {1, []cache.Bucket{good, bucket(uuid.New(), "a", hourly(5))}},
		"tenant, global":   {1, []cache.Bucket{good, global}},
		"same twice":       {1, []cache.Bucket{good, good}},
		"no rate":          {1, []cache.Bucket{{Key: good.Key}}},
		"no count":         {1, []cache.Bucket{bucket(tenant, "a", cache.Rate{Per: time.Hour})}},
		"no time":          {1, []cache.Bucket{bucket(tenant, "a", cache.Rate{Count: 1})}},
		"negative time":    {1, []cache.Bucket{bucket(tenant, "a", cache.Rate{Count: 1, Per: -time.Hour})}},
		"negative burst":   {1, []cache.Bucket{bucket(tenant, "a", cache.Rate{Count: 1, Per: time.Hour, Burst: -1})}},
		"too fast to tell": {1, []cache.Bucket{bucket(tenant, "a", cache.Rate{Count: 1_000_000, Per: time.Millisecond})}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d, err := l.Allow(t.Context(), tt.cost, tt.buckets...); d.Allowed || !errors.Is(err, cache.ErrBucket) {
				t.Errorf("Allow = %+v, %v; want ErrBucket", d, err)
			}
		})
	}
	if d := allow(t, l, 1, good); d.Remaining != 4 {
		t.Errorf("mistakes were charged: %+v", d)
	}
	if d := allow(t, l, 1, global); !d.Allowed {
		t.Errorf("a global bucket: %+v", d)
	}
}

// TestLimiterWithoutRedis kills Redis in the middle: limits become stricter, never open.
func TestLimiterWithoutRedis(t *testing.T) {
	t.Parallel()
	server := cachetest.Start(t)
	l := cache.NewLimiter(open(t, server.URL(), slow))
	b := bucket(uuid.New(), "login", hourly(20))
	if d := allow(t, l, 1, b); d.Degraded || d.Remaining != 19 {
		t.Errorf("decision %+v", d)
	}
	server.Stop(t)
	passed := 0
	for range 40 {
		d := allow(t, l, 1, b)
		if !d.Degraded {
			t.Errorf("decision %+v without Redis", d)
		}
		if d.Allowed {
			passed++
		} else if d.RetryAfter <= 0 {
			t.Errorf("decision %+v says nothing about when", d)
		}
	}
	if passed != 5 {
		t.Errorf("%d passed, want a quarter of 20", passed)
	}
	server.Restart(t)
	waitFor(t, "redis decides again", func() bool { return !allow(t, l, 1, b).Degraded })
}

// TestLocalLimiter has a clock of its own.
func TestLocalLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := cache.NewLimiter(nil)
		tenant := uuid.New()
		// A quarter of 8 in a minute: 2 at once, and one every 30 seconds.
		b := bucket(tenant, "a", cache.Rate{Count: 8, Per: time.Minute})
		for left := 1; left >= 0; left-- {
			if d := allow(t, l, 1, b); !d.Allowed || d.Remaining != left || !d.Degraded {
				t.Errorf("decision %+v, want %d remaining", d, left)
			}
		}
		if d := allow(t, l, 1, b); d.Allowed || d.RetryAfter != 30*time.Second {
			t.Errorf("decision %+v, want a refusal for 30 s", d)
		}
		<-time.After(30 * time.Second)
		if d := allow(t, l, 1, b); !d.Allowed || d.Remaining != 0 {
			t.Errorf("after 30 s: %+v", d)
		}
		// What fits into a whole bucket fits still, but then it takes long.
		expensive := bucket(tenant, "b", cache.Rate{Count: 8, Per: time.Minute})
		if d := allow(t, l, 8, expensive); !d.Allowed {
			t.Errorf("cost 8 of 8: %+v", d)
		}
		if d := allow(t, l, 8, expensive); d.Allowed || d.RetryAfter != 4*time.Minute {
			t.Errorf("cost 8 of 8 again: %+v, want a refusal for 4 min", d)
		}
		if d := allow(t, l, 9, expensive); d.Allowed || d.RetryAfter != 0 {
			t.Errorf("cost 9 of 8: %+v, want a refusal for ever", d)
		}
		small := bucket(tenant, "c", cache.Rate{Count: 100, Per: time.Minute})
		if d := allow(t, l, 1, small, b); d.Allowed || d.Remaining != 0 {
			t.Errorf("with an empty bucket: %+v", d)
		}
		if d := allow(t, l, 1, small); d.Remaining != 24 {
			t.Errorf("the refusal was charged: %+v", d)
		}
	})
}

// TestLimiterForgetsTheFuture has a bucket from before the server's clock was set back by a year.
func TestLimiterForgetsTheFuture(t *testing.T) {
	t.Parallel()
	var rdb redis.UniversalClient
	client, err := cache.Open(cache.Config{URL: cachetest.Start(t).URL(), Timeout: slow, Instrument: func(c redis.UniversalClient) error {
		rdb = c
		return nil
	}})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = client.Close() })
	b := bucket(uuid.New(), "login", hourly(5))
	future := time.Now().AddDate(1, 0, 0).UnixMicro()
	if err := rdb.Set(t.Context(), b.Key.String(), future, time.Hour).Err(); err != nil {
		t.Fatalf("Set: %v", err)
	}
	if d := allow(t, cache.NewLimiter(client), 1, b); d.Allowed || d.Degraded || d.RetryAfter > 12*time.Minute {
		t.Errorf("decision %+v, want a refusal for a fifth of an hour", d)
	}
}

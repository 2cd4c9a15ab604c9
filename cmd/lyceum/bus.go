package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"lyceum/graph"
	"lyceum/internal/engagement"
	"lyceum/internal/fault"
	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/config"
	"lyceum/internal/platform/feed"
)

// bus is what Redis is used for: waking streams in every process, and counting what is asked and guessed. Without
// Redis all of it works inside this process.
type bus struct {
	client *cache.Client // nil when there is no Redis
	hub    *cache.Hub
	// guesses counts tries at secrets, spending what operations cost. They are two, so that nobody can fill
	// the memory of the one, when this process counts alone, by means of the other.
	guesses, spending *cache.Limiter
	log               *slog.Logger
}

// redisLog takes what the Redis client has to say. Whether Redis answers is known without it, by the breaker
// in front of it.
type redisLog struct{ log *slog.Logger }

// Printf implements the client's interface for logs.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.DebugContext(ctx, "redis client", "said", fmt.Sprintf(format, v...))
}

func (a *app) openBus(ctx context.Context) error {
	a.bus = &bus{log: a.log}
	redis.SetLogger(redisLog{a.log})
	if a.config.Redis.URL.IsSet() {
		client, err := cache.Open(cache.Config{
			URL: redisURL(a.config.Redis), Timeout: a.config.Redis.Timeout, PoolSize: a.config.Redis.PoolSize,
			Instrument: func(c redis.UniversalClient) error { return a.tracing.Redis(c) },
		})
		if err != nil {
			return fmt.Errorf("open Redis: %w", err)
		}
		a.bus.client = client
		a.onClose(func(context.Context) error { return client.Close() })
	}
	a.bus.hub = cache.NewHub(ctx, a.bus.client, cache.HubConfig{Log: a.log})
	a.feed = &feed.Log{Bus: feed.NewWakes(a.bus.hub, a.log), Log: a.log}
	a.bus.guesses, a.bus.spending = cache.NewLimiter(a.bus.client), cache.NewLimiter(a.bus.client)
	a.onClose(func(context.Context) error { a.bus.hub.Close(); return nil })
	return nil
}

// redisURL writes the mode into the address, as the client reads it.
func redisURL(c config.Redis) string {
	address := c.URL.Reveal()
	if c.Mode == "single" {
		return address
	}
	scheme, rest, _ := strings.Cut(address, "://")
	return scheme + "+" + c.Mode + "://" + rest
}

// assetTopic is a file while it is converted, as live streams watch it.
func assetTopic(asset uuid.UUID) feed.Topic { return feed.Topic{Kind: "asset", Subject: asset} }

// assetBus wakes those who watch an asset.
type assetBus struct{ feed.Bus }

// Wake implements media.Bus.
func (b assetBus) Wake(ctx context.Context, tenant, asset uuid.UUID) {
	b.Bus.Wake(ctx, tenant, []feed.Topic{assetTopic(asset)})
}

// Listen implements media.Bus.
func (b assetBus) Listen(ctx context.Context, tenant, asset uuid.UUID) <-chan struct{} {
	return b.Bus.Listen(ctx, tenant, assetTopic(asset))
}

// rankings are nil without Redis: leaderboards are read from the ledger.
func (b *bus) rankings() *cache.Rankings {
	if b.client == nil {
		return nil
	}
	return cache.NewRankings(b.client, engagement.CopyLife)
}

// Limits of guessing, a minute: tries to sign in to an account from one address, and from an address to any; looks
// at certificates, of which somebody who checks an application opens a few; and tokens that open nothing, as a whole
// school behind one address sends them in the morning.
const (
	triesAccount = 5
	triesAddress = 20
	triesCode    = 60
	triesToken   = 600
)

// SignIn implements tenancy.Limiter. A nil tenant is the platform's own staff.
func (b *bus) SignIn(ctx context.Context, tenant uuid.UUID, email, network string) error {
	return b.try(ctx, cache.Staff, tenant,
		tries{[]string{"sign-in", "account", email, network}, triesAccount},
		tries{[]string{"sign-in", "address", network}, triesAddress},
	)
}

// Try implements graph.Guesses.
func (b *bus) Try(ctx context.Context, tenant uuid.UUID, secret graph.Secret, network string) error {
	perMinute := triesToken
	if secret == graph.SecretCode {
		perMinute = triesCode
	}
	return b.try(ctx, cache.Clients, tenant, tries{[]string{"try", string(secret), network}, perMinute})
}

// tries are so many a minute, under a name.
type tries struct {
	name      []string
	perMinute int
}

// try counts one try everywhere or, when there were too many anywhere, nowhere. Without a tenant it counts in the
// global space.
func (b *bus) try(ctx context.Context, space cache.Space, tenant uuid.UUID, limits ...tries) error {
	buckets := make([]cache.Bucket, len(limits))
	for i, l := range limits {
		buckets[i] = cache.Bucket{Key: cache.NewKey(tenant, l.name...), Rate: cache.Rate{Count: l.perMinute, Per: time.Minute}}
		if tenant == uuid.Nil {
			buckets[i].Key = cache.GlobalKey(space, l.name...)
		}
	}
	decision, err := b.guesses.Allow(ctx, 1, buckets...)
	if err != nil {
		return fmt.Errorf("limit tries: %w", err)
	}
	if !decision.Allowed {
		return fault.New(fault.RateLimited, "Too many tries; wait a moment and try again.").After(decision.RetryAfter)
	}
	return nil
}

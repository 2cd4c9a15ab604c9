package main

import (
	"context"
	"errors"
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
)

// bus is what the contexts use Redis for: waking streams in every process, and counting what is asked and
// guessed. Without Redis all of it works inside this process.
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

func inboxChannel(tenant, user uuid.UUID) cache.Key {
	return cache.NewKey(tenant, "inbox", user.String())
}

func assetChannel(tenant, asset uuid.UUID) cache.Key {
	return cache.NewKey(tenant, "asset", asset.String())
}

// Wake implements notification.Bus.
func (b *bus) Wake(ctx context.Context, tenant, user uuid.UUID) {
	b.wake(ctx, inboxChannel(tenant, user))
}

// Listen implements notification.Bus.
func (b *bus) Listen(ctx context.Context, tenant, user uuid.UUID) <-chan struct{} {
	return b.listen(ctx, inboxChannel(tenant, user))
}

// assetBus wakes those who watch an asset.
type assetBus struct{ *bus }

// Wake implements media.Bus.
func (b assetBus) Wake(ctx context.Context, tenant, asset uuid.UUID) {
	b.wake(ctx, assetChannel(tenant, asset))
}

// Listen implements media.Bus.
func (b assetBus) Listen(ctx context.Context, tenant, asset uuid.UUID) <-chan struct{} {
	return b.listen(ctx, assetChannel(tenant, asset))
}

// wake sends a hint. One that does not get through is made good by the stream itself.
func (b *bus) wake(ctx context.Context, channel cache.Key) {
	err := b.hub.Publish(ctx, channel, []byte{1})
	if err != nil && !errors.Is(err, cache.ErrDown) {
		b.log.WarnContext(ctx, "stream not woken", "err", err)
	}
}

func (b *bus) listen(ctx context.Context, channel cache.Key) <-chan struct{} {
	woken := make(chan struct{}, 1)
	events, err := b.hub.Subscribe(ctx, channel)
	if err != nil {
		return woken
	}
	go func() {
		for range events {
			select {
			case woken <- struct{}{}:
			default: // a wake is waiting already
			}
		}
	}()
	return woken
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

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

// Wake implements notification.Bus. A hint that does not get through is made good by the stream itself.
func (b *bus) Wake(ctx context.Context, tenant, user uuid.UUID) {
	err := b.hub.Publish(ctx, inboxChannel(tenant, user), []byte{1})
	if err != nil && !errors.Is(err, cache.ErrDown) {
		b.log.WarnContext(ctx, "inbox not woken", "err", err)
	}
}

// Listen implements notification.Bus.
func (b *bus) Listen(ctx context.Context, tenant, user uuid.UUID) <-chan struct{} {
	woken := make(chan struct{}, 1)
	events, err := b.hub.Subscribe(ctx, inboxChannel(tenant, user))
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

// Limits of signing in: five tries a minute for an account from one address, twenty for an address.
const (
	triesAccount = 5
	triesAddress = 20
)

// SignIn implements tenancy.Limiter. A nil tenant is the platform's own staff.
func (b *bus) SignIn(ctx context.Context, tenant uuid.UUID, email, ip string) error {
	key := func(parts ...string) cache.Key {
		if tenant == uuid.Nil {
			return cache.GlobalKey(cache.Staff, parts...)
		}
		return cache.NewKey(tenant, parts...)
	}
	decision, err := b.guesses.Allow(ctx, 1,
		cache.Bucket{Key: key("sign-in", "account", email, ip), Rate: cache.Rate{Count: triesAccount, Per: time.Minute}},
		cache.Bucket{Key: key("sign-in", "address", ip), Rate: cache.Rate{Count: triesAddress, Per: time.Minute}},
	)
	if err != nil {
		return fmt.Errorf("limit sign-in: %w", err)
	}
	if !decision.Allowed {
		return fault.New(fault.RateLimited, "Too many tries; wait a moment and try again.").After(decision.RetryAfter)
	}
	return nil
}

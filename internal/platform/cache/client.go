// Package cache is what Lyceum does with Redis: short-lived entries, messages between processes, and rate limits.
//
// Nothing in Redis is the truth, and Redis may be down: then entries are missing, messages reach the own process only,
// and limits are counted here, more strictly. A request waits for Redis 50 ms at most, and not at all once it has
// failed to answer five times in a row.
package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/sony/gobreaker/v2"
)

const (
	// defaultTimeout is what one operation may take, connecting included.
	defaultTimeout = 50 * time.Millisecond
	// dialFactor makes room for a TLS handshake, which goes on when the operation that began it has given up.
	dialFactor = 10
	// tripAfter is how many failures in a row open the breaker.
	tripAfter = 5
	// probeEvery is how often one operation is let through while the breaker is open.
	probeEvery = time.Second
)

// ErrDown is returned when Redis did not answer, or was not asked because it did not answer before.
var ErrDown = errors.New("redis is down")

// Config says where Redis is.
type Config struct {
	// URL is one of
	//
	//	redis://user:password@host:6379/0
	//	redis+sentinel://host:26379/0?master_name=…&addr=host2:26379
	//	redis+cluster://host:6379?addr=host2:6379
	//
	// with rediss for TLS.
	URL string
	// Timeout is what one operation may take; 0 is 50 ms.
	Timeout time.Duration
	// PoolSize bounds the connections to each server; 0 leaves it to the client.
	PoolSize int
	// Instrument, when not nil, is given the client before its first use, to add tracing and metrics.
	Instrument func(redis.UniversalClient) error
}

// State is how Redis does.
type State string

// The states there are.
const (
	// Up: Redis answers.
	Up State = "up"
	// Probing: Redis did not answer, and is asked again now.
	Probing State = "probing"
	// Down: Redis does not answer, and is not asked.
	Down State = "down"
)

// Client is a connection pool behind a breaker. Close it.
type Client struct {
	rdb     redis.UniversalClient
	breaker *gobreaker.CircuitBreaker[struct{}]
	timeout time.Duration
}

// Open returns a client. It does not connect: Redis may come later. The error is about the configuration.
func Open(cfg Config) (*Client, error) {
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	rdb, err := connect(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Instrument != nil {
		if err := cfg.Instrument(rdb); err != nil {
			return nil, errors.Join(fmt.Errorf("instrument redis client: %w", err), rdb.Close())
		}
	}
	breaker := gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         "redis",
		Timeout:      probeEvery,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		IsSuccessful: func(err error) bool { return !errors.Is(err, ErrDown) },
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) },
	})
	return &Client{rdb: rdb, breaker: breaker, timeout: cfg.Timeout}, nil
}

// connect chooses the kind of client by the scheme of the URL.
func connect(cfg Config) (redis.UniversalClient, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		// The parser's error repeats the URL, and with it the password.
		return nil, errors.New("configure redis: the URL cannot be parsed")
	}
	scheme, kind, _ := strings.Cut(u.Scheme, "+")
	u.Scheme = scheme
	switch {
	case u.Host == "":
		return nil, errors.New("configure redis: the URL names no host")
	case kind == "":
		return single(u.String(), cfg)
	case kind == "sentinel":
		return sentinel(u.String(), cfg)
	case kind == "cluster":
		return cluster(u.String(), cfg)
	default:
		return nil, fmt.Errorf("configure redis: unknown scheme %q", scheme+"+"+kind)
	}
}

func single(raw string, cfg Config) (redis.UniversalClient, error) {
	o, err := redis.ParseURL(raw)
	if err != nil {
		return nil, fmt.Errorf("configure redis: %w", err)
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = dialFactor*cfg.Timeout, cfg.Timeout, cfg.Timeout, cfg.Timeout
	o.ContextTimeoutEnabled, o.MaxRetries, o.DialerRetries = true, -1, 1
	o.PoolSize = cmp.Or(cfg.PoolSize, o.PoolSize)
	o.MaintNotificationsConfig = quiet()
	return redis.NewClient(o), nil
}

func sentinel(raw string, cfg Config) (redis.UniversalClient, error) {
	o, err := redis.ParseFailoverURL(raw)
	if err != nil {
		return nil, fmt.Errorf("configure redis: %w", err)
	}
	if o.MasterName == "" {
		return nil, errors.New("configure redis: a sentinel URL needs a master_name")
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = dialFactor*cfg.Timeout, cfg.Timeout, cfg.Timeout, cfg.Timeout
	o.ContextTimeoutEnabled, o.MaxRetries, o.DialerRetries = true, -1, 1
	o.PoolSize = cmp.Or(cfg.PoolSize, o.PoolSize)
	return redis.NewFailoverClient(o), nil
}

func cluster(raw string, cfg Config) (redis.UniversalClient, error) {
	o, err := redis.ParseClusterURL(raw)
	if err != nil {
		return nil, fmt.Errorf("configure redis: %w", err)
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = dialFactor*cfg.Timeout, cfg.Timeout, cfg.Timeout, cfg.Timeout
	o.ContextTimeoutEnabled, o.MaxRetries, o.DialerRetries = true, -1, 1
	o.PoolSize = cmp.Or(cfg.PoolSize, o.PoolSize)
	o.MaintNotificationsConfig = quiet()
	return redis.NewClusterClient(o), nil
}

// quiet turns off a handshake that only one vendor's service answers.
func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// Close ends all connections.
func (c *Client) Close() error {
	if err := c.rdb.Close(); err != nil {
		return fmt.Errorf("close redis client: %w", err)
	}
	return nil
}

// State returns how Redis does, without asking it.
func (c *Client) State() State {
	switch c.breaker.State() {
	case gobreaker.StateClosed:
		return Up
	case gobreaker.StateHalfOpen:
		return Probing
	default:
		return Down
	}
}

// Ping asks Redis whether it is there.
func (c *Client) Ping(ctx context.Context) error {
	return c.do(ctx, "ping redis", func(ctx context.Context) error { return c.rdb.Ping(ctx).Err() })
}

// Get returns the value, and whether there is one. When Redis is down the error is ErrDown: ask the truth instead.
func (c *Client) Get(ctx context.Context, key Key) (value []byte, found bool, err error) {
	var answer *redis.StringCmd
	err = c.onKey(ctx, "read cache", key, func(ctx context.Context, name string) error {
		answer = c.rdb.Get(ctx, name)
		return answer.Err()
	})
	switch {
	case errors.Is(err, redis.Nil):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	default:
		return []byte(answer.Val()), true, nil
	}
}

// Set stores the value for the given time, at least a millisecond: nothing stays for ever.
func (c *Client) Set(ctx context.Context, key Key, value []byte, life time.Duration) error {
	if life < time.Millisecond {
		return fmt.Errorf("write cache: %v is no lifetime", life)
	}
	return c.onKey(ctx, "write cache", key, func(ctx context.Context, name string) error {
		return c.rdb.Set(ctx, name, value, life).Err()
	})
}

// Delete removes the value, if there is one.
func (c *Client) Delete(ctx context.Context, key Key) error {
	return c.onKey(ctx, "delete from cache", key, func(ctx context.Context, name string) error {
		return c.rdb.Del(ctx, name).Err()
	})
}

// Increment adds one to a counter, which begins at 0, and returns it. The counter is forgotten when nobody has
// incremented it for the given time.
func (c *Client) Increment(ctx context.Context, key Key, life time.Duration) (value int64, err error) {
	if life < time.Millisecond {
		return 0, fmt.Errorf("count in cache: %v is no lifetime", life)
	}
	err = c.onKey(ctx, "count in cache", key, func(ctx context.Context, name string) error {
		pipe := c.rdb.TxPipeline()
		counter := pipe.Incr(ctx, name)
		pipe.PExpire(ctx, name, life)
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("run pipeline: %w", err)
		}
		value = counter.Val()
		return nil
	})
	return value, err
}

func (c *Client) onKey(ctx context.Context, doing string, key Key, f func(ctx context.Context, name string) error) error {
	if key.IsZero() {
		return fmt.Errorf("%s: %w", doing, ErrKey)
	}
	return c.do(ctx, doing, func(ctx context.Context) error { return f(ctx, key.String()) })
}

// do runs one operation within the timeout, unless the breaker is open.
func (c *Client) do(ctx context.Context, doing string, f func(context.Context) error) error {
	_, err := c.breaker.Execute(func() (struct{}, error) {
		limited, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		return struct{}{}, classify(ctx, f(limited))
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return fmt.Errorf("%s: %w", doing, ErrDown)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// classify tells an answer, which may be an error, from silence. A server that says it cannot serve is down too.
func classify(caller context.Context, err error) error {
	var answer redis.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(caller.Err(), context.Canceled):
		return caller.Err()
	case errors.As(err, &answer) && !isRefusal(answer.Error()):
		return err
	default:
		return fmt.Errorf("%w: %w", ErrDown, err)
	}
}

// isRefusal reports whether the server's error is about itself and not about the command.
func isRefusal(answer string) bool {
	for _, prefix := range []string{
		"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "MISCONF", "OOM", "NOAUTH", "WRONGPASS",
		"ERR max number of clients",
	} {
		if strings.HasPrefix(answer, prefix) {
			return true
		}
	}
	return false
}

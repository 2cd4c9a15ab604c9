package cache

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed gcra.lua
var gcra string

// fallbackShare is the part of a limit that one process gives while it counts alone: there may be others.
const fallbackShare = 4

// Rate is how fast a bucket fills, and how much it holds.
type Rate struct {
	// Count units come back every Per.
	Count int
	Per   time.Duration
	// Burst is how many units a full bucket holds; 0 is Count.
	Burst int
}

// Bucket is what an operation is charged to: a key and its rate. A key must always come with the same rate.
type Bucket struct {
	Key  Key
	Rate Rate
}

// Decision is whether an operation may go on.
type Decision struct {
	Allowed bool
	// RetryAfter is when the same operation would be allowed, if nothing else happens until then. It is zero when
	// it was allowed, and when it never will be because it costs more than a full bucket holds.
	RetryAfter time.Duration
	// Remaining is how many units the emptiest bucket has left.
	Remaining int
	// Degraded reports that Redis was not asked: this process has decided alone, and more strictly.
	Degraded bool
}

// ErrBucket is returned for buckets that cannot be charged: a mistake of the caller, who should then refuse.
var ErrBucket = errors.New("bad rate limit")

// Limiter charges operations to buckets in Redis, shared by all processes, and when Redis is down to its own.
type Limiter struct {
	client *Client
	script *redis.Script
	local  *local
}

// NewLimiter returns a limiter. Without a client it counts in this process only, as it does when Redis is down.
func NewLimiter(client *Client) *Limiter {
	return &Limiter{client: client, script: redis.NewScript(gcra), local: newLocal()}
}

// Allow charges the cost, at least one unit, to every bucket, or to none if one of them has too little left. All buckets
// belong to the same tenant, or to the same global space. The error is ErrBucket; Redis being down is none.
func (l *Limiter) Allow(ctx context.Context, cost int, buckets ...Bucket) (Decision, error) {
	if err := check(cost, buckets); err != nil {
		return Decision{}, err
	}
	for _, b := range buckets {
		if cost > b.Rate.burst() {
			return Decision{}, nil
		}
	}
	if l.client != nil {
		if d, err := l.shared(ctx, cost, buckets); err == nil {
			return d, nil
		}
	}
	return l.local.allow(time.Now(), cost, buckets), nil
}

func (l *Limiter) shared(ctx context.Context, cost int, buckets []Bucket) (Decision, error) {
	keys := make([]string, len(buckets))
	args := []any{cost}
	for i, b := range buckets {
		keys[i] = b.Key.String()
		args = append(args, b.Rate.unit().Microseconds(), b.Rate.whole().Microseconds())
	}
	var reply *redis.Cmd
	err := l.client.do(ctx, "count in redis", func(ctx context.Context) error {
		reply = l.script.Run(ctx, l.client.rdb, keys, args...)
		return reply.Err()
	})
	if err != nil {
		return Decision{}, err
	}
	answer, err := reply.Int64Slice()
	if err != nil {
		return Decision{}, fmt.Errorf("count in redis: %w", err)
	}
	const fields = 3
	if len(answer) != fields {
		return Decision{}, fmt.Errorf("count in redis: answer of %d numbers", len(answer))
	}
	return Decision{
		Allowed: answer[0] == 1, RetryAfter: time.Duration(answer[1]) * time.Microsecond, Remaining: int(answer[2]),
	}, nil
}

func check(cost int, buckets []Bucket) error {
	if cost < 1 || len(buckets) == 0 {
		return fmt.Errorf("%w: cost %d, %d buckets", ErrBucket, cost, len(buckets))
	}
	seen := make(map[Key]bool, len(buckets))
	for _, b := range buckets {
		switch {
		case b.Key.IsZero():
			return fmt.Errorf("%w: %w", ErrBucket, ErrKey)
		case b.Key.slot != buckets[0].Key.slot:
			return fmt.Errorf("%w: %s and %s are kept apart", ErrBucket, buckets[0].Key, b.Key)
		case seen[b.Key]:
			return fmt.Errorf("%w: %s twice", ErrBucket, b.Key)
		case b.Rate.Count < 1 || b.Rate.Burst < 0 || b.Rate.unit() < time.Microsecond:
			return fmt.Errorf("%w: %s has the rate %+v", ErrBucket, b.Key, b.Rate)
		}
		seen[b.Key] = true
	}
	return nil
}

func (r Rate) burst() int {
	if r.Burst == 0 {
		return r.Count
	}
	return r.Burst
}

// unit is how long one unit takes to come back, in whole microseconds.
func (r Rate) unit() time.Duration {
	return (r.Per / time.Duration(r.Count)).Truncate(time.Microsecond)
}

// whole is how long a whole bucket takes to fill.
func (r Rate) whole() time.Duration { return r.unit() * time.Duration(r.burst()) }

// share returns the rate that one process gives alone. What one operation costs still fits.
func (r Rate) share(cost int) Rate {
	return Rate{Count: r.Count, Per: fallbackShare * r.Per, Burst: max(cost, r.burst()/fallbackShare)}
}

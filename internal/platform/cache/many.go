package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// GetMany returns the values that there are of the keys, which belong to one tenant or one global space, in one trip.
// When Redis is down the error is ErrDown: ask the truth instead.
func (c *Client) GetMany(ctx context.Context, keys []Key) (map[Key][]byte, error) {
	names, err := together(keys)
	if err != nil {
		return nil, fmt.Errorf("read cache: %w", err)
	}
	var answer *redis.SliceCmd
	err = c.do(ctx, "read cache", func(ctx context.Context) error {
		answer = c.rdb.MGet(ctx, names...)
		return answer.Err()
	})
	if err != nil {
		return nil, err
	}
	found := make(map[Key][]byte, len(keys))
	for i, value := range answer.Val() {
		if text, ok := value.(string); ok {
			found[keys[i]] = []byte(text)
		}
	}
	return found, nil
}

// Stored is a value, and for how long it is stored.
type Stored struct {
	Value []byte
	Life  time.Duration
}

// SetMany stores values under keys of one tenant, or one global space, in one trip.
func (c *Client) SetMany(ctx context.Context, values map[Key]Stored) error {
	keys := make([]Key, 0, len(values))
	for key, value := range values {
		if value.Life < time.Millisecond {
			return fmt.Errorf("write cache: %v is no lifetime", value.Life)
		}
		keys = append(keys, key)
	}
	names, err := together(keys)
	if err != nil {
		return fmt.Errorf("write cache: %w", err)
	}
	return c.do(ctx, "write cache", func(ctx context.Context) error {
		_, err := c.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, key := range keys {
				pipe.Set(ctx, names[i], values[key].Value, values[key].Life)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("run pipeline: %w", err)
		}
		return nil
	})
}

var errApart = errors.New("keys are kept apart")

// together returns the names of keys of one slot.
func together(keys []Key) ([]string, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrKey)
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		if key.IsZero() {
			return nil, ErrKey
		}
		if key.slot != keys[0].slot {
			return nil, fmt.Errorf("%w: %w", ErrKey, errApart)
		}
		names[i] = key.String()
	}
	return names, nil
}

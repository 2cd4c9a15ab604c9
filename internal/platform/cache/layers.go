package cache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/maypok86/otter/v2"
)

const (
	// jitter is the part of a lifetime that chance takes away, so that what was filled together does not end together.
	jitter = 0.1
	// entryBytes is what an entry weighs besides its value and its key.
	entryBytes = 200
	// farBytes is the longest value that is stored in Redis.
	farBytes = 1 << 20
	// headBytes is the length of what stands before a value in Redis: when it ends, in milliseconds since 1970.
	headBytes = 8
)

// Entry is what a fill found for a key.
type Entry[V any] struct {
	// Value is shared by everybody who asks for the key: nobody changes it.
	Value V
	// Missing says that there is nothing: also that is remembered, for a shorter time and in this process alone.
	Missing bool
	// Life is how long it may be kept; 0 is what the layers say.
	Life time.Duration
}

// Meter hears of what layers do.
type Meter interface {
	// Process counts a key that this process kept, Redis one that Redis did.
	Process()
	Redis()
	// Filled counts a key that was kept nowhere, and says how many bytes the process keeps.
	Filled(bytes uint64)
	// Degraded counts a look into Redis that Redis did not answer.
	Degraded()
}

// unmetered hears of nothing.
type unmetered struct{}

func (unmetered) Process()      {}
func (unmetered) Redis()        {}
func (unmetered) Filled(uint64) {}
func (unmetered) Degraded()     {}

// LayersConfig says what layers keep.
type LayersConfig[V any] struct {
	// Bytes bounds what the process keeps.
	Bytes int64
	// Life is how long a value is kept, Missing how long it is remembered that there is none.
	Life, Missing time.Duration
	// Factor is what a value weighs in the process for each byte of its encoding; 0 is 1.
	Factor int
	// Encode writes a value for Redis, Decode reads it. What cannot be decoded is as if it were not there.
	Encode func(V) ([]byte, error)
	Decode func([]byte) (V, error)
	// Client is Redis; nil keeps values in the process alone.
	Client *Client
	// Meter may be nil.
	Meter Meter
	// Clock is the wall's when nil.
	Clock otter.Clock
}

// Layers keeps values of tenants in this process, in front of Redis, in front of what they are made from. Of those who
// ask for the same key at the same time one fills it. Errors are not kept.
type Layers[V any] struct {
	config LayersConfig[V]
	near   *otter.Cache[Key, held[V]]
}

// held is an entry in the process.
type held[V any] struct {
	value   V
	missing bool
	weight  uint32
	life    time.Duration
}

// NewLayers returns empty layers.
func NewLayers[V any](c LayersConfig[V]) (*Layers[V], error) {
	if c.Bytes < 1 || c.Life < time.Second || c.Missing < 0 || c.Encode == nil || c.Decode == nil {
		return nil, errors.New("cache: layers need a bound, a lifetime and an encoding")
	}
	if c.Meter == nil {
		c.Meter = unmetered{}
	}
	near, err := otter.New(&otter.Options[Key, held[V]]{
		MaximumWeight:    uint64(c.Bytes),
		Weigher:          func(_ Key, h held[V]) uint32 { return h.weight },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[Key, held[V]]) time.Duration { return e.Value.life }),
		Clock:            c.Clock,
	})
	if err != nil {
		return nil, fmt.Errorf("make layers: %w", err)
	}
	return &Layers[V]{config: c, near: near}, nil
}

// Peek returns what the process keeps under the key, without looking any further.
func (l *Layers[V]) Peek(key Key) (V, bool) {
	h, found := l.near.GetIfPresent(key)
	if found {
		l.config.Meter.Process()
	}
	return h.value, found && !h.missing
}

// Fill finds values by their keys. Keys that it leaves out are missing.
type Fill[V any] func(ctx context.Context, keys []Key) (map[Key]Entry[V], error)

// Get returns the values that there are of the keys, which belong to one tenant. Fill is asked for those that are kept
// nowhere, and goes on when the caller has gone: others wait for it. Its error is everybody's who waits.
func (l *Layers[V]) Get(ctx context.Context, keys []Key, fill Fill[V]) (map[Key]V, error) {
	if len(keys) == 0 {
		return map[Key]V{}, nil
	}
	for _, key := range keys {
		if !key.OfTenant() || key.slot != keys[0].slot {
			return nil, fmt.Errorf("look into layers: %w: %s belongs to no tenant, or to another one", ErrKey, key)
		}
	}
	near := len(keys)
	found, err := l.near.BulkGet(ctx, keys, otter.BulkLoaderFunc[Key, held[V]](
		func(ctx context.Context, absent []Key) (map[Key]held[V], error) {
			near -= len(absent)
			return l.load(context.WithoutCancel(ctx), absent, fill)
		},
	))
	if err != nil {
		return nil, fmt.Errorf("look into layers: %w", err)
	}
	for range near {
		l.config.Meter.Process()
	}
	values := make(map[Key]V, len(found))
	for key, h := range found {
		if !h.missing {
			values[key] = h.value
		}
	}
	return values, nil
}

// load finds what the process does not keep: in Redis, and else by the fill.
func (l *Layers[V]) load(ctx context.Context, keys []Key, fill Fill[V]) (map[Key]held[V], error) {
	loaded := l.far(ctx, keys)
	var absent []Key
	for _, key := range keys {
		if _, ok := loaded[key]; ok {
			l.config.Meter.Redis()
			continue
		}
		absent = append(absent, key)
	}
	if len(absent) == 0 {
		return loaded, nil
	}
	filled, err := fill(ctx, absent)
	if err != nil {
		return nil, err
	}
	stored := map[Key]Stored{}
	for _, key := range absent {
		l.config.Meter.Filled(l.near.WeightedSize())
		entry, ok := filled[key]
		if !ok || entry.Missing {
			loaded[key] = held[V]{missing: true, life: l.config.Missing, weight: entryBytes}
			continue
		}
		encoded, err := l.config.Encode(entry.Value)
		if err != nil {
			return nil, fmt.Errorf("encode value: %w", err)
		}
		loaded[key] = l.hold(key, entry.Value, len(encoded), shortened(entry.Life, l.config.Life))
		if len(encoded) <= farBytes {
			stored[key] = Stored{l.framed(encoded, loaded[key].life), loaded[key].life}
		}
	}
	l.store(ctx, stored)
	return loaded, nil
}

// shortened is a lifetime without the part that chance takes.
func shortened(life, fallback time.Duration) time.Duration {
	if life == 0 {
		life = fallback
	}
	return max(time.Millisecond, life-time.Duration(jitter*rand.Float64()*float64(life))) //nolint:gosec // chance, no secret
}

func (l *Layers[V]) hold(key Key, value V, encoded int, life time.Duration) held[V] {
	weight := max(1, l.config.Factor)*encoded + len(key.String()) + entryBytes
	return held[V]{value: value, life: life, weight: uint32(min(weight, 1<<31))}
}

// framed writes when the value ends before it, so that what comes from Redis does not live longer here.
func (l *Layers[V]) framed(encoded []byte, life time.Duration) []byte {
	end := l.now().Add(life).UnixMilli()
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, headBytes+len(encoded)), uint64(end)), encoded...)
}

func (l *Layers[V]) now() time.Time {
	if l.config.Clock == nil {
		return time.Now()
	}
	return time.Unix(0, l.config.Clock.NowNano())
}

// far looks into Redis. What it does not answer is filled.
func (l *Layers[V]) far(ctx context.Context, keys []Key) map[Key]held[V] {
	loaded := map[Key]held[V]{}
	if l.config.Client == nil {
		return loaded
	}
	stored, err := l.config.Client.GetMany(ctx, keys)
	if err != nil {
		l.config.Meter.Degraded()
		return loaded
	}
	for key, frame := range stored {
		if len(frame) < headBytes {
			continue
		}
		end := time.UnixMilli(int64(binary.BigEndian.Uint64(frame)))
		// Clocks of machines differ: nothing lives longer than it would have here.
		life := min(end.Sub(l.now()), l.config.Life)
		value, err := l.config.Decode(frame[headBytes:])
		if err != nil || life <= 0 {
			continue
		}
		loaded[key] = l.hold(key, value, len(frame)-headBytes, life)
	}
	return loaded
}

// store writes to Redis. When that fails, others fill for themselves.
func (l *Layers[V]) store(ctx context.Context, values map[Key]Stored) {
	if l.config.Client == nil || len(values) == 0 {
		return
	}
	if err := l.config.Client.SetMany(ctx, values); err != nil {
		l.config.Meter.Degraded()
	}
}

package cache

import (
	"sync"
	"time"
)

const (
	// maxLocal is how many buckets a process counts alone: a few megabytes.
	maxLocal = 100_000
	// sweepEvery is how often full buckets are looked for when there are too many.
	sweepEvery = time.Second
)

// local counts buckets in this process, with the algorithm of gcra.lua.
type local struct {
	mu    sync.Mutex
	full  map[Key]time.Time // When each bucket will be full again.
	limit int
	swept time.Time
}

func newLocal() *local { return &local{full: make(map[Key]time.Time), limit: maxLocal} }

func (l *local) allow(now time.Time, cost int, buckets []Bucket) Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.makeRoom(now, len(buckets)) {
		return Decision{RetryAfter: sweepEvery, Degraded: true}
	}
	d := Decision{Allowed: true, Degraded: true}
	after := make([]time.Time, len(buckets))
	for i, b := range buckets {
		rate := b.Rate.share(cost)
		before := l.full[b.Key]
		if before.Before(now) {
			before = now
		}
		after[i] = before.Add(time.Duration(cost) * rate.unit())
		if excess := after[i].Sub(now) - rate.whole(); excess > 0 {
			d.Allowed = false
			d.RetryAfter = max(d.RetryAfter, excess)
		}
		room := int((rate.whole() - before.Sub(now)) / rate.unit())
		if i == 0 || room < d.Remaining {
			d.Remaining = room
		}
	}
	if !d.Allowed {
		return d
	}
	d.Remaining -= cost
	for i, b := range buckets {
		l.full[b.Key] = after[i]
	}
	return d
}

// makeRoom reports whether so many buckets more can be counted. It forgets those that are full again: they are like
// buckets never seen.
func (l *local) makeRoom(now time.Time, more int) bool {
	if len(l.full)+more <= l.limit {
		return true
	}
	if now.Sub(l.swept) < sweepEvery {
		return false
	}
	l.swept = now
	for key, full := range l.full {
		if !full.After(now) {
			delete(l.full, key)
		}
	}
	return len(l.full)+more <= l.limit
}

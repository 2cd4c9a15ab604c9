package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Caches measures what is kept between requests: cache_lookups_total by where it was found ("process", "redis", or
// "filled" when it was kept nowhere), cache_degraded_total for looks that Redis did not answer, and cache_bytes.
type Caches struct {
	lookups  *prometheus.CounterVec
	degraded *prometheus.CounterVec
	bytes    *prometheus.GaugeVec
	epochs   *prometheus.CounterVec
}

// NewCaches adds the metrics of caches, cache_redis_down, which is 1 while Redis is not asked or does not answer and
// caches serve from their process alone, and cache_epoch_unconfirmed_total: numbers that Postgres did not confirm in
// time, by whether the last one known was "used" or the answer was made afresh ("refused").
func (m *Metrics) NewCaches(down func() bool) (*Caches, error) {
	c := &Caches{
		lookups: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cache_lookups_total", Help: "What was asked for, by where it was found.",
		}, []string{"cache", "where"}),
		degraded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cache_degraded_total", Help: "Looks into Redis that Redis did not answer: this process served alone.",
		}, []string{"cache"}),
		bytes: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "cache_bytes", Help: "What this process keeps.",
		}, []string{"cache"}),
		epochs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cache_epoch_unconfirmed_total", Help: "Epochs that Postgres did not confirm in time.",
		}, []string{"then"}),
	}
	redis := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "cache_redis_down", Help: "1 while Redis does not answer, so that caches serve from this process alone.",
	}, func() float64 {
		if down() {
			return 1
		}
		return 0
	})
	for _, collector := range []prometheus.Collector{c.lookups, c.degraded, c.bytes, c.epochs, redis} {
		if err := m.Registry.Register(collector); err != nil {
			return nil, err //nolint:wrapcheck // It says all there is to say.
		}
	}
	return c, nil
}

// Cache measures one cache.
type Cache struct {
	process, redis, filled, degraded prometheus.Counter
	bytes                            prometheus.Gauge
}

// Of returns the metrics of the cache of that name.
func (c *Caches) Of(name string) *Cache {
	return &Cache{
		process: c.lookups.WithLabelValues(name, "process"), redis: c.lookups.WithLabelValues(name, "redis"),
		filled: c.lookups.WithLabelValues(name, "filled"), degraded: c.degraded.WithLabelValues(name),
		bytes: c.bytes.WithLabelValues(name),
	}
}

// Process counts what was found in this process.
func (c *Cache) Process() { c.process.Inc() }

// Redis counts what was found in Redis.
func (c *Cache) Redis() { c.redis.Inc() }

// Filled counts what was kept nowhere, and says how many bytes the process keeps now.
func (c *Cache) Filled(bytes uint64) {
	c.filled.Inc()
	c.bytes.Set(float64(bytes))
}

// Degraded counts a look that Redis did not answer.
func (c *Cache) Degraded() { c.degraded.Inc() }

// Unconfirmed counts an epoch that Postgres did not confirm, and whether the last one known was used.
func (c *Caches) Unconfirmed(used bool) {
	if used {
		c.epochs.WithLabelValues("used").Inc()
		return
	}
	c.epochs.WithLabelValues("refused").Inc()
}

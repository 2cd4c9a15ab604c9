package telemetry

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// other is the label of what is not worth a label of its own.
const other = "other"

// Metrics are what the process counts.
type Metrics struct {
	// Registry takes the metrics of other packages. No label may be a tenant, a user, or anything else that
	// callers make up.
	Registry *prometheus.Registry

	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	active   prometheus.Gauge
}

// NewMetrics returns a registry that has the metrics of the Go runtime, of the process, and of HTTP requests.
func NewMetrics() *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests that were answered.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time until a request was answered.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method"}),
		active: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_requests_active", Help: "Requests that are being answered, open streams among them.",
		}),
	}
	m.Registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.requests, m.seconds, m.active,
	)
	return m
}

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{Registry: m.Registry})
}

// count notes a request that was answered. The labels are bounded: the patterns of the mux, the methods of HTTP,
// the status codes we answer with.
func (m *Metrics) count(r *http.Request, w http.ResponseWriter, a *answer, took time.Duration) {
	route, method := routeOf(r), methodOf(r)
	m.active.Dec()
	m.requests.WithLabelValues(route, method, strconv.Itoa(a.status)).Inc()
	// An open stream says nothing about speed.
	if a.status != http.StatusSwitchingProtocols && !isStream(w) {
		m.seconds.WithLabelValues(route, method).Observe(took.Seconds())
	}
}

func isStream(w http.ResponseWriter) bool {
	return w.Header().Get("Content-Type") == "text/event-stream"
}

// methodOf is a method of HTTP, "other" for what callers make up.
func methodOf(r *http.Request) string {
	known := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
	}
	if slices.Contains(known, r.Method) {
		return r.Method
	}
	return other
}

// PoolStat is what a pool of Postgres connections tells about itself; *pgxpool.Stat does.
type PoolStat interface {
	// AcquiredConns is how many connections are in use.
	AcquiredConns() int32
	// IdleConns is how many are at rest.
	IdleConns() int32
	// TotalConns is how many there are.
	TotalConns() int32
	// MaxConns is how many there may be.
	MaxConns() int32
	// AcquireCount is how often a connection was taken.
	AcquireCount() int64
	// AcquireDuration is the time that this took in all.
	AcquireDuration() time.Duration
	// CanceledAcquireCount is how often nobody waited to the end.
	CanceledAcquireCount() int64
	// EmptyAcquireCount is how often no connection was idle.
	EmptyAcquireCount() int64
}

// Pool adds the metrics of a pool of Postgres connections under a name of its own. The stat is taken at each
// scrape.
func (m *Metrics) Pool(name string, stat func() PoolStat) error {
	return m.Registry.Register(newPoolCollector(name, stat)) //nolint:wrapcheck // It says all there is to say.
}

// poolCollector reads all its metrics from one stat, so that they fit together.
type poolCollector struct {
	stat    func() PoolStat
	metrics []poolMetric
}

type poolMetric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(PoolStat) float64
}

func newPoolCollector(pool string, stat func() PoolStat) *poolCollector {
	metric := func(name, help string, kind prometheus.ValueType, read func(PoolStat) float64) poolMetric {
		desc := prometheus.NewDesc("postgres_pool_"+name, help, nil, prometheus.Labels{"pool": pool})
		return poolMetric{desc: desc, kind: kind, read: read}
	}
	gauge, counter := prometheus.GaugeValue, prometheus.CounterValue
	return &poolCollector{stat: stat, metrics: []poolMetric{
		metric("acquired", "Connections in use.", gauge, func(s PoolStat) float64 { return float64(s.AcquiredConns()) }),
		metric("idle", "Connections waiting for use.", gauge, func(s PoolStat) float64 { return float64(s.IdleConns()) }),
		metric("total", "Connections in all.", gauge, func(s PoolStat) float64 { return float64(s.TotalConns()) }),
		metric("max", "Most connections allowed.", gauge, func(s PoolStat) float64 { return float64(s.MaxConns()) }),
		metric("acquires_total", "Times a connection was taken.", counter, func(s PoolStat) float64 { return float64(s.AcquireCount()) }),
		metric("acquire_seconds_total", "Time spent taking connections.", counter, func(s PoolStat) float64 { return s.AcquireDuration().Seconds() }),
		metric("canceled_acquires_total", "Times nobody waited to the end.", counter, func(s PoolStat) float64 { return float64(s.CanceledAcquireCount()) }),
		metric("empty_acquires_total", "Times there was no idle connection.", counter, func(s PoolStat) float64 { return float64(s.EmptyAcquireCount()) }),
	}}
}

// Describe implements prometheus.Collector.
func (c *poolCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, m := range c.metrics {
		descs <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (c *poolCollector) Collect(metrics chan<- prometheus.Metric) {
	stat := c.stat()
	for _, m := range c.metrics {
		metrics <- prometheus.MustNewConstMetric(m.desc, m.kind, m.read(stat))
	}
}

package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Groups measures work that is done in groups.
type Groups struct {
	size    prometheus.Histogram
	seconds prometheus.Histogram
	waiting prometheus.Gauge
}

// NewGroups adds the metrics of a kind of groups: <name>_group_size, <name>_group_commit_seconds and
// <name>_group_waiting.
func (m *Metrics) NewGroups(name string) (*Groups, error) {
	g := &Groups{
		size: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name + "_group_size", Help: "What was committed together.", Buckets: prometheus.ExponentialBuckets(1, 2, 10),
		}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name + "_group_commit_seconds", Help: "Time that a group took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: name + "_group_waiting", Help: "What waited for the next group when the last one was done.",
		}),
	}
	for _, c := range []prometheus.Collector{g.size, g.seconds, g.waiting} {
		if err := m.Registry.Register(c); err != nil {
			return nil, err //nolint:wrapcheck // It says all there is to say.
		}
	}
	return g, nil
}

// Committed notes a group.
func (g *Groups) Committed(size, waiting int, took time.Duration) {
	g.size.Observe(float64(size))
	g.seconds.Observe(took.Seconds())
	g.waiting.Set(float64(waiting))
}

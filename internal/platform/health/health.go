// Package health answers whether the process lives and whether it is ready for requests, with the state of
// everything that it depends on.
package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// defaultTimeout is how long a check may take that says nothing else.
	defaultTimeout = 2 * time.Second
	// freshFor is how long a report is given out before the checks run again.
	freshFor = time.Second
)

// State is how a dependency, or the whole, is doing.
type State string

// The states.
const (
	// OK: as it should be.
	OK State = "ok"
	// Degraded: it serves, but worse than it should; see the details.
	Degraded State = "degraded"
	// Down: it does not serve.
	Down State = "down"
	// Draining: the process is stopping and takes no new requests. Only the whole can be.
	Draining State = "draining"
)

// Check is one dependency.
type Check struct {
	// Name is shown to everybody: "postgres".
	Name string
	// Required is set when nothing can be served without it.
	Required bool
	// Timeout bounds one probe; zero means 2 s.
	Timeout time.Duration
	// Probe returns nil when the dependency is as it should be, and else what is wrong: an error made by Worse
	// when it still serves. The error is shown on the admin listener only.
	Probe func(ctx context.Context) error
}

// worseError is an error that leaves a dependency usable.
type worseError struct{ cause error }

// Worse marks an error as one that leaves the dependency usable: degraded, not down. Nil stays nil.
func Worse(err error) error {
	if err == nil {
		return nil
	}
	return worseError{cause: err}
}

// IsWorse reports whether the error is one that Worse marked, or wraps one.
func IsWorse(err error) bool {
	_, marked := errors.AsType[worseError](err)
	return marked
}

// Error tells the cause.
func (e worseError) Error() string { return e.cause.Error() }

// Unwrap returns the cause.
func (e worseError) Unwrap() error { return e.cause }

// Result is what a check found.
type Result struct {
	Name     string `json:"name"`
	State    State  `json:"state"`
	Required bool   `json:"required"`
	// LatencyMS is how long the probe took, in milliseconds.
	LatencyMS float64 `json:"latency_ms"`
	// Detail says what is wrong, for operators.
	Detail string `json:"detail,omitempty"`
}

// Report is how everything is doing.
type Report struct {
	// State is Draining, or Down when something required is, or Degraded when anything is not OK, or OK.
	State State `json:"state"`
	// Checks are in the order in which they were given to New.
	Checks []Result `json:"checks"`
}

// Ready reports whether requests should come here.
func (r Report) Ready() bool { return r.State == OK || r.State == Degraded }

// Health runs the checks. Its methods may be called at the same time.
type Health struct {
	probes   []*probe
	draining atomic.Bool

	turn    chan struct{} // holds one while somebody runs the checks
	results []Result
	taken   time.Time
}

// New returns a Health for some dependencies.
func New(checks ...Check) *Health {
	h := &Health{turn: make(chan struct{}, 1)}
	for _, check := range checks {
		if check.Timeout == 0 {
			check.Timeout = defaultTimeout
		}
		h.probes = append(h.probes, &probe{Check: check})
	}
	return h
}

// Drain says from now on that the process is not ready, so that nobody sends new requests.
func (h *Health) Drain() { h.draining.Store(true) }

// Report returns how everything is doing. The checks run at the same time, and at most once a second however
// many ask; a probe that does not return counts as down.
func (h *Health) Report(ctx context.Context) Report {
	results := h.fresh(ctx)
	report := Report{State: OK, Checks: results}
	for _, result := range results {
		switch {
		case result.State == Down && result.Required:
			report.State = Down
		case result.State != OK && report.State == OK:
			report.State = Degraded
		}
	}
	if h.draining.Load() {
		report.State = Draining
	}
	return report
}

// fresh returns results that are at most a second old. Who comes while the checks run waits for them.
func (h *Health) fresh(ctx context.Context) []Result {
	h.turn <- struct{}{}
	defer func() { <-h.turn }()
	if h.results != nil && time.Since(h.taken) < freshFor {
		return h.results
	}
	results := make([]Result, len(h.probes))
	var group sync.WaitGroup
	for i, p := range h.probes {
		// Others wait for this as well: it must not end when the first caller goes.
		group.Go(func() { results[i] = p.run(context.WithoutCancel(ctx)) })
	}
	group.Wait()
	h.results, h.taken = results, time.Now()
	return results
}

// probe runs one check, never twice at a time.
type probe struct {
	Check

	hanging chan struct{} // closed when the run that outlived its timeout returns at last
}

func (p *probe) run(ctx context.Context) Result {
	begin := time.Now()
	err := p.ask(ctx)
	result := Result{Name: p.Name, State: OK, Required: p.Required, LatencyMS: float64(time.Since(begin).Microseconds()) / 1000}
	if err == nil {
		return result
	}
	result.State, result.Detail = Down, err.Error()
	if IsWorse(err) {
		result.State = Degraded
	}
	return result
}

// ask waits for the probe, but no longer than its timeout: it may not listen to its context. One that hangs is not
// started again before it returns.
func (p *probe) ask(ctx context.Context) error {
	if p.hanging != nil {
		select {
		case <-p.hanging: // What it found is too old to tell.
			p.hanging = nil
		default:
			return errors.New("still no answer to the last check")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	answer, returned := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(returned)
		answer <- p.probe(ctx)
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		p.hanging = returned
		return fmt.Errorf("no answer within %v", p.Timeout)
	}
}

// probe calls the check; a panic is an error like any other.
func (p *probe) probe(ctx context.Context) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("the check panicked: %v", reason)
		}
	}()
	return p.Probe(ctx)
}

// Mount adds GET /livez and GET /readyz to a mux. Details are for a listener that only operators reach.
//
// /livez answers 200 as long as the process can answer. /readyz answers 200 or, when something required is down or
// the process is stopping, 503, with a Report as JSON either way.
func (h *Health) Mount(mux *http.ServeMux, details bool) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, Report{State: OK, Checks: []Result{}})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		report := h.Report(r.Context())
		if !details {
			report.Checks = withoutDetails(report.Checks)
		}
		status := http.StatusOK
		if !report.Ready() {
			status = http.StatusServiceUnavailable
			w.Header().Set("Retry-After", "1")
		}
		write(w, status, report)
	})
}

func withoutDetails(results []Result) []Result {
	public := make([]Result, 0, len(results))
	for _, result := range results {
		result.Detail = ""
		public = append(public, result)
	}
	return public
}

func write(w http.ResponseWriter, status int, report Report) {
	text, err := json.Marshal(report)
	if err != nil {
		http.Error(w, "The report cannot be written.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

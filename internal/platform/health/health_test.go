package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lyceum/internal/platform/health"
)

func fine(context.Context) error { return nil }

func broken(context.Context) error { return errors.New("dial tcp 10.0.0.5:5432: refused") }

func slow(context.Context) error {
	return fmt.Errorf("ask the replica: %w", health.Worse(errors.New("40 s behind")))
}

func panics(context.Context) error { panic("oh no") }

// get asks a path of a Health's mux.
func get(t *testing.T, h *health.Health, path string, details bool) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	h.Mount(mux, details)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	return w
}

func report(t *testing.T, w *httptest.ResponseRecorder) health.Report {
	t.Helper()
	var r health.Report
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
		t.Fatalf("%q: %v", w.Body, err)
	}
	return r
}

func TestReady(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		checks []health.Check
		drain  bool
		status int
		state  health.State
		each   []health.State
	}{
		"nothing to check":         {status: 200, state: health.OK, each: []health.State{}},
		"all is well":              {checks: []health.Check{{Name: "a", Required: true, Probe: fine}, {Name: "b", Probe: fine}}, status: 200, state: health.OK, each: []health.State{health.OK, health.OK}},
		"a required one down":      {checks: []health.Check{{Name: "a", Required: true, Probe: broken}, {Name: "b", Probe: fine}}, status: 503, state: health.Down, each: []health.State{health.Down, health.OK}},
		"an optional one down":     {checks: []health.Check{{Name: "a", Required: true, Probe: fine}, {Name: "b", Probe: broken}}, status: 200, state: health.Degraded, each: []health.State{health.OK, health.Down}},
		"both":                     {checks: []health.Check{{Name: "a", Required: true, Probe: broken}, {Name: "b", Probe: broken}}, status: 503, state: health.Down, each: []health.State{health.Down, health.Down}},
		"a required one limps":     {checks: []health.Check{{Name: "a", Required: true, Probe: slow}}, status: 200, state: health.Degraded, each: []health.State{health.Degraded}},
		"a check that panics":      {checks: []health.Check{{Name: "a", Required: true, Probe: panics}}, status: 503, state: health.Down, each: []health.State{health.Down}},
		"draining":                 {checks: []health.Check{{Name: "a", Required: true, Probe: fine}}, drain: true, status: 503, state: health.Draining, each: []health.State{health.OK}},
		"draining while it's down": {checks: []health.Check{{Name: "a", Required: true, Probe: broken}}, drain: true, status: 503, state: health.Draining, each: []health.State{health.Down}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := health.New(tt.checks...)
			if tt.drain {
				h.Drain()
			}
			w := get(t, h, "/readyz", false)
			got := report(t, w)
			if w.Code != tt.status || got.State != tt.state {
				t.Errorf("status %d, state %s; want %d, %s", w.Code, got.State, tt.status, tt.state)
			}
			if (w.Header().Get("Retry-After") != "") != (tt.status == 503) || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", w.Header())
			}
			each := make([]health.State, 0, len(got.Checks))
			for _, result := range got.Checks {
				each = append(each, result.State)
			}
			if diff := cmp.Diff(tt.each, each); diff != "" {
				t.Error(diff)
			}
			if live := get(t, h, "/livez", false); live.Code != http.StatusOK || report(t, live).State != health.OK {
				t.Errorf("/livez: %d %s", live.Code, live.Body)
			}
		})
	}
}

func TestDetailsAreForOperators(t *testing.T) {
	t.Parallel()
	h := health.New(health.Check{Name: "postgres", Required: true, Probe: broken}, health.Check{Name: "replica", Probe: slow})
	if public := get(t, h, "/readyz", false).Body.String(); strings.Contains(public, "10.0.0.5") || strings.Contains(public, "detail") {
		t.Errorf("the public sees %s", public)
	}
	got := report(t, get(t, h, "/readyz", true))
	want := []health.Result{
		{Name: "postgres", State: health.Down, Required: true, Detail: "dial tcp 10.0.0.5:5432: refused"},
		{Name: "replica", State: health.Degraded, Detail: "ask the replica: 40 s behind"},
	}
	if diff := cmp.Diff(want, got.Checks, cmpopts.IgnoreFields(health.Result{}, "LatencyMS")); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyGetIsAnswered(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	health.New().Mount(mux, false)
	for path, want := range map[string]int{"/livez": 405, "/readyz": 405, "/": 404} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, http.NoBody))
		if w.Code != want {
			t.Errorf("POST %s: %d, want %d", path, w.Code, want)
		}
	}
}

func TestChecksRunTogetherAndOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		wait := func(context.Context) error {
			runs.Add(1)
			time.Sleep(400 * time.Millisecond) //nolint:forbidigo // The clock of synctest.
			return nil
		}
		h := health.New(health.Check{Name: "a", Probe: wait}, health.Check{Name: "b", Probe: wait})
		begin := time.Now()
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				if got := h.Report(t.Context()); got.State != health.OK || got.Checks[1].LatencyMS != 400 {
					t.Errorf("report %+v", got)
				}
			})
		}
		group.Wait()
		if took := time.Since(begin); took != 400*time.Millisecond {
			t.Errorf("ten callers, two checks: %v, want 400ms", took)
		}
		time.Sleep(900 * time.Millisecond) //nolint:forbidigo // The clock of synctest.
		h.Report(t.Context())
		if runs.Load() != 2 {
			t.Errorf("%d runs within a second, want 2", runs.Load())
		}
		time.Sleep(200 * time.Millisecond) //nolint:forbidigo // The clock of synctest.
		h.Report(t.Context())
		if runs.Load() != 4 {
			t.Errorf("%d runs after a second, want 4", runs.Load())
		}
	})
}

func TestCallersWhoLeaveDoNotSpoilTheReport(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	leave()
	h := health.New(health.Check{Name: "a", Required: true, Probe: func(ctx context.Context) error { return ctx.Err() }})
	if got := h.Report(ctx); got.State != health.OK {
		t.Errorf("report %+v", got)
	}
}

func TestHangingChecks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		release := make(chan struct{})
		deaf := func(context.Context) error { // Does not listen to its context.
			if runs.Add(1) == 1 {
				<-release
			}
			return nil
		}
		h := health.New(health.Check{Name: "a", Required: true, Timeout: 300 * time.Millisecond, Probe: deaf})
		next := func(want health.State, detail string, took time.Duration) {
			t.Helper()
			begin := time.Now()
			got := h.Report(t.Context())
			if got.Checks[0].State != want || got.Checks[0].Detail != detail || time.Since(begin) != took {
				t.Errorf("report %+v after %v, want %s: %q after %v", got, time.Since(begin), want, detail, took)
			}
			time.Sleep(2 * time.Second) //nolint:forbidigo // The clock of synctest.
		}
		next(health.Down, "no answer within 300ms", 300*time.Millisecond)
		next(health.Down, "still no answer to the last check", 0)
		if runs.Load() != 1 {
			t.Errorf("%d runs at a time", runs.Load())
		}
		close(release)
		synctest.Wait()
		next(health.OK, "", 0)
	})
}

func TestWorse(t *testing.T) {
	t.Parallel()
	if health.Worse(nil) != nil || health.IsWorse(nil) || health.IsWorse(errors.New("down")) {
		t.Error("only what was marked is worse, and nil cannot be")
	}
	cause := errors.New("late")
	if err := health.Worse(cause); !health.IsWorse(fmt.Errorf("replica: %w", err)) || !errors.Is(err, cause) || err.Error() != "late" {
		t.Errorf("got %v", err)
	}
}

package main

import (
	"testing"
	"time"

	"lyceum/internal/platform/config"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/telemetry"
)

func TestSlowStatementsCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"", "http://127.0.0.1:9"} {
		tracing, err := telemetry.NewTracing(t.Context(), telemetry.TraceOptions{Endpoint: endpoint})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tracing.Shutdown(t.Context()) })
		a := &app{config: &config.Config{}, tracing: tracing}
		off := a.tracer()
		if _, slow := off.(*pg.SlowStatements); slow || (off == nil) != (endpoint == "") {
			t.Errorf("%q, off: %T", endpoint, off)
		}
		a.config.Database.SlowQuery = time.Second
		on := a.tracer()
		if _, alone := on.(*pg.SlowStatements); on == nil || alone != (endpoint == "") {
			t.Errorf("%q, on: %T", endpoint, on)
		}
	}
}

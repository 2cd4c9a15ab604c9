package telemetry

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/exaring/otelpgx"
	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TraceOptions say where traces go.
type TraceOptions struct {
	// Endpoint takes OTLP over HTTP ("http://collector:4318"); empty sends nothing. Requests have trace ids all
	// the same, for logs and for callers who report a failure.
	Endpoint string
	// SampleRatio is the share of requests that are traced, from 0 to 1, unless the caller decided.
	SampleRatio float64
	// Service and Version say who is tracing.
	Service, Version string
}

// Tracing makes spans, and sends them away in the background.
type Tracing struct {
	provider *sdktrace.TracerProvider
	// sends is set when spans go somewhere.
	sends bool
}

// NewTracing starts tracing. Shutdown ends it.
func NewTracing(ctx context.Context, o TraceOptions) (*Tracing, error) {
	who := resource.NewSchemaless(attribute.String("service.name", o.Service), attribute.String("service.version", o.Version))
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(who)}
	if o.Endpoint == "" {
		options = append(options, sdktrace.WithSampler(sdktrace.NeverSample()))
		return &Tracing{provider: sdktrace.NewTracerProvider(options...)}, nil
	}
	address, err := tracesURL(o.Endpoint)
	if err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(address))
	if err != nil {
		return nil, fmt.Errorf("start exporter of traces: %w", err)
	}
	options = append(options, sdktrace.WithBatcher(exporter),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.SampleRatio))))
	return &Tracing{provider: sdktrace.NewTracerProvider(options...), sends: true}, nil
}

// tracesURL completes an endpoint with the path that OTLP gives to traces.
func tracesURL(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("send traces: %q is not a URL with a host", endpoint)
	}
	if strings.HasSuffix(u.Path, "/v1/traces") {
		return u.String(), nil
	}
	return u.JoinPath("v1", "traces").String(), nil
}

// Provider returns what makes tracers.
func (t *Tracing) Provider() trace.TracerProvider { return t.provider }

// Shutdown sends what is waiting and ends tracing.
func (t *Tracing) Shutdown(ctx context.Context) error {
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("end tracing: %w", err)
	}
	return nil
}

// Propagator returns the headers that a trace travels in between services: W3C Trace Context.
func Propagator() propagation.TextMapPropagator { return propagation.TraceContext{} }

// Postgres returns a tracer for the connections of a pool (pgx.ConnConfig.Tracer), nil when spans go nowhere: they cost
// several allocations a statement. Statements are recorded, their arguments are not.
func (t *Tracing) Postgres() *otelpgx.Tracer {
	if !t.sends {
		return nil
	}
	return otelpgx.NewTracer(
		otelpgx.WithTracerProvider(t.provider),
		otelpgx.WithMeterProvider(noop.NewMeterProvider()),
		otelpgx.WithDisableConnectionDetailsInAttributes(),
	)
}

// Redis traces the commands of a client, if spans go anywhere: their names, not their arguments.
func (t *Tracing) Redis(client redis.UniversalClient) error {
	if !t.sends {
		return nil
	}
	err := redisotel.InstrumentTracing(client, redisotel.WithTracerProvider(t.provider), redisotel.WithDBStatement(false),
		redisotel.WithCallerEnabled(false))
	if err != nil {
		return fmt.Errorf("trace Redis: %w", err)
	}
	return nil
}

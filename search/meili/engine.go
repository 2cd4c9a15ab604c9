// Package meili searches with Meilisearch: one index for all tenants, in which every document carries its
// tenant and every question is filtered by it.
//
// What Meilisearch answers is taken for a hint. It is asked for ids and titles, and search shows what
// Postgres holds of them. It is not waited for long: after five failures in a row it is left alone, but for
// one question every few seconds.
package meili

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/meilisearch/meilisearch-go"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"

	"lyceum/internal/viewer"
	"lyceum/search"
)

// What things may take. A question is part of a request, which Postgres must have time left to answer; the
// rest is done by jobs and commands.
const (
	defaultQueryTimeout = 200 * time.Millisecond
	pingTimeout         = time.Second
	readyTimeout        = 30 * time.Second
	requestTimeout      = 15 * time.Second
	taskTimeout         = 30 * time.Second
	taskPoll            = 20 * time.Millisecond
)

const (
	// tripAfter is how many failures in a row open the breaker.
	tripAfter = 5
	// defaultProbe is how often one question is let through while the breaker is open.
	defaultProbe = 3 * time.Second
)

// Config says where Meilisearch is.
type Config struct {
	// URL is where we reach it, PublicURL where browsers do; empty is the same.
	URL, PublicURL string
	MasterKey      string
	// Index is the name of the index; empty is "lyceum".
	Index string
	// QueryTimeout bounds one question; 0 is 200 ms.
	QueryTimeout time.Duration
	// Probe is how often Meilisearch is tried again while it does not answer; 0 is 3 s.
	Probe time.Duration
	// Transport is what requests go through; nil is one of the engine's own.
	Transport http.RoundTripper
	// Log is told when Meilisearch stops answering, and when it answers again.
	Log *slog.Logger
}

// Engine implements search.Remote. Close it.
type Engine struct {
	client       meilisearch.ServiceManager
	index        string
	host         string
	queryTimeout time.Duration
	breaker      *gobreaker.CircuitBreaker[search.Found]
	closeIdle    func()

	// prepared is set while the index is known to be there with its settings.
	prepared atomic.Bool
	key      atomic.Pointer[meilisearch.Key]
	once     singleflight.Group
}

var _ search.Remote = (*Engine)(nil)

var errNoTenant = errors.New("meili: the context names no tenant")

// Open returns an engine. It does not connect: Meilisearch may come later. The error is about the
// configuration.
func Open(c Config) (*Engine, error) {
	if c.URL == "" || c.MasterKey == "" {
		return nil, errors.New("configure meilisearch: the URL and the master key are needed")
	}
	transport := c.Transport
	if transport == nil {
		transport = &http.Transport{MaxIdleConnsPerHost: 20, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment}
	}
	client := &http.Client{Transport: bounded{transport}, Timeout: requestTimeout}
	e := &Engine{
		// Retries are the jobs' matter; in a request there is no time for them.
		client: meilisearch.New(strings.TrimSuffix(c.URL, "/"), meilisearch.WithAPIKey(c.MasterKey),
			meilisearch.DisableRetries(), meilisearch.WithCustomClient(client)),
		index: c.Index, host: strings.TrimSuffix(c.PublicURL, "/"), queryTimeout: c.QueryTimeout,
		closeIdle: client.CloseIdleConnections,
	}
	if e.index == "" {
		e.index = "lyceum"
	}
	if e.host == "" {
		e.host = strings.TrimSuffix(c.URL, "/")
	}
	if e.queryTimeout == 0 {
		e.queryTimeout = defaultQueryTimeout
	}
	if c.Probe == 0 {
		c.Probe = defaultProbe
	}
	e.breaker = newBreaker(c.Probe, c.Log)
	return e, nil
}

func newBreaker(probe time.Duration, log *slog.Logger) *gobreaker.CircuitBreaker[search.Found] {
	return gobreaker.NewCircuitBreaker[search.Found](gobreaker.Settings{
		Name:        "meilisearch",
		Timeout:     probe,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		// That somebody stopped waiting says nothing about Meilisearch.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if log == nil || to == gobreaker.StateHalfOpen {
				return
			}
			log.Warn("search engine", "answers", to == gobreaker.StateClosed)
		},
	})
}

// Close ends idle connections.
func (e *Engine) Close() { e.closeIdle() }

// Ping implements search.Engine.
func (e *Engine) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	health, err := e.client.HealthWithContext(ctx)
	if err != nil {
		return failed("ask for health", err)
	}
	if health.Status != "available" {
		return fmt.Errorf("search engine says that it is %.20q", health.Status)
	}
	return nil
}

// tenantOf returns the tenant of the context; there is no work without one.
func tenantOf(ctx context.Context) (uuid.UUID, error) {
	tenant := viewer.Tenant(ctx)
	if tenant == uuid.Nil {
		return uuid.Nil, errNoTenant
	}
	return tenant, nil
}

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/pprof"
	"time"

	"riverqueue.com/riverui"

	"lyceum/docs/operations"
	"lyceum/graph"
	"lyceum/graph/limit"
	"lyceum/graph/transport"
	"lyceum/internal/platform/idempotency"
	"lyceum/internal/platform/telemetry"
	"lyceum/jobs"
	"lyceum/web"
)

// publicHandler is what the world reaches: the API, the pages, and with the file driver the files.
func (a *app) publicHandler(streams *transport.Streams) (http.Handler, error) {
	documents, err := operations.Load()
	if err != nil {
		return nil, fmt.Errorf("read persisted documents: %w", err)
	}
	keys, err := a.idempotencyKeys()
	if err != nil {
		return nil, err
	}
	endpoint, err := graph.NewServer(graph.Options{
		Services: a.services, Sources: a.sources, Documents: documents, Limits: a.limits(),
		MaxCost: a.config.Limit.Nodes, MaxBody: a.config.Limit.Body, MaxBodyAuthor: a.config.Limit.BodyAuthor,
		Timeout: a.config.Timeout.Request, Limiter: a.bus.spending, Rates: limit.Rates{
			User: a.config.Limit.CostUser, Address: a.config.Limit.CostAddress, Tenant: a.config.Limit.CostTenant,
		},
		MaxStreams: a.config.Limit.Connections, StreamsPerUser: a.config.Limit.ConnectionsPerUser,
		MaxSubscriptions: a.config.Limit.Subscriptions, Streams: streams, Idempotency: keys, Answers: a.caches.answers,
		Origins: a.config.HTTP.AllowedOrigins, Introspect: a.local(), Log: a.log,
		Executor: a.config.HTTP.Executor, Reading: a.db.Reading,
	})
	if err != nil {
		return nil, err
	}
	identity := graph.Identity{
		Directory: a.services.Directory, Tenancy: a.services.Tenancy, Guesses: a.bus,
		TrustedProxies: a.config.HTTP.TrustedProxies, Log: a.log,
	}
	mux := http.NewServeMux()
	a.health.Mount(mux, false)
	mux.Handle("/graphql", a.cors(identity.Middleware(endpoint)))
	mux.Handle("/beacon", graph.Beacon(identity.Middleware(endpoint)))
	if a.files != nil {
		mux.Handle(blobPath+"/", http.StripPrefix(blobPath+"/", a.files.Handler()))
	}
	if err := web.Mount(mux, identity.Middleware, a.pages()); err != nil {
		return nil, fmt.Errorf("open pages: %w", err)
	}
	handler, err := a.mediaDoor(mux)
	if err != nil {
		return nil, err
	}
	return a.observed(web.ForPeople(handler)), nil
}

// adminHandler is what operators reach: metrics, profiles, and the job console behind staff sign-in.
func (a *app) adminHandler(ctx context.Context) (http.Handler, error) {
	console, err := a.jobConsole(ctx)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	a.health.Mount(mux, true)
	mux.Handle("GET /metrics", a.metrics.Handler())
	staff := a.staffDoor()
	if err := staff.Mount(mux); err != nil {
		return nil, fmt.Errorf("open staff pages: %w", err)
	}
	mux.Handle(consolePath+"/", staff.Only(console))
	if a.sink != nil {
		mux.Handle(web.MailboxPath, staff.Only(a.mailbox().Handler()))
	}
	mux.Handle("/debug/pprof/", staff.Only(http.HandlerFunc(pprof.Index)))
	mux.Handle("/debug/pprof/profile", staff.Only(http.HandlerFunc(pprof.Profile)))
	mux.Handle("/debug/pprof/trace", staff.Only(http.HandlerFunc(pprof.Trace)))
	return a.observed(web.ForPeople(mux)), nil
}

// consolePath is where the job console is mounted on the admin listener.
const consolePath = "/jobs"

func (a *app) jobConsole(ctx context.Context) (http.Handler, error) {
	client, err := jobs.NewInserter(a.pool, a.log)
	if err != nil {
		return nil, err
	}
	console, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(client, nil), Prefix: consolePath, Logger: a.log, JobListHideArgsByDefault: true,
	})
	if err != nil {
		return nil, fmt.Errorf("open job console: %w", err)
	}
	if err := console.Start(ctx); err != nil {
		return nil, fmt.Errorf("start job console: %w", err)
	}
	return console, nil
}

// outrun is how much longer than a request may run its idempotency key is held for it: what is being committed
// when its time is up still ends.
const outrun = 5 * time.Second

func (a *app) idempotencyKeys() (*idempotency.Keys, error) {
	var secrets [][]byte
	for _, key := range a.config.Signing.Keys {
		secrets = append(secrets, []byte(key.Secret.Reveal()))
	}
	return idempotency.New(a.db, a.config.Timeout.Request+outrun, a.log, secrets...)
}

func (a *app) observed(next http.Handler) http.Handler {
	return telemetry.Middleware{Logger: a.log, Tracing: a.tracing, Metrics: a.metrics}.Wrap(next)
}

func (a *app) limits() limit.Limits {
	l := limit.DefaultLimits()
	l.Depth, l.Fields, l.RootFields = a.config.Limit.Depth, a.config.Limit.Fields, a.config.Limit.RootFields
	l.Aliases, l.Tokens = a.config.Limit.Aliases, a.config.Limit.Tokens
	return l
}

// local reports whether this is somebody's own machine, where the schema is open to read.
func (a *app) local() bool { return a.config.Public.BaseDomain == "localhost" }

// cors lets the configured origins call the API from their pages. Tokens travel in a header that no page
// gets without asking, so there is nothing for a forged request to ride on.
func (a *app) cors(next http.Handler) http.Handler {
	allowed := map[string]bool{}
	for _, origin := range a.config.HTTP.AllowedOrigins {
		allowed[origin] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		if !allowed[origin] {
			next.ServeHTTP(w, r)
			return
		}
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Expose-Headers", "ETag, X-Request-Id, Retry-After, Idempotency-Replayed")
		if r.Method == http.MethodOptions {
			header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST")
			header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Request-Id")
			header.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

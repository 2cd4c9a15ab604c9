package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/graph"
	"lyceum/graph/loader"
	"lyceum/graph/present"
	"lyceum/internal/analytics"
	"lyceum/internal/assessment"
	"lyceum/internal/catalog"
	"lyceum/internal/compliance"
	"lyceum/internal/credential"
	"lyceum/internal/engagement"
	"lyceum/internal/enrollment"
	"lyceum/internal/learning"
	"lyceum/internal/notification"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/file"
	"lyceum/internal/platform/blob/s3"
	"lyceum/internal/platform/config"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/health"
	"lyceum/internal/platform/mail"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/telemetry"
	"lyceum/internal/tenancy"
	"lyceum/jobs"
)

// app is everything a process needs to serve or to work, wired together.
type app struct {
	config  *config.Config
	health  *health.Health
	log     *slog.Logger
	metrics *telemetry.Metrics
	tracing *telemetry.Tracing

	pool     *pgxpool.Pool
	db       *pg.DB
	bus      *bus
	feed     *feed.Log
	blobs    blob.Store
	files    *file.Store // nil when blobs are in S3
	mails    mail.Sender // nil when none are sent
	sink     *mail.Sink  // nil when none are kept
	inserter *jobs.Client
	services *graph.Services
	sources  loader.Sources
	caches   caches
	// showing hears of what visitors are shown.
	showing *showing
	// seeded says that the demo tenants are here.
	seeded bool

	closers []func(context.Context) error
}

// newApp connects and wires. Close gives everything back, also after an error.
func newApp(ctx context.Context, c *config.Config) (*app, error) {
	return newAppLogging(ctx, c, os.Stderr)
}

// newAppLogging is newApp with another place to log to.
func newAppLogging(ctx context.Context, c *config.Config, logs io.Writer) (a *app, err error) {
	if err := c.Require("database.url", "signing.keys"); err != nil {
		return nil, err
	}
	a = &app{
		config: c, metrics: telemetry.NewMetrics(), showing: &showing{},
		log: telemetry.NewLogger(logs, telemetry.LogOptions{Level: c.Log.Level, Format: c.Log.Format}),
	}
	slog.SetDefault(a.log)
	for _, step := range []func(context.Context) error{a.trace, a.openBus, a.connect, a.openCaches, a.openBlobs, a.openMail, a.wire} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close(context.WithoutCancel(ctx)))
		}
	}
	return a, nil
}

// Close gives back what newApp took, last first.
func (a *app) Close(ctx context.Context) error {
	var errs []error
	for _, closer := range slices.Backward(a.closers) {
		errs = append(errs, closer(ctx))
	}
	a.closers = nil
	return errors.Join(errs...)
}

func (a *app) onClose(fn func(context.Context) error) { a.closers = append(a.closers, fn) }

func (a *app) trace(ctx context.Context) error {
	tracing, err := telemetry.NewTracing(ctx, telemetry.TraceOptions{
		Endpoint: a.config.Telemetry.OTLPEndpoint, SampleRatio: a.config.Telemetry.SampleRatio,
		Service: a.config.Telemetry.Service, Version: version(),
	})
	if err != nil {
		return fmt.Errorf("start tracing: %w", err)
	}
	a.tracing = tracing
	a.onClose(tracing.Shutdown)
	return nil
}

// connect opens the pool and refuses a role that row-level security does not bind.
func (a *app) connect(ctx context.Context) error {
	pool, err := openPool(ctx, a.config.Database.URL.Reveal(), a.tune)
	if err != nil {
		return err
	}
	a.pool = pool
	a.onClose(func(context.Context) error { pool.Close(); return nil })
	if err := pg.CheckRole(ctx, pool); err != nil {
		return err
	}
	a.inserter, err = jobs.NewInserter(pool, a.log)
	if err != nil {
		return err
	}
	a.db = pg.Open(pool, a.showing.of(hooks(a.inserter, a.feed)))
	if err := a.follow(ctx); err != nil {
		return err
	}
	return a.metrics.Pool("app", func() telemetry.PoolStat { return pool.Stat() })
}

// follow lets queries that may be a little old be answered by a standby, where there is one. It need not answer yet.
func (a *app) follow(ctx context.Context) error {
	address := a.config.Database.ReplicaURL.Reveal()
	if address == "" {
		return nil
	}
	pool, err := newPool(ctx, address, a.tune)
	if err != nil {
		return err
	}
	a.onClose(func(context.Context) error { pool.Close(); return nil })
	a.db.Follow(pool)
	return a.metrics.Pool("replica", func() telemetry.PoolStat { return pool.Stat() })
}

// tune gives connections their bounds.
func (a *app) tune(p *pgxpool.Config) {
	p.MaxConns = int32(a.config.Database.MaxConns)
	p.MinConns = int32(a.config.Database.MinConns)
	p.MaxConnLifetime = a.config.Database.ConnLifetime
	p.MaxConnIdleTime = a.config.Database.ConnIdle
	p.ConnConfig.ConnectTimeout = a.config.Database.ConnectTimeout
	p.ConnConfig.Tracer = a.tracer()
	p.ConnConfig.RuntimeParams["statement_timeout"] = strconv.FormatInt(a.config.Timeout.Statement.Milliseconds(), 10)
	p.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "60000"
}

// tracer follows the statements of the pool: into spans where they go somewhere, and into the log when they are slow. It is
// nil when nobody wants to know.
func (a *app) tracer() pgx.QueryTracer {
	var tracers []pgx.QueryTracer
	if spans := a.tracing.Postgres(); spans != nil {
		tracers = append(tracers, spans)
	}
	if least := a.config.Database.SlowQuery; least > 0 {
		tracers = append(tracers, &pg.SlowStatements{Log: a.log, Least: least, Operation: present.Operation})
	}
	switch len(tracers) {
	case 0:
		return nil
	case 1:
		return tracers[0]
	default:
		return multitracer.New(tracers...)
	}
}

// hooks are what every transaction hands on before it commits.
func hooks(inserter *jobs.Client, log *feed.Log) pg.Hooks {
	return pg.Hooks{Announce: jobs.Announce(inserter, log), Record: compliance.Record}
}

// openPool opens a pool and makes sure that it answers.
func openPool(ctx context.Context, url string, tune func(*pgxpool.Config)) (*pgxpool.Pool, error) {
	pool, err := newPool(ctx, url, tune)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	return pool, nil
}

// newPool opens a pool over a database that need not answer yet.
func newPool(ctx context.Context, url string, tune func(*pgxpool.Config)) (*pgxpool.Pool, error) {
	parsed, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the database URL is malformed")
	}
	parsed.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	parsed.AfterConnect = pg.Prepare
	tune(parsed)
	pool, err := pgxpool.NewWithConfig(ctx, parsed)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return pool, nil
}

// blobPath is where the file driver's signed URLs lead.
const blobPath = "/blob"

func (a *app) openBlobs(context.Context) error {
	c := a.config.Blob
	if c.Endpoint != "" {
		store, err := s3.New(s3.Config{
			Endpoint: c.Endpoint, PublicEndpoint: c.PublicEndpoint, Region: c.Region, Bucket: c.Bucket, PathStyle: true,
			AccessKey: c.AccessKey.Reveal(), SecretKey: c.SecretKey.Reveal(),
		})
		a.blobs = store
		return err
	}
	signer, err := a.signer()
	if err != nil {
		return err
	}
	a.files, err = file.Open(file.Config{
		Dir:     filepath.Join(a.config.Home, "blobs"),
		BaseURL: a.config.Public.Origin(a.config.Public.BaseDomain) + blobPath,
		Signer:  signer, Log: a.log,
	})
	if err != nil {
		return fmt.Errorf("open blobs: %w", err)
	}
	a.blobs = a.files
	a.onClose(func(context.Context) error { return a.files.Close() })
	return nil
}

func (a *app) signer() (*blob.Signer, error) {
	keys := make([]blob.SigningKey, len(a.config.Signing.Keys))
	for i, key := range a.config.Signing.Keys {
		keys[i] = blob.SigningKey{ID: key.ID, Secret: []byte(key.Secret.Reveal())}
	}
	signer, err := blob.NewSigner(keys[0], keys[1:]...)
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	return signer, nil
}

// wire makes the services, each given what it asks of the others.
func (a *app) wire(ctx context.Context) error {
	finder, err := a.searchService()
	if err != nil {
		return err
	}
	tenants := &tenancy.Service{
		DB: a.db, Hasher: hasher(a.config), Limiter: a.bus, Idle: a.config.Session.Idle, Absolute: a.config.Session.Absolute,
	}
	if err := a.rememberTokens(ctx, tenants); err != nil {
		return err
	}
	rounds := tenancy.NewRounds(a.db, a.log)
	files, err := a.mediaService(rounds)
	if err != nil {
		return err
	}
	a.feed.Gate = rounds
	batches, err := a.metrics.NewGroups("progress")
	if err != nil {
		return fmt.Errorf("measure progress: %w", err)
	}
	learned := &learning.Service{DB: a.db, Meter: batches, Feed: a.feed}
	assessed := &assessment.Service{DB: a.db, Completer: learned, Files: quizFiles{files}}
	courses := &catalog.Service{DB: a.db, Questions: assessed, Files: catalogFiles{files}, Kept: a.caches.versions}
	places := &enrollment.Service{DB: a.db, Feed: a.feed, Evidence: learned}
	ways := &pathway.Service{DB: a.db, Places: jobs.PathPlaces{Service: places}}
	files.Holders = courses
	learned.Drafts = courses
	a.services = &graph.Services{
		Directory:    tenancy.NewDirectory(a.db, a.config.Public.BaseDomain, a.config.Tenant.Default),
		Tenancy:      tenants,
		Catalog:      courses,
		Media:        files,
		Enrollment:   places,
		Pathway:      ways,
		Learning:     learned,
		Assessment:   assessed,
		Credential:   &credential.Service{DB: a.db, Blobs: a.blobs, Page: a.page},
		Engagement:   &engagement.Service{DB: a.db, Copies: a.bus.rankings()},
		Dashboards:   &analytics.Dashboards{DB: a.db},
		Notification: &notification.Service{DB: a.db, Feed: a.feed, Post: a.post()},
		Compliance:   &compliance.Service{DB: a.db},
		Search:       finder,
		Guesses:      a.bus,
	}
	a.sources = loader.Sources{DB: a.db, Catalog: courses, Assessment: assessed, Enrollment: places, Pathway: ways, Tenancy: tenants}
	a.health = a.checks()
	return nil
}

// hasher checks as many passwords at once as is configured.
func hasher(c *config.Config) *auth.Hasher {
	return auth.NewHasherWith(c.Password.Parallel, c.Password.Wait)
}

// page is the public address of a path of a tenant.
func (a *app) page(slug, path string) string {
	return a.config.Public.Origin(slug+"."+a.config.Public.BaseDomain) + path
}

func (a *app) workerServices() jobs.Services {
	return jobs.Services{
		DB: a.db, Enrollment: a.services.Enrollment, Learning: a.services.Learning, Assessment: a.services.Assessment, Credential: a.services.Credential,
		Notification: a.services.Notification, Media: a.services.Media, Search: a.services.Search,
		Pathway: a.services.Pathway, Engagement: a.services.Engagement, Analytics: &analytics.Service{},
	}
}

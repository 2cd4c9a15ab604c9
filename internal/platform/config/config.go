// Package config reads the settings of the server: from a file, the environment and flags, each stronger than
// the one before. All mistakes are reported at once, each with the key, where it was set, and what would be
// accepted. Secrets can be references, and are masked wherever they are printed.
package config

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// Config is all that an operator decides. Load makes one that is complete and valid.
type Config struct {
	// Home is the directory for everything that is kept in files.
	Home      string
	HTTP      HTTP
	Public    Public
	Tenant    Tenant
	Database  Database
	Redis     Redis
	Search    Search
	Blob      Blob
	Media     Media
	Mail      Mail
	Signing   Signing
	Session   Session
	Password  Password
	Log       Log
	Telemetry Telemetry
	Timeout   Timeout
	Limit     Limit
	Response  Response
	Outline   Outline
	Jobs      Jobs

	// Unused names the variables of the environment that begin like ours and mean nothing: mistyped, most likely.
	Unused []string

	settings []setting
	sources  map[string]string
}

// HTTP is how requests come in.
type HTTP struct {
	// Addr is where the API listens: host:port.
	Addr string
	// AdminAddr is where metrics, profiles and the job console listen: host:port.
	AdminAddr string
	// AllowedOrigins are the web origins, besides our own, whose pages may call the API.
	AllowedOrigins []string
	// TrustedProxies are the networks whose X-Forwarded-* headers are believed.
	TrustedProxies []netip.Prefix
	// Executor is "lean", or "gqlgen" to have it execute the fields that otherwise are written straight to JSON.
	Executor string
}

// Public is how the world addresses the server.
type Public struct {
	// BaseDomain is the domain that tenants are subdomains of.
	BaseDomain string
	// Scheme is "http" or "https".
	Scheme string
	// Port is the port in public addresses.
	Port int
}

// Origin returns the address of a host of ours, without a slash at the end: "https://acme.example.org".
func (p Public) Origin(host string) string {
	if p.Port == standardPort(p.Scheme) || p.Port == 0 {
		return p.Scheme + "://" + host
	}
	return p.Scheme + "://" + net.JoinHostPort(host, strconv.Itoa(p.Port))
}

func standardPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}

// Tenant is about whom a request is for.
type Tenant struct {
	// Default is who serves callers whose host name says nothing; empty: nobody.
	Default string
}

// Database is Postgres.
type Database struct {
	// URL connects as the application's role, which row-level security binds.
	URL Secret
	// ReplicaURL connects to a standby, as the application's role; empty is none.
	ReplicaURL Secret
	// MigrateURL connects as the owner of the schema, for migrations.
	MigrateURL Secret
	// MaxConns and MinConns bound the pool of a process.
	MaxConns, MinConns int
	// ConnectTimeout bounds one attempt to connect.
	ConnectTimeout time.Duration
	// ConnLifetime and ConnIdle are how long a connection lives, and how long unused.
	ConnLifetime, ConnIdle time.Duration
	// SlowQuery is from how long on a statement is logged; 0 logs none.
	SlowQuery time.Duration
}

// Redis is the shared cache and message bus.
type Redis struct {
	URL Secret
	// Mode is "single", "sentinel" or "cluster".
	Mode string
	// Timeout bounds one command: Redis is to help, not to be waited for.
	Timeout time.Duration
	// PoolSize bounds the connections of a process.
	PoolSize int
}

// Search is Meilisearch; without a URL, Postgres searches.
type Search struct {
	URL string
	// PublicURL is where search boxes reach it; empty: URL.
	PublicURL string
	MasterKey Secret
}

// Blob is S3-compatible storage; without an endpoint, files are kept under Home.
type Blob struct {
	// Endpoint is where we reach the storage, PublicEndpoint where clients do; empty is the same.
	Endpoint, PublicEndpoint string
	Bucket, Region           string
	AccessKey, SecretKey     Secret
}

// Mail is how mails go out.
type Mail struct {
	// URL is the server that takes them: smtp:// or smtps://; without one none are sent; on localhost they are
	// kept under Home, for a page to show.
	URL Secret
	// From is the bare address that they come from; empty: no-reply at the base domain.
	From string
}

// Media is how films reach those who watch them.
type Media struct {
	// URL is where a CDN or web server serves signed paths; empty: we do.
	URL string
	// Grace is how long a deleted file can be restored.
	Grace time.Duration
}

// Signing is what signed URLs and cursors are signed with.
type Signing struct {
	// Keys are accepted; the first one signs.
	Keys []SigningKey
}

// Session is how long a sign-in lasts.
type Session struct {
	// Idle ends a session that is not used, Absolute any session.
	Idle, Absolute time.Duration
	// Remember is how long a process remembers whom a token belongs to. Who loses a right elsewhere is felt within it.
	Remember time.Duration
}

// Password is how passwords are checked. One check takes 19 MiB of memory.
type Password struct {
	// Parallel is how many are checked at a time; 0 is one for each core.
	Parallel int
	// Wait is how long a check queues before the caller is told to come back.
	Wait time.Duration
}

// Log is what the process writes about itself.
type Log struct {
	// Level is "debug", "info", "warn" or "error".
	Level string
	// Format is "json", "text" or "auto", which is text on a terminal.
	Format string
}

// Telemetry is where traces go; without an endpoint, nowhere.
type Telemetry struct {
	// OTLPEndpoint takes OTLP over HTTP.
	OTLPEndpoint string
	// SampleRatio is the share of requests that are traced, unless the caller decided.
	SampleRatio float64
	// Service is the name under which traces are filed.
	Service string
}

// Timeout bounds what takes time.
type Timeout struct {
	// Request bounds one request, Statement one SQL statement.
	Request, Statement time.Duration
	// ReadHeader bounds the header of a request, Idle an unused connection.
	ReadHeader, Idle time.Duration
	// Unready is how long a stopping server still accepts requests while it says that it is not ready, and
	// Drain how long requests and jobs then get to finish.
	Unready, Drain time.Duration
}

// Limit bounds what a caller may ask for.
type Limit struct {
	// Body is the size of a request, BodyAuthor of one of somebody who writes courses, Upload of an uploaded
	// file, in bytes.
	Body, BodyAuthor, Upload int64
	// UploadPart is the size of the parts of a large file, Storage what the files of a tenant may take, and
	// StorageUser what one person may upload, in bytes.
	UploadPart, Storage, StorageUser int64
	// Depth, Fields, RootFields, Aliases and Tokens bound the shape of a document; Aliases is how often one
	// field may stand under one parent.
	Depth, Fields, RootFields, Aliases, Tokens int
	// Nodes is how many things one document may ask for in all.
	Nodes int
	// CostUser, CostAddress and CostTenant are what a person, the visitors from one address, and a tenant may
	// ask for in a minute, in the same unit as Nodes; 0 does not limit.
	CostUser, CostAddress, CostTenant int
	// Connections is how many open streams a process holds, ConnectionsPerUser how many one user,
	// Subscriptions how many subscriptions one stream.
	Connections, ConnectionsPerUser, Subscriptions int
}

// Response is how answers for all visitors are kept.
type Response struct {
	// Cache is "on" or "off".
	Cache string
	// CacheSize is what a process keeps, in bytes.
	CacheSize int64
}

// Outline is how published versions are kept.
type Outline struct {
	// Cache is "on" or "off".
	Cache string
	// CacheSize is what a process keeps, in bytes.
	CacheSize int64
}

// Jobs is how work in the background is done.
type Jobs struct {
	// Queues are those that this process works on.
	Queues Queues
	// Workers is how many a queue gets that names no number.
	Workers int
	// Timeout bounds a job whose kind says nothing else.
	Timeout time.Duration
	// RescueAfter is when a job whose worker vanished is given to another one.
	RescueAfter time.Duration
	// Poll is how often a queue is looked at without being told.
	Poll time.Duration
}

// setting is one key: where its value goes, and all there is to say about it.
type setting struct {
	Setting

	value value
}

// Setting describes one key.
type Setting struct {
	// Key is its name in the file, dotted: "http.addr".
	Key string
	// Type is what kind of value it takes: "text", "duration", "secret", ...
	Type string
	// Default is what it is when nobody sets it.
	Default string
	// Env are the variables that set it, strongest first.
	Env []string
	// Flag is the flag that sets it, without dashes; secrets have none, since others can read a command line.
	Flag string
	// Doc is a sentence that says what it does.
	Doc string
	// Accepts says what may be given, as a clause.
	Accepts string
	// Secret is set when the value is never shown.
	Secret bool
}

// bind lists every key with its place in c. References to the environment are looked up in env.
func (c *Config) bind(env environment) []setting {
	var all []setting
	add := func(key, fallback, doc string, v value, variables ...string) {
		s := Setting{
			Key: key, Type: v.kind, Default: fallback, Doc: doc, Accepts: v.accepts, Secret: v.secret,
			Env: append([]string{variableOf(key)}, variables...),
		}
		if !v.secret {
			s.Flag = flagOf(key)
		}
		all = append(all, setting{Setting: s, value: v})
	}
	c.bindDoors(add)
	c.bindServices(add, env)
	c.bindIdentity(add, env)
	c.bindBounds(add)
	return all
}

// adder takes one key: its name, default, description, place, and the well-known variables that also set it.
type adder func(key, fallback, doc string, v value, variables ...string)

func (c *Config) bindDoors(add adder) {
	add("home", ".lyceum", "Directory for everything that is kept in files.", text(&c.Home))
	add("http.addr", ":8080", "Where the API listens. PORT gives the port alone.", address(&c.HTTP.Addr), "PORT")
	add("http.admin_addr", "127.0.0.1:8081",
		"Where metrics, profiles and the job console listen. ADMIN_PORT gives the port alone, on this machine.",
		address(&c.HTTP.AdminAddr), "ADMIN_PORT")
	add("http.allowed_origins", "", "Web origins, besides our own, whose pages may call the API.",
		words(&c.HTTP.AllowedOrigins, "origins such as https://app.example.org", checkOrigin))
	add("http.executor", "lean", "Whether objects of plain fields are written straight to JSON (lean) or by gqlgen's executor.",
		oneOf(&c.HTTP.Executor, "lean", "gqlgen"))
	add("http.trusted_proxies", "", "Networks whose X-Forwarded-* headers are believed.", networks(&c.HTTP.TrustedProxies))
	add("public.base_domain", "localhost", "Domain that tenants are subdomains of.", host(&c.Public.BaseDomain), "LYCEUM_BASE_DOMAIN")
	add("public.scheme", "http", "Scheme of public addresses.", oneOf(&c.Public.Scheme, "http", "https"))
	add("public.port", "0", "Port in public addresses; 0 is where the API listens, or 443 with https.", integer(&c.Public.Port, 0, 65535))
	add("tenant.default", "", "Tenant that serves callers whose host name says nothing.", text(&c.Tenant.Default), "LYCEUM_DEFAULT_TENANT")
	add("log.level", "info", "Least important messages that are logged.", oneOf(&c.Log.Level, "debug", "info", "warn", "error"))
	add("log.format", "auto", "Form of the log; auto is text on a terminal and else JSON.", oneOf(&c.Log.Format, "auto", "json", "text"))
	add("telemetry.otlp_endpoint", "", "Where traces are sent, as OTLP over HTTP; empty sends none.",
		link(&c.Telemetry.OTLPEndpoint), "OTEL_EXPORTER_OTLP_ENDPOINT")
	add("telemetry.sample_ratio", "1", "Share of requests that are traced, unless the caller decided.", share(&c.Telemetry.SampleRatio))
	add("telemetry.service", "lyceum", "Name under which traces are filed.", text(&c.Telemetry.Service), "OTEL_SERVICE_NAME")
}

func (c *Config) bindServices(add adder, env environment) {
	add("database.url", "", "Postgres, as the application's role.",
		secretURL(&c.Database.URL, env, "postgres", "postgresql"), "DATABASE_URL")
	add("database.replica_url", "", "A standby of Postgres, as the application's role, for queries that may be a little old.",
		secretURL(&c.Database.ReplicaURL, env, "postgres", "postgresql"), "DATABASE_REPLICA_URL")
	add("database.migrate_url", "", "Postgres, as the owner of the schema; for migrations only.",
		secretURL(&c.Database.MigrateURL, env, "postgres", "postgresql"), "LYCEUM_MIGRATE_DATABASE_URL")
	add("database.max_conns", "20", "Most connections of a process to Postgres.", integer(&c.Database.MaxConns, 1, 10000))
	add("database.min_conns", "2", "Connections that are kept open.", integer(&c.Database.MinConns, 0, 10000))
	add("database.connect_timeout", "5s", "Longest attempt to connect.", duration(&c.Database.ConnectTimeout, 100*time.Millisecond, time.Minute))
	add("database.conn_lifetime", "1h", "How long a connection lives.", duration(&c.Database.ConnLifetime, time.Second, 24*time.Hour))
	add("database.conn_idle", "30m", "How long an unused connection lives.", duration(&c.Database.ConnIdle, time.Second, 24*time.Hour))
	add("database.slow_query", "500ms", "From how long on a statement is logged, without its arguments; 0s logs none.",
		duration(&c.Database.SlowQuery, 0, time.Hour))
	add("redis.url", "", "Redis.", secretURL(&c.Redis.URL, env, "redis", "rediss"), "REDIS_URL")
	add("redis.mode", "single", "What answers at the address of Redis.", oneOf(&c.Redis.Mode, "single", "sentinel", "cluster"))
	add("redis.timeout", "50ms", "Longest command of Redis.", duration(&c.Redis.Timeout, time.Millisecond, 10*time.Second))
	add("redis.pool_size", "20", "Most connections of a process to Redis.", integer(&c.Redis.PoolSize, 1, 10000))
	add("search.url", "", "Meilisearch; empty lets Postgres search.", link(&c.Search.URL), "MEILI_URL")
	add("search.public_url", "", "Meilisearch as browsers reach it; empty is search.url.", link(&c.Search.PublicURL))
	add("search.master_key", "", "Master key of Meilisearch.", secret(&c.Search.MasterKey, env), "MEILI_MASTER_KEY")
	add("blob.endpoint", "", "S3-compatible storage; empty keeps files under home.", link(&c.Blob.Endpoint), "S3_ENDPOINT")
	add("blob.public_endpoint", "", "Where clients reach the storage; empty is blob.endpoint.",
		link(&c.Blob.PublicEndpoint), "S3_PUBLIC_ENDPOINT")
	add("blob.bucket", "", "Bucket for files.", text(&c.Blob.Bucket), "S3_BUCKET")
	add("blob.region", "us-east-1", "Region of the bucket.", text(&c.Blob.Region), "S3_REGION")
	add("blob.access_key", "", "Access key of the storage.", secret(&c.Blob.AccessKey, env), "S3_ACCESS_KEY")
	add("blob.secret_key", "", "Secret key of the storage.", secret(&c.Blob.SecretKey, env), "S3_SECRET_KEY")
	add("mail.url", "", "Server that takes mail: smtp://user:password@host:587 with STARTTLS or smtps://…:465; empty sends none, and on localhost keeps them under home.",
		secretURL(&c.Mail.URL, env, "smtp", "smtps"), "SMTP_URL")
	add("mail.from", "", "Address that mails come from; empty is no-reply at public.base_domain.", mailbox(&c.Mail.From))
	add("media.url", "", "Where a CDN or web server serves media below /v/; empty lets the API serve files, and playlists over S3.",
		link(&c.Media.URL))
	add("media.grace", "168h", "How long a deleted file can be restored; with 0s it is removed for good within minutes.",
		duration(&c.Media.Grace, 0, 365*24*time.Hour))
}

func (c *Config) bindIdentity(add adder, env environment) {
	const day = 24 * time.Hour
	add("signing.keys", "", "Keys for signed URLs and cursors, current one first.", signingKeys(&c.Signing.Keys, env))
	add("session.idle", "12h", "When an unused session ends.", duration(&c.Session.Idle, time.Minute, 90*day))
	add("session.absolute", "168h", "When any session ends.", duration(&c.Session.Absolute, time.Minute, 365*day))
	add("session.remember", "2s", "How long a process remembers whom a token belongs to; 0 asks the database each time.",
		duration(&c.Session.Remember, 0, 5*time.Second))
	add("password.parallel", "0", "Passwords checked at a time, 19 MiB each; 0 is one for each core.", integer(&c.Password.Parallel, 0, 256))
	add("password.wait", "2s", "How long the check of a password queues.", duration(&c.Password.Wait, 0, time.Minute))
}

func (c *Config) bindBounds(add adder) {
	add("timeout.request", "10s", "Longest request.", duration(&c.Timeout.Request, 100*time.Millisecond, 10*time.Minute))
	add("timeout.statement", "5s", "Longest SQL statement.", duration(&c.Timeout.Statement, 10*time.Millisecond, 10*time.Minute))
	add("timeout.read_header", "5s", "Longest arrival of a request's header.", duration(&c.Timeout.ReadHeader, 100*time.Millisecond, time.Minute))
	add("timeout.idle", "2m", "How long an unused connection stays open.", duration(&c.Timeout.Idle, time.Second, time.Hour))
	add("timeout.unready", "5s", "How long a stopping server still accepts requests.", duration(&c.Timeout.Unready, 0, time.Minute))
	add("timeout.drain", "25s", "How long requests and jobs get to finish.", duration(&c.Timeout.Drain, 0, 10*time.Minute))
	add("limit.body", "256KiB", "Largest request.", size(&c.Limit.Body, 64<<20))
	add("limit.body_author", "4MiB", "Largest request of an instructor or admin: a lesson comes with the captions of its film.",
		size(&c.Limit.BodyAuthor, 64<<20))
	add("limit.upload", "5GiB", "Largest uploaded file.", size(&c.Limit.Upload, 1<<40))
	add("limit.upload_part", "16MiB", "Size of the parts in which large files are sent; S3 takes none below 5MiB.",
		size(&c.Limit.UploadPart, 5<<30))
	add("limit.storage", "100GiB", "What the files of a tenant may take, unless its row says otherwise.", size(&c.Limit.Storage, 1<<50))
	add("limit.storage_user", "50GiB", "What one person may upload, unless the tenant's row says otherwise.",
		size(&c.Limit.StorageUser, 1<<50))
	add("limit.depth", "15", "Deepest document.", integer(&c.Limit.Depth, 1, 100))
	add("limit.fields", "500", "Most fields of a document, fragments spread out.", integer(&c.Limit.Fields, 1, 100000))
	add("limit.root_fields", "20", "Most fields at the root of a document.", integer(&c.Limit.RootFields, 1, 1000))
	add("limit.aliases", "10", "How often one field may stand under one parent.", integer(&c.Limit.Aliases, 1, 1000))
	add("limit.tokens", "2000", "Most tokens of a document.", integer(&c.Limit.Tokens, 1, 1000000))
	add("limit.nodes", "20000", "Most things that a document may ask for.", integer(&c.Limit.Nodes, 1, 10000000))
	const perMinute = 50_000_000
	add("limit.cost_user", "1200000", "Most things that a person may ask for in a minute; 0 does not limit.",
		integer(&c.Limit.CostUser, 0, perMinute))
	add("limit.cost_address", "3000000", "Most things that the visitors from one address may ask for in a minute; 0 does not limit.",
		integer(&c.Limit.CostAddress, 0, perMinute))
	add("limit.cost_tenant", "30000000",
		"Most things that the people of a tenant may ask for in a minute, and its visitors as many; 0 does not limit.",
		integer(&c.Limit.CostTenant, 0, perMinute))
	add("limit.connections", "20000", "Most open streams of a process.", integer(&c.Limit.Connections, 1, 1000000))
	add("limit.connections_per_user", "10", "Most open streams of a user.", integer(&c.Limit.ConnectionsPerUser, 1, 1000))
	add("limit.subscriptions", "20", "Most subscriptions of a stream.", integer(&c.Limit.Subscriptions, 1, 1000))
	add("response.cache", "on", "Whether answers that are the same for all visitors are kept.", oneOf(&c.Response.Cache, "on", "off"))
	add("response.cache_size", "64MiB", "What a process keeps of such answers.", size(&c.Response.CacheSize, 64<<30))
	add("outline.cache", "on", "Whether published versions are kept.", oneOf(&c.Outline.Cache, "on", "off"))
	add("outline.cache_size", "128MiB", "What a process keeps of published versions.", size(&c.Outline.CacheSize, 64<<30))
	// Before the queues, which it completes.
	add("jobs.workers", "4", "Workers of a queue that names no number.", integer(&c.Jobs.Workers, 1, 1000))
	add("jobs.queues", "default=8,mail=2,media=1,search=2", "Queues that this process works on.", queues(&c.Jobs.Queues, &c.Jobs.Workers))
	add("jobs.timeout", "1m", "Longest job whose kind says nothing else.", duration(&c.Jobs.Timeout, time.Second, 24*time.Hour))
	add("jobs.rescue_after", "2m", "When the job of a vanished worker is given to another.", duration(&c.Jobs.RescueAfter, time.Second, 48*time.Hour))
	add("jobs.poll", "1s", "How often a queue is looked at without being told.", duration(&c.Jobs.Poll, 10*time.Millisecond, time.Minute))
}

// Describe lists every key, in the order in which they are best read.
func Describe() []Setting {
	var c Config
	bound := c.bind(nil)
	described := make([]Setting, 0, len(bound))
	for _, s := range bound {
		described = append(described, s.Setting)
	}
	return described
}

// validate checks what no key alone can tell.
func (c *Config) validate() []Problem {
	var found []Problem
	check := func(ok bool, key, format string, args ...any) {
		if !ok {
			found = append(found, Problem{Key: key, Source: c.sources[key], Message: fmt.Sprintf(format, args...)})
		}
	}
	check(c.Home != "", "home", "it is empty; give a directory")
	check(c.HTTP.Addr != c.HTTP.AdminAddr || portOf(c.HTTP.Addr) == 0, "http.admin_addr",
		"it is the same as http.addr; give another port")
	check(c.Database.MinConns <= c.Database.MaxConns, "database.min_conns",
		"%d is more than database.max_conns, which is %d; give less", c.Database.MinConns, c.Database.MaxConns)
	check(c.Search.URL == "" || c.Search.MasterKey.IsSet(), "search.master_key",
		"it is not set although search.url is; give env:NAME, file:/path or the key itself")
	check(c.Blob.PublicEndpoint == "" || c.Blob.Endpoint != "", "blob.public_endpoint",
		"it is set although blob.endpoint is not; give that, too")
	if c.Blob.Endpoint != "" {
		const missing = "it is not set although blob.endpoint is"
		check(c.Blob.Bucket != "", "blob.bucket", missing+"; give a name")
		check(c.Blob.AccessKey.IsSet(), "blob.access_key", missing+"; give env:NAME, file:/path or the key itself")
		check(c.Blob.SecretKey.IsSet(), "blob.secret_key", missing+"; give env:NAME, file:/path or the key itself")
	}
	check(c.Session.Idle <= c.Session.Absolute, "session.idle",
		"%v is longer than session.absolute, which is %v; give less", c.Session.Idle, c.Session.Absolute)
	check(c.Timeout.Statement <= c.Timeout.Request, "timeout.statement",
		"%v is longer than timeout.request, which is %v; give less", c.Timeout.Statement, c.Timeout.Request)
	for _, budget := range []struct {
		key       string
		perMinute int
	}{
		{"limit.cost_user", c.Limit.CostUser}, {"limit.cost_address", c.Limit.CostAddress}, {"limit.cost_tenant", c.Limit.CostTenant},
	} {
		check(budget.perMinute == 0 || budget.perMinute >= c.Limit.Nodes, budget.key,
			"%d is less than limit.nodes, which is %d: a document that is allowed could never run; give more, or 0", budget.perMinute, c.Limit.Nodes)
	}
	check(c.Jobs.Timeout <= c.Jobs.RescueAfter, "jobs.rescue_after",
		"%v is shorter than jobs.timeout, which is %v: a job would run twice; give more", c.Jobs.RescueAfter, c.Jobs.Timeout)
	return found
}

// complete fills in what follows from other keys.
func (c *Config) complete() {
	c.Mail.From = cmp.Or(c.Mail.From, "no-reply@"+c.Public.BaseDomain)
	c.Limit.BodyAuthor = max(c.Limit.BodyAuthor, c.Limit.Body)
	if c.Public.Port != 0 {
		return
	}
	c.Public.Port = standardPort(c.Public.Scheme)
	if c.Public.Scheme == "http" {
		c.Public.Port = portOf(c.HTTP.Addr)
	}
}

// portOf returns the port of an address that has been read, 0 when there is none.
func portOf(addr string) int {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	return n
}

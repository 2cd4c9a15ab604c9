//go:build attack

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/graph/transport"
	"lyceum/internal/gen/ent/tenant"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/cache/cachetest"
	"lyceum/internal/platform/config"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/policy"
	"lyceum/internal/tenancy"
	"lyceum/internal/tenancy/brand"
	"lyceum/jobs"
)

// attackPassword is everybody's.
const attackPassword = "a long password"

// The slugs of the tenants.
const (
	victimSlug   = "victim"
	attackerSlug = "attacker"
	newcomerSlug = "newcomer"
)

// attackWorld is the whole server in one process, over a database, a Redis and a directory of its own, with
// two tenants that have one of everything.
//
// It is safe for concurrent use once it is made: ask, send, session and super may be called by several
// goroutines at a time.
type attackWorld struct {
	*app

	// ownerURL connects as the owner of the tables, superuserURL as somebody whom no wall stops.
	ownerURL, superuserURL string
	// redis is the server's; redis.URL() is its address.
	redis *cachetest.Server
	// logs has every line that the server wrote since it began, down to debugging.
	logs *logBuffer
	// server has the API at server.URL; which tenant is meant is said by the Host header.
	server *httptest.Server
	// worker works on all queues until the test ends; settle waits for it.
	worker *jobs.Client
	// policies fells the first wall, for requests and for jobs.
	policies policy.Switch
	// owner makes tenants, walls arranges and looks past every wall.
	owner, walls *pgxpool.Pool

	// victim is tenant B and attacker tenant A, filled alike. Both are nil in a world made empty.
	victim, attacker *side
	// newcomer is a third tenant that has just been made and holds its first admin and nothing else.
	newcomer *side

	// within, if set, makes the context in which the server answers a request, such as one with policies felled.
	within atomic.Pointer[func(context.Context) context.Context]

	plan      *attackPlan
	addresses atomic.Int64
	questions atomic.Int64
	counters  sync.Map // of *pg.Counter by the number of the question
}

// side is one tenant, and what a test knows of it.
type side struct {
	tenant     uuid.UUID
	slug, host string
	// marker stands in every text of the tenant that is not meant for everybody; public stands in the few
	// that visitors may read, and trace in the ids of its requests, which are logged. Each is 128 random bits in hex.
	marker, public, trace string
	// word is what search finds lessons and courses by: it stands in their texts besides the marker.
	word string
	// tokens are the bearers of its people by persona: admin, instructor, teacher, learner, support, suspended,
	// expired, reader (a key that reads) and key (a key for persisted documents only).
	tokens map[string]string
	// people are the ids of the users behind the personas that have one of their own.
	people map[string]uuid.UUID
	// ids are global ids by the name of their GraphQL type, the most telling first: "Course" has the course
	// with everything in it, then a completed one, then the public one. Lessons are also there by kind
	// ("Lesson.QUIZ"), questions by theirs ("AttemptQuestion.SHORT_TEXT").
	ids map[string][]string
	// texts are what else names things of the tenant: "Course.slug", "Category.slug", "Certificate.code",
	// "Certificate.code revoked", "Asset.sha256", "User.email", "Module.key", "Lesson.key", and so on.
	texts map[string]string
}

// id is the most telling global id of the type.
func (s *side) id(typ string) string {
	if len(s.ids[typ]) == 0 {
		return ""
	}
	return s.ids[typ][0]
}

// raw is the UUID in that id.
func (s *side) raw(typ string) uuid.UUID {
	parsed, err := gid.Parse(s.id(typ))
	if err != nil {
		return uuid.Nil
	}
	return parsed.UUID
}

// secret is a text with the marker in it, open one with the public marker.
func (s *side) secret(text string) string { return text + " " + s.marker }
func (s *side) open(text string) string   { return text + " " + s.public }

// nothingKept has the server read everything anew: where walls are felled, what is kept from before would hide it.
var nothingKept = []string{"LYCEUM_RESPONSE_CACHE=off", "LYCEUM_OUTLINE_CACHE=off"}

// newAttackWorld is a world with a victim, an attacker and a newcomer.
func newAttackWorld(t *testing.T, settings ...string) *attackWorld {
	t.Helper()
	w := newEmptyAttackWorld(t, settings...)
	w.victim = w.newSide(t, victimSlug)
	w.attacker = w.newSide(t, attackerSlug)
	w.newcomer = w.provision(t, newcomerSlug)
	return w
}

// newEmptyAttackWorld is a running server without tenants.
func newEmptyAttackWorld(t *testing.T, settings ...string) *attackWorld {
	t.Helper()
	appURL, ownerURL, superuserURL := pgtest.Clone(t)
	w := &attackWorld{ownerURL: ownerURL, superuserURL: superuserURL, redis: cachetest.Start(t), logs: &logBuffer{}}
	c, err := config.Load(config.Sources{Environ: append([]string{
		"DATABASE_URL=" + appURL, "REDIS_URL=" + w.redis.URL(), "LYCEUM_HOME=" + t.TempDir(),
		"LYCEUM_SIGNING_KEYS=test=literal:" + strings.Repeat("k", 64),
		"LYCEUM_LOG_LEVEL=debug", "LYCEUM_LOG_FORMAT=json", "LYCEUM_HTTP_TRUSTED_PROXIES=127.0.0.1/32",
		// A busy machine is slow, and that is not what is looked at here.
		"LYCEUM_REDIS_TIMEOUT=2s", "LYCEUM_TIMEOUT_REQUEST=60s", "LYCEUM_TIMEOUT_STATEMENT=30s", "LYCEUM_PASSWORD_WAIT=60s",
		// Nobody asks as much as an attack on everything; budgets are tested elsewhere.
		"LYCEUM_LIMIT_COST_USER=50000000", "LYCEUM_LIMIT_COST_ADDRESS=50000000", "LYCEUM_LIMIT_COST_TENANT=50000000",
	}, settings...)})
	if err != nil {
		t.Fatal(err)
	}
	if w.app, err = newAppLogging(w.policies.In(t.Context()), c, w.logs); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	films := t.TempDir()
	w.services.Media.Converter, w.services.Media.WorkDir = markedConverter{}, func() (string, error) { return films, nil }
	w.owner, w.walls = pgtest.Pool(t, ownerURL), pgtest.Pool(t, superuserURL)
	w.work(t)
	w.serve(t)
	return w
}

// work starts workers on all queues.
func (w *attackWorld) work(t *testing.T) {
	t.Helper()
	worker, err := jobs.NewWorker(w.pool, w.log, w.workerServices(), w.working(w.config.Jobs.Queues))
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(w.policies.In(context.WithoutCancel(t.Context()))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stopWorker(context.WithoutCancel(t.Context()), worker, time.Minute); err != nil {
			t.Error(err)
		}
	})
	w.worker = worker
}

// countHeader carries the number of a question to the counter of its statements. The server does not see it.
const countHeader = "X-Question"

// serve opens the public door on loopback.
func (w *attackWorld) serve(t *testing.T) {
	t.Helper()
	handler, err := w.publicHandler(transport.NewStreams())
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		number := r.Header.Get(countHeader)
		r.Header.Del(countHeader)
		ctx, counter := pg.CountStatements(w.policies.In(r.Context()))
		w.counters.Store(number, counter)
		if within := w.within.Load(); within != nil {
			ctx = (*within)(ctx)
		}
		handler.ServeHTTP(rw, r.WithContext(ctx))
	}))
	w.server.Config.ErrorLog = nil
	if pool, ok := w.server.Client().Transport.(*http.Transport); ok {
		pool.MaxIdleConnsPerHost = 64
	}
	t.Cleanup(w.server.Close)
}

// provision makes a tenant with its first admin and nothing else.
func (w *attackWorld) provision(t *testing.T, slug string) *side {
	t.Helper()
	s := &side{
		slug: slug, host: slug + "." + w.config.Public.BaseDomain, marker: marker(), public: marker(), trace: marker(), word: "w" + marker()[:12],
		tokens: map[string]string{}, people: map[string]uuid.UUID{}, ids: map[string][]string{}, texts: map[string]string{},
	}
	s.texts["User.email"] = "admin-" + s.marker + "@" + slug + ".example"
	var err error
	s.tenant, err = w.provisioner(w.owner).Create(t.Context(), tenancy.NewTenant{
		Slug: slug, Name: s.open("Tenant"), Kind: tenant.KindCOMPANY, Locale: "en",
		Branding: brand.Brand{Accent: "#0f766e", LogoURL: "https://logos.example/" + s.public, Signatory: s.open("Signatory")},
		Admin:    tenancy.NewUser{Email: s.texts["User.email"], Name: s.open("Admin"), Password: attackPassword},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.texts["Domain.host"] = "learn-" + s.public + ".example"
	if err := w.provisioner(w.owner).AddDomain(t.Context(), s.tenant, s.texts["Domain.host"]); err != nil {
		t.Fatal(err)
	}
	s.tokens["admin"] = w.signIn(t, s, s.texts["User.email"])
	var data struct {
		Viewer struct{ User, Tenant struct{ ID string } }
	}
	w.run(t, s.tokens["admin"], s.host, `{ viewer { user { id } tenant { id } } }`, nil, &data)
	s.remember(t, "User", data.Viewer.User.ID)
	s.remember(t, "Tenant", data.Viewer.Tenant.ID)
	s.people["admin"] = s.raw("User")
	return s
}

// remember adds ids of a type.
func (s *side) remember(t *testing.T, typ string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, err := gid.Parse(id); err != nil {
			t.Fatalf("%s %q is no id", typ, id)
		}
		s.ids[typ] = append(s.ids[typ], id)
	}
}

// marker is 128 random bits in hex.
func marker() string {
	var bits [16]byte
	_, _ = rand.Read(bits[:])
	return hex.EncodeToString(bits[:])
}

// question is one request.
type question struct {
	// token is a bearer, "" for a visitor; host is a tenant's.
	token, host string
	document    string
	variables   map[string]any
	// persisted is the id of a stored document, sent instead of a text unless empty.
	persisted string
	// header is sent besides what every request has.
	header map[string]string
}

// answer is all that came back.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Data is the data of a GraphQL answer, nil for null.
	Data json.RawMessage
	// Errors are its errors as they came, Codes their codes.
	Errors json.RawMessage
	Codes  []string
	// Statements is how many SQL statements the answer took, authentication included.
	Statements int64
}

// Code is the first error's code, "" without errors.
func (a answer) Code() string {
	if len(a.Codes) == 0 {
		return ""
	}
	return a.Codes[0]
}

// take reads the data of an answer without errors.
func (a answer) take(t *testing.T, into any) {
	t.Helper()
	if len(a.Codes) > 0 || len(a.Data) == 0 {
		t.Fatalf("status %d: %.600s", a.Status, a.Body)
	}
	if err := json.Unmarshal(a.Data, into); err != nil {
		t.Fatalf("read data: %v\n%.600s", err, a.Body)
	}
}

// ask sends a document and returns whatever comes back.
func (w *attackWorld) ask(t *testing.T, token, host, document string, variables map[string]any) answer {
	t.Helper()
	a, err := w.send(t.Context(), question{token: token, host: host, document: document, variables: variables})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// run sends a document that must succeed, and reads its data.
func (w *attackWorld) run(t *testing.T, token, host, document string, variables map[string]any, into any) {
	t.Helper()
	a := w.ask(t, token, host, document, variables)
	if len(a.Codes) > 0 || a.Status != http.StatusOK {
		t.Fatalf("%.300s\nstatus %d: %.600s", strings.TrimSpace(document), a.Status, a.Body)
	}
	if into != nil {
		a.take(t, into)
	}
}

// send is ask for goroutines.
func (w *attackWorld) send(ctx context.Context, q question) (answer, error) {
	number := strconv.FormatInt(w.questions.Add(1), 10)
	response, err := w.post(ctx, q, number)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("read answer: %w", err)
	}
	a := answer{Status: response.StatusCode, Header: response.Header, Body: body}
	if counter, found := w.counters.LoadAndDelete(number); found {
		if counter, ok := counter.(*pg.Counter); ok {
			a.Statements = counter.Load()
		}
	}
	a.parse()
	return a, nil
}

// post sends a question and returns the response to be read.
func (w *attackWorld) post(ctx context.Context, q question, number string) (*http.Response, error) {
	params := map[string]any{"query": q.document, "variables": q.variables}
	if q.persisted != "" {
		params = map[string]any{"extensions": map[string]any{"documentId": q.persisted}, "variables": q.variables}
	}
	body, err := json.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("encode question: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.server.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Host = q.host
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Forwarded-For", w.address())
	request.Header.Set(countHeader, number)
	if q.token != "" {
		request.Header.Set("Authorization", "Bearer "+q.token)
	}
	for name, value := range q.header {
		request.Header.Set(name, value)
	}
	response, err := w.server.Client().Do(request)
	if err != nil {
		return nil, fmt.Errorf("send question: %w", err)
	}
	return response, nil
}

// get fetches a path of a host, or a whole address of the server.
func (w *attackWorld) get(ctx context.Context, token, host, path string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.server.URL+path, http.NoBody)
	if err != nil {
		return answer{}, fmt.Errorf("make request: %w", err)
	}
	request.Host = host
	request.Header.Set("X-Forwarded-For", w.address())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := w.server.Client().Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("send request: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("read answer: %w", err)
	}
	return answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// parse reads the body as an answer of GraphQL, if it is one.
func (a *answer) parse() {
	var reply struct {
		Data   json.RawMessage
		Errors json.RawMessage
	}
	if json.Unmarshal(a.Body, &reply) != nil {
		return
	}
	a.Errors = reply.Errors
	if string(reply.Data) != "null" {
		a.Data = reply.Data
	}
	var coded []struct {
		Extensions struct{ Code string }
	}
	if json.Unmarshal(reply.Errors, &coded) != nil {
		return
	}
	for _, one := range coded {
		a.Codes = append(a.Codes, one.Extensions.Code)
	}
}

// address is another one each time: guessing is limited by network.
func (w *attackWorld) address() string {
	n := w.addresses.Add(1)
	return fmt.Sprintf("2001:%x:%x::1", 0xdb8+n>>16, n&0xffff)
}

// signIn opens a session the way people do and returns its token.
func (w *attackWorld) signIn(t *testing.T, s *side, email string) string {
	t.Helper()
	a, err := w.send(t.Context(), question{
		host: s.host, header: map[string]string{"User-Agent": s.secret("Browser"), "X-Request-Id": "request-" + s.trace},
		document:  `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { token } }`,
		variables: map[string]any{"e": email, "p": attackPassword},
	})
	if err != nil {
		t.Fatal(err)
	}
	var data struct{ SignIn struct{ Token string } }
	a.take(t, &data)
	return data.SignIn.Token
}

// session opens a session for somebody of the tenant by writing its row, past passwords and limits.
func (w *attackWorld) session(ctx context.Context, s *side, user uuid.UUID) (token string, err error) {
	token, hash := auth.NewToken(auth.PrefixSession, s.tenant)
	err = w.super(ctx, `
		INSERT INTO sessions (id, tenant_id, created_at, updated_at, user_id, token_hash, expires_at, last_seen_at, user_agent)
		VALUES ($1, $2, now(), now(), $3, $4, now() + interval '1 hour', now(), '')`, uuid.Must(uuid.NewV7()), s.tenant, user, hash)
	return token, err
}

// super runs a statement past every wall.
func (w *attackWorld) super(ctx context.Context, statement string, args ...any) error {
	if _, err := w.walls.Exec(ctx, statement, args...); err != nil {
		return fmt.Errorf("arrange: %w", err)
	}
	return nil
}

// superScan runs a query for one row past every wall.
func (w *attackWorld) superScan(ctx context.Context, query string, args []any, into ...any) error {
	if err := w.walls.QueryRow(ctx, query, args...).Scan(into...); err != nil {
		return fmt.Errorf("look: %w", err)
	}
	return nil
}

// settle waits until no job is left to do.
func (w *attackWorld) settle(t *testing.T) {
	t.Helper()
	const open = `SELECT count(*) FROM river.river_job WHERE state IN ('available', 'pending', 'running', 'retryable')`
	w.eventually(t, "the jobs being done", func() bool {
		var n int
		if err := w.superScan(t.Context(), open, nil, &n); err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
}

// eventually waits for the condition.
func (*attackWorld) eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(90 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			t.Fatalf("%s did not happen", what)
		case <-tick.C:
		}
	}
}

// tenantTables are the tables that hold rows of tenants, except the queue's.
func (w *attackWorld) tenantTables(ctx context.Context) ([]string, error) {
	rows, err := w.walls.Query(ctx, `
		SELECT c.relname FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname`)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return names, nil
}

// checksums is a hash of the rows of a tenant in each of its tables. What reading changes is left out: when a
// session or key was last used.
func (w *attackWorld) checksums(ctx context.Context, s *side) (map[string]string, error) {
	names, err := w.tenantTables(ctx)
	if err != nil {
		return nil, err
	}
	sums := make(map[string]string, len(names))
	for _, name := range names {
		var sum string
		query := `SELECT count(*) || ' rows ' || coalesce(md5(string_agg(line, '' ORDER BY line)), '') FROM (
			SELECT md5((to_jsonb(r) - 'last_seen_at' - 'last_used_at' - 'updated_at')::text) AS line
			FROM ` + pgx.Identifier{name}.Sanitize() + ` r WHERE tenant_id = $1) lines`
		if err := w.superScan(ctx, query, []any{s.tenant}, &sum); err != nil {
			return nil, fmt.Errorf("hash %s: %w", name, err)
		}
		sums[name] = sum
	}
	return sums, nil
}

// rowIDs are the ids of all rows of a tenant, by table.
func (w *attackWorld) rowIDs(ctx context.Context, s *side) (map[string][]uuid.UUID, error) {
	rows, err := w.walls.Query(ctx, `
		SELECT c.relname FROM pg_class c
		JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped
		JOIN pg_attribute i ON i.attrelid = c.oid AND i.attname = 'id' AND NOT i.attisdropped AND i.atttypid = 'uuid'::regtype
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace`)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	ids := map[string][]uuid.UUID{}
	for _, name := range names {
		rows, err := w.walls.Query(ctx, `SELECT id FROM `+pgx.Identifier{name}.Sanitize()+` WHERE tenant_id = $1`, s.tenant)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", name, err)
		}
		if ids[name], err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID]); err != nil {
			return nil, fmt.Errorf("list %s: %w", name, err)
		}
	}
	return ids, nil
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

// Write implements io.Writer.
func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.lines.Write(line)
	return n, errors.Join(err)
}

// Bytes returns a copy of what was logged so far.
func (b *logBuffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.lines.Bytes())
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lyceum/cmd/lyceum/demo"
	"lyceum/graph/transport"
	"lyceum/internal/gen/ent/certificate"
	"lyceum/internal/platform/cache/cachetest"
	"lyceum/internal/platform/local"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
	"lyceum/web"
)

// stage is a seeded server.
type stage struct {
	*app

	ownerURL, superuserURL string
	client                 *http.Client
	// raider is one attack for all tests, for its tokens: nobody may sign in often.
	raider *demo.Attack
}

// TestDemo seeds once and looks at the outcome from all sides: seeding is what takes time.
func TestDemo(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	t.Run("a second seeding changes nothing", s.testSeedAgain)
	t.Run("learners have learned", s.testLife)
	t.Run("the pages show it", s.testPages)
	t.Run("the welcome is right", s.testWelcome)
	t.Run("the attack finds no leak", s.testAttack)
	t.Run("the attack would see a leak", s.testBrokenWalls)
}

func newStage(t *testing.T) *stage {
	t.Helper()
	appURL, ownerURL, superuserURL := pgtest.Clone(t)
	a := startApp(t, testSettings(t, appURL, "LYCEUM_DEFAULT_TENANT=acme", "REDIS_URL="+cachetest.Start(t).URL()))
	if err := a.seed(t.Context(), ownerURL); err != nil {
		t.Fatalf("seed: %v", err)
	}
	client := serveForTest(t, a)
	return &stage{app: a, ownerURL: ownerURL, superuserURL: superuserURL, client: client, raider: &demo.Attack{
		Tenancy: a.services.Tenancy, Directory: a.services.Directory, DB: a.db,
		Origin: func(slug string) string { return a.page(slug, "") }, Transport: client.Transport,
	}}
}

// serveForTest returns a client that reaches the app by its public addresses.
func serveForTest(t *testing.T, a *app) *http.Client {
	t.Helper()
	handler, err := a.publicHandler(transport.NewStreams())
	if err != nil {
		t.Fatal(err)
	}
	server := a.server("127.0.0.1:0", handler)
	listeners, err := listen(t.Context(), []*http.Server{server})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listeners[0]) }()
	through := demo.Through(listeners[0].Addr().String(), a.config.Public.BaseDomain)
	t.Cleanup(func() {
		through.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return &http.Client{Transport: through, Timeout: time.Minute}
}

// digest is a checksum of all rows of a tenant in each table.
func (s *stage) digest(t *testing.T, tenant uuid.UUID) map[string]string {
	t.Helper()
	ctx := viewer.With(t.Context(), viewer.Operator(tenant, "test"))
	const tables = `
		SELECT c.relname FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
		WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace`
	rows, err := s.db.Query(ctx, tables)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for _, name := range names {
		sum := `SELECT count(*) || ' rows ' || coalesce(md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))), '') FROM ` +
			pgx.Identifier{name}.Sanitize() + ` AS r`
		var found string
		if err := s.db.QueryRow(ctx, sum).Scan(&found); err != nil {
			t.Fatal(err)
		}
		sums[name] = found
	}
	return sums
}

func (s *stage) tenants(t *testing.T) map[string]uuid.UUID {
	t.Helper()
	ids := map[string]uuid.UUID{}
	for _, tenant := range demo.Tenants() {
		place, err := s.services.Directory.BySlug(t.Context(), tenant.Slug)
		if err != nil {
			t.Fatal(err)
		}
		ids[tenant.Slug] = place.Tenant
	}
	return ids
}

func (s *stage) testSeedAgain(t *testing.T) {
	before := map[string]map[string]string{}
	for slug, id := range s.tenants(t) {
		before[slug] = s.digest(t, id)
	}
	begin := time.Now()
	if err := s.seed(t.Context(), s.ownerURL); err != nil {
		t.Fatal(err)
	}
	t.Logf("seeding again took %v", time.Since(begin))
	for slug, id := range s.tenants(t) {
		if after := s.digest(t, id); !maps.Equal(before[slug], after) {
			t.Errorf("%s changed:\n%v\n%v", slug, before[slug], after)
		}
	}
}

func (s *stage) testLife(t *testing.T) {
	const document = `{
		myEnrollments { nodes { state source progress { completedRequired } certificate { status pdfUrl } } }
		notifications { nodes { kind } }
	}`
	var data struct {
		MyEnrollments struct {
			Nodes []struct {
				State, Source string
				Progress      struct{ CompletedRequired int }
				Certificate   *struct{ Status, PDFURL string }
			}
		}
		Notifications struct{ Nodes []struct{ Kind string } }
	}
	s.ask(t, "acme", demo.Learner, document, &data)
	states := map[string]int{}
	for _, place := range data.MyEnrollments.Nodes {
		states[place.State+" "+place.Source]++
		if place.State == "COMPLETED" && (place.Certificate == nil || place.Certificate.Status != "VALID" || place.Certificate.PDFURL == "") {
			t.Errorf("the completed course has the certificate %+v", place.Certificate)
		}
	}
	want := map[string]int{"COMPLETED SELF": 1, "ACTIVE SELF": 1, "ACTIVE STAFF": 1}
	if !maps.Equal(states, want) {
		t.Errorf("places %v, want %v", states, want)
	}
	if len(data.Notifications.Nodes) < 3 {
		t.Errorf("notifications %v", data.Notifications.Nodes)
	}
}

// ask runs a document as a demo person.
func (s *stage) ask(t *testing.T, slug, mailbox, document string, data any) {
	t.Helper()
	token := s.signIn(t, slug, mailbox)
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.page(slug, "/graphql"), strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	status, answer := s.do(t, request)
	var reply struct {
		Data   json.RawMessage
		Errors json.RawMessage
	}
	if err := json.Unmarshal([]byte(answer), &reply); err != nil || status != http.StatusOK || reply.Errors != nil {
		t.Fatalf("status %d: %s %v", status, answer, err)
	}
	if err := json.Unmarshal(reply.Data, data); err != nil {
		t.Fatal(err)
	}
}

// signIn signs in with the demo's password at the API.
func (s *stage) signIn(t *testing.T, slug, mailbox string) string {
	t.Helper()
	body := fmt.Sprintf(`{"query":"mutation { signIn(input: {email: \"%s@%s.example\", password: \"%s\"}) { token } }"}`,
		mailbox, slug, demo.Password)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.page(slug, "/graphql"), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	_, answer := s.do(t, request)
	var reply struct {
		Data struct{ SignIn struct{ Token string } }
	}
	if err := json.Unmarshal([]byte(answer), &reply); err != nil || reply.Data.SignIn.Token == "" {
		t.Fatalf("sign in: %s %v", answer, err)
	}
	return reply.Data.SignIn.Token
}

func (s *stage) do(t *testing.T, request *http.Request) (status int, body string) {
	t.Helper()
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(all)
}

func (s *stage) testPages(t *testing.T) {
	ctx := viewer.With(t.Context(), viewer.Operator(s.tenants(t)["acme"], "test"))
	revoked, err := s.db.Certificate.Query().Where(certificate.RevokedAtNotNil()).Only(ctx)
	if err != nil {
		t.Fatal(err)
	}
	valid, err := s.db.Certificate.Query().Where(certificate.RevokedAtIsNil()).First(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		slug, path string
		status     int
		holds      []string
		holdsNot   string
	}{
		"welcome":                {"acme", "/", 200, []string{"Acme Coffee Roasters", "Attack acme", "instructor@globex.example", "/verify/"}, ""},
		"welcome of another":     {"springfield", "/", 200, []string{"Springfield International School", "#6d28d9"}, ""},
		"GraphiQL":               {"acme", "/graphiql", 200, []string{"NotificationReceived", "fire-safety", "enr_"}, ""},
		"schema":                 {"acme", "/schema.graphql", 200, []string{"type Query {", "extend type Mutation"}, ""},
		"certificate":            {"acme", "/verify/" + valid.Code, 200, []string{"is valid", valid.LearnerName, valid.CourseTitle}, "revoked on"},
		"revoked certificate":    {"acme", "/verify/" + revoked.Code, 200, []string{"was revoked", revoked.LearnerName}, "is valid"},
		"unknown certificate":    {"acme", "/verify/" + strings.Repeat("a", 26), 404, []string{"No certificate"}, valid.LearnerName},
		"of another tenant":      {"globex", "/verify/" + valid.Code, 404, []string{"No certificate"}, valid.LearnerName},
		"a code that is no code": {"acme", "/verify/%3Cscript%3E", 404, []string{"No certificate"}, "<script>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.page(tt.slug, tt.path), http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			status, body := s.do(t, request)
			if status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			for _, word := range tt.holds {
				if !strings.Contains(body, word) {
					t.Errorf("%q is missing", word)
				}
			}
			if tt.holdsNot != "" && strings.Contains(body, tt.holdsNot) {
				t.Errorf("%q is there", tt.holdsNot)
			}
		})
	}
}

// mostColumns is how wide a terminal has to be.
const mostColumns = 100

func (s *stage) testWelcome(t *testing.T) {
	text := s.overview(t.Context(), local.Survey(local.Given{SearchURL: "http://search.example/" + strings.Repeat("long", 40)}), false)
	for _, word := range []string{
		"http://acme.localhost", "http://globex.localhost", "http://springfield.localhost", "/graphiql", "/verify/",
		"learner@, instructor@, admin@, support@", demo.Password, demo.StaffEmail, "S3_ENDPOINT is not set",
	} {
		if !strings.Contains(text, word) {
			t.Errorf("%q is missing in %s", word, text)
		}
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > mostColumns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("there are colours without a terminal")
	}
	s.testFirstSteps(t)
}

// testFirstSteps asks what the printed curl asks, with the printed token, at a host that names no tenant.
func (s *stage) testFirstSteps(t *testing.T) {
	t.Helper()
	steps := s.firstSteps(t.Context())
	token := regexp.MustCompile(`(?m)^TOKEN=(\S+)$`).FindStringSubmatch(steps)
	query := regexp.MustCompile(`-d '(.+)'`).FindStringSubmatch(steps)
	if token == nil || query == nil {
		t.Fatalf("no token or no query in %s", steps)
	}
	address := s.config.Public.Origin(s.config.Public.BaseDomain) + "/graphql"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(query[1]))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token[1])
	if status, body := s.do(t, request); status != http.StatusOK || !strings.Contains(body, "coffee-basics") {
		t.Errorf("status %d: %s", status, body)
	}
}

func TestBox(t *testing.T) {
	t.Parallel()
	b := &box{bold: true}
	b.title("Títle")
	b.line("label", strings.Repeat("wörd ", 40))
	b.line("long", strings.Repeat("x", 300)+" and "+strings.Repeat("y", 3))
	b.line("", "")
	b.line("kept", "a    b")
	text := b.String()
	if strings.Count(text, "\x1b[1m") != 1 || !strings.Contains(text, "a    b") {
		t.Error(text)
	}
	plain := strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(strings.TrimSpace(text))
	for line := range strings.Lines(plain) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n != welcomeWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// attack lets the intruder go after acme.
func (s *stage) attack(t *testing.T, intruder string) []web.Attempt {
	t.Helper()
	s.raider.Victim, s.raider.Intruder = "acme", intruder
	tried, err := s.raider.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tried
}

// attempts is how many there are; a new one is to be added here too.
const attempts = 15

func (s *stage) testAttack(t *testing.T) {
	acme := s.tenants(t)["acme"]
	before := s.digest(t, acme)
	tried := s.attack(t, "globex")
	if len(tried) != attempts {
		t.Errorf("%d attempts, want %d", len(tried), attempts)
	}
	for _, a := range tried {
		if a.Leaked || a.Void || a.StoppedBy == "" || a.Answer == "" {
			t.Errorf("%+v", a)
		}
	}
	after := s.digest(t, acme)
	for _, table := range []string{"sessions", "audit_entries", "audit_heads"} { // its own admin signed in
		delete(before, table)
		delete(after, table)
	}
	if !maps.Equal(before, after) {
		t.Errorf("the attack changed acme:\n%v\n%v", before, after)
	}
}

// testBrokenWalls takes walls away and expects the attack to notice.
func (s *stage) testBrokenWalls(t *testing.T) {
	t.Run("an intruder who is let in", func(t *testing.T) {
		// Without a tenant nothing is seen by anybody, and a place in a completed course cannot be given up.
		checkLeaks(t, s.attack(t, "acme"), attempts-2)
	})
	t.Run("a role that row-level security does not bind", func(t *testing.T) {
		s.raider.DB = pg.Open(pgtest.Pool(t, s.superuserURL), pg.Hooks{})
		defer func() { s.raider.DB = s.db }()
		// SELECT with and without a tenant, UPDATE, and the INSERT that only row-level security stops.
		checkLeaks(t, s.attack(t, "globex"), 4)
	})
	t.Run("a table without row-level security", func(t *testing.T) {
		s.asOwner(t, `ALTER TABLE users DISABLE ROW LEVEL SECURITY`)
		defer s.asOwner(t, `ALTER TABLE users ENABLE ROW LEVEL SECURITY`)
		checkLeaks(t, s.attack(t, "globex"), 3)
	})
}

func (s *stage) asOwner(t *testing.T, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.ownerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func checkLeaks(t *testing.T, tried []web.Attempt, want int) {
	t.Helper()
	leaks := slices.DeleteFunc(slices.Clone(tried), func(a web.Attempt) bool { return !a.Leaked })
	if len(leaks) == want {
		return
	}
	t.Errorf("%d leaks, want %d", len(leaks), want)
	for _, a := range tried {
		t.Logf("leaked %v: %s: %s", a.Leaked, a.Tried, a.Answer)
	}
}

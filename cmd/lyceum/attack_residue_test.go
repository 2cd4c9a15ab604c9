//go:build attack

package main

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"lyceum/e2e/attack"
)

// scanResidues looks at what is left after the attacks, wherever an attacker or somebody who is not meant to know
// might look: the pages on the attackers' hosts, logs, metrics, Redis, files and documents, rows and the index.
func (w *attackWorld) scanResidues(t *testing.T, p *attackPlan) {
	t.Helper()
	w.scanPages(t, p)
	logged := w.scanLogs(t)
	keys := w.scanRedis(t, p)
	files, documents := w.scanFiles(t, p)
	rows := w.scanRows(t, p)
	mails := w.scanMails(t)
	t.Logf("looked at what is left behind: %d KiB of log, %d keys in Redis, %d files of others with %d certificates, %d rows of others, %d mails",
		logged>>10, keys, files, documents, rows, mails)
}

// scanMails reads all mails: each goes to one of its own tenant's people, and holds nothing of another's.
func (w *attackWorld) scanMails(t *testing.T) int {
	t.Helper()
	kept, err := w.sink.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	victims := 0
	for _, k := range kept {
		if k.Message.Label == w.victim.slug {
			victims++
		}
		if !strings.HasSuffix(k.Message.To.Email, "@"+k.Message.Label+".example") {
			t.Errorf("a mail of %s goes to %s", k.Message.Label, k.Message.To)
		}
		for _, other := range []*side{w.victim, w.attacker, w.newcomer} {
			if other.slug == k.Message.Label {
				continue
			}
			scanner := attack.NewScanner()
			scanner.Marker("the marker of "+other.slug, other.marker)
			for _, f := range scanner.Scan([]byte(k.Message.Subject + k.Message.Text + k.Message.HTML + k.Message.To.String())) {
				t.Errorf("a mail of %s shows %s", k.Message.Label, f)
			}
		}
	}
	if victims == 0 {
		t.Error("the victim's people got no mail: there is nothing to leak")
	}
	return len(kept)
}

// scanPages opens the pages on the attacker's host with the victim's codes.
func (w *attackWorld) scanPages(t *testing.T, p *attackPlan) {
	t.Helper()
	for _, path := range []string{"/", "/verify/" + w.victim.texts["Certificate.code"], "/verify/" + w.victim.texts["Certificate.code revoked"], "/graphiql"} {
		a, err := w.get(t.Context(), "", w.attacker.host, path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range p.everything.Scan(a.Body, w.victim.texts["Certificate.code"], w.victim.texts["Certificate.code revoked"]) {
			t.Errorf("%s on %s shows %s", path, w.attacker.host, f)
		}
		if strings.HasPrefix(path, "/verify/") && a.Status != http.StatusNotFound {
			t.Errorf("%s on %s: status %d, want 404", path, w.attacker.host, a.Status)
		}
	}
}

// scanLogs looks for texts of people and for tokens. Ids stand in logs, for those who run the platform.
func (w *attackWorld) scanLogs(t *testing.T) (size int) {
	t.Helper()
	scanner := attack.NewScanner()
	for _, s := range []*side{w.victim, w.attacker, w.newcomer} {
		scanner.Marker("the marker of "+s.slug, s.marker)
		for name, token := range s.tokens {
			scanner.Marker("the token of "+name, token)
		}
	}
	logs := w.logs.Bytes()
	for _, f := range scanner.Scan(logs) {
		t.Errorf("the log has %s", f)
	}
	if !strings.Contains(string(logs), w.victim.trace) {
		t.Error("the log does not even have the ids of requests: is it the log?")
	}
	recorder := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	scanner.ID("the tenant", w.victim.tenant)
	for _, f := range scanner.Scan(recorder.Body.Bytes()) {
		t.Errorf("the metrics have %s", f)
	}
	if !strings.Contains(recorder.Body.String(), "http_") {
		t.Errorf("these are no metrics: %.200s", recorder.Body)
	}
	return len(logs) + recorder.Body.Len()
}

// redisKey is what a key looks like: of one tenant, or in one of the global spaces.
var redisKey = regexp.MustCompile(`^(t:\{([0-9a-f-]{36})\}|g:\{(hosts|clients|staff|cluster)\}):.`)

// scanRedis checks every key, and looks into those that are not the victim's.
func (w *attackWorld) scanRedis(t *testing.T, p *attackPlan) (keys int) {
	t.Helper()
	options, err := redis.ParseURL(w.redis.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	// Buckets are forgotten when they are full again; these two take some seconds.
	for _, s := range []*side{w.victim, w.attacker} {
		w.ask(t, "", s.host, `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { token } }`,
			input{"e": "nobody@" + s.slug + ".example", "p": attackerPassword})
	}
	tenants := map[string]int{}
	scan := client.Scan(t.Context(), 0, "*", 1000).Iterator()
	for scan.Next(t.Context()) {
		keys++
		key := scan.Val()
		parts := redisKey.FindStringSubmatch(key)
		if parts == nil {
			t.Errorf("the key %q belongs to no tenant and to no global space", key)
			continue
		}
		tenants[parts[2]]++
		if parts[2] == w.victim.tenant.String() {
			continue
		}
		value, err := redisValue(t.Context(), client, key)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range p.everything.Scan([]byte(key+"\n"+value), w.sentTexts()...) {
			t.Errorf("the key %q holds %s", key, f)
		}
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*side{w.victim, w.attacker} {
		if tenants[s.tenant.String()] == 0 {
			t.Errorf("Redis has no key of %s: nothing was looked at", s.slug)
		}
	}
	return keys
}

// redisValue is all of the value of a key as text; a key that has gone meanwhile has none.
func redisValue(ctx context.Context, client *redis.Client, key string) (string, error) {
	kind, err := client.Type(ctx, key).Result()
	if err != nil {
		return "", fmt.Errorf("look at key: %w", err)
	}
	var value any
	switch kind {
	case "none":
		return "", nil
	case "string":
		value, err = client.Get(ctx, key).Result()
	case "hash":
		value, err = client.HGetAll(ctx, key).Result()
	case "list":
		value, err = client.LRange(ctx, key, 0, -1).Result()
	case "set":
		value, err = client.SMembers(ctx, key).Result()
	case "zset":
		value, err = client.ZRange(ctx, key, 0, -1).Result()
	default:
		return "", fmt.Errorf("nobody has said how to look into a %s", kind)
	}
	if err != nil {
		return "", fmt.Errorf("look at key: %w", err)
	}
	return fmt.Sprint(value), nil
}

// sentTexts are the victim's names for things that attackers sent.
func (w *attackWorld) sentTexts() []string {
	var texts []string
	for name, text := range w.victim.texts {
		if !strings.HasPrefix(name, "Certificate") {
			texts = append(texts, text)
		}
	}
	// Longer ones first: one may be part of another.
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) })
	return texts
}

// scanFiles looks into all files but the victim's, and reads the documents among them.
func (w *attackWorld) scanFiles(t *testing.T, p *attackPlan) (files, documents int) {
	t.Helper()
	ofVictim := 0
	err := filepath.WalkDir(filepath.Join(w.config.Home, "blobs"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := slices.Concat([]byte(path+"\n"), body, documentText(t, path, body))
		if strings.Contains(path, w.victim.tenant.String()) {
			ofVictim++
			if len(p.everything.Scan(text)) == 0 {
				t.Errorf("nothing of the victim's is found in its own file %s: nothing would be in another's", path)
			}
			return nil
		}
		files++
		if strings.HasPrefix(string(body), "%PDF") {
			documents++
		}
		for _, f := range p.everything.Scan(text) {
			t.Errorf("the file %s holds %s", path, f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if ofVictim == 0 || files == 0 || documents == 0 {
		t.Errorf("%d files of the victim, %d of others with %d documents: nothing was looked at", ofVictim, files, documents)
	}
	return files, documents
}

// documentText is the text of a PDF, nil for other files.
func documentText(t *testing.T, path string, body []byte) []byte {
	t.Helper()
	if !strings.HasPrefix(string(body), "%PDF") {
		return nil
	}
	text, err := exec.CommandContext(t.Context(), "pdftotext", "-q", path, "-").Output()
	if err != nil {
		t.Logf("pdftotext cannot read %s, which is searched as it is: %v", filepath.Base(path), err)
	}
	// A long name is broken into lines.
	return []byte(strings.NewReplacer("\n", "", "-\n", "").Replace(string(text)))
}

// scanRows looks into the rows of all other tenants, the documents of search among them, and into their jobs.
func (w *attackWorld) scanRows(t *testing.T, p *attackPlan) (rows int) {
	t.Helper()
	tables, err := w.tenantTables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{"jobs": `SELECT args::text FROM river.river_job WHERE args->>'tenant_id' <> $1::text`}
	for _, table := range tables {
		queries[table] = `SELECT to_jsonb(r)::text FROM ` + pgx.Identifier{table}.Sanitize() + ` r WHERE tenant_id <> $1::uuid`
	}
	for table, query := range queries {
		found, err := w.walls.Query(t.Context(), query, w.victim.tenant.String())
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		rows += len(lines)
		for _, line := range lines {
			for _, f := range p.everything.Scan([]byte(line), w.sentTexts()...) {
				t.Errorf("a row of %s of another tenant holds %s", table, f)
			}
		}
	}
	return rows
}

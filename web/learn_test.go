package web_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lyceum/web"
)

// TestLearnerPage shows one page for every address of the app, under the app's own policy.
func TestLearnerPage(t *testing.T) {
	t.Parallel()
	h := open(t, func(p *web.Pages) { p.Origins = []string{"https://media.example", "http://search.example:7700"} })
	for _, path := range []string{"/learn/", "/learn/courses/knots", "/learn/courses/knots/lessons/les_1", "/learn/no/such/thing"} {
		w := get(t, h, path)
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: status %d, %v", path, w.Code, w.Header())
		}
		policy := w.Header().Get("Content-Security-Policy")
		for _, part := range []string{
			"default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self' https://media.example http://search.example:7700;",
			"require-trusted-types-for 'script'",
		} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy lacks %s: %s", path, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", path, policy)
		}
		if body := w.Body.String(); strings.Contains(body, hostile) || regexp.MustCompile(`<script>|<style|<[a-z][^>]*\s(style|on[a-z]+)=`).MatchString(body) {
			t.Errorf("%s: a name is not escaped, or something is inline: %s", path, body)
		}
	}
	if w := get(t, h, "/learn"); w.Code/100 != 3 || w.Header().Get("Location") != "/learn/" {
		t.Errorf("/learn: status %d to %q", w.Code, w.Header().Get("Location"))
	}
}

// TestLearnerTenant tells the app of its tenant in JSON, whatever its name is made of.
func TestLearnerTenant(t *testing.T) {
	t.Parallel()
	body := get(t, open(t, func(*web.Pages) {}), "/learn/").Body.String()
	_, rest, _ := strings.Cut(body, `<script type="application/json" id="tenant">`)
	text, _, _ := strings.Cut(rest, "</script>")
	var tenant struct {
		Slug   string `json:"slug"`
		Name   string `json:"name"`
		Accent string `json:"accent"`
	}
	if err := json.Unmarshal([]byte(text), &tenant); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if tenant.Slug != "acme" || tenant.Name != "Acme "+hostile || tenant.Accent != "#7c2d12" {
		t.Errorf("%+v", tenant)
	}
}

// TestLearnerAssets serves every file that the page names, for ever, and to pages of other builds for now.
func TestLearnerAssets(t *testing.T) {
	t.Parallel()
	h := open(t, func(*web.Pages) {})
	named := regexp.MustCompile(`"(/learn/assets/([0-9a-f]{16})/[^"]+)"`).FindAllStringSubmatch(get(t, h, "/learn/").Body.String(), -1)
	if len(named) < 30 {
		t.Fatalf("the page names %d files", len(named))
	}
	types := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
	for _, found := range named {
		w := get(t, h, found[1])
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != types[filepath.Ext(found[1])] || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: status %d, %v", found[1], w.Code, w.Header())
		}
	}
	version := named[0][2]
	for path, status := range map[string]int{
		"/learn/assets/0000000000000000/main.js":        http.StatusOK,
		"/learn/assets/" + version + "/nothing.js":      http.StatusNotFound,
		"/learn/assets/" + version + "/../../../x":      http.StatusTemporaryRedirect,
		"/learn/assets/" + version + "/%2e%2e/icon.svg": http.StatusBadRequest,
	} {
		w := get(t, h, path)
		if w.Code != status || (!strings.Contains(path, version) && w.Header().Get("Cache-Control") != "no-store") {
			t.Errorf("%s: status %d, want %d: %v", path, w.Code, status, w.Header())
		}
	}
}

// TestLearnerUnreachable says that something is wrong when the tenant cannot be read.
func TestLearnerUnreachable(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	h := open(t, func(p *web.Pages) { p.Tenant = noTenant })
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/learn/", http.NoBody))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "Something went wrong") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

// TestLearnerModules runs the unit tests of the app's modules.
func TestLearnerModules(t *testing.T) {
	t.Parallel()
	tests, err := filepath.Glob("test/*.test.mjs")
	if err != nil || len(tests) < 5 {
		t.Fatalf("tests %v, %v", tests, err)
	}
	run(t, "node", append([]string{"--test"}, tests...)...)
}

// TestLearnerTypes checks the app's types, against those that were generated from the schema.
func TestLearnerTypes(t *testing.T) {
	t.Parallel()
	run(t, tool(t, "tsc"), "--project", "tsconfig.json")
}

// TestLearnerTypesAreCurrent fails when the schema or a ready document has changed and the types have not.
func TestLearnerTypesAreCurrent(t *testing.T) {
	t.Parallel()
	run(t, tool(t, "graphql-codegen"), "--config", "codegen.mjs", "--check")
}

// TestLearnerLibraries compares what is served with the packages that package-lock.json pins.
func TestLearnerLibraries(t *testing.T) {
	t.Parallel()
	for ours, theirs := range map[string]string{
		"static/hls/hls.min.mjs": "node_modules/hls.js/dist/hls.min.mjs", "static/hls/LICENSE.hls": "node_modules/hls.js/LICENSE",
	} {
		want, err := os.ReadFile(theirs)
		if os.IsNotExist(err) {
			t.Skipf("%s is not there: run `make node`", theirs)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(ours); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not %s: %v", ours, theirs, err)
		}
	}
}

// tool finds a program of the node packages.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("node_modules", ".bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("web/node_modules has no %s: run `make node`", name)
	}
	return path
}

// run runs a program and fails with it.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node on PATH: the learner app is not checked")
	}
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}

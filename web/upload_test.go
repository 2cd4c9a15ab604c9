package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"lyceum/web"
)

// TestUploadPage shows the page under a policy of its own: a worker from here, bytes to the storage, nothing inline.
func TestUploadPage(t *testing.T) {
	t.Parallel()
	h := open(t, func(p *web.Pages) { p.Origins = []string{"https://files.example"} })
	w := get(t, h, "/upload")
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, %v", w.Code, w.Header())
	}
	policy := w.Header().Get("Content-Security-Policy")
	for _, part := range []string{
		"default-src 'none'", "script-src 'self';", "worker-src 'self';", "style-src 'self';", "connect-src 'self' https://files.example;",
		"frame-ancestors 'none'", "require-trusted-types-for 'script'",
	} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Error(policy)
	}
	body := w.Body.String()
	if strings.Contains(body, hostile) || regexp.MustCompile(`<script>|<style|<[a-z][^>]*\s(style|on[a-z]+)=`).MatchString(body) {
		t.Errorf("a name is not escaped, or something is inline: %s", body)
	}
	named := regexp.MustCompile(`"(/learn/assets/[^"]+)"`).FindAllStringSubmatch(body, -1)
	if len(named) != 3 {
		t.Errorf("the page names %v", named)
	}
	for _, found := range named {
		if w := get(t, h, found[1]); w.Code != http.StatusOK {
			t.Errorf("%s: status %d", found[1], w.Code)
		}
	}
}

// TestUploadFilesAreForUploads keeps the page's files from learners, and tells visitors of the page.
func TestUploadFilesAreForUploads(t *testing.T) {
	t.Parallel()
	h := open(t, func(*web.Pages) {})
	if body := get(t, h, "/learn/").Body.String(); strings.Contains(body, "/upload/") {
		t.Error("the learner app loads files of the upload page")
	}
	if body := get(t, h, "/").Body.String(); !strings.Contains(body, `href="/upload"`) {
		t.Error("the welcome page does not tell of the upload page")
	}
}

// TestUploadUnreachable says that something is wrong when the tenant cannot be read.
func TestUploadUnreachable(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	h := open(t, func(p *web.Pages) { p.Tenant = noTenant })
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/upload", http.NoBody))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "Something went wrong") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

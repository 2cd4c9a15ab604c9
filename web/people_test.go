package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lyceum/web"
)

// TestForPeople shows people a page where programs are refused in words of theirs, and leaves everything else alone.
func TestForPeople(t *testing.T) {
	t.Parallel()
	refuse := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "for programs", status) }
	}
	mux := http.NewServeMux()
	for path, status := range map[string]int{
		"/gone": http.StatusGone, "/closed": http.StatusForbidden, "/often": http.StatusTooManyRequests, "/down": http.StatusServiceUnavailable,
		"/odd": http.StatusBadRequest, "/graphql": http.StatusBadRequest,
		"/readyz": http.StatusServiceUnavailable,
	} {
		mux.HandleFunc(path, refuse(status))
	}
	mux.HandleFunc("/v/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "a page of its own")
	})
	mux.HandleFunc("/good", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "as it is") })
	const browser = "text/html,application/xhtml+xml,*/*;q=0.8"
	for name, tt := range map[string]struct {
		method, path, accept string
		status               int
		says                 string
	}{
		"nothing there":       {"GET", "/nothing", browser, 404, "There is nothing at this address."},
		"only its head":       {"HEAD", "/nothing", browser, 404, "There is nothing at this address."},
		"gone":                {"GET", "/gone", browser, 410, "There is nothing at this address."},
		"closed":              {"GET", "/closed", browser, 403, "or not any more"},
		"too often":           {"GET", "/often", browser, 429, "Wait a moment"},
		"down":                {"GET", "/down", browser, 503, "We cannot answer at the moment."},
		"not understood":      {"GET", "/odd", browser, 400, "not one that we understand"},
		"a page of its own":   {"GET", "/page", browser, 404, "a page of its own"},
		"good":                {"GET", "/good", browser, 200, "as it is"},
		"the API":             {"GET", "/graphql", browser, 400, "for programs"},
		"media":               {"GET", "/v/expired/t/x", browser, 403, ""},
		"health":              {"GET", "/readyz", browser, 503, "for programs"},
		"a program":           {"GET", "/down", "application/json", 503, "for programs"},
		"nobody says":         {"GET", "/down", "", 503, "for programs"},
		"a form that is sent": {"POST", "/down", browser, 503, "for programs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, http.NoBody)
			r.Header.Set("Accept", tt.accept)
			w := httptest.NewRecorder()
			web.ForPeople(mux).ServeHTTP(w, r)
			body := w.Body.String()
			if w.Code != tt.status || !strings.Contains(body, tt.says) {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, body)
			}
			page, told := strings.Contains(body, "<h1>Sorry</h1>"), strings.Contains(body, "for programs")
			if strings.HasPrefix(tt.path, "/v/") && body != "" {
				t.Errorf("media are refused with %s", body)
			}
			if page && (told || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || w.Header().Get("Content-Security-Policy") == "") {
				t.Errorf("%v: %s", w.Header(), body)
			}
		})
	}
}

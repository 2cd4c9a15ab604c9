package graph_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lyceum/graph"
)

// TestBeacon sends what pages may send that are being left, and what a page of another site could.
func TestBeacon(t *testing.T) {
	t.Parallel()
	type seen struct {
		header http.Header
		body   string
	}
	var got *seen
	handler := graph.Beacon(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = &seen{r.Header, string(body)}
		w.WriteHeader(http.StatusOK)
	}))
	const variables = `{"enrollmentId":"e","lessons":[]}`
	for name, tt := range map[string]struct {
		method, body string
		status       int
	}{
		"a beacon":                {http.MethodPost, `{"token":"secret","variables":` + variables + `}`, http.StatusOK},
		"another document":        {http.MethodPost, `{"token":"secret","documentId":"sign-out","query":"mutation{x}","variables":` + variables + `}`, http.StatusOK},
		"without a token":         {http.MethodPost, `{"variables":` + variables + `}`, http.StatusUnauthorized},
		"without variables":       {http.MethodPost, `{"token":"secret"}`, http.StatusBadRequest},
		"a form of another site":  {http.MethodPost, `token=secret&variables={}`, http.StatusBadRequest},
		"not whole":               {http.MethodPost, `{"token":"secret","variables":{`, http.StatusBadRequest},
		"empty":                   {http.MethodPost, ``, http.StatusBadRequest},
		"an image of another one": {http.MethodGet, ``, http.StatusMethodNotAllowed},
		"too large":               {http.MethodPost, `{"token":"` + strings.Repeat("x", 64<<10) + `"}`, http.StatusRequestEntityTooLarge},
	} {
		got = nil
		r := httptest.NewRequestWithContext(t.Context(), tt.method, "/beacon?query={x}", strings.NewReader(tt.body))
		// What a browser, or somebody else's page, may put there by itself.
		for key, value := range map[string]string{
			"Content-Type": "text/plain;charset=UTF-8", "Cookie": "session=1", "Authorization": "Bearer another", "Idempotency-Key": "k",
			"X-Forwarded-For": "203.0.113.9", "User-Agent": "Browser",
		} {
			r.Header.Set(key, value)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != tt.status || (got != nil) != (tt.status == http.StatusOK) {
			t.Errorf("%s: status %d, reached the endpoint: %t; want %d", name, w.Code, got != nil, tt.status)
		}
		if got == nil {
			continue
		}
		var asked map[string]json.RawMessage
		if err := json.Unmarshal([]byte(got.body), &asked); err != nil || len(asked) != 2 ||
			string(asked["documentId"]) != `"record-progress"` || string(asked["variables"]) != variables {
			t.Errorf("%s: %s", name, got.body)
		}
		if got.header.Get("Authorization") != "Bearer secret" || got.header.Get("Cookie") != "" || got.header.Get("Idempotency-Key") != "" ||
			got.header.Get("Content-Type") != "application/json" || got.header.Get("X-Forwarded-For") != "203.0.113.9" {
			t.Errorf("%s: headers %v", name, got.header)
		}
	}
}

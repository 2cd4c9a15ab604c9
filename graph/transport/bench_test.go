package transport_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkPost is what the edge adds to a query that costs nothing: one request, from bytes to bytes.
func BenchmarkPost(b *testing.B) {
	s := serve(b, options{})
	const body = `{"operationName":"Hello","query":"query Hello($name: String) { hello(name: $name) }","variables":{"name":"you"}}`
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", urql)
		w := httptest.NewRecorder()
		s.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body.String())
		}
	}
}

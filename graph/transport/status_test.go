package transport

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lyceum/graph/present"
	"lyceum/internal/fault"
)

// TestStatusOfWhatCameToNothing writes answers of operations that ran.
func TestStatusOfWhatCameToNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		data       string
		err        error
		status     int
		retryAfter string
	}{
		"nothing, unavailable":   {"null", fault.New(fault.Unavailable, "Later.").After(2 * time.Second), 503, "2"},
		"something, unavailable": {`{"a":null}`, fault.New(fault.Unavailable, "Later.").After(2 * time.Second), 200, "2"},
		"nothing, a conflict":    {"null", fault.New(fault.Conflict, "No."), 200, ""},
	} {
		for _, media := range []string{mediaJSON, mediaGraphQL} {
			w := httptest.NewRecorder()
			shown := present.Presenter{}.Present(t.Context(), tt.err)
			write(w, media, &graphql.Response{Data: []byte(tt.data), Errors: gqlerror.List{shown}})
			if w.Code != tt.status || w.Header().Get("Retry-After") != tt.retryAfter {
				t.Errorf("%s, as %s: status %d, Retry-After %q; want %d, %q", name, media, w.Code, w.Header().Get("Retry-After"), tt.status, tt.retryAfter)
			}
		}
	}
}

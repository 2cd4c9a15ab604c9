package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lyceum/internal/platform/telemetry"
)

func TestGroups(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics()
	groups, err := m.NewGroups("progress")
	if err != nil {
		t.Fatal(err)
	}
	groups.Committed(3, 7, 20*time.Millisecond)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for _, want := range []string{
		"progress_group_size_sum 3\n", "progress_group_waiting 7\n",
		`progress_group_commit_seconds_bucket{le="0.01"} 0` + "\n", `progress_group_commit_seconds_bucket{le="0.025"} 1` + "\n",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the metrics lack %q", want)
		}
	}
	if _, err := m.NewGroups("progress"); err == nil {
		t.Error("the same name was taken twice")
	}
}

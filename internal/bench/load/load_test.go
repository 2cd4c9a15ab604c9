package load

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func post(body string) Request {
	return Request("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

func TestRunCountsWhatIsAnswered(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if asked.Add(1)%5 == 0 {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = w.Write(body)
	}))
	defer server.Close()
	refused := errors.New("refused")
	result, err := Run(t.Context(), Options{
		Address: server.Listener.Addr().String(), Connections: 3, For: 200 * time.Millisecond,
		Next: func(connection, _ int) Request { return post(strings.Repeat("x", connection+1)) },
		Accept: func(status int, body []byte) error {
			if status != http.StatusOK {
				return refused
			}
			if len(body) < 1 || len(body) > 3 {
				t.Errorf("an answer is %q", body)
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	// What the time cut off was answered and not counted: at most one a connection.
	if total := int64(result.Requests + result.Failed); total < asked.Load()-3 || total > asked.Load() {
		t.Errorf("%d were asked, %d counted", asked.Load(), total)
	}
	if result.Failed == 0 || !errors.Is(result.First, refused) {
		t.Errorf("%d failed, first %v", result.Failed, result.First)
	}
	if result.P50 <= 0 || result.P99 < result.P50 || result.Bytes < 1 || result.Bytes > 3 || result.PerSecond() <= 0 {
		t.Errorf("measured %+v", result)
	}
}

func TestRunWithoutServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.Listener.Addr().String()
	server.Close()
	_, err := Run(t.Context(), Options{
		Address: address, Connections: 1, For: 20 * time.Millisecond,
		Next:   func(int, int) Request { return post("") },
		Accept: func(int, []byte) error { return nil },
	})
	if err == nil {
		t.Error("nobody answered, and no error says so")
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, tt := range []struct {
		values []time.Duration
		p      int
		want   time.Duration
	}{{hundred, 50, 50}, {hundred, 99, 99}, {hundred, 100, 100}, {hundred[:1], 50, 1}, {hundred[:3], 50, 2}, {hundred[:3], 99, 3}} {
		if got := Percentile(tt.values, tt.p); got != tt.want {
			t.Errorf("the %dth percentile of %d values is %d, want %d", tt.p, len(tt.values), got, tt.want)
		}
	}
}

package load

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestStream hears what is sent until it has enough, and tells a stream that ends by itself from one that was left.
func TestStream(t *testing.T) {
	t.Parallel()
	left := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "refused" {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = fmt.Fprint(w, ":\n\nevent: next\ndata: one\n\nevent: next\ndata: two\n\nevent: complete\ndata:\n\n")
		if r.Host == "ends" {
			return
		}
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(left)
	}))
	defer server.Close()
	address := server.Listener.Addr().String()
	for _, host := range []string{"refused", "ends"} {
		r := Request("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
		if err := Stream(t.Context(), address, nil, r, func() {}, func([]byte) {}); err == nil {
			t.Errorf("%s: a stream that was not left ended without an error", host)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	opened, heard := 0, []string{}
	err := Stream(ctx, address, nil, Request("GET / HTTP/1.1\r\nHost: test\r\n\r\n"), func() { opened++ }, func(data []byte) {
		if heard = append(heard, string(data)); len(heard) == 2 {
			cancel()
		}
	})
	if err != nil || opened != 1 || fmt.Sprint(heard) != "[one two]" {
		t.Errorf("opened %d times, heard %v, %v", opened, heard, err)
	}
	select {
	case <-left:
	case <-time.After(10 * time.Second):
		t.Error("the connection stays open")
	}
}

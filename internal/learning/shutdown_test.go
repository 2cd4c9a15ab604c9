package learning_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"lyceum/internal/learning"
)

// TestShutdownDrains stops a server, as the API is stopped, while batches wait for the database: it is gone when all
// of them are kept and answered, and not before.
func TestShutdownDrains(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(0))
	const waiting = 16
	batches := make(chan int, waiting)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := <-batches
		if _, err := c.RecordProgress(c.learner, c.place.ID, c.play(0, learning.Segment{FromMS: n * 10, ToMS: n*10 + 10})); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	goOn := c.jam(t)
	var group sync.WaitGroup
	for n := range waiting {
		batches <- n
		group.Go(func() {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, http.NoBody)
			if err != nil {
				t.Error(err)
				return
			}
			response, err := server.Client().Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("a batch was answered with %d", response.StatusCode)
			}
		})
	}
	eventually(t, "all wait", func() bool { return c.Waiting() == waiting })
	stopped := make(chan error, 1)
	go func() { stopped <- server.Config.Shutdown(context.WithoutCancel(t.Context())) }()
	eventually(t, "nobody new is let in", func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	select {
	case err := <-stopped:
		t.Fatalf("stopped with batches that wait: %v", err)
	default:
	}
	goOn()
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if n := c.Waiting(); n != 0 {
		t.Errorf("%d batches wait in a server that has stopped", n)
	}
	group.Wait()
	if got := c.watched(t, 0).Watched.String(); got != "{[0,160)}" {
		t.Errorf("watched %s, want all of it", got)
	}
}

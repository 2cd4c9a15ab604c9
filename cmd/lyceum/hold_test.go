package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"lyceum/internal/platform/config"
)

// slowDoor is a server as the program makes them, with short limits.
func slowDoor(t *testing.T, handler http.HandlerFunc) net.Addr {
	t.Helper()
	a := &app{config: &config.Config{Timeout: config.Timeout{
		ReadHeader: 100 * time.Millisecond, Request: 100 * time.Millisecond, Idle: 100 * time.Millisecond,
	}}}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := a.server(listener.Addr().String(), handler)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr()
}

// knock opens a connection and begins a request.
func knock(t *testing.T, at net.Addr, request string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), at.Network(), at.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestNobodyHoldsAConnection: who announces a body and sends none is cut off, whether anybody reads the body or not, and
// so is who takes no answer.
func TestNobodyHoldsAConnection(t *testing.T) {
	t.Parallel()
	const announced = "POST / HTTP/1.1\r\nHost: school\r\nContent-Length: 100\r\n\r\n"
	for name, handler := range map[string]http.HandlerFunc{
		"a body that nobody reads": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"a body that is read":      func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := io.Copy(io.Discard, knock(t, slowDoor(t, handler), announced)); err != nil {
				t.Errorf("the connection stays open: %v", err)
			}
		})
	}
	t.Run("an answer that nobody takes", func(t *testing.T) {
		t.Parallel()
		ended := make(chan error, 1)
		at := slowDoor(t, func(w http.ResponseWriter, _ *http.Request) {
			_, err := w.Write(bytes.Repeat([]byte("x"), 64<<20)) // more than the kernel takes for somebody
			ended <- err
		})
		knock(t, at, "GET / HTTP/1.1\r\nHost: school\r\n\r\n")
		select {
		case err := <-ended:
			if err == nil {
				t.Error("it was all sent to who took nothing")
			}
		case <-time.After(20 * time.Second):
			t.Error("the handler waits for who takes nothing")
		}
	})
}

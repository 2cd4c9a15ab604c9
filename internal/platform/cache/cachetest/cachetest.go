// Package cachetest starts a Redis for a test: the real server where it is installed, else one in process.
package cachetest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// patience bounds how long a server may take to start.
const patience = 20 * time.Second

// attempts is how often another port is tried when somebody else took the one that was free.
const attempts = 3

// Server is a Redis on a port of its own on 127.0.0.1. It stops when the test ends.
type Server struct {
	address string
	dir     string
	path    string
	process *exec.Cmd
	mini    *miniredis.Miniredis
}

// Start returns a running, empty server.
func Start(t testing.TB) *Server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Log("redis-server is not installed: testing against miniredis")
		mini := miniredis.RunT(t)
		return &Server{address: mini.Addr(), mini: mini}
	}
	s := &Server{dir: t.TempDir(), path: path}
	t.Cleanup(func() { s.Stop(t) })
	for range attempts {
		s.address = freeAddress(t)
		if err = s.launch(t); err == nil {
			return s
		}
		s.Stop(t)
	}
	t.Fatalf("start redis-server: %v", err)
	return nil
}

// IsReal reports whether this is the real server.
func (s *Server) IsReal() bool { return s.mini == nil }

// URL returns where the server is, for cache.Config. It stays the same after Stop and Restart.
func (s *Server) URL() string { return "redis://" + s.address }

// Stop kills the server. What was in it is lost.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if s.mini != nil {
		s.mini.Close()
		return
	}
	if s.process == nil {
		return
	}
	if err := s.process.Process.Kill(); err != nil {
		t.Errorf("kill redis-server: %v", err)
	}
	_ = s.process.Wait() // It says that the process was killed.
	s.process = nil
}

// Restart starts a stopped server on the same port.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	var err error
	if s.mini != nil {
		err = s.mini.Restart()
	} else {
		err = s.launch(t)
	}
	if err != nil {
		t.Fatalf("restart redis: %v", err)
	}
}

// Hang stops the server from answering, without closing a connection, until Resume. The test is skipped where only
// miniredis is at hand: it cannot hang.
func (s *Server) Hang(t testing.TB) {
	t.Helper()
	if s.mini != nil {
		t.Skip("redis-server is not installed: miniredis cannot hang")
	}
	s.signal(t, syscall.SIGSTOP)
}

// Resume ends what Hang began.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGCONT)
}

func (s *Server) signal(t testing.TB, sig os.Signal) {
	t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		t.Fatalf("signal redis-server: %v", err)
	}
}

// launch starts the process and waits until it answers.
func (s *Server) launch(t testing.TB) error {
	t.Helper()
	host, port, err := net.SplitHostPort(s.address)
	if err != nil {
		return err
	}
	// The process is ended by Stop, also in a test whose context has ended.
	s.process = exec.CommandContext(context.WithoutCancel(t.Context()), s.path, "--bind", host, "--port", port,
		"--save", "", "--appendonly", "no", "--dir", s.dir)
	if err := s.process.Start(); err != nil {
		s.process = nil
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: s.address})
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		err := client.Ping(ctx).Err()
		if err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

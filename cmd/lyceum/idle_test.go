package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"lyceum/graph/transport"
	"lyceum/internal/platform/cache/cachetest"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

var idleStreams = flag.Int("streams", 400, "how many streams TestIdleStreams opens, if as many files may be open")

const (
	// idleKiB is how much memory an idle stream may take: it is a few goroutines and their buffers.
	idleKiB = 160
	// idleOfOne is how many streams one person opens.
	idleOfOne = 100
	// idleFor is how long the statements of idle streams are counted: two rounds, and a little.
	idleFor = 7 * time.Second
)

// TestIdleStreams opens streams that are told nothing, and measures what each takes of memory and all of the database.
// It does not run beside other tests: they would be measured too.
func TestIdleStreams(t *testing.T) {
	n := fitting(t, *idleStreams)
	s := openSchool(t, t.TempDir(), "REDIS_URL="+cachetest.Start(t).URL(), fmt.Sprintf("LYCEUM_LIMIT_CONNECTIONS_PER_USER=%d", idleOfOne))
	var tokens []string
	for range n/idleOfOne + 1 {
		tokens = append(tokens, s.signIn(t, s.person(t, viewer.Learner)))
	}
	address, counter := s.countAll(t)
	open := func(n int) {
		var all errgroup.Group
		all.SetLimit(8)
		for i := range n {
			all.Go(func() error { return hold(t, address, tokens[i%len(tokens)]) })
		}
		if err := all.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	open(1) // what is made once is there
	before := used()
	open(n - 1)
	each := (used() - before) / int64(n-1) >> 10
	began, first := time.Now(), counter.Load()
	until(t, "there were rounds", func() bool { return time.Since(began) >= idleFor && counter.Load() > first })
	statements, took := counter.Load()-first, time.Since(began).Seconds()
	t.Logf("%d idle streams: %d KiB each, %.1f statements a second in all", n, each, float64(statements)/took)
	if each > idleKiB {
		t.Errorf("an idle stream takes %d KiB, want %d at most", each, idleKiB)
	}
	// Each looks for itself every 30 seconds, whatever is lost; whether they are welcome is asked for all together.
	if most := took * (float64(n)/30 + 1); float64(statements) > most {
		t.Errorf("%d statements in %.1f s, want %.0f at most", statements, took, most)
	}
}

// fitting is how many streams fit: each is two files here, where its client lives in the same process.
func fitting(t *testing.T, n int) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	const others = 200
	return min(n, (int(limit.Cur)-others)/2)
}

// countAll serves the API and counts the statements of all requests together.
func (s *school) countAll(t *testing.T) (address string, counter *pg.Counter) {
	t.Helper()
	handler, err := s.publicHandler(transport.NewStreams())
	if err != nil {
		t.Fatal(err)
	}
	ctx, counter := pg.CountStatements(t.Context())
	server := httptest.NewUnstartedServer(handler)
	server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), counter
}

// hold opens a stream and holds it until the test ends, with as little memory as can be on this side.
func hold(t *testing.T, address, token string) error {
	ctx, cancel := context.WithTimeout(t.Context(), twinPatience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	const body = `{"documentId":"enrollment-changed","variables":{}}`
	if _, err := fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: school.localhost\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", token, len(body), body); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(twinPatience)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	var heard strings.Builder
	for piece := make([]byte, 2048); !strings.Contains(heard.String(), "STARTED"); {
		n, err := conn.Read(piece)
		if err != nil {
			return fmt.Errorf("the stream did not start: %w: %s", err, heard.String())
		}
		heard.Write(piece[:n])
	}
	return nil
}

// used is the memory that is in use, in bytes, when what is not needed is gone.
func used() int64 {
	runtime.GC() //nolint:revive // what is not needed is to be gone
	runtime.GC() //nolint:revive // what is not needed is to be gone
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/graph/transport"
	"lyceum/internal/bench"
	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/limit"
	workload "lyceum/internal/bench/question"
	"lyceum/internal/bench/rig"
	"lyceum/internal/platform/config"
	"lyceum/internal/platform/pgtest"
)

// arena is a seeded database with the whole server over it, in this process.
type arena struct {
	*app

	appURL string
	visits []dataset.Visit
	server *httptest.Server
}

// openArena seeds a database of the size, and serves the API over it as the benchmark does.
func openArena(t testing.TB, size dataset.Size, visitors int) *arena {
	t.Helper()
	appURL, _, superuserURL := pgtest.Clone(t)
	conn, err := pgx.Connect(t.Context(), superuserURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if err := dataset.Seed(t.Context(), conn, size, func(string, int, int) {}); err != nil {
		t.Fatal(err)
	}
	visits, err := dataset.Visits(t.Context(), conn, size, visitors)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Sources{Environ: []string{
		"DATABASE_URL=" + appURL, "LYCEUM_SIGNING_KEYS=test=literal:" + strings.Repeat("k", 64), "LYCEUM_HOME=" + t.TempDir(),
		"LYCEUM_LOG_LEVEL=warn", "LYCEUM_DATABASE_MAX_CONNS=16", "LYCEUM_PUBLIC_BASE_DOMAIN=localhost",
		"LYCEUM_LIMIT_COST_USER=0", "LYCEUM_LIMIT_COST_ADDRESS=0", "LYCEUM_LIMIT_COST_TENANT=0",
	}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
	handler, err := a.publicHandler(transport.NewStreams())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &arena{app: a, appURL: appURL, visits: visits, server: server}
}

// contender is who answers at the address, with visitors of its own.
func (a *arena) contender(t testing.TB, speaker workload.Speaker, address string) *bench.Contender {
	t.Helper()
	c := &bench.Contender{Speaker: speaker, Process: &rig.Process{Address: address}, Visitors: make([]*workload.Visitor, len(a.visits))}
	for i, visit := range a.visits {
		c.Visitors[i] = &workload.Visitor{Visit: visit}
	}
	if err := c.Deepen(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// lyceum is this server as a contender.
func (a *arena) lyceum(t testing.TB) *bench.Contender {
	t.Helper()
	return a.contender(t, workload.Lyceum{Called: "Lyceum", Port: 80}, a.server.Listener.Addr().String())
}

// handWritten serves the statements that were written by hand, over the same database.
func (a *arena) handWritten(t *testing.T) *bench.Contender {
	t.Helper()
	port, err := rig.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bytes := filepath.Join(t.TempDir(), "answer.json")
	if err := os.WriteFile(bytes, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	go func() { ended <- limit.Serve(ctx, address, a.appURL, bytes) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	until, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := rig.Await(until, "http://"+address+"/bytes"); err != nil {
		t.Fatal(err)
	}
	return a.contender(t, workload.Limit{Port: port}, address)
}

// TestContendersAgree asks Lyceum and the SQL written by hand what `make bench` asks: a change of the schema that one of
// them does not follow is found here, not when somebody measures.
func TestContendersAgree(t *testing.T) {
	t.Parallel()
	a := openArena(t, dataset.Size{
		Name: "tiny", Tenants: 2, Users: 60, Courses: 50, Modules: 2, Lessons: 3, Enrollments: 360, Progress: 720,
	}, 12)
	contenders := []*bench.Contender{a.lyceum(t), a.handWritten(t)}
	compared := 0
	for _, q := range workload.All() {
		asked := bench.Asked(q, contenders)
		if len(asked) < len(contenders) || q.Writes {
			// What only one can answer it answers without errors.
			if err := bench.Answers(t.Context(), q, asked); err != nil {
				t.Error(err)
			}
			continue
		}
		compared++
		if err := bench.Agree(t.Context(), q, asked); err != nil {
			t.Error(err)
		}
	}
	if compared < 4 {
		t.Errorf("answers to %d questions were compared, want W1, W2, W3 and W5", compared)
	}
}

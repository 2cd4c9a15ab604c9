// Package limit is what a server could do at best: one statement written by hand for each question, copied out as
// Postgres made it; rows of a bare group commit; and bytes from memory. It knows no sessions, no GraphQL and no rules.
// Row-level security binds it as it binds the others.
package limit

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed statements.sql
var text string

// connections is the size of the pool, which all contenders have.
const connections = 16

// Server answers /sql/{question}, /commit and /bytes.
type Server struct {
	pool       *pgxpool.Pool
	statements map[string]string
	committer  *committer
	bytes      []byte
}

// Serve answers on the address until ctx ends. The bytes are what /bytes answers with.
func Serve(ctx context.Context, address, databaseURL, bytesFile string) error {
	c, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return fmt.Errorf("read the database's address: %w", err)
	}
	c.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return fmt.Errorf("open pool: %w", err)
	}
	defer pool.Close()
	answer, err := os.ReadFile(bytesFile)
	if err != nil {
		return fmt.Errorf("read the answer from memory: %w", err)
	}
	s := &Server{pool: pool, statements: named(text), committer: newCommitter(pool), bytes: answer}
	go s.committer.run(ctx)
	return s.listen(ctx, address)
}

func (s *Server) listen(ctx context.Context, address string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sql/{question}", s.sql)
	mux.HandleFunc("POST /commit", s.commit)
	mux.HandleFunc("GET /bytes", s.memory)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// named splits a file of statements at the lines that name them: "-- W1".
func named(text string) map[string]string {
	statements := map[string]string{}
	for _, part := range strings.Split(text, "\n-- ")[1:] {
		name, statement, _ := strings.Cut(part, "\n")
		statements[strings.TrimSpace(name)] = statement
	}
	return statements
}

// sql runs a question's statement for ?tenant and its arguments ?a, with the tenant set in the same round trip.
func (s *Server) sql(w http.ResponseWriter, r *http.Request) {
	statement, known := s.statements[r.PathValue("question")]
	if !known {
		http.NotFound(w, r)
		return
	}
	query := r.URL.Query()
	var args []any
	for _, a := range query["a"] {
		args = append(args, a)
	}
	var answer []byte
	batch := &pgx.Batch{}
	batch.Queue("SELECT set_config('app.tenant_id', $1, true)", query.Get("tenant"))
	batch.Queue(statement, args...).QueryRow(func(row pgx.Row) error { return row.Scan(&answer) })
	if err := s.pool.SendBatch(r.Context(), batch).Close(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	write(w, answer)
}

// commit keeps a stretch that was played and answers when it is durable.
func (s *Server) commit(w http.ResponseWriter, r *http.Request) {
	played, err := readPlayed(r)
	if err == nil {
		err = s.committer.keep(r.Context(), played)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	write(w, []byte(`{"ok":true}`))
}

func (s *Server) memory(w http.ResponseWriter, _ *http.Request) { write(w, s.bytes) }

func write(w http.ResponseWriter, answer []byte) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answer) // Who hung up hears nothing.
}

// readPlayed reads ?tenant, ?enrollment, ?learner, ?lesson, ?from and ?to.
func readPlayed(r *http.Request) (played, error) {
	query := r.URL.Query()
	var p played
	var errs []error
	for name, into := range map[string]*uuid.UUID{
		"tenant": &p.tenant, "enrollment": &p.enrollment, "learner": &p.learner, "lesson": &p.lesson,
	} {
		id, err := uuid.Parse(query.Get(name))
		*into = id
		errs = append(errs, err)
	}
	p.watched = fmt.Sprintf("{[%s,%s)}", query.Get("from"), query.Get("to"))
	return p, errors.Join(errs...)
}

// Package meilitest is a double of Meilisearch for tests: a server on 127.0.0.1 that speaks the part of its
// protocol that Lyceum uses, and that can be told to fail in the ways in which servers do.
//
// It answers like Meilisearch 1.50: testdata holds a conversation recorded with a real server, and a test has
// the same one with the double. It differs where search is an art: it knows one way to split words, compares
// no synonyms and no vectors, and ranks by a plain count of what Meilisearch's rules weigh.
package meilitest

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Mode is how the server does.
type Mode int

// The modes there are.
const (
	// Up answers.
	Up Mode = iota
	// Refusing answers 503 to everything.
	Refusing
	// Broken answers 500, without a body that anybody could read.
	Broken
	// Garbage answers 200, with what is no JSON.
	Garbage
	// Endless answers 200, with JSON that does not end.
	Endless
	// Hanging takes requests and does not answer them.
	Hanging
)

// Server is the double. It stops when the test ends.
type Server struct {
	URL       string
	MasterKey string

	server *httptest.Server
	ended  chan struct{}

	mu       sync.Mutex
	mode     Mode
	requests int
	indexes  map[string]*index
	keys     map[string]*key
	tasks    []*task
	done     int
	paused   bool
	failing  string
	wake     chan struct{}
}

// New starts a server that holds nothing.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		MasterKey: "master-key-of-a-double", ended: make(chan struct{}), wake: make(chan struct{}, 1),
		indexes: map[string]*index{}, keys: map[string]*key{},
	}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.server.URL
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		s.work()
	}()
	t.Cleanup(func() {
		close(s.ended)
		<-worked
		s.server.CloseClientConnections()
		s.server.Close()
	})
	return s
}

// Set changes the mode.
func (s *Server) Set(mode Mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = mode
}

// Requests returns how many requests came so far.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Pause lets tasks wait, Resume works them off.
func (s *Server) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = true
}

// Resume ends what Pause began.
func (s *Server) Resume() {
	s.mu.Lock()
	s.paused = false
	s.mu.Unlock()
	s.stir()
}

// Fail lets tasks end with the error of this code from now on; empty ends that.
func (s *Server) Fail(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = code
}

// Drop forgets the index, as if its files were lost.
func (s *Server) Drop(uid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.indexes, uid)
}

// Age makes the index older than it is.
func (s *Server) Age(uid string, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.indexes[uid].created = time.Now().Add(-by).UTC().Format(time.RFC3339Nano)
}

// Documents returns the documents of the index as they were put, in the order in which they came.
func (s *Server) Documents(uid string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []map[string]any
	if held := s.indexes[uid]; held != nil {
		for _, d := range held.documents {
			all = append(all, d.fields)
		}
	}
	return all
}

// Indexes returns the names of the indexes.
func (s *Server) Indexes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sortedKeys(s.indexes)
}

// KeyUIDs returns the uids of the API keys.
func (s *Server) KeyUIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sortedKeys(s.keys)
}

// serve answers in the mode of the server.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	mode := s.mode
	s.mu.Unlock()
	switch mode {
	case Refusing:
		w.Header().Set("Retry-After", "10")
		write(w, refuse("too_many_search_requests", "Too many search requests running at the same time: 1000. Retry after 10s."))
	case Broken:
		http.Error(w, "upstream is gone", http.StatusInternalServerError)
	case Garbage:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>It works!</body></html>"))
	case Endless:
		s.pour(w, r)
	case Hanging:
		select {
		case <-r.Context().Done():
		case <-s.ended:
		}
	case Up:
		s.route(w, r)
	}
}

// pour writes until nobody reads any more.
func (s *Server) pour(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	block := make([]byte, 1<<16)
	for i := range block {
		block[i] = '['
	}
	for r.Context().Err() == nil {
		if _, err := w.Write(block); err != nil {
			return
		}
		select {
		case <-s.ended:
			return
		default:
		}
	}
}

// now is in the form of the API.
func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }

// Package stack runs the real binary for end-to-end tests: everything that `make run` starts, on free ports
// of the loopback interface, with the demo tenants.
package stack

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Password is the demo users'.
const Password = "lyceum-demo"

// startLimit bounds a first start, seeding included; stopLimit a stop.
const (
	startLimit = 3 * time.Minute
	stopLimit  = time.Minute
)

// Stack is a running Lyceum.
type Stack struct {
	// Home is its home directory, Binary what runs.
	Home, Binary string
	// Port and AdminPort are where it listens.
	Port, AdminPort int

	environ []string
	signIns atomic.Int32
	command *exec.Cmd
	output  *lockedBuffer
	exited  chan error
}

// lockedBuffer is written by the child's output and read by the test.
type lockedBuffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

// String returns what was written so far.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// Build compiles the binary into dir.
func Build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "lyceum")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "lyceum/cmd/lyceum")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build lyceum: %w\n%s", err, out)
	}
	return binary, nil
}

// Start runs `lyceum dev` in the home directory and returns when it is ready.
func Start(ctx context.Context, binary, home string, environ ...string) (*Stack, error) {
	ports, err := freePorts(ctx)
	if err != nil {
		return nil, err
	}
	s := &Stack{Home: home, Binary: binary, Port: ports[0], AdminPort: ports[1], environ: environ}
	if err := s.Again(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Again starts what was stopped, in the same home and on the same ports, and returns when it is ready.
func (s *Stack) Again(ctx context.Context) error {
	s.output, s.exited = &lockedBuffer{}, make(chan error, 1)
	s.command = exec.Command(s.Binary, "dev")
	s.command.Env = append(os.Environ(), append([]string{
		"PORT=", "ADMIN_PORT=", "DATABASE_URL=", "REDIS_URL=", "LYCEUM_HOME=" + s.Home,
		fmt.Sprintf("LYCEUM_HTTP_ADDR=127.0.0.1:%d", s.Port), fmt.Sprintf("LYCEUM_HTTP_ADMIN_ADDR=127.0.0.1:%d", s.AdminPort),
		// Tests sign in more often than one address may, and so come from many.
		"LYCEUM_HTTP_TRUSTED_PROXIES=127.0.0.1/32",
	}, s.environ...)...)
	s.command.Stdout, s.command.Stderr = s.output, s.output
	if err := s.command.Start(); err != nil {
		return fmt.Errorf("start lyceum: %w", err)
	}
	go func() { s.exited <- s.command.Wait() }()
	if err := s.await(ctx); err != nil {
		return errors.Join(err, s.Stop())
	}
	return nil
}

// await polls /readyz until it answers 200.
func (s *Stack) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("lyceum did not become ready:\n%s", s.output)
		case err := <-s.exited:
			s.exited <- err
			return fmt.Errorf("lyceum ended: %w\n%s", err, s.output)
		case <-tick.C:
			if s.ready(ctx) {
				return nil
			}
		}
	}
}

func (s *Stack) ready(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL("")+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Stop ends the server the way Ctrl-C does, and its children with it.
func (s *Stack) Stop() error { return s.StopBy(os.Interrupt) }

// StopBy is Stop by another signal.
func (s *Stack) StopBy(signal os.Signal) error {
	_ = s.command.Process.Signal(signal)
	select {
	case err := <-s.exited:
		if err != nil {
			return fmt.Errorf("lyceum ended badly: %w\n%s", err, s.output)
		}
		return nil
	case <-time.After(stopLimit):
		_ = s.command.Process.Signal(syscall.SIGKILL)
		return fmt.Errorf("lyceum did not stop within %s:\n%s", stopLimit, s.output)
	}
}

// Output returns what the server printed so far.
func (s *Stack) Output() string { return s.output.String() }

// URL is the address of a tenant; "" is the host that names none.
func (s *Stack) URL(slug string) string {
	if slug == "" {
		return fmt.Sprintf("http://127.0.0.1:%d", s.Port)
	}
	return fmt.Sprintf("http://%s.localhost:%d", slug, s.Port)
}

// AdminURL is where operators look.
func (s *Stack) AdminURL() string { return fmt.Sprintf("http://127.0.0.1:%d", s.AdminPort) }

// Client sends requests to *.localhost to the loopback interface, whatever the resolver thinks of it.
func Client() *http.Client {
	dialer := &net.Dialer{}
	return &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				_, port, err := net.SplitHostPort(address)
				if err != nil {
					return nil, err
				}
				return dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
			},
		},
	}
}

// Answer is a GraphQL response.
type Answer struct {
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Path       []any          `json:"path"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
}

// Code is the code of the first error, "" when there is none.
func (a *Answer) Code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

// Persona is somebody who uses the API of one tenant.
type Persona struct {
	URL   string
	Token string
	// Host is sent instead of the URL's, Address as where the request comes from; "" for none.
	Host, Address string

	client *http.Client
}

// Visitor is somebody who is not signed in.
func (s *Stack) Visitor(slug string) *Persona {
	return &Persona{URL: s.URL(slug), client: Client()}
}

// SignIn returns the demo user "<name>@<slug>.example", from an address of its own: tries are limited by
// address.
func (s *Stack) SignIn(t testing.TB, slug, name string) *Persona {
	t.Helper()
	p := s.Visitor(slug)
	n := s.signIns.Add(1)
	p.Address = fmt.Sprintf("203.0.%d.%d", 113+n/256, n%256)
	var data struct {
		SignIn struct{ Token string }
	}
	p.MustDo(t, `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { token } }`,
		map[string]any{"e": name + "@" + slug + ".example", "p": Password}, &data)
	p.Token = data.SignIn.Token
	return p
}

// Do runs a document and returns the answer as it came.
func (p *Persona) Do(t testing.TB, query string, variables map[string]any) *Answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatalf("encode request: %v", err)
	}
	reply := p.Send(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json"}, body)
	answer := &Answer{}
	if err := json.Unmarshal(reply.Body, answer); err != nil {
		t.Fatalf("answer with status %d is no JSON: %s", reply.Status, reply.Body)
	}
	return answer
}

// Reply is the response to Send.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Send sends any request to the persona's tenant and reads the whole response.
func (p *Persona) Send(t testing.TB, method, path string, header map[string]string, body []byte) *Reply {
	t.Helper()
	response := p.open(t, p.client, method, path, header, body)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	return &Reply{Status: response.StatusCode, Header: response.Header, Body: text}
}

// open sends a request, as the persona, and returns the response to be read.
func (p *Persona) open(
	t testing.TB, client *http.Client, method, path string, header map[string]string, body []byte,
) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatalf("make request: %v", err)
	}
	request.Host = p.Host
	if p.Token != "" {
		request.Header.Set("Authorization", "Bearer "+p.Token)
	}
	if p.Address != "" {
		request.Header.Set("X-Forwarded-For", p.Address)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatalf("send request: %v", err)
	}
	return response
}

// MustDo runs a document that has to succeed and reads its data.
func (p *Persona) MustDo(t testing.TB, query string, variables map[string]any, into any) {
	t.Helper()
	answer := p.Do(t, query, variables)
	if len(answer.Errors) > 0 {
		t.Fatalf("%s\nerrors: %+v", strings.TrimSpace(query), answer.Errors)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		t.Fatalf("read data: %v\n%s", err, answer.Data)
	}
}

// Get fetches a page and returns status and body.
func (p *Persona) Get(t testing.TB, address string) (int, string) {
	t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.URL + address
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatalf("make request: %v", err)
	}
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatalf("get %s: %v", address, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("read %s: %v", address, err)
	}
	return response.StatusCode, string(body)
}

// Events opens a subscription over server-sent events and sends the data of each event, until the test ends.
func (p *Persona) Events(t testing.TB, query, lastEventID string) <-chan json.RawMessage {
	t.Helper()
	return p.Subscribe(t, query, nil, lastEventID).Events
}

// Stream is an open subscription. It ends with the test.
type Stream struct {
	// Events are the data of each event. The channel closes when nothing more will come.
	Events <-chan json.RawMessage

	body io.ReadCloser
	err  error
}

// Close ends the subscription from this side.
func (s *Stream) Close() { _ = s.body.Close() }

// Err says after the last event how the server ended the stream: nil for properly.
func (s *Stream) Err() error { return s.err }

// Subscribe opens a subscription over server-sent events.
func (p *Persona) Subscribe(t testing.TB, query string, variables map[string]any, lastEventID string) *Stream {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatalf("encode request: %v", err)
	}
	header := map[string]string{"Content-Type": "application/json", "Accept": "text/event-stream"}
	if lastEventID != "" {
		header["Last-Event-ID"] = lastEventID
	}
	response := p.open(t, &http.Client{Transport: p.client.Transport}, http.MethodPost, "/graphql", header, body)
	received := make(chan json.RawMessage, 100)
	stream := &Stream{Events: received, body: response.Body}
	go func() {
		defer close(received)
		defer stream.Close()
		stream.err = readEvents(response.Body, received)
	}()
	return stream
}

// readEvents sends the data of each event until the stream ends, and returns an error unless it ended properly.
func readEvents(stream io.Reader, events chan<- json.RawMessage) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok && len(data) > 0 {
			events <- bytes.Clone(data)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return nil
}

// Eventually waits until the condition holds, for at most the time, and fails the test when it does not.
func Eventually(t testing.TB, what string, within time.Duration, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			t.Fatalf("%s did not happen within %s", what, within)
		case <-tick.C:
		}
	}
}

func freePorts(ctx context.Context) ([2]int, error) {
	var ports [2]int
	var open []net.Listener
	for i := range ports {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return ports, fmt.Errorf("find a free port: %w", err)
		}
		open = append(open, listener)
		ports[i] = listener.Addr().(*net.TCPAddr).Port
	}
	for _, listener := range open {
		_ = listener.Close()
	}
	return ports, nil
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"lyceum/internal/platform/cache/cachetest"
	"lyceum/internal/viewer"
)

// twinPatience is how long what two processes do is waited for.
const twinPatience = 30 * time.Second

// twin is one of two processes that serve the same tenants.
type twin struct {
	binary  string
	environ []string
	address string
	process *exec.Cmd
	output  bytes.Buffer
}

// start runs `lyceum serve` and returns when it is ready.
func (p *twin) start(t *testing.T) {
	t.Helper()
	p.process = exec.Command(p.binary, "serve") //nolint:noctx // it is killed by the test
	p.process.Env = append(os.Environ(), p.environ...)
	p.process.Stdout, p.process.Stderr = &p.output, &p.output
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the process is ready", func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.address+"/readyz", http.NoBody)
		if err != nil {
			return false
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode == http.StatusOK
	})
}

// kill gives the process no time.
func (p *twin) kill() {
	_ = p.process.Process.Kill()
	_ = p.process.Wait()
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(twinPatience); !condition(); {
		select {
		case <-end:
			t.Fatalf("still not: %s", what)
		case <-tick.C:
		}
	}
}

// twins are two processes behind one address, over one Postgres and one Redis.
type twins struct {
	*school

	redis     *cachetest.Server
	processes [2]*twin
	// turn chooses the process of the next request.
	turn    atomic.Int64
	address *url.URL
}

func newTwins(t *testing.T) *twins {
	t.Helper()
	home := t.TempDir()
	w := &twins{school: openSchool(t, home), redis: cachetest.Start(t)}
	binary := filepath.Join(t.TempDir(), "lyceum")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "lyceum/cmd/lyceum").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for i := range w.processes {
		p := &twin{binary: binary, address: freePort(t)}
		p.environ = []string{
			"DATABASE_URL=" + w.config.Database.URL.Reveal(), "REDIS_URL=" + w.redis.URL(), "LYCEUM_HOME=" + home,
			"LYCEUM_SIGNING_KEYS=test=literal:" + strings.Repeat("k", 64), "LYCEUM_HTTP_ADDR=" + p.address, "LYCEUM_HTTP_ADMIN_ADDR=" + freePort(t),
			"PORT=", "ADMIN_PORT=", "LYCEUM_LIMIT_COST_USER=0", "LYCEUM_LIMIT_COST_ADDRESS=0", "LYCEUM_LIMIT_COST_TENANT=0",
		}
		w.processes[i] = p
		p.start(t)
		t.Cleanup(func() {
			p.kill()
			if t.Failed() {
				t.Logf("process %d:\n%.4000s", i, p.output.String())
			}
		})
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: w.processes[w.turn.Add(1)%2].address})
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) },
	})
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.address = address
	return w
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// post sends a request to whichever process.
func (w *twins) post(ctx context.Context, token, document string, variables map[string]any, header map[string]string) (*http.Response, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address.String()+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	r.Host = "school.localhost"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	return response, nil
}

// moment is what a stream of progress tells.
type moment struct{ EventID, Kind, LessonID string }

const momentsDocument = `subscription S($i: ID!, $a: String) { progressUpdated(enrollmentId: $i, after: $a) { eventId kind lessonId enrollment { id } } }`

func momentOf(t *testing.T, payload []byte) moment {
	t.Helper()
	var answer struct {
		Data   struct{ ProgressUpdated moment }
		Errors []any
	}
	if err := json.Unmarshal(payload, &answer); err != nil || len(answer.Errors) > 0 {
		t.Fatalf("%s: %v", payload, err)
	}
	return answer.Data.ProgressUpdated
}

// overSSE reads up to n moments behind the event id from whichever process, fewer when the stream breaks.
func (w *twins) overSSE(t *testing.T, token, place, after string, n int) (got []moment) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	header := map[string]string{"Accept": "text/event-stream"}
	if after != "" {
		header["Last-Event-ID"] = after
	}
	response, err := w.post(ctx, token, momentsDocument, map[string]any{"i": place}, header)
	if err != nil {
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	for lines := bufio.NewScanner(response.Body); len(got) < n && lines.Scan(); {
		if data, found := strings.CutPrefix(lines.Text(), "data: "); found && data != "" {
			got = append(got, momentOf(t, []byte(data)))
		}
	}
	return got
}

// overSocket is overSSE over graphql-transport-ws, with the event id as an argument.
func (w *twins) overSocket(t *testing.T, token, place, after string, n int) (got []moment) {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), w.address.String()+"/graphql", &websocket.DialOptions{
		Host: "school.localhost", Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		return nil
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	defer func() { _ = conn.CloseNow() }()
	variables := map[string]any{"i": place}
	if after != "" {
		variables["a"] = after
	}
	for _, message := range []any{
		map[string]any{"type": "connection_init", "payload": map[string]any{"authorization": "Bearer " + token}},
		map[string]any{"type": "subscribe", "id": "s", "payload": map[string]any{"query": momentsDocument, "variables": variables}},
	} {
		if wsjson.Write(t.Context(), conn, message) != nil {
			return nil
		}
	}
	for len(got) < n {
		var m struct {
			Type    string
			Payload json.RawMessage
		}
		if err := wsjson.Read(t.Context(), conn, &m); err != nil {
			return got
		}
		switch m.Type {
		case "next":
			got = append(got, momentOf(t, m.Payload))
		case "error":
			t.Fatalf("%s", m.Payload)
		}
	}
	return got
}

// TestTwoProcessesAreOne has a learner complete lessons through two processes behind one address, while somebody
// watches who is cut off after every few events and comes back to whichever process answers, over events and over
// sockets in turn. Meanwhile Redis goes and comes back, and a process is killed and replaced. Each lesson is told once,
// in order.
func TestTwoProcessesAreOne(t *testing.T) {
	t.Parallel()
	const lessons = 40
	w := newTwins(t)
	w.instructor = w.signIn(t, w.person(t, viewer.Instructor))
	course, ids := w.articles(t, lessons)
	learner := w.signIn(t, w.person(t, viewer.Learner))
	place := w.enroll(t, learner, course)
	started := w.overSSE(t, learner, place, "", 1)
	if len(started) != 1 || started[0].Kind != "STARTED" {
		t.Fatalf("the stream starts with %v", started)
	}
	worked := make(chan error, 1)
	go func() { worked <- w.work(t, learner, place, ids) }()
	var told []string
	last := started[0].EventID
	for round := 0; len(told) < lessons+1; round++ {
		read := w.overSSE
		if round%2 == 1 {
			read = w.overSocket
		}
		for _, m := range read(t, learner, place, last, min(3, lessons+1-len(told))) {
			last = m.EventID
			told = append(told, m.Kind+m.LessonID)
		}
		if t.Context().Err() != nil || round > 20*lessons {
			t.Fatalf("only %d of %d events came", len(told), lessons+1)
		}
	}
	if err := <-worked; err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, id := range ids {
		want = append(want, "LESSON_COMPLETED"+id)
	}
	if want = append(want, "COURSE_COMPLETED"); !slices.Equal(told, want) {
		t.Errorf("told %v,\nwant %v", told, want)
	}
}

// work completes the lessons one by one. On the way Redis and a process go and come back.
func (w *twins) work(t *testing.T, token, place string, lessons []string) error {
	for i, lesson := range lessons {
		switch i {
		case len(lessons) / 5:
			w.redis.Stop(t)
		case 2 * len(lessons) / 5:
			w.redis.Restart(t)
		case 3 * len(lessons) / 5:
			w.processes[0].kill()
		case 4 * len(lessons) / 5:
			w.processes[0].start(t)
		}
		if err := w.complete(t.Context(), token, place, lesson); err != nil {
			return err
		}
	}
	return nil
}

// complete completes a lesson, and asks again when a process has gone: a second time changes nothing.
func (w *twins) complete(ctx context.Context, token, place, lesson string) error {
	const document = `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`
	for range 100 {
		response, err := w.post(ctx, token, document, map[string]any{"e": place, "l": lesson}, nil)
		if err != nil {
			continue
		}
		var answer struct{ Errors []any }
		err = json.NewDecoder(response.Body).Decode(&answer)
		_ = response.Body.Close()
		if err == nil && response.StatusCode == http.StatusOK && len(answer.Errors) == 0 {
			return nil
		}
	}
	return errors.New("a lesson could not be completed")
}

// articles publishes a course of n articles and returns their ids in order.
func (s *school) articles(t *testing.T, n int) (course string, ids []string) {
	t.Helper()
	var saved struct {
		SaveCourse struct{ Course struct{ ID string } }
	}
	s.must(t, s.instructor, `mutation { saveCourse(input: {slug: "articles", title: "Articles", visibility: UNLISTED}) { course { id } } }`, nil, &saved)
	course = saved.SaveCourse.Course.ID
	s.saveModule(t, s.instructor, course)
	for i := range n {
		s.saveLesson(t, s.instructor, course, fmt.Sprintf("a%03d", i), `kind: ARTICLE, body: "Words."`)
	}
	s.must(t, s.instructor, s.documents.Text("publish-course"), map[string]any{"courseId": course}, &struct{}{})
	known := s.lessons(t, "articles")
	for i := range n {
		ids = append(ids, known[fmt.Sprintf("a%03d", i)])
	}
	return course, ids
}

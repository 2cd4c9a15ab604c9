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

const (
	// twinPatience is how long what two processes do is waited for.
	twinPatience = 30 * time.Second
	// twinTick is the time from one try to the next.
	twinTick = 20 * time.Millisecond
)

// twin is one of two processes that serve the same tenants.
type twin struct {
	environ []string
	address string
	process *exec.Cmd
	output  bytes.Buffer
}

// start runs `lyceum serve`, out of this test's own binary, and returns when it is ready.
func (p *twin) start(t *testing.T) {
	t.Helper()
	itself, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p.process = exec.Command(itself, "serve") // it is killed by the test
	p.process.Env = append(append(os.Environ(), p.environ...), runsLyceum+"=1")
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
	if p.process != nil && p.process.Process != nil {
		_ = p.process.Process.Kill()
		_ = p.process.Wait()
	}
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(twinTick)
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
	address   *url.URL
	// turns choose the process of the next request, and of the next stream.
	requests, streams atomic.Int64
}

func newTwins(t *testing.T) *twins {
	t.Helper()
	home := t.TempDir()
	w := &twins{school: openSchool(t, home), redis: cachetest.Start(t)}
	for i := range w.processes {
		p := &twin{address: freePort(t)}
		p.environ = []string{
			"DATABASE_URL=" + w.config.Database.URL.Reveal(), "REDIS_URL=" + w.redis.URL(), "LYCEUM_HOME=" + home,
			"LYCEUM_SIGNING_KEYS=test=literal:" + strings.Repeat("k", 64), "LYCEUM_HTTP_ADDR=" + p.address, "LYCEUM_HTTP_ADMIN_ADDR=" + freePort(t),
			"PORT=", "ADMIN_PORT=", "LYCEUM_LIMIT_COST_USER=0", "LYCEUM_LIMIT_COST_ADDRESS=0", "LYCEUM_LIMIT_COST_TENANT=0",
		}
		w.processes[i] = p
		t.Cleanup(func() {
			p.kill()
			if t.Failed() {
				t.Logf("process %d:\n%.4000s", i, p.output.String())
			}
		})
		p.start(t)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: w.next(r.In).address})
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

// next is the process that gets the request: requests take turns, and so do streams, so that who comes back always
// comes to the other process.
func (w *twins) next(r *http.Request) *twin {
	turn := &w.requests
	if r.Header.Get("Upgrade") != "" || r.Header.Get("Accept") == "text/event-stream" {
		turn = &w.streams
	}
	return w.processes[turn.Add(1)%2]
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

func momentOf(payload []byte) (moment, error) {
	var answer struct {
		Data   struct{ ProgressUpdated moment }
		Errors []any
	}
	if err := json.Unmarshal(payload, &answer); err != nil {
		return moment{}, fmt.Errorf("read %s: %w", payload, err)
	}
	if len(answer.Errors) > 0 {
		return moment{}, fmt.Errorf("refused: %s", payload)
	}
	return answer.Data.ProgressUpdated, nil
}

// watcher watches a learner's place through two processes. It stands in a goroutine of its own and fails no test
// itself.
type watcher struct {
	*twins

	token, place string
}

// overSSE reads up to n moments behind the event id from the next process, fewer when the stream breaks.
func (w watcher) overSSE(ctx context.Context, after string, n int) (got []moment, err error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	header := map[string]string{"Accept": "text/event-stream"}
	if after != "" {
		header["Last-Event-ID"] = after
	}
	response, err := w.post(ctx, w.token, momentsDocument, map[string]any{"i": w.place}, header)
	if err != nil {
		return nil, nil // a process that is away is another one's turn
	}
	defer func() { _ = response.Body.Close() }()
	for lines := bufio.NewScanner(response.Body); len(got) < n && lines.Scan(); {
		data, found := strings.CutPrefix(lines.Text(), "data: ")
		if !found || data == "" {
			continue
		}
		m, err := momentOf([]byte(data))
		if err != nil {
			return got, err
		}
		got = append(got, m)
	}
	return got, nil
}

// overSocket is overSSE over graphql-transport-ws, with the event id as an argument.
func (w watcher) overSocket(ctx context.Context, after string, n int) (got []moment, err error) {
	conn, response, err := websocket.Dial(ctx, w.address.String()+"/graphql", &websocket.DialOptions{
		Host: "school.localhost", Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		return nil, nil // a process that is away is another one's turn
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	defer func() { _ = conn.CloseNow() }()
	for _, message := range []any{
		map[string]any{"type": "connection_init", "payload": map[string]any{"authorization": "Bearer " + w.token}},
		map[string]any{"type": "subscribe", "id": "s", "payload": map[string]any{
			"query": momentsDocument, "variables": map[string]any{"i": w.place, "a": after},
		}},
	} {
		if wsjson.Write(ctx, conn, message) != nil {
			return nil, nil
		}
	}
	for len(got) < n {
		var message struct {
			Type    string
			Payload json.RawMessage
		}
		if wsjson.Read(ctx, conn, &message) != nil {
			return got, nil // it broke
		}
		switch message.Type {
		case "next":
			m, err := momentOf(message.Payload)
			if err != nil {
				return got, err
			}
			got = append(got, m)
		case "error":
			return got, fmt.Errorf("refused: %s", message.Payload)
		}
	}
	return got, nil
}

// watch reads n moments behind the event id, three at a time: then it leaves and comes back to the other process, over
// events and over sockets in turn.
func (w watcher) watch(ctx context.Context, last string, n int) (told []moment, err error) {
	for round := 0; len(told) < n; round++ {
		read := w.overSSE
		if round/2%2 == 1 {
			read = w.overSocket
		}
		got, err := read(ctx, last, min(3, n-len(told)))
		told = append(told, got...)
		if err != nil {
			return told, err
		}
		if len(got) > 0 {
			last = got[len(got)-1].EventID
			continue
		}
		select {
		case <-ctx.Done():
			return told, fmt.Errorf("only %d of %d events came: %w", len(told), n, ctx.Err())
		case <-time.After(twinTick):
		}
	}
	return told, nil
}

// TestTwoProcessesAreOne has a learner complete lessons through two processes behind one address, while somebody
// watches who leaves after every few events and comes back to the other process. Meanwhile Redis goes and comes back,
// and a process is killed and replaced. Each lesson is told once, in order.
func TestTwoProcessesAreOne(t *testing.T) {
	t.Parallel()
	const lessons = 40
	w := newTwins(t)
	w.instructor = w.signIn(t, w.person(t, viewer.Instructor))
	course, ids := w.articles(t, lessons)
	learner := w.signIn(t, w.person(t, viewer.Learner))
	watching := watcher{w, learner, w.enroll(t, learner, course)}
	ctx, leave := context.WithTimeout(t.Context(), twinPatience)
	defer leave()
	started, err := watching.overSSE(ctx, "", 1)
	if err != nil || len(started) != 1 || started[0].Kind != "STARTED" {
		t.Fatalf("the stream starts with %v (%v)", started, err)
	}
	var told []moment
	watched := make(chan error, 1)
	go func() {
		var err error
		told, err = watching.watch(ctx, started[0].EventID, lessons+1)
		watched <- err
	}()
	w.work(ctx, t, watching, ids)
	if err := <-watched; err != nil {
		t.Errorf("watch: %v", err)
	}
	var got, want []string
	for _, m := range told {
		got = append(got, m.Kind+m.LessonID)
	}
	for _, id := range ids {
		want = append(want, "LESSON_COMPLETED"+id)
	}
	if want = append(want, "COURSE_COMPLETED"); !slices.Equal(got, want) {
		t.Errorf("told %v,\nwant %v", got, want)
	}
	if n := w.streams.Load(); n < lessons/3 {
		t.Errorf("%d streams were opened: nobody changes processes", n)
	}
}

// work completes the lessons one by one. On the way Redis and a process go and come back.
func (w *twins) work(ctx context.Context, t *testing.T, who watcher, lessons []string) {
	t.Helper()
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
		if err := w.complete(ctx, who.token, who.place, lesson); err != nil {
			t.Fatal(err)
		}
	}
}

// complete completes a lesson, and asks again when a process has gone: a second time changes nothing.
func (w *twins) complete(ctx context.Context, token, place, lesson string) error {
	const document = `mutation($e: ID!, $l: ID!) { completeLesson(input: {enrollmentId: $e, lessonId: $l}) { completedLessonIds } }`
	var last string
	for range 100 {
		response, err := w.post(ctx, token, document, map[string]any{"e": place, "l": lesson}, nil)
		if err != nil {
			return err
		}
		var answer struct{ Errors []any }
		err = json.NewDecoder(response.Body).Decode(&answer)
		_ = response.Body.Close()
		if err == nil && response.StatusCode == http.StatusOK && len(answer.Errors) == 0 {
			return nil
		}
		last = fmt.Sprint(response.Status, answer.Errors)
	}
	return errors.New("a lesson could not be completed: " + last)
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

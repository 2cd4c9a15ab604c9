package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/e2e/stack"
)

// How much is reported to the server that is killed. All of it is less than what a place is credited at once.
const (
	tellers     = 4
	tellings    = 20
	tellingMS   = 2_000
	tellingTime = 2 * time.Minute
)

// TestKilledServer has learners report to a `lyceum serve` that is killed between two of their batches and while it keeps
// some, and started again: what was acknowledged is there to the millisecond, each batch once.
func TestKilledServer(t *testing.T) {
	c := campusOf(t, "acme")
	course := c.course(t, "killed")
	c.publish(t, course)
	film := c.lesson(t, course, 1)
	s := &doomed{address: freeAddress(t)}
	s.start(t)
	t.Cleanup(func() {
		s.kill(t)
		if t.Failed() {
			t.Logf("the server said:\n%s", s.output)
		}
	})

	ctx, cancel := context.WithTimeout(t.Context(), tellingTime)
	defer cancel()
	var told atomic.Int64
	var group sync.WaitGroup
	var everybody []*teller
	for range tellers {
		id, who := c.person(t, "LEARNER")
		l := &teller{who: who, place: c.assign(t, course, id), film: film, session: uuid.NewString(), told: &told}
		everybody = append(everybody, l)
		group.Go(func() { l.tell(ctx, t, "http://"+s.address) })
	}
	for _, after := range []int64{tellers * tellings / 4, tellers * tellings / 2} {
		stack.Eventually(t, "some batches", tellingTime, func() bool { return told.Load() >= after || t.Failed() })
		if t.Failed() {
			// Somebody was refused: nothing more will be proven.
			cancel()
			group.Wait()
			t.FailNow()
		}
		s.kill(t)
		s.start(t)
	}
	group.Wait()
	for _, l := range everybody {
		lessons := c.list(t, l.who, `query($e: ID!) { node(id: $e) { ... on Enrollment { progress { lessons { lessonId watchedMs timeOnTaskMs } } } } }`,
			input{"e": l.place}, "node", "progress", "lessons")
		want := fmt.Sprint(map[string]any{"lessonId": film, "watchedMs": float64(tellings * tellingMS), "timeOnTaskMs": float64(tellings * tellingMS)})
		found := false
		for _, lesson := range lessons {
			found = found || fmt.Sprint(lesson) == want
		}
		if !found {
			t.Errorf("kept: %v; want %s", lessons, want)
		}
	}
	t.Logf("%d batches of %d learners were acknowledged, %d tries were lost or refused", told.Load(), tellers, s.lost(everybody))
}

// doomed is a server beside the shared one, on its database.
type doomed struct {
	address string
	command *exec.Cmd
	output  *lines
}

func (s *doomed) start(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	database, err := running.AppURL()
	if err != nil {
		t.Fatal(err)
	}
	s.output = &lines{}
	s.command = exec.Command(running.Binary, "serve")
	s.command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LYCEUM_HOME=" + home, "DATABASE_URL=" + database,
		"LYCEUM_HTTP_ADDR=" + s.address, "LYCEUM_HTTP_ADMIN_ADDR=127.0.0.1:0", "LYCEUM_SIGNING_KEYS=own=literal:" + rand.Text() + rand.Text(),
	}
	s.command.Stdout, s.command.Stderr = s.output, s.output
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	stack.Eventually(t, "the server to be ready", time.Minute, func() bool {
		status, err := send(t.Context(), http.MethodGet, "http://"+s.address+"/readyz", "", nil, nil)
		return err == nil && status == http.StatusOK
	})
}

func (s *doomed) kill(t *testing.T) {
	t.Helper()
	if err := s.command.Process.Kill(); err == nil {
		_ = s.command.Wait() // it was killed
	}
}

func (*doomed) lost(everybody []*teller) (n int) {
	for _, l := range everybody {
		n += l.lost
	}
	return n
}

// teller is a learner whose player reports.
type teller struct {
	who                  *stack.Persona
	place, film, session string
	told                 *atomic.Int64
	lost                 int
	// refused is set when the server says that a batch is wrong: then nothing more is tried.
	refused bool
}

// tell sends each batch until it is acknowledged, and every third once more.
func (l *teller) tell(ctx context.Context, t *testing.T, address string) {
	t.Helper()
	for n := 1; n <= tellings && ctx.Err() == nil && !l.refused; {
		if !l.acknowledged(ctx, t, address, n) {
			l.lost++
			pause(ctx, 20*time.Millisecond)
			continue
		}
		if n%3 == 0 {
			l.acknowledged(ctx, t, address, n)
		}
		l.told.Add(1)
		n++
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && !l.refused {
		t.Error("the batches were not acknowledged in time")
	}
}

// pause waits, as players do before they try again, but not for longer than there is time.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

const tellingDocument = `mutation($i: RecordProgressInput!) { recordProgress(input: $i) { completedLessonIds } }`

func (l *teller) acknowledged(ctx context.Context, t *testing.T, address string, n int) bool {
	t.Helper()
	from := (n - 1) * tellingMS
	body, err := json.Marshal(input{"query": tellingDocument, "variables": input{"i": input{
		"enrollmentId": l.place, "sessionId": l.session, "sequence": n,
		"lessons": []input{{"lessonId": l.film, "segments": []input{{"fromMs": from, "toMs": from + tellingMS, "rate": 1}}, "signs": []int{from, from + tellingMS}}},
	}}})
	if err != nil {
		t.Error(err)
		return false
	}
	answer := &stack.Answer{}
	if _, err := send(ctx, http.MethodPost, address+"/graphql", l.who.Token, body, answer); err != nil {
		return false
	}
	if code := answer.Code(); code != "" && code != "UNAVAILABLE" {
		t.Errorf("batch %d: %+v", n, answer.Errors)
		l.refused = true
	}
	return answer.Code() == "" && len(answer.Data) > 0
}

// send sends a request to whoever may be gone.
func send(ctx context.Context, method, address, token string, body []byte, into any) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Host = "acme.localhost"
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	if into == nil {
		return response.StatusCode, nil
	}
	return response.StatusCode, json.NewDecoder(response.Body).Decode(into)
}

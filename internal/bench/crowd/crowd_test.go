package crowd

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/load"
	"lyceum/internal/bench/question"
	"lyceum/internal/platform/pgtest"
)

// TestActivity does something as often as it should, counts what fails, and sees to a server that falls behind.
func TestActivity(t *testing.T) {
	t.Parallel()
	const perMinute = 60_000
	refused := errors.New("refused")
	for name, tt := range map[string]struct {
		takes    time.Duration
		workers  int
		refuse   int
		least    float64
		failures bool
	}{
		"in time":      {workers: 4, least: perMinute / 4},
		"with refusal": {workers: 4, refuse: 5, least: perMinute / 5, failures: true},
		"behind":       {workers: 1, takes: 20 * time.Millisecond, least: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			var done atomic.Int64
			d := activity{name: name, perMinute: perMinute, workers: tt.workers, do: func(ctx context.Context, _ *load.Conn, n int) error {
				until(ctx, time.Now().Add(tt.takes))
				done.Add(1)
				if tt.refuse > 0 && n%tt.refuse == 0 {
					return refused
				}
				return nil
			}}.run(ctx, "")
			if d.Done < tt.least || d.P99 < d.P50 || d.P50 <= 0 {
				t.Errorf("%+v", d)
			}
			if (d.Failed > 0) != tt.failures || errors.Is(d.First, refused) != tt.failures {
				t.Errorf("%d failed, first %v", d.Failed, d.First)
			}
			// Who does one thing in 20 ms where one a millisecond is due falls behind by nearly all the time there is.
			if tt.takes > 0 && d.P99 < 200*time.Millisecond {
				t.Errorf("the delay was not seen: %v", d.P99)
			}
		})
	}
}

// TestLost finds what was acknowledged and is not there, and does not count what nobody acknowledged.
func TestLost(t *testing.T) {
	t.Parallel()
	conn := pgtest.Superuser(t, pgtest.New(t))
	size := dataset.Size{Name: "tiny", Tenants: 2, Users: 40, Courses: 10, Modules: 2, Lessons: 3, Enrollments: 120, Progress: 240}
	if err := dataset.Seed(t.Context(), conn, size, func(string, int, int) {}); err != nil {
		t.Fatal(err)
	}
	people, err := dataset.People(t.Context(), conn, size, 4)
	if err != nil {
		t.Fatal(err)
	}
	refusing := atomic.Bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body := `{"data":{}}`
		if refusing.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	w := newWatching(people, speaker{question.Lyceum{Port: 1}})
	link := &load.Conn{Address: server.Listener.Addr().String()}
	defer link.Close()
	for n := range 3 {
		if err := w.report(t.Context(), link, n); err != nil {
			t.Fatal(err)
		}
	}
	refusing.Store(true)
	if err := w.report(t.Context(), link, 3); err == nil {
		t.Error("a refused report counts as acknowledged")
	}
	keep := func(p *person) {
		if _, err := conn.Exec(t.Context(), `INSERT INTO lesson_progresses (id, tenant_id, created_at, updated_at, enrollment_id, learner_id, lesson_id, watched, watched_ms, position_ms)
			VALUES ($1, $2, now(), now(), $3, $4, $5, int4multirange(int4range(0, 300000)), 300000, 0)
			ON CONFLICT (tenant_id, enrollment_id, lesson_id) DO UPDATE SET watched = excluded.watched`,
			uuid.New(), p.visit.Tenant, p.visit.Enrollment, p.visit.Learner, p.visit.Lessons[0]); err != nil {
			t.Fatal(err)
		}
	}
	keep(w.people[0])
	keep(w.people[1])
	if lost, err := w.lost(t.Context(), conn); err != nil || lost != 1 {
		t.Errorf("of one learner of three it is missing; found %d, %v", lost, err)
	}
	if people, total := w.acknowledged(); people != 3 || total <= 0 {
		t.Errorf("%v of %d learners was acknowledged, want three", total, people)
	}
}

// TestSpeaker writes messages of HTTP that say whose they are.
func TestSpeaker(t *testing.T) {
	t.Parallel()
	v := dataset.Visit{Slug: "company-1", LearnerToken: "token"}
	r := string(speaker{question.Lyceum{Port: 8080}}.stream(v))
	for _, part := range []string{"POST /graphql HTTP/1.1\r\n", "Host: company-1.localhost:8080\r\n", "Authorization: Bearer token\r\n", "Accept: text/event-stream\r\n"} {
		if !strings.Contains(r, part) {
			t.Errorf("%q does not say %q", r, part)
		}
	}
}

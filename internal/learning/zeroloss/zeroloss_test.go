package zeroloss

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/learning"
	"lyceum/internal/platform/local"
	"lyceum/internal/platform/pg/multirange"
	"lyceum/internal/platform/pgtest"
)

// The size of the simulation. A learner's half hour of video is less than what a place of long ago may be credited at
// once, so that the wall clock hides nothing.
const (
	beats    = 60
	beatMS   = 30_000
	signsMS  = 20_000
	writers  = 256
	patience = 10 * time.Minute
)

var learners = flag.Int("learners", 2_000, "how many learners are simulated")

// learner is a simulated client.
type learner struct {
	report

	session uuid.UUID
	lessons []outline.Lesson
	mu      sync.Mutex
	// model is what the API acknowledged, by lesson.
	model map[uuid.UUID]multirange.Int4
	// time is what it acknowledged, each batch once.
	time int
	// last is the highest number acknowledged.
	last int
}

// job is one sending of a batch.
type job struct {
	who    *learner
	seq    int
	at     float64
	forget bool // the client goes away before the answer, and sends again later
}

// batch is the learner's seq-th. Segments overlap by a second, and every seventh rewinds.
func (l *learner) batch(seq int) learning.Batch {
	lesson := l.lessons[seq%len(l.lessons)]
	from := seq * beatMS / 2
	segments := []learning.Segment{{FromMS: max(from-1_000, 0), ToMS: from + beatMS/2, Rate: 1}}
	if seq%7 == 0 {
		segments = append(segments, learning.Segment{FromMS: 0, ToMS: 5_000, Rate: 1})
	}
	position := from + beatMS/2
	return learning.Batch{Session: l.session, Sequence: seq, Lessons: []learning.Played{
		{Lesson: lesson.ID, Segments: segments, PositionMS: &position, SignsMS: []int{0, signsMS}},
	}}
}

// acknowledged notes a batch in the model.
func (l *learner) acknowledged(seq int, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.batch(seq).Lessons {
		for _, s := range p.Segments {
			l.model[p.Lesson] = l.model[p.Lesson].Union(multirange.Int4{{From: int32(s.FromMS), To: int32(s.ToMS)}})
		}
	}
	if first {
		l.time += signsMS
	}
	l.last = max(l.last, seq)
}

// figures are what is printed.
type figures struct{ sent, acknowledged, again, refused, lost, forgotten atomic.Int64 }

// TestZeroLoss has learners report while requests are dropped, doubled and reordered, the process that keeps them
// is killed twice, and its Postgres is stopped without a checkpoint. In the end the database holds what was
// acknowledged, to the millisecond, and nothing else.
func TestZeroLoss(t *testing.T) {
	home, err := os.MkdirTemp("", "lyceum-zeroloss-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	s := &scene{t: t, home: home}
	s.startPostgres()
	t.Cleanup(s.stopPostgres)
	t.Setenv(pgtest.URLVariable, s.server.SuperuserURL)
	d := pgtest.New(t)
	s.dsn = d.URL
	everybody := people(t, d)
	s.startDoor()
	t.Cleanup(func() { s.killDoor() })

	began := time.Now()
	var f figures
	jobs, abandoned := plan(everybody)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s.run(ctx, jobs, &f)
	took := time.Since(began)
	compare(t, d, everybody)
	t.Logf("%d learners x %d batches: %d requests, %d acknowledged (%d of them again), %d refused with 503, %d lost with the connection, %d forgotten by their client, %d never sent",
		*learners, beats, f.sent.Load(), f.acknowledged.Load(), f.again.Load(), f.refused.Load(), f.lost.Load(), f.forgotten.Load(), abandoned)
	t.Logf("%d kills of the API, %d immediate stops of Postgres, %s: %.0f acknowledged batches a second", s.kills, s.stops, took.Round(time.Millisecond),
		float64(f.acknowledged.Load())/took.Seconds())
}

// plan says who sends what when: 1 % of the batches never, 10 % twice, 5 % with a client that does not wait for the
// answer, and all within some beats of their time.
func plan(everybody []*learner) (jobs []job, abandoned int) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, l := range everybody {
		for seq := 1; seq <= beats; seq++ {
			at := func() float64 { return float64(seq) + 5*random.Float64() }
			switch p := random.IntN(100); {
			case p < 1:
				abandoned++
				continue
			case p < 11:
				jobs = append(jobs, job{who: l, seq: seq, at: at()})
			case p < 16:
				jobs = append(jobs, job{who: l, seq: seq, at: at(), forget: true})
			}
			jobs = append(jobs, job{who: l, seq: seq, at: at()})
		}
	}
	slices.SortFunc(jobs, func(a, b job) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		default:
			return 0
		}
	})
	return jobs, abandoned
}

// scene is what is killed and started again.
type scene struct {
	t            *testing.T
	home, dsn    string
	server       *local.Postgres
	door         *exec.Cmd
	address      string
	kills, stops int
}

func (s *scene) startPostgres() {
	s.t.Helper()
	server, err := local.StartPostgres(context.WithoutCancel(s.t.Context()), local.PostgresOptions{Home: s.home})
	if err != nil {
		s.t.Fatal(err)
	}
	if s.server != nil && s.server.SuperuserURL != server.SuperuserURL {
		s.t.Fatalf("Postgres has moved from %s to %s", s.server.SuperuserURL, server.SuperuserURL)
	}
	s.server = server
}

// stopPostgres stops it as `pg_ctl -m immediate` does: with a time that is up already it is not waited for.
func (s *scene) stopPostgres() {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.server.Stop(over)
	<-s.server.Done()
}

// startDoor starts the API's process and returns when it listens.
func (s *scene) startDoor() {
	s.t.Helper()
	if s.address == "" {
		listener, err := (&net.ListenConfig{}).Listen(s.t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			s.t.Fatal(err)
		}
		s.address = listener.Addr().String()
		_ = listener.Close()
	}
	s.door = exec.Command(os.Args[0])
	s.door.Env = append(os.Environ(), databaseVariable+"="+s.dsn, addressVariable+"="+s.address)
	s.door.Stderr = os.Stderr
	if err := s.door.Start(); err != nil {
		s.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		conn, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", s.address)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the API does not listen: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (s *scene) killDoor() {
	_ = s.door.Process.Kill()
	_ = s.door.Wait()
}

// run has the writers send the jobs, and breaks something at each quarter.
func (s *scene) run(ctx context.Context, jobs []job, f *figures) {
	s.t.Helper()
	queue := make(chan job)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: writers}}
	known := &sync.Map{}
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for j := range queue {
				s.send(ctx, client, j, known, f)
			}
		})
	}
	for i, j := range jobs {
		select {
		case queue <- j:
		case <-ctx.Done():
			s.t.Fatalf("%d of %d requests within %s", i, len(jobs), patience)
		}
		switch i {
		case len(jobs) / 4, 3 * len(jobs) / 4:
			s.killDoor()
			s.kills++
			s.startDoor()
		case len(jobs) / 2:
			s.stopPostgres()
			s.stops++
			s.startPostgres()
		}
	}
	close(queue)
	group.Wait()
}

// send sends a batch until it is acknowledged. Whoever forgets sends once and does not listen.
func (s *scene) send(ctx context.Context, client *http.Client, j job, known *sync.Map, f *figures) {
	in := j.who.report
	in.Batch = j.who.batch(j.seq)
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Error(err)
		return
	}
	for ctx.Err() == nil {
		f.sent.Add(1)
		trying, leave := context.WithCancel(ctx)
		if j.forget {
			time.AfterFunc(time.Duration(j.seq%20)*time.Millisecond, leave)
		}
		status, answer := s.post(trying, client, body)
		leave()
		switch {
		case status == http.StatusOK:
			_, again := known.LoadOrStore([2]any{j.who, j.seq}, true)
			if again {
				f.again.Add(1)
			}
			f.acknowledged.Add(1)
			j.who.acknowledged(j.seq, !again)
			return
		case status == http.StatusServiceUnavailable:
			f.refused.Add(1)
		case status == 0:
			f.lost.Add(1)
		default:
			s.t.Errorf("batch %d: status %d: %s", j.seq, status, answer)
			return
		}
		if j.forget {
			f.forgotten.Add(1)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Errorf("batch %d of %s was not acknowledged in time", j.seq, j.who.Learner)
}

// post returns the status, 0 when there was no answer.
func (s *scene) post(ctx context.Context, client *http.Client, body []byte) (status int, answer string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address, bytes.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	text := &strings.Builder{}
	_ = response.Write(text)
	return response.StatusCode, text.String()
}

// people makes the learners, in two tenants, with places that they took up long ago.
func people(t *testing.T, d *pgtest.Database) []*learner {
	t.Helper()
	all := make([]*learner, *learners)
	for n, slug := range []string{"acme", "globex"} {
		tenant := pgtest.NewTenant(t, d, slug)
		ctx := tenant.System(t.Context())
		lessons := make([]outline.Lesson, 3)
		for i := range lessons {
			lessons[i] = outline.Lesson{ID: uuid.New(), Kind: outline.Video, Required: true, DurationMS: (beats + 2) * beatMS}
		}
		course := d.Course.Create().SetSlug("course").SetTitle("Course").SetInstructorID(tenant.Instructor).SaveX(ctx)
		o := outline.Outline{Modules: []outline.Module{{ID: uuid.New(), Lessons: lessons}}}
		version := d.CourseVersion.Create().
			SetCourseID(course.ID).SetNumber(1).SetSlug(course.Slug).SetTitle(course.Title).SetInstructorID(tenant.Instructor).
			SetContentHash("").SetOutline(o).SetLessonCount(len(lessons)).SetRequiredCount(o.Required()).SetDurationMs(0).
			SetPublishedBy(tenant.Instructor).SaveX(ctx)
		var users, places []uuid.UUID
		for i := n; i < *learners; i += 2 {
			users, places = append(users, uuid.New()), append(places, uuid.New())
			all[i] = &learner{
				report:  report{Tenant: tenant.ID, Learner: users[len(users)-1], Place: places[len(places)-1]},
				session: uuid.New(), lessons: lessons, model: map[uuid.UUID]multirange.Int4{},
			}
		}
		insert(t, d, `INSERT INTO users (id, tenant_id, created_at, updated_at, email, name, role)
			SELECT u, $1, now(), now(), u || '@learners.example', 'Learner', 'LEARNER' FROM unnest($2::uuid[]) AS u`, tenant.ID, users)
		insert(t, d, `INSERT INTO enrollments (id, tenant_id, created_at, updated_at, learner_id, course_id, version_id, state, source, enrolled_by, enrolled_at)
			SELECT p, $1, now(), now(), u, $4, $5, 'ACTIVE', 'SELF', u, now() - interval '1 day' FROM unnest($2::uuid[], $3::uuid[]) AS n (p, u)`,
			tenant.ID, places, users, course.ID, version.ID)
	}
	return all
}

// insert fills a table in one statement: thousands of learners one by one would take longer than the test.
func insert(t *testing.T, d *pgtest.Database, sql string, args ...any) {
	t.Helper()
	if _, err := pgtest.Superuser(t, d).Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// compare holds the database against the model.
func compare(t *testing.T, d *pgtest.Database, everybody []*learner) {
	t.Helper()
	kept, times := stored(t, d)
	var watched, wrong int
	for _, l := range everybody {
		for lesson, want := range l.model {
			got := kept[[2]uuid.UUID{l.Place, lesson}]
			watched += got.Len()
			if !slices.Equal(got, want) {
				wrong++
				t.Errorf("%s: %s is kept, %s was acknowledged", l.Place, got, want)
			}
			delete(kept, [2]uuid.UUID{l.Place, lesson})
		}
		if times[l.Place] != l.time {
			wrong++
			t.Errorf("%s: %d ms on task are kept, %d were acknowledged", l.Place, times[l.Place], l.time)
		}
		if wrong > 10 {
			t.Fatal("and so on")
		}
	}
	if len(kept) > 0 {
		t.Errorf("%d lessons have evidence that nobody sent", len(kept))
	}
	t.Logf("%s of video are kept of %d learners, all of it acknowledged and nothing else", time.Duration(watched)*time.Millisecond, len(everybody))
}

// stored reads what the database holds.
func stored(t *testing.T, d *pgtest.Database) (kept map[[2]uuid.UUID]multirange.Int4, times map[uuid.UUID]int) {
	t.Helper()
	kept, times = map[[2]uuid.UUID]multirange.Int4{}, map[uuid.UUID]int{}
	rows, err := pgtest.Superuser(t, d).Query(t.Context(), `SELECT enrollment_id, lesson_id, watched, watched_ms, time_ms FROM lesson_progresses`)
	if err != nil {
		t.Fatal(err)
	}
	var place, lesson uuid.UUID
	var watched multirange.Int4
	var length, spent int
	_, err = pgx.ForEachRow(rows, []any{&place, &lesson, &watched, &length, &spent}, func() error {
		kept[[2]uuid.UUID{place, lesson}] = slices.Clone(watched)
		times[place] += spent
		if watched.Len() != length {
			return fmt.Errorf("%s is said to be %d ms long", watched, length)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return kept, times
}

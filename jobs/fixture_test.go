package jobs_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/analytics"
	"lyceum/internal/assessment"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/compliance"
	"lyceum/internal/credential"
	"lyceum/internal/engagement"
	"lyceum/internal/enrollment"
	"lyceum/internal/gen/ent"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/learning"
	"lyceum/internal/media"
	"lyceum/internal/notification"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/blob/file"
	"lyceum/internal/platform/eventlog"
	"lyceum/internal/platform/mail"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
	"lyceum/jobs"
	"lyceum/search"
	"lyceum/search/postgres"
)

// patience is how long a test waits for what must come.
const patience = 90 * time.Second

// openFiles opens the store in the directory.
func openFiles(dir string) (*file.Store, error) {
	signer, err := blob.NewSigner(blob.SigningKey{ID: "k1", Secret: bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		return nil, err
	}
	return file.Open(file.Config{Dir: dir, BaseURL: "/blob", Signer: signer})
}

// services are those of a real server over the database and the store.
func services(db *pg.DB, store *file.Store) jobs.Services {
	return jobs.Services{
		DB:           db,
		Enrollment:   &enrollment.Service{DB: db, Evidence: &learning.Service{DB: db}},
		Pathway:      &pathway.Service{DB: db, Places: jobs.PathPlaces{Service: &enrollment.Service{DB: db}}},
		Learning:     &learning.Service{DB: db},
		Assessment:   &assessment.Service{DB: db, Completer: &learning.Service{DB: db}},
		Credential:   &credential.Service{DB: db, Blobs: store, Page: page},
		Notification: &notification.Service{DB: db, Post: post(&outbox{})},
		Media:        &media.Service{DB: db, Blobs: store, MaxUpload: 1 << 20},
		Engagement:   &engagement.Service{DB: db},
		Analytics:    &analytics.Service{},
		Search:       &search.Service{DB: db, Local: &postgres.Engine{DB: db}},
	}
}

// outbox keeps what is sent, and says no while it has an error.
type outbox struct {
	mu   sync.Mutex
	sent []mail.Message
	no   error
}

func (o *outbox) Send(_ context.Context, m mail.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.no == nil {
		o.sent = append(o.sent, m)
	}
	return o.no
}

func (o *outbox) all() []mail.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent)
}

func (o *outbox) refuse(with error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.no = with
}

func post(sender mail.Sender) notification.Post {
	return notification.Post{Sender: sender, From: "no-reply@lyceum.example", Page: page, Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}}
}

func page(slug, path string) string { return "https://" + slug + ".example" + path }

// options are those of a test: everything happens soon.
func options() jobs.Options {
	return jobs.Options{
		Queues:  map[string]int{jobs.QueueDefault: 4, jobs.QueueSearch: 2, jobs.QueueMail: 2},
		Timeout: 5 * time.Second, RescueAfter: 5 * time.Second, Poll: 50 * time.Millisecond,
	}
}

type fixture struct {
	*pgtest.Database

	// db announces and records for good, as the server's does.
	db           *pg.DB
	acme, globex pgtest.Tenant
	dir          string
	store        *file.Store
	log          *bytes.Buffer
}

func setup(t *testing.T) fixture {
	t.Helper()
	f := fixture{Database: pgtest.New(t), dir: filepath.Join(t.TempDir(), "blobs"), log: &bytes.Buffer{}}
	f.acme, f.globex = pgtest.NewTenant(t, f.Database, "acme"), pgtest.NewTenant(t, f.Database, "globex")
	if err := os.MkdirAll(f.dir, 0o750); err != nil {
		t.Fatal(err)
	}
	var err error
	if f.store, err = openFiles(f.dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.store.Close() })
	inserter, err := jobs.NewInserter(f.Pool(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f.db = pg.Open(f.Pool(), pg.Hooks{Announce: jobs.Announce(inserter, nil), Record: compliance.Record})
	return f
}

// work starts a worker that ends with the test.
func (f fixture) work(t *testing.T, with jobs.Services, o jobs.Options) *jobs.Client {
	t.Helper()
	worker, err := jobs.NewWorker(pgtest.Pool(t, f.URL), slog.New(slog.NewTextHandler(f.log, nil)), with, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := worker.StopAndCancel(ctx); err != nil {
			t.Errorf("stop worker: %v", err)
		}
	})
	return worker
}

// announce tells the events in a transaction of the tenant.
func (f fixture) announce(t *testing.T, tenant pgtest.Tenant, events ...pg.Event) {
	t.Helper()
	ctx := tenant.System(t.Context())
	if err := f.db.Tx(ctx, func(tx *pg.Tx) error { return tx.Enqueue(ctx, events...) }); err != nil {
		t.Fatal(err)
	}
}

// published is a published course with two lessons, and the tenant's learner in it.
type published struct {
	course     uuid.UUID
	enrollment *ent.Enrollment
}

func (f fixture) publish(t *testing.T, tenant pgtest.Tenant) published {
	t.Helper()
	ctx := tenant.System(t.Context())
	slug := "c" + uuid.NewString()
	const title = "Coffee basics"
	course := f.Course.Create().SetSlug(slug).SetTitle(title).SetInstructorID(tenant.Instructor).SaveX(ctx)
	module := outline.Module{ID: uuid.New()}
	for _, lesson := range []string{"Beans", "Water"} {
		module.Lessons = append(module.Lessons, outline.Lesson{ID: uuid.New(), Title: lesson, Kind: outline.Article, Required: true})
	}
	version := f.CourseVersion.Create().SetCourseID(course.ID).SetNumber(1).SetSlug(slug).SetTitle(title).
		SetInstructorID(tenant.Instructor).SetContentHash("x").SetOutline(outline.Outline{Modules: []outline.Module{module}}).SetLessonCount(2).
		SetRequiredCount(2).SetDurationMs(0).SetPublishedBy(tenant.Instructor).SaveX(ctx)
	f.Publication.Create().SetCourseID(course.ID).SetVersionID(version.ID).SetNumber(1).SetSlug(slug).SetTitle(title).
		SetInstructorID(tenant.Instructor).ExecX(ctx)
	for _, lesson := range module.Lessons {
		f.LessonVersion.Create().SetVersionID(version.ID).SetCourseID(course.ID).SetLessonID(lesson.ID).SetTitle(lesson.Title).
			SetKind(outline.Article).SetPreview(false).SetBodyText("All about " + lesson.Title).ExecX(ctx)
	}
	return published{course: course.ID, enrollment: f.Enrollment.Create().SetLearnerID(tenant.Learner).SetCourseID(course.ID).
		SetVersionID(version.ID).SetSource(entenrollment.SourceSTAFF).SetEnrolledBy(tenant.Instructor).SaveX(ctx)}
}

func (p published) completed(tenant pgtest.Tenant) learning.CourseCompleted {
	return learning.CourseCompleted{
		ID: uuid.New(), Tenant: tenant.ID, At: time.Now().UTC(), Enrollment: p.enrollment.ID, Learner: tenant.Learner, Course: p.course,
	}
}

// lesson is completed.
func (p published) lesson(tenant pgtest.Tenant, lesson uuid.UUID) learning.LessonCompleted {
	return learning.LessonCompleted{
		ID: uuid.New(), Tenant: tenant.ID, At: time.Now().UTC(), Enrollment: p.enrollment.ID, Learner: tenant.Learner, Course: p.course,
		Lesson: lesson,
	}
}

// happened writes the events down and tells nobody.
func (f fixture) happened(t *testing.T, tenant pgtest.Tenant, events ...pg.Event) {
	t.Helper()
	ctx := tenant.System(t.Context())
	err := f.db.Tx(ctx, func(tx *pg.Tx) error {
		_, err := eventlog.Append(ctx, tx, events...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// again delivers every job a second time that there is, of each kind.
func (f fixture) again(t *testing.T) {
	t.Helper()
	const double = `
		INSERT INTO river.river_job (kind, args, queue, state, max_attempts, priority, scheduled_at, metadata)
		SELECT kind, args, queue, 'available', max_attempts, priority, now(), '{}' FROM river.river_job WHERE kind NOT LIKE 'sweep.%'`
	if _, err := f.Exec(t.Context(), double); err != nil {
		t.Fatal(err)
	}
}

// stored is a job as its table has it.
type stored struct {
	ID          int64
	Kind        string
	State       rivertype.JobState
	Queue       string
	Attempt     int
	MaxAttempts int
	Args        string
	Errors      string
}

// jobs returns the jobs of the kind, "" for all but the sweeps, which come and go.
func (f fixture) jobs(t *testing.T, kind string) []stored {
	t.Helper()
	const list = `
		SELECT id, kind, state::text, queue, attempt, max_attempts, args::text, coalesce(errors::text, '') FROM river.river_job
		WHERE kind = $1 OR ($1 = '' AND kind NOT LIKE 'sweep.%') ORDER BY id`
	rows, err := f.Query(t.Context(), list, kind) //nolint:rowserrcheck // ForEach returns it
	if err != nil {
		t.Fatal(err)
	}
	var (
		found []stored
		j     stored
	)
	err = pg.ForEach(rows, []any{&j.ID, &j.Kind, &j.State, &j.Queue, &j.Attempt, &j.MaxAttempts, &j.Args, &j.Errors}, func() error {
		found = append(found, j)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// allIn waits until all jobs but the sweeps are in the state.
func (f fixture) allIn(t *testing.T, state rivertype.JobState) {
	t.Helper()
	eventually(t, "all jobs "+string(state), func() bool {
		for _, job := range f.jobs(t, "") {
			if job.State != state {
				return false
			}
		}
		return true
	})
}

func (f fixture) documents(t *testing.T, tenant pgtest.Tenant) (n int) {
	t.Helper()
	all, err := blob.NewPrefix(tenant.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range f.store.List(t.Context(), all) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// indexed is how many documents search holds of the course.
func (f fixture) indexed(t *testing.T, tenant pgtest.Tenant, course uuid.UUID) (n int) {
	t.Helper()
	const count = `SELECT count(*) FROM search_documents WHERE course_id = $1`
	if err := f.QueryRow(tenant.System(t.Context()), count, course).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (f fixture) verify(t *testing.T, tenant pgtest.Tenant) int {
	t.Helper()
	n, err := (&compliance.Service{DB: f.db}).Verify(viewer.With(t.Context(), viewer.Operator(tenant.ID, "audit verify")))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

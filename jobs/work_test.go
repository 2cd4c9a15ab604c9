package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/catalog"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/asset"
	"lyceum/internal/gen/ent/certificate"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/jobs"
)

// TestCompletionTravels announces a completed course and sees all that follows from it, in two tenants, though
// every job is there twice.
func TestCompletionTravels(t *testing.T) {
	t.Parallel()
	f := setup(t)
	courses := map[pgtest.Tenant]published{f.acme: f.publish(t, f.acme), f.globex: f.publish(t, f.globex)}
	for tenant, p := range courses {
		published := catalog.CoursePublished{ID: uuid.New(), Tenant: tenant.ID, At: time.Now(), Course: p.course}
		f.announce(t, tenant, p.completed(tenant), published)
	}
	f.again(t)
	f.work(t, services(f.db, f.store), options())
	eventually(t, "both certificates printed", func() bool {
		return f.Certificate.Query().Where(certificate.PdfKeyNEQ("")).CountX(f.acme.System(t.Context())) == 1 &&
			f.Certificate.Query().Where(certificate.PdfKeyNEQ("")).CountX(f.globex.System(t.Context())) == 1
	})
	f.allIn(t, rivertype.JobStateCompleted)
	for tenant, p := range courses {
		ctx := tenant.System(t.Context())
		if state := f.Enrollment.GetX(ctx, p.enrollment.ID).State; state != enrollment.StateCOMPLETED {
			t.Errorf("%s: the enrollment is %s", tenant.Slug, state)
		}
		if n := f.Certificate.Query().CountX(ctx); n != 1 {
			t.Errorf("%s: %d certificates", tenant.Slug, n)
		}
		if n := f.documents(t, tenant); n != 1 {
			t.Errorf("%s: %d documents", tenant.Slug, n)
		}
		for _, kind := range []notification.Kind{notification.KindCOURSE_COMPLETED, notification.KindCERTIFICATE_ISSUED} {
			if n := f.Notification.Query().Where(notification.KindEQ(kind), notification.UserID(tenant.Learner)).CountX(ctx); n != 1 {
				t.Errorf("%s: told %s %d times", tenant.Slug, kind, n)
			}
		}
		if n := f.indexed(t, tenant, p.course); n != 3 {
			t.Errorf("%s: %d documents in the index, want the course and two lessons", tenant.Slug, n)
		}
		if n := f.verify(t, tenant); n != 1 {
			t.Errorf("%s: %d entries in the audit log, want the certificate", tenant.Slug, n)
		}
	}
	// Two of each kind for each tenant, but the two that follow from the one certificate.
	if n := len(f.jobs(t, "certificate.print")); n != 2 {
		t.Errorf("%d jobs to print, want one for each certificate", n)
	}
	for _, job := range f.jobs(t, "") {
		if job.MaxAttempts != 12 {
			t.Errorf("%s is tried %d times at most", job.Kind, job.MaxAttempts)
		}
		want, elsewhere := map[string]string{"search.sync_course": jobs.QueueSearch, "mail.notification": jobs.QueueMail}[job.Kind]
		if !elsewhere {
			want = jobs.QueueDefault
		}
		if job.Queue != want {
			t.Errorf("%s waits in %s, want %s", job.Kind, job.Queue, want)
		}
	}
}

// TestNothingIsAnnouncedWithoutItsCause rolls back.
func TestNothingIsAnnouncedWithoutItsCause(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p := f.publish(t, f.acme)
	ctx := f.acme.System(t.Context())
	boom := errors.New("boom")
	err := f.db.Tx(ctx, func(tx *pg.Tx) error {
		if err := tx.Enqueue(ctx, p.completed(f.acme)); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) || len(f.jobs(t, "")) != 0 {
		t.Errorf("%v, jobs %v", err, f.jobs(t, ""))
	}
	err = f.db.Tx(ctx, func(tx *pg.Tx) error { return tx.Enqueue(ctx, stranger{}) })
	if err == nil {
		t.Error("an event that the table does not know was announced")
	}
	if err := f.db.Tx(ctx, func(tx *pg.Tx) error { return tx.Enqueue(ctx) }); err != nil {
		t.Errorf("announcing nothing: %v", err)
	}
}

type stranger struct{}

func (stranger) Kind() string { return "test.stranger" }

// insert puts a job into the queue as nobody's code would.
func (f fixture) insert(t *testing.T, args river.JobArgs) {
	t.Helper()
	client, err := jobs.NewInserter(f.Pool(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Insert(t.Context(), args, nil); err != nil {
		t.Fatal(err)
	}
}

// TestHopelessJobsAreCancelled: what is gone, of another tenant, or of no tenant is not tried again.
func TestHopelessJobsAreCancelled(t *testing.T) {
	t.Parallel()
	f := setup(t)
	foreign := f.publish(t, f.globex)
	for _, args := range []river.JobArgs{
		jobs.IssueCertificate{Tenant: f.acme.ID, Enrollment: uuid.New()},
		jobs.IssueCertificate{Tenant: f.acme.ID, Enrollment: foreign.enrollment.ID},
		jobs.IssueCertificate{Enrollment: foreign.enrollment.ID},
		jobs.FinishEnrollment{Tenant: f.acme.ID, Enrollment: foreign.enrollment.ID},
		jobs.NotifyAssigned{Tenant: f.acme.ID, Enrollment: foreign.enrollment.ID},
		jobs.PrintCertificate{Tenant: f.acme.ID, Certificate: uuid.New()},
		jobs.NotifyRevoked{Tenant: uuid.New(), Certificate: uuid.New()},
		jobs.SyncCourse{Course: foreign.course},
		jobs.MailNotification{Tenant: f.acme.ID, Notification: uuid.New()},
	} {
		f.insert(t, args)
	}
	with := services(f.db, f.store)
	with.Search = &moody{then: with.Search}
	f.work(t, with, options())
	f.allIn(t, rivertype.JobStateCancelled)
	for _, job := range f.jobs(t, "") {
		if job.Attempt != 1 {
			t.Errorf("%s %s was tried %d times", job.Kind, job.Args, job.Attempt)
		}
	}
	ctx := f.globex.System(t.Context())
	if n := f.Certificate.Query().CountX(ctx) + f.Notification.Query().CountX(ctx) + f.indexed(t, f.globex, foreign.course); n != 0 {
		t.Errorf("acme's jobs did %d things in globex", n)
	}
	if state := f.Enrollment.GetX(ctx, foreign.enrollment.ID).State; state != enrollment.StateACTIVE {
		t.Errorf("globex's enrollment is %s", state)
	}
}

// moody is a search that fails so many times, each in its own way, and repairs nothing.
type moody struct {
	failures atomic.Int64
	then     jobs.Syncer
}

func (m *moody) SyncCourse(ctx context.Context, course uuid.UUID) error {
	switch m.failures.Add(-1) {
	case 1:
		return fault.New(fault.Unavailable, "Come back.")
	case 0:
		panic("on purpose")
	default:
		return m.then.SyncCourse(ctx, course)
	}
}

func (*moody) Repair(context.Context) (int, error) { return 0, nil }

func (*moody) SyncFilm(context.Context, uuid.UUID) error { return nil }

// TestFailedJobsAreTriedAgain, also after a panic, and said aloud once each.
func TestFailedJobsAreTriedAgain(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p := f.publish(t, f.acme)
	with := services(f.db, f.store)
	trouble := &moody{then: with.Search}
	trouble.failures.Store(2)
	with.Search = trouble
	f.insert(t, jobs.SyncCourse{Tenant: f.acme.ID, Course: p.course})
	f.work(t, with, options())
	f.allIn(t, rivertype.JobStateCompleted)
	if job := f.jobs(t, "search.sync_course")[0]; job.Attempt != 3 {
		t.Errorf("it took %d attempts, want 3", job.Attempt)
	}
	if n := f.indexed(t, f.acme, p.course); n != 3 {
		t.Errorf("%d documents", n)
	}
	said := f.log.String()
	if strings.Count(said, `msg="job failed"`) != 1 || strings.Count(said, `msg="job panicked"`) != 1 || strings.Contains(said, "level=INFO") {
		t.Errorf("the log says:\n%s", said)
	}
}

// TestSweep runs the periodic job: each active tenant's abandoned uploads go, and nothing of a suspended one's.
func TestSweep(t *testing.T) {
	t.Parallel()
	f := setup(t)
	closed := pgtest.NewTenant(t, f.Database, "closed")
	for _, tenant := range []pgtest.Tenant{f.acme, f.globex, closed} {
		f.Asset.Create().SetOwnerID(tenant.Instructor).SetKind(asset.KindIMAGE).SetFileName("p.png").SetContentType("image/png").
			SetSize(1).SetSha256("x").SetBlobKey("t/" + tenant.ID.String() + "/assets/p.png").SetExpiresAt(time.Now().Add(-2 * time.Hour)).
			ExecX(tenant.System(t.Context()))
	}
	owner := pgtest.Pool(t, f.OwnerURL)
	if _, err := owner.Exec(t.Context(), `UPDATE placements SET status = 'SUSPENDED' WHERE slug = 'closed'`); err != nil {
		t.Fatal(err)
	}
	f.work(t, services(f.db, f.store), options())
	eventually(t, "acme and globex swept", func() bool {
		return f.Asset.Query().CountX(f.acme.System(t.Context()))+f.Asset.Query().CountX(f.globex.System(t.Context())) == 0
	})
	if n := f.Asset.Query().CountX(closed.System(t.Context())); n != 1 {
		t.Error("a suspended tenant was swept")
	}
	if n := len(f.jobs(t, "sweep.tenant")); n != 2 {
		t.Errorf("%d sweeps for two tenants", n)
	}
	f.insert(t, jobs.SweepTenant{Tenant: f.acme.ID})
	if n := len(f.jobs(t, "sweep.tenant")); n != 2 && n != 3 { // a minute may have ended
		t.Errorf("%d sweeps: a tenant is swept once a minute", n)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, change := range map[string]func(o *jobs.Options){
		"unknown queue":          func(o *jobs.Options) { o.Queues = map[string]int{"urgent": 1} },
		"no workers":             func(o *jobs.Options) { o.Queues = map[string]int{jobs.QueueMedia: 0} },
		"rescue before its time": func(o *jobs.Options) { o.RescueAfter = o.Timeout - time.Second },
	} {
		o := options()
		change(&o)
		if _, err := jobs.NewWorker(f.Pool(), slog.New(slog.DiscardHandler), services(f.db, f.store), o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestQueuesAreWorkedOnApart: a process that works on one queue leaves the others alone.
func TestQueuesAreWorkedOnApart(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p := f.publish(t, f.acme)
	f.insert(t, jobs.NotifyAssigned{Tenant: f.acme.ID, Enrollment: p.enrollment.ID})
	f.insert(t, jobs.SyncCourse{Tenant: f.acme.ID, Course: p.course})
	o := options()
	o.Queues = map[string]int{jobs.QueueSearch: 1}
	f.work(t, services(f.db, f.store), o)
	eventually(t, "the course indexed", func() bool { return f.indexed(t, f.acme, p.course) == 3 })
	if job := f.jobs(t, "notify.assigned")[0]; job.State != rivertype.JobStateAvailable {
		t.Errorf("the job of another queue is %s", job.State)
	}
}

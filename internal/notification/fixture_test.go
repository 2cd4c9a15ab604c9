package notification

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/notification"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// deaf is a bus whose hints are lost.
type deaf struct{}

func (deaf) Wake(context.Context, uuid.UUID, []feed.Topic)                 {}
func (deaf) Listen(context.Context, uuid.UUID, feed.Topic) <-chan struct{} { return nil }
func (deaf) Connected() bool                                               { return true }

// bus wakes streams of this process.
type bus struct {
	mu        sync.Mutex
	listeners map[string][]chan struct{}
}

func newBus() *bus { return &bus{listeners: map[string][]chan struct{}{}} }

func (b *bus) Connected() bool { return true }

func (b *bus) Wake(_ context.Context, tenant uuid.UUID, topics []feed.Topic) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, topic := range topics {
		for _, listener := range b.listeners[tenant.String()+topic.Subject.String()] {
			select {
			case listener <- struct{}{}:
			default:
			}
		}
	}
}

func (b *bus) Listen(_ context.Context, tenant uuid.UUID, topic feed.Topic) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	listener := make(chan struct{}, 1)
	key := tenant.String() + topic.Subject.String()
	b.listeners[key] = append(b.listeners[key], listener)
	return listener
}

// close ends all hints, as a bus that shuts down does.
func (b *bus) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, listeners := range b.listeners {
		for _, listener := range listeners {
			close(listener)
		}
	}
	clear(b.listeners)
}

// gate lets everybody in until it is shut.
type gate struct{ shut chan struct{} }

func (g gate) Gone(context.Context, viewer.Viewer) <-chan struct{} { return g.shut }

type fixture struct {
	*pgtest.Database

	acme, globex pgtest.Tenant
	bus          *bus
	gate         gate
	s            *Service
}

func setup(t *testing.T) fixture {
	t.Helper()
	f := fixture{Database: pgtest.New(t), bus: newBus(), gate: gate{make(chan struct{})}}
	f.acme, f.globex = pgtest.NewTenant(t, f.Database, "acme"), pgtest.NewTenant(t, f.Database, "globex")
	f.s = &Service{DB: f.DB, Feed: &feed.Log{Bus: f.bus, Gate: f.gate, Look: time.Minute, Log: slog.New(slog.DiscardHandler)}}
	return f
}

// tell puts a note about a new subject into the user's inbox, as a job does.
func (f fixture) tell(ctx context.Context, tenant pgtest.Tenant, user uuid.UUID) error {
	return f.tellAbout(ctx, tenant, user, uuid.New())
}

func (f fixture) tellAbout(ctx context.Context, tenant pgtest.Tenant, user, subject uuid.UUID) error {
	ctx = tenant.System(ctx)
	return f.Tx(ctx, func(tx *pg.Tx) error {
		return f.s.deliver(ctx, tx, note{
			user: user, kind: notification.KindENROLLED, subject: subject, text: text{"Title", "Body"}, link: "/courses/x",
		})
	})
}

// fill tells the user n things.
func (f fixture) fill(t *testing.T, tenant pgtest.Tenant, user uuid.UUID, n int) {
	t.Helper()
	for range n {
		if err := f.tell(t.Context(), tenant, user); err != nil {
			t.Fatal(err)
		}
	}
}

// place enrolls the tenant's learner in a course with the title.
func (f fixture) place(t *testing.T, tenant pgtest.Tenant, title string) *ent.Enrollment {
	t.Helper()
	ctx := tenant.System(t.Context())
	slug := "c" + uuid.NewString()
	course := f.Course.Create().SetSlug(slug).SetTitle(title).SetInstructorID(tenant.Instructor).SaveX(ctx)
	version := f.CourseVersion.Create().SetCourseID(course.ID).SetNumber(1).SetSlug(slug).SetTitle(title).
		SetInstructorID(tenant.Instructor).SetContentHash("x").SetOutline(outline.Outline{}).SetLessonCount(0).
		SetRequiredCount(0).SetDurationMs(0).SetPublishedBy(tenant.Instructor).SaveX(ctx)
	return f.Enrollment.Create().SetLearnerID(tenant.Learner).SetCourseID(course.ID).SetVersionID(version.ID).
		SetSource(enrollment.SourceSTAFF).SetEnrolledBy(tenant.Instructor).SaveX(ctx)
}

// certificate states that the enrollment was completed.
func (f fixture) certificate(t *testing.T, of *ent.Enrollment, title string) *ent.Certificate {
	t.Helper()
	return f.Certificate.Create().SetEnrollmentID(of.ID).SetLearnerID(of.LearnerID).SetCourseID(of.CourseID).
		SetVersionID(of.VersionID).SetCode("code" + of.ID.String()).SetLearnerName("L").SetCourseTitle(title).
		SetTenantName("T").SetLocale("en").SetCompletedAt(time.Now()).
		SaveX(viewer.With(t.Context(), viewer.Job(of.TenantID, "test")))
}

func (f fixture) inbox(t *testing.T, tenant pgtest.Tenant, user uuid.UUID) []*ent.Notification {
	t.Helper()
	return f.Notification.Query().Where(notification.UserID(user)).Order(notification.BySeq()).AllX(tenant.System(t.Context()))
}

func seqs(rows []*ent.Notification) []int {
	numbers := make([]int, len(rows))
	for i, n := range rows {
		numbers[i] = n.Seq
	}
	return numbers
}

func upTo(n int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i + 1
	}
	return numbers
}

func wantCode(t *testing.T, what string, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}

// race runs fn in n goroutines that start together and joins their errors.
func race(n int, fn func(i int) error) error {
	start := make(chan struct{})
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	group.Wait()
	return errors.Join(errs...)
}

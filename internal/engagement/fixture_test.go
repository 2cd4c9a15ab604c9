package engagement_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/engagement"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/groupmember"
	"lyceum/internal/gen/ent/pointrule"
	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/cache/cachetest"
	"lyceum/internal/platform/eventlog"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// did says that somebody did something.
type did struct {
	ID     uuid.UUID `json:"id"`
	Tenant uuid.UUID `json:"tenant_id"`
	At     time.Time `json:"at"`
}

func (did) Kind() string { return "test.did" }

// unrecorded takes the place of the audit log.
func unrecorded(context.Context, *pg.Tx, pg.Entry) error { return nil }

// heard takes the place of the table of events.
type heard struct {
	mu     sync.Mutex
	events []pg.Event
}

func (h *heard) announce(_ context.Context, _ *pg.Tx, events []pg.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, events...)
	return nil
}

type fixture struct {
	*pgtest.Database

	// plain asks the ledger, copied keeps copies in redis.
	plain, copied *engagement.Service
	heard         *heard
	redis         *cachetest.Server
	rankings      *cache.Rankings
	acme          pgtest.Tenant
	courses       []uuid.UUID
	people        []uuid.UUID
}

// setup makes a tenant with two courses and so many learners, of whom the tenant's own is the first.
func setup(t *testing.T, learners int) *fixture {
	t.Helper()
	f := &fixture{Database: pgtest.New(t), heard: &heard{}, redis: cachetest.Start(t)}
	client, err := cache.Open(cache.Config{URL: f.redis.URL(), Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	db := pg.Open(f.Pool(), pg.Hooks{Record: unrecorded, Announce: f.heard.announce})
	f.rankings = cache.NewRankings(client, time.Hour)
	f.plain, f.copied = &engagement.Service{DB: db}, &engagement.Service{DB: db, Copies: f.rankings}
	f.acme = pgtest.NewTenant(t, f.Database, "acme")
	f.courses, f.people = []uuid.UUID{f.course(t, f.acme), f.course(t, f.acme)}, []uuid.UUID{f.acme.Learner}
	for i := range learners - 1 {
		f.people = append(f.people, pgtest.NewUser(t, f.Database, f.acme, fmt.Sprintf("learner%d", i), "LEARNER"))
	}
	return f
}

// course is published, and the tenant's learner has a place in it.
func (f *fixture) course(t *testing.T, tenant pgtest.Tenant) uuid.UUID {
	t.Helper()
	ctx := tenant.System(t.Context())
	slug := "c" + uuid.NewString()
	course := f.Course.Create().SetSlug(slug).SetTitle("Coffee").SetInstructorID(tenant.Instructor).SaveX(ctx)
	version := f.CourseVersion.Create().SetCourseID(course.ID).SetNumber(1).SetSlug(slug).SetTitle("Coffee").
		SetInstructorID(tenant.Instructor).SetContentHash("x").SetOutline(outline.Outline{}).SetLessonCount(0).
		SetRequiredCount(0).SetDurationMs(0).SetPublishedBy(tenant.Instructor).SaveX(ctx)
	f.Enrollment.Create().SetLearnerID(tenant.Learner).SetCourseID(course.ID).SetVersionID(version.ID).
		SetSource(enrollment.SourceSELF).SetEnrolledBy(tenant.Learner).ExecX(ctx)
	return course.ID
}

// group is one of the tenant's, with those people in it.
func (f *fixture) group(t *testing.T, people ...uuid.UUID) uuid.UUID {
	t.Helper()
	id := f.Group.Create().SetKey("g" + uuid.NewString()).SetName("Class").SaveX(f.acme.System(t.Context())).ID
	for _, who := range people {
		f.join(t, id, who)
	}
	return id
}

func (f *fixture) join(t *testing.T, group, who uuid.UUID) {
	t.Helper()
	f.GroupMember.Create().SetGroupID(group).SetUserID(who).ExecX(f.acme.System(t.Context()))
}

func (f *fixture) leave(t *testing.T, group, who uuid.UUID) {
	t.Helper()
	f.GroupMember.Delete().Where(groupmember.GroupID(group), groupmember.UserID(who)).ExecX(f.acme.System(t.Context()))
}

// deed is a lesson that somebody completed.
func (f *fixture) deed(who, course uuid.UUID, at time.Time) engagement.Deed {
	return engagement.Deed{
		Event: uuid.Must(uuid.NewV7()), Learner: who, Course: course, At: at, Reason: pointrule.ReasonLESSON, Subject: uuid.New(),
	}
}

// credit tells the deeds, each in a transaction of its own.
func (f *fixture) credit(t *testing.T, deeds ...engagement.Deed) {
	t.Helper()
	ctx := f.acme.System(t.Context())
	for _, d := range deeds {
		err := f.plain.DB.Tx(ctx, func(tx *pg.Tx) error {
			if _, err := eventlog.Append(ctx, tx, did{d.Event, f.acme.ID, d.At}); err != nil {
				return err
			}
			return f.plain.Credit(ctx, tx, d)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// as is a context of that learner.
func (f *fixture) as(ctx context.Context, who uuid.UUID) context.Context {
	return viewer.With(ctx, viewer.Viewer{Tenant: f.acme.ID, User: who, Role: viewer.Learner, Session: uuid.New()})
}

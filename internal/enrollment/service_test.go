package enrollment_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/enrollment"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// school is a database with two tenants and the service over it.
type school struct {
	*enrollment.Service

	db           *pgtest.Database
	acme, globex pgtest.Tenant
}

func newSchool(t *testing.T) *school {
	t.Helper()
	db := pgtest.New(t)
	return &school{
		Service: &enrollment.Service{DB: db.DB},
		db:      db,
		acme:    pgtest.NewTenant(t, db, "acme"),
		globex:  pgtest.NewTenant(t, db, "globex"),
	}
}

// course makes a course of the tenant with one version that is not published.
func (s *school) course(t *testing.T, tenant pgtest.Tenant, slug string) *ent.CourseVersion {
	t.Helper()
	ctx := tenant.System(t.Context())
	course := s.db.Course.Create().SetSlug(slug).SetTitle(strings.ToUpper(slug)).SetInstructorID(tenant.Instructor).SaveX(ctx)
	return s.version(t, tenant, course, 1)
}

func (s *school) version(t *testing.T, tenant pgtest.Tenant, course *ent.Course, number int) *ent.CourseVersion {
	t.Helper()
	return s.db.CourseVersion.Create().
		SetCourseID(course.ID).SetNumber(number).SetSlug(course.Slug).SetTitle(course.Title).
		SetInstructorID(course.InstructorID).SetContentHash(strconv.Itoa(number)).SetOutline(outline.Outline{}).
		SetLessonCount(0).SetRequiredCount(0).SetDurationMs(0).SetPublishedBy(tenant.Instructor).
		SaveX(tenant.System(t.Context()))
}

// publish points the course's publication at the version.
func (s *school) publish(t *testing.T, tenant pgtest.Tenant, v *ent.CourseVersion, price int) {
	t.Helper()
	ctx := tenant.System(t.Context())
	s.db.Publication.Delete().Where(publication.CourseID(v.CourseID)).ExecX(ctx)
	s.db.Publication.Create().
		SetCourseID(v.CourseID).SetVersionID(v.ID).SetNumber(v.Number).SetSlug(v.Slug).SetTitle(v.Title).
		SetInstructorID(v.InstructorID).SetPriceAmount(price).SetVisibility(outline.Members).SaveX(ctx)
}

// offer makes a course that is published.
func (s *school) offer(t *testing.T, tenant pgtest.Tenant, slug string) uuid.UUID {
	t.Helper()
	v := s.course(t, tenant, slug)
	s.publish(t, tenant, v, 0)
	return v.CourseID
}

// finish completes the place as the job does.
func (s *school) finish(t *testing.T, tenant pgtest.Tenant, place *ent.Enrollment) error {
	t.Helper()
	return s.finishByID(tenant.System(t.Context()), place.ID)
}

func (s *school) finishByID(ctx context.Context, place uuid.UUID) error {
	return s.db.Tx(ctx, func(tx *pg.Tx) error { return s.Complete(ctx, tx, place, time.Now()) })
}

// must returns the place of a call that is not what the test is about.
func must(place *ent.Enrollment, err error) *ent.Enrollment {
	if err != nil {
		panic(err)
	}
	return place
}

func TestEnroll(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	v := s.course(t, s.acme, "go")
	s.publish(t, s.acme, v, 0)

	learner := s.acme.AsLearner(t.Context())
	place, err := s.Enroll(learner, v.CourseID)
	if err != nil {
		t.Fatal(err)
	}
	if place.LearnerID != s.acme.Learner || place.VersionID != v.ID || place.State != entenrollment.StateACTIVE ||
		place.Source != entenrollment.SourceSELF || place.EnrolledBy != s.acme.Learner {
		t.Errorf("the place: %+v", place)
	}
	again, err := s.Enroll(learner, v.CourseID)
	if err != nil || again.ID != place.ID {
		t.Errorf("asking twice: %v, %v; want the same place", again, err)
	}
	s.db.Publication.Delete().ExecX(s.acme.System(t.Context()))
	if again, err = s.Enroll(learner, v.CourseID); err != nil || again.ID != place.ID {
		t.Errorf("asking when the course is not published any more: %v, %v; want the same place", again, err)
	}
	want := []pg.Event{enrollment.EnrollmentActivated{
		Tenant: s.acme.ID, Enrollment: place.ID, Learner: s.acme.Learner, Course: v.CourseID,
	}}
	if diff := cmp.Diff(want, told(s.db)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if n := len(s.db.Entries()); n != 0 {
		t.Errorf("%d audit entries for a learner's own act, want none", n)
	}
}

// told returns the events without what differs from run to run.
func told(db *pgtest.Database) []pg.Event {
	events := db.Events()
	for i, e := range events {
		switch e := e.(type) {
		case enrollment.EnrollmentActivated:
			e.ID, e.At = uuid.Nil, time.Time{}
			events[i] = e
		case enrollment.EnrollmentChanged:
			events[i] = nil
		}
	}
	return slices.DeleteFunc(events, func(e pg.Event) bool { return e == nil })
}

func TestEnrollIsRefused(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	open := s.offer(t, s.acme, "open")
	draft := s.course(t, s.acme, "draft").CourseID
	foreign := s.offer(t, s.globex, "foreign")
	readOnly := s.acme.AsLearner(t.Context())
	key, _ := viewer.From(readOnly)
	key.APIKey, key.Scopes = uuid.New(), []viewer.Scope{viewer.ScopeRead}

	for name, tt := range map[string]struct {
		ctx    context.Context
		course uuid.UUID
		code   fault.Code
	}{
		"nobody":            {t.Context(), open, fault.Unauthenticated},
		"a visitor":         {s.acme.Anonymous(t.Context()), open, fault.Unauthenticated},
		"no such course":    {s.acme.AsLearner(t.Context()), uuid.New(), fault.NotFound},
		"not published":     {s.acme.AsLearner(t.Context()), draft, fault.NotFound},
		"of another tenant": {s.acme.AsLearner(t.Context()), foreign, fault.NotFound},
		"by support":        {s.acme.AsSupport(t.Context()), open, fault.Forbidden},
		// The edge refuses such a key by its scope; what is tested here is the wall behind it.
		"with a reading key": {viewer.With(t.Context(), key), open, fault.Internal},
	} {
		if _, err := s.Enroll(tt.ctx, tt.course); fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	unknown, foreignErr := answer(s.Enroll(s.acme.AsLearner(t.Context()), uuid.New())), answer(s.Enroll(s.acme.AsLearner(t.Context()), foreign))
	if unknown != foreignErr {
		t.Errorf("a foreign course is answered %q, one that never existed %q", foreignErr, unknown)
	}
	if n := s.db.Enrollment.Query().CountX(s.acme.System(t.Context())); n != 0 || len(s.db.Events()) != 0 {
		t.Errorf("%d places and %d events after refusals", n, len(s.db.Events()))
	}
}

func answer(_ *ent.Enrollment, err error) string { return err.Error() }

func TestPrerequisites(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	sys := s.acme.System(t.Context())
	learner := s.acme.AsLearner(t.Context())
	basics, syntax, advanced := s.offer(t, s.acme, "basics"), s.offer(t, s.acme, "syntax"), s.offer(t, s.acme, "advanced")
	for _, required := range []uuid.UUID{basics, syntax} {
		s.db.Prerequisite.Create().SetCourseID(advanced).SetRequiresID(required).ExecX(sys)
	}

	_, err := s.Enroll(learner, advanced)
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "“BASICS”; “SYNTAX”") {
		t.Fatalf("with two courses missing: %v", err)
	}
	first := must(s.Enroll(learner, basics))
	if _, err = s.Enroll(learner, advanced); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a course that is only begun counted as completed: %v", err)
	}
	if err := s.finish(t, s.acme, first); err != nil {
		t.Fatal(err)
	}
	_, err = s.Enroll(learner, advanced)
	if fault.CodeOf(err) != fault.Conflict || strings.Contains(err.Error(), "BASICS") || !strings.Contains(err.Error(), "SYNTAX") {
		t.Errorf("with one course missing: %v", err)
	}
	s.db.Publication.Delete().Where(publication.CourseID(syntax)).ExecX(sys)
	if _, err = s.Enroll(learner, advanced); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "not offered") {
		t.Errorf("with an unpublished course missing: %v", err)
	}
	if _, err := s.Assign(s.acme.AsInstructor(t.Context()), enrollment.Assignment{Course: advanced, Learner: s.acme.Learner}); err != nil {
		t.Errorf("staff decide by themselves: %v", err)
	}
}

func TestReturnKeepsTheVersion(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	learner := s.acme.AsLearner(t.Context())
	v1 := s.course(t, s.acme, "go")
	s.publish(t, s.acme, v1, 0)
	place := must(s.Enroll(learner, v1.CourseID))
	must(s.Withdraw(learner, place.ID))
	course := s.db.Course.GetX(s.acme.System(t.Context()), v1.CourseID)
	v2 := s.version(t, s.acme, course, 2)
	s.publish(t, s.acme, v2, 0)

	back := must(s.Enroll(learner, v1.CourseID))
	if back.ID != place.ID || back.State != entenrollment.StateACTIVE || back.VersionID != v1.ID || back.WithdrawnAt != nil {
		t.Errorf("the place after returning: %+v", back)
	}
	if n := len(told(s.db)); n != 2 {
		t.Errorf("%d activations announced, want 2", n)
	}
	must(s.Withdraw(learner, place.ID))
	s.publish(t, s.acme, v2, 4900)
	if again := must(s.Enroll(learner, v1.CourseID)); again.State != entenrollment.StatePENDING_PAYMENT {
		t.Errorf("returning to a course that has a price now: %s, want it to be paid", again.State)
	}
}

func TestAssign(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	staff := s.acme.AsInstructor(t.Context())
	course := s.offer(t, s.acme, "go")
	due := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)

	place := must(s.Assign(staff, enrollment.Assignment{Course: course, Learner: s.acme.Learner, DueAt: &due}))
	if place.Source != entenrollment.SourceSTAFF || place.EnrolledBy != s.acme.Instructor || !place.DueAt.Equal(due) {
		t.Errorf("the place: %+v", place)
	}
	must(s.Assign(staff, enrollment.Assignment{Course: course, Learner: s.acme.Learner}))
	later := due.Add(time.Hour)
	moved := must(s.Assign(staff, enrollment.Assignment{Course: course, Learner: s.acme.Learner, DueAt: &later}))
	if moved.ID != place.ID || !moved.DueAt.Equal(later) {
		t.Errorf("a later due date: %+v", moved)
	}
	want := []pg.Event{enrollment.EnrollmentActivated{
		Tenant: s.acme.ID, Enrollment: place.ID, Learner: s.acme.Learner, Course: course, ByStaff: true,
	}}
	if diff := cmp.Diff(want, told(s.db)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	entries := s.db.Entries()
	if len(entries) != 2 || entries[0].Action != "enrollment.assigned" || entries[0].Subject != place.GlobalID().String() ||
		entries[0].Data["due_at"] != due.Format(time.RFC3339) || entries[1].Data["due_at"] != later.Format(time.RFC3339) {
		t.Errorf("audit entries: %+v", entries)
	}
}

func TestAssignIsRefused(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	course := s.offer(t, s.acme, "go")
	foreign := s.offer(t, s.globex, "foreign")
	suspended := pgtest.NewUser(t, s.db, s.acme, "sam", viewer.Learner)
	s.db.User.UpdateOneID(suspended).SetStatus(user.StatusSUSPENDED).ExecX(s.acme.System(t.Context()))
	past := time.Now().Add(-time.Minute)

	for name, tt := range map[string]struct {
		ctx  context.Context
		a    enrollment.Assignment
		code fault.Code
	}{
		"by a visitor":        {s.acme.Anonymous(t.Context()), enrollment.Assignment{Course: course, Learner: s.acme.Learner}, fault.Unauthenticated},
		"by a learner":        {s.acme.AsLearner(t.Context()), enrollment.Assignment{Course: course, Learner: s.acme.Learner}, fault.Forbidden},
		"by support":          {s.acme.AsSupport(t.Context()), enrollment.Assignment{Course: course, Learner: s.acme.Learner}, fault.Forbidden},
		"no such course":      {s.acme.AsAdmin(t.Context()), enrollment.Assignment{Course: uuid.New(), Learner: s.acme.Learner}, fault.NotFound},
		"a foreign course":    {s.acme.AsAdmin(t.Context()), enrollment.Assignment{Course: foreign, Learner: s.acme.Learner}, fault.NotFound},
		"no such user":        {s.acme.AsAdmin(t.Context()), enrollment.Assignment{Course: course, Learner: uuid.New()}, fault.NotFound},
		"a foreign user":      {s.acme.AsAdmin(t.Context()), enrollment.Assignment{Course: course, Learner: s.globex.Learner}, fault.NotFound},
		"a suspended user":    {s.acme.AsAdmin(t.Context()), enrollment.Assignment{Course: course, Learner: suspended}, fault.Conflict},
		"a support user":      {s.acme.AsAdmin(t.Context()), enrollment.Assignment{Course: course, Learner: s.acme.Support}, fault.BadInput},
		"a date that is past": {s.acme.AsAdmin(t.Context()), enrollment.Assignment{Course: course, Learner: s.acme.Learner, DueAt: &past}, fault.BadInput},
	} {
		if _, err := s.Assign(tt.ctx, tt.a); fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	if n := s.db.Enrollment.Query().CountX(s.acme.System(t.Context())); n != 0 || len(s.db.Events())+len(s.db.Entries()) != 0 {
		t.Errorf("%d places, %d events, %d entries after refusals", n, len(s.db.Events()), len(s.db.Entries()))
	}
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	course := s.offer(t, s.acme, "go")
	learner := s.acme.AsLearner(t.Context())
	other := s.acme.As(t.Context(), pgtest.NewUser(t, s.db, s.acme, "olga", viewer.Learner), viewer.Learner)
	place := must(s.Enroll(learner, course))

	for _, tt := range []struct {
		name string
		ctx  context.Context
		id   uuid.UUID
		code fault.Code
	}{
		{"by a visitor", s.acme.Anonymous(t.Context()), place.ID, fault.Unauthenticated},
		{"by support", s.acme.AsSupport(t.Context()), place.ID, fault.Forbidden},
		{"by another learner", other, place.ID, fault.NotFound},
		{"by a foreign admin", s.globex.AsAdmin(t.Context()), place.ID, fault.NotFound},
		{"one that never was", learner, uuid.New(), fault.NotFound},
		{"its learner", learner, place.ID, ""},
		{"its learner again", learner, place.ID, ""},
		{"staff, when it is so", s.acme.AsAdmin(t.Context()), place.ID, ""},
	} {
		if _, err := s.Withdraw(tt.ctx, tt.id); fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.code)
		}
	}
	if n := len(s.db.Entries()); n != 0 {
		t.Errorf("%d audit entries, want none: the learner withdrew", n)
	}
	must(s.Enroll(learner, course))
	gone := must(s.Withdraw(s.acme.AsInstructor(t.Context()), place.ID))
	if gone.State != entenrollment.StateWITHDRAWN || gone.WithdrawnAt == nil {
		t.Errorf("the place: %+v", gone)
	}
	if entries := s.db.Entries(); len(entries) != 1 || entries[0].Action != "enrollment.withdrawn" {
		t.Errorf("audit entries: %+v", entries)
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	learner := s.acme.AsLearner(t.Context())
	place := must(s.Enroll(learner, s.offer(t, s.acme, "go")))
	late := must(s.Enroll(learner, s.offer(t, s.acme, "rust")))
	must(s.Withdraw(learner, late.ID))

	if err := s.finish(t, s.acme, place); err != nil {
		t.Fatal(err)
	}
	done := s.db.Enrollment.GetX(learner, place.ID)
	if done.State != entenrollment.StateCOMPLETED || done.CompletedAt == nil {
		t.Fatalf("the place: %+v", done)
	}
	if err := s.finish(t, s.acme, place); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if again := s.db.Enrollment.GetX(learner, place.ID); !again.CompletedAt.Equal(*done.CompletedAt) {
		t.Errorf("the second time moved completion from %s to %s", done.CompletedAt, again.CompletedAt)
	}
	if err := s.finish(t, s.acme, late); err != nil || s.db.Enrollment.GetX(learner, late.ID).State != entenrollment.StateCOMPLETED {
		t.Errorf("completed just before the withdrawal: %v", err)
	}
	if _, err := s.Withdraw(learner, place.ID); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("withdrawing from a completed course: %v", err)
	}
	if err := s.finish(t, s.globex, place); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("by another tenant's job: %v", err)
	}
	if err := s.finishByID(learner, place.ID); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("by a learner: %v, want forbidden", err)
	}
}

// TestEnrollRace has 32 requests for one place: one row, one announcement, and everybody gets it.
func TestEnrollRace(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	course := s.offer(t, s.acme, "go")
	ids := make([]uuid.UUID, 32)
	errs := make([]error, len(ids))
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			<-start
			place, err := s.Enroll(s.acme.AsLearner(t.Context()), course)
			if errs[i] = err; err == nil {
				ids[i] = place.ID
			}
		})
	}
	close(start)
	group.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	if distinct := slices.Compact(ids); len(distinct) != 1 {
		t.Errorf("%d different places were returned", len(distinct))
	}
	if n := s.db.Enrollment.Query().CountX(s.acme.System(t.Context())); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
	if n := len(told(s.db)); n != 1 {
		t.Errorf("%d announcements, want 1", n)
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	learner := s.acme.AsLearner(t.Context())
	courses := make([]uuid.UUID, 5)
	for i := range courses {
		courses[i] = s.offer(t, s.acme, fmt.Sprintf("c%d", i))
		must(s.Enroll(learner, courses[i]))
	}
	// Two at the very same time: the id decides.
	s.db.Enrollment.Update().Where(entenrollment.CourseIDIn(courses[1], courses[2])).
		SetEnrolledAt(time.Now().Add(time.Hour)).ExecX(s.acme.System(t.Context()))
	foreign := must(s.Enroll(s.globex.AsLearner(t.Context()), s.offer(t, s.globex, "c0")))

	var seen []uuid.UUID
	request := page.Request{First: 2}
	for range 4 {
		got, err := s.Mine(learner, request, enrollment.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range got.Rows {
			seen = append(seen, place.CourseID)
		}
		if !got.HasNext {
			break
		}
		request.After = got.Cursors[len(got.Cursors)-1]
	}
	want := []uuid.UUID{courses[2], courses[1], courses[4], courses[3], courses[0]}
	if !slices.Equal(seen, want) {
		t.Errorf("pages of two show %v, want %v", seen, want)
	}

	withdrawn := must(s.Withdraw(learner, must(s.Enroll(learner, courses[0])).ID))
	got, err := s.Mine(learner, page.Request{First: 10}, enrollment.Filter{State: entenrollment.StateWITHDRAWN})
	if err != nil || len(got.Rows) != 1 || got.Rows[0].ID != withdrawn.ID {
		t.Errorf("withdrawn ones: %v, %v", got.Rows, err)
	}
	if _, err := s.Mine(learner, page.Request{First: 10, After: request.After}, enrollment.Filter{State: entenrollment.StateACTIVE}); fault.CodeOf(err) != fault.BadInput {
		t.Errorf("a cursor of another list: %v", err)
	}
	if got, err := s.Mine(s.acme.AsInstructor(t.Context()), page.Request{First: 10}, enrollment.Filter{}); err != nil || len(got.Rows) != 0 {
		t.Errorf("an instructor's own: %v, %v; want none", got.Rows, err)
	}
	if _, err := s.Mine(s.acme.Anonymous(t.Context()), page.Request{First: 10}, enrollment.Filter{}); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor's: %v", err)
	}

	for name, tt := range map[string]struct {
		ctx    context.Context
		course uuid.UUID
		rows   int
		code   fault.Code
	}{
		"by an instructor":   {s.acme.AsInstructor(t.Context()), courses[1], 1, ""},
		"by support":         {s.acme.AsSupport(t.Context()), courses[1], 1, ""},
		"by a learner":       {learner, courses[1], 0, fault.Forbidden},
		"of another tenant":  {s.acme.AsAdmin(t.Context()), foreign.CourseID, 0, fault.NotFound},
		"one that never was": {s.acme.AsAdmin(t.Context()), uuid.New(), 0, fault.NotFound},
	} {
		got, err := s.OfCourse(tt.ctx, tt.course, page.Request{First: 10}, enrollment.Filter{})
		if len(got.Rows) != tt.rows || fault.CodeOf(err) != tt.code {
			t.Errorf("enrollments of a course %s: %d rows, %v; want %d, %q", name, len(got.Rows), err, tt.rows, tt.code)
		}
	}
}

func TestListStatements(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	learner := s.acme.AsLearner(t.Context())
	for i := range 12 {
		must(s.Enroll(learner, s.offer(t, s.acme, fmt.Sprintf("c%d", i))))
	}
	for _, first := range []int{1, 10} {
		ctx, counter := pg.CountStatements(learner)
		if got, err := s.Mine(ctx, page.Request{First: first}, enrollment.Filter{}); err != nil || len(got.Rows) != first {
			t.Fatalf("first %d: %d rows, %v", first, len(got.Rows), err)
		}
		if n := counter.Load(); n != 1 {
			t.Errorf("a page of %d takes %d statements, want 1", first, n)
		}
	}
}

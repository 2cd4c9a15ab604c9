package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/riverqueue/river/rivertype"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/enrollment"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentmigration"
	"lyceum/internal/learning"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// moving is a course of which a second version is published: an article stays, a film was made anew, an article is gone.
type moving struct {
	fixture

	tenant   pgtest.Tenant
	course   uuid.UUID
	versions [2]*ent.CourseVersion
	// stays, film and gone are lessons of the first version; stays and anew of the second.
	stays, film, gone, anew uuid.UUID
	places                  []*ent.Enrollment
	learners                []context.Context
}

// newMoving has learners of all sorts in the first version of the course, and then publishes the second one.
func (f fixture) newMoving(t *testing.T, tenant pgtest.Tenant) *moving {
	t.Helper()
	m := &moving{fixture: f, tenant: tenant, stays: uuid.New(), film: uuid.New(), gone: uuid.New(), anew: uuid.New()}
	ctx := tenant.System(t.Context())
	m.course = f.Course.Create().SetSlug("c" + uuid.NewString()).SetTitle("Knots").SetInstructorID(tenant.Instructor).SaveX(ctx).ID
	article := func(id uuid.UUID) outline.Lesson {
		return outline.Lesson{ID: id, Kind: outline.Article, Required: true}
	}
	film := func(id uuid.UUID) outline.Lesson {
		return outline.Lesson{ID: id, Kind: outline.Video, Required: true, DurationMS: 50_000}
	}
	m.versions[0] = m.version(t, 1, article(m.stays), film(m.film), article(m.gone))
	m.versions[1] = m.version(t, 2, article(m.stays), film(m.anew))
	const half, whole = 20_000, 50_000
	for i, did := range []func(ctx context.Context, l *learning.Service, place uuid.UUID) error{
		func(context.Context, *learning.Service, uuid.UUID) error { return nil },
		m.reads(m.stays), m.watches(half), m.watches(whole), all(m.reads(m.stays), m.watches(whole)), m.reads(m.gone),
		all(m.reads(m.stays), m.watches(whole), m.reads(m.gone)), all(m.watches(half), m.reads(m.stays), m.reads(m.gone)),
	} {
		learner := pgtest.NewUser(t, f.Database, tenant, fmt.Sprintf("m%d", i), viewer.Learner)
		who := tenant.As(t.Context(), learner, viewer.Learner)
		place := f.Enrollment.Create().SetLearnerID(learner).SetCourseID(m.course).SetVersionID(m.versions[0].ID).
			SetSource(entenrollment.SourceSELF).SetEnrolledBy(learner).SetEnrolledAt(time.Now().Add(-time.Hour)).SaveX(ctx)
		if err := did(who, services(f.db, f.store).Learning, place.ID); err != nil {
			t.Fatalf("learner %d: %v", i, err)
		}
		m.places, m.learners = append(m.places, place), append(m.learners, who)
	}
	f.Publication.Create().SetCourseID(m.course).SetVersionID(m.versions[1].ID).SetNumber(2).SetSlug("c" + uuid.NewString()).SetTitle("Knots").
		SetInstructorID(tenant.Instructor).ExecX(ctx)
	return m
}

func (m *moving) version(t *testing.T, number int, lessons ...outline.Lesson) *ent.CourseVersion {
	t.Helper()
	ctx := m.tenant.System(t.Context())
	o := outline.Outline{Modules: []outline.Module{{ID: uuid.New(), Lessons: lessons}}}
	made := m.CourseVersion.Create().SetCourseID(m.course).SetNumber(number).SetSlug("c" + uuid.NewString()).SetTitle("Knots").
		SetInstructorID(m.tenant.Instructor).SetContentHash(strconv.Itoa(number)).SetOutline(o).SetLessonCount(len(lessons)).
		SetRequiredCount(o.Required()).SetDurationMs(0).SetPublishedBy(m.tenant.Instructor).SaveX(ctx)
	for _, l := range lessons {
		m.LessonVersion.Create().SetVersionID(made.ID).SetCourseID(m.course).SetLessonID(l.ID).SetTitle("L").SetKind(l.Kind).SetPreview(false).ExecX(ctx)
	}
	return made
}

type deed = func(ctx context.Context, l *learning.Service, place uuid.UUID) error

func (m *moving) reads(lesson uuid.UUID) deed {
	return func(ctx context.Context, l *learning.Service, place uuid.UUID) error {
		_, err := l.CompleteLesson(ctx, place, lesson)
		return err
	}
}

func (m *moving) watches(ms int) deed {
	return func(ctx context.Context, l *learning.Service, place uuid.UUID) error {
		_, err := l.RecordProgress(ctx, place, learning.Batch{Lessons: []learning.Played{{
			Lesson: m.film, Segments: []learning.Segment{{FromMS: 0, ToMS: ms}}, PositionMS: new(ms),
		}}})
		return err
	}
}

func (m *moving) spends(lesson uuid.UUID) deed {
	return func(ctx context.Context, l *learning.Service, place uuid.UUID) error {
		_, err := l.RecordProgress(ctx, place, learning.Batch{Lessons: []learning.Played{{Lesson: lesson, SignsMS: []int{0, 1000}}}})
		return err
	}
}

func all(deeds ...deed) deed {
	return func(ctx context.Context, l *learning.Service, place uuid.UUID) error {
		for _, did := range deeds {
			if err := did(ctx, l, place); err != nil {
				return err
			}
		}
		return nil
	}
}

// start starts the migration of the places.
func (m *moving) start(t *testing.T, places enrollmentmigration.Places) *ent.EnrollmentMigration {
	t.Helper()
	started, err := services(m.db, m.store).Enrollment.StartMigration(m.tenant.AsInstructor(t.Context()), enrollment.Migration{
		Course: m.course, Places: places, Mapping: map[uuid.UUID]uuid.UUID{m.film: m.anew},
	})
	if err != nil {
		t.Fatal(err)
	}
	return started
}

// stand is how every place stands, with lessons by their names and without what differs between two courses.
func (m *moving) stand(t *testing.T) string {
	t.Helper()
	const read = `
		SELECT concat_ws(' ', v.number, e.state, p.completed_lessons, p.completed_required, p.required_lessons, p.completed_at IS NOT NULL,
			(SELECT string_agg(concat_ws('/', l.lesson_id, l.watched, l.watched_ms, l.time_ms, l.completed_at IS NOT NULL), ' ' ORDER BY l.lesson_id = $2, l.lesson_id = $3, l.lesson_id = $4)
				FROM lesson_progresses l WHERE l.enrollment_id = e.id),
			(SELECT string_agg(concat_ws('/', c.node, c.node_id, c.by), ' ' ORDER BY c.node, c.node_id = $2, c.node_id = $3, c.node_id = $4) FROM completions c WHERE c.enrollment_id = e.id),
			(SELECT string_agg(c.act, ' ' ORDER BY c.changed_at, c.id) FROM enrollment_changes c WHERE c.enrollment_id = e.id),
			(SELECT string_agg(x.kind, ' ' ORDER BY x.kind) FROM events x WHERE x.body->>'enrollment_id' = e.id::text))
		FROM enrollments e JOIN course_versions v ON v.id = e.version_id LEFT JOIN course_progresses p ON p.enrollment_id = e.id
		WHERE e.id = $1`
	super := pgtest.Superuser(t, m.Database)
	var text strings.Builder
	names := strings.NewReplacer(m.stays.String(), "stays", m.film.String(), "film", m.gone.String(), "gone", m.anew.String(), "anew", m.course.String(), "course",
		m.versions[0].Outline.Modules[0].ID.String(), "first", m.versions[1].Outline.Modules[0].ID.String(), "second")
	for i, place := range m.places {
		var line string
		if err := super.QueryRow(t.Context(), read, place.ID, m.stays, m.film, m.gone).Scan(&line); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "%d: %s\n", i, names.Replace(line))
	}
	return text.String()
}

// completed are all completions there are, with their dates.
func (m *moving) completed(t *testing.T) map[string]time.Time {
	t.Helper()
	found := map[string]time.Time{}
	for _, c := range m.Completion.Query().AllX(m.tenant.System(t.Context())) {
		found[c.EnrollmentID.String()+" "+c.NodeID.String()] = c.CompletedAt
	}
	return found
}

// errKilled is what the process dies of.
var errKilled = errors.New("killed")

// dying carries evidence, and dies after so many places: what the last one did is not committed.
type dying struct {
	enrollment.Evidence

	left int
}

func (d *dying) Carry(ctx context.Context, tx *pg.Tx, place, actor uuid.UUID, mapping map[uuid.UUID]uuid.UUID) error {
	if err := d.Evidence.Carry(ctx, tx, place, actor, mapping); err != nil {
		return err
	}
	if d.left--; d.left == 0 {
		return errKilled
	}
	return nil
}

// migrate goes on with the migration to its end, by processes that die after so many places; 0 is never.
func (m *moving) migrate(t *testing.T, id uuid.UUID, dieAfter int) (deaths int) {
	t.Helper()
	ctx := m.tenant.System(t.Context())
	for deaths <= len(m.places) {
		s := services(m.db, m.store)
		s.Enrollment.Evidence = &dying{s.Learning, dieAfter}
		more, err := true, error(nil)
		for more && err == nil {
			more, err = s.Enrollment.MigrateNext(ctx, id, false)
		}
		if err == nil {
			return deaths
		}
		if !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		deaths++
	}
	t.Fatal("the migration does not end")
	return 0
}

// TestMigrationKilled moves the places of a course in one run, and those of others like it by processes that are killed
// again and again, at every distance: all end the same. Nobody loses a completion, and no date changes.
func TestMigrationKilled(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var want string
	for _, dieAfter := range []int{0, 2, 3, 4, 7} {
		tenant := pgtest.NewTenant(t, f.Database, fmt.Sprintf("killed-%d", dieAfter))
		m := f.newMoving(t, tenant)
		before := m.completed(t)
		started := m.start(t, enrollmentmigration.PlacesNOT_COMPLETED)
		if deaths := m.migrate(t, started.ID, dieAfter); (deaths > 0) != (dieAfter > 0) {
			t.Errorf("%d deaths, one every %d places", deaths, dieAfter)
		}
		got := m.stand(t)
		if want == "" {
			want = got
			checkMoved(t, got)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("killed after every %d places:\n%s", dieAfter, diff)
		}
		after := m.completed(t)
		for node, at := range before {
			if !after[node].Equal(at) {
				t.Errorf("%s was completed at %v, and is at %v", node, at, after[node])
			}
		}
		ended := m.EnrollmentMigration.GetX(tenant.System(t.Context()), started.ID)
		if ended.State != enrollmentmigration.StateDONE || ended.Total != 7 || ended.Done != 7 || ended.Failed != 0 {
			t.Errorf("after %d: %v", dieAfter, ended)
		}
		if deaths := m.migrate(t, started.ID, 0); deaths != 0 || m.stand(t) != got {
			t.Error("what has ended goes on")
		}
	}
}

// checkMoved says what the one run must lead to.
func checkMoved(t *testing.T, got string) {
	t.Helper()
	lines := strings.Split(got, "\n")
	for i, parts := range [][]string{
		{"2 ACTIVE", "MIGRATED"},
		{"2 ACTIVE 1 1 2 f", "stays/"},
		{"2 ACTIVE 0 0 2 f", "film/{[0,20000)}/20000", "anew/{[0,20000)}/20000"},
		{"2 ACTIVE 1 1 2 f", "LESSON/anew/RULE"},
		{"2 ACTIVE 2 2 2 t", "COURSE/course/REPORT", "learning.course_completed"},
		{"2 ACTIVE 0 0 2 f", "gone/", "LESSON/gone/RULE"},
		{"1 ACTIVE 3 3 3 t", "COURSE/course/RULE"},
		{"2 ACTIVE 1 1 2 f", "anew/{[0,20000)}/20000"},
	} {
		for _, part := range parts {
			if !strings.Contains(lines[i], part) {
				t.Errorf("there is no %q in\n%s", part, lines[i])
			}
		}
	}
}

// TestMigrationByJob moves those who have not begun by the job, which is told of it, and then the others. A place that
// cannot be moved is counted, and the others move.
func TestMigrationByJob(t *testing.T) {
	t.Parallel()
	f := setup(t)
	m := f.newMoving(t, f.acme)
	s := services(f.db, f.store)
	stuck := &stubborn{Evidence: s.Learning, place: m.places[3].ID}
	s.Enrollment.Evidence = stuck
	f.work(t, s, options())
	for _, tt := range []struct {
		places              enrollmentmigration.Places
		total, done, failed int
	}{{enrollmentmigration.PlacesNOT_STARTED, 1, 1, 0}, {enrollmentmigration.PlacesNOT_COMPLETED, 6, 5, 1}} {
		started := m.start(t, tt.places)
		eventually(t, "the migration ended", func() bool {
			return m.EnrollmentMigration.GetX(f.acme.System(t.Context()), started.ID).State == enrollmentmigration.StateDONE
		})
		if ended := m.EnrollmentMigration.GetX(f.acme.System(t.Context()), started.ID); ended.Total != tt.total || ended.Done != tt.done || ended.Failed != tt.failed {
			t.Errorf("%s: %v, want %d of %d, %d failed", tt.places, ended, tt.done, tt.total, tt.failed)
		}
	}
	f.allIn(t, rivertype.JobStateCompleted)
	if still := m.Enrollment.GetX(f.acme.System(t.Context()), m.places[3].ID); still.VersionID != m.versions[0].ID {
		t.Error("a place that could not be moved was")
	}
}

// stubborn says no for one place.
type stubborn struct {
	enrollment.Evidence

	place uuid.UUID
}

func (s *stubborn) Carry(ctx context.Context, tx *pg.Tx, place, actor uuid.UUID, mapping map[uuid.UUID]uuid.UUID) error {
	if place == s.place {
		return errors.New("this evidence cannot be read")
	}
	return s.Evidence.Carry(ctx, tx, place, actor, mapping)
}

// TestMigrationWhileTheyLearn moves places whose learners go on: what was acknowledged is there, and every counter is the
// version's that the place is pinned to.
func TestMigrationWhileTheyLearn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	m := f.newMoving(t, f.acme)
	s := services(f.db, f.store)
	s.Enrollment.Evidence = s.Learning
	started := m.start(t, enrollmentmigration.PlacesNOT_COMPLETED)
	var wg sync.WaitGroup
	for i, who := range m.learners {
		wg.Go(func() {
			for n := range 20 {
				err := m.watches(1000*n+1000)(who, s.Learning, m.places[i].ID)
				if n%3 == 0 && err == nil {
					err = m.reads(m.stays)(who, s.Learning, m.places[i].ID)
				}
				// Once the place has moved, the old film is not in it.
				if err != nil && fault.CodeOf(err) != fault.NotFound {
					t.Errorf("learner %d: %v", i, err)
				}
			}
		})
	}
	m.migrate(t, started.ID, 0)
	wg.Wait()
	const wrong = `
		SELECT count(*) FROM enrollments e JOIN course_progresses p ON p.enrollment_id = e.id JOIN course_versions v ON v.id = e.version_id
		WHERE e.course_id = $1 AND (p.required_lessons <> v.required_count OR p.completed_lessons <>
			(SELECT count(*) FROM lesson_progresses l JOIN lesson_versions n ON n.version_id = v.id AND n.lesson_id = l.lesson_id
				WHERE l.enrollment_id = e.id AND l.completed_at IS NOT NULL)
			OR EXISTS (SELECT FROM lesson_progresses o JOIN lesson_progresses n ON n.enrollment_id = o.enrollment_id
				WHERE o.enrollment_id = e.id AND v.number = 2 AND o.lesson_id = $2 AND n.lesson_id = $3 AND NOT n.watched @> o.watched))`
	var n int
	if err := pgtest.Superuser(t, f.Database).QueryRow(t.Context(), wrong, m.course, m.film, m.anew).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d places are counted wrong (%v):\n%s", n, err, m.stand(t))
	}
}

// paused has moved a place, and waits before it commits.
type paused struct {
	enrollment.Evidence

	reached chan struct{}
	goOn    chan struct{}
}

func (p *paused) Carry(ctx context.Context, tx *pg.Tx, place, actor uuid.UUID, mapping map[uuid.UUID]uuid.UUID) error {
	close(p.reached)
	<-p.goOn
	return p.Evidence.Carry(ctx, tx, place, actor, mapping)
}

// TestMigrationMeetsFirstEvidence has a place move while the learner's first evidence waits for it, which has read what
// the place was pinned to before: what is counted is of the version it is pinned to then. What is not in that version
// is refused and counts nothing.
func TestMigrationMeetsFirstEvidence(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		deed func(m *moving) deed
		want fault.Code
		end  string
	}{
		"a lesson of both versions":   {func(m *moving) deed { return m.spends(m.stays) }, "", "0: 2 ACTIVE 0 0 2 f stays/"},
		"a lesson that is gone":       {func(m *moving) deed { return m.spends(m.gone) }, fault.NotFound, "0: 2 ACTIVE f MIGRATED"},
		"a learner who says: I read":  {func(m *moving) deed { return m.reads(m.stays) }, "", "0: 2 ACTIVE 1 1 2 f stays/"},
		"of what is gone, in its way": {func(m *moving) deed { return m.reads(m.gone) }, fault.NotFound, "0: 2 ACTIVE f MIGRATED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			m := f.newMoving(t, f.acme)
			s := services(f.db, f.store)
			held := &paused{s.Learning, make(chan struct{}), make(chan struct{})}
			s.Enrollment.Evidence = held
			started := m.start(t, enrollmentmigration.PlacesNOT_STARTED)
			moved, done := make(chan error, 1), make(chan error, 1)
			go func() {
				_, err := s.Enrollment.MigrateNext(f.acme.System(t.Context()), started.ID, false)
				moved <- err
			}()
			<-held.reached
			go func() { done <- tt.deed(m)(m.learners[0], s.Learning, m.places[0].ID) }()
			eventually(t, "the evidence waits for the place", func() bool {
				const blocked = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`
				var waits bool
				err := pgtest.Superuser(t, f.Database).QueryRow(t.Context(), blocked).Scan(&waits)
				return err == nil && waits
			})
			close(held.goOn)
			if err := <-moved; err != nil {
				t.Fatal(err)
			}
			if err := <-done; fault.CodeOf(err) != tt.want {
				t.Errorf("the evidence: %v, want %q", err, tt.want)
			}
			if got, _, _ := strings.Cut(m.stand(t), "\n"); !strings.HasPrefix(got, tt.end) {
				t.Errorf("it stands as %q, want %q", got, tt.end)
			}
		})
	}
}

// TestMigrationsAreRefused asks for what cannot be.
func TestMigrationsAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	m := f.newMoving(t, f.acme)
	s := services(f.db, f.store).Enrollment
	staff := f.acme.AsInstructor(t.Context())
	many := map[uuid.UUID]uuid.UUID{}
	for range 201 {
		many[uuid.New()] = uuid.New()
	}
	to := func(pairs ...uuid.UUID) map[uuid.UUID]uuid.UUID {
		mapping := map[uuid.UUID]uuid.UUID{}
		for i := 0; i < len(pairs); i += 2 {
			mapping[pairs[i]] = pairs[i+1]
		}
		return mapping
	}
	for name, tt := range map[string]struct {
		ctx     context.Context
		course  uuid.UUID
		mapping map[uuid.UUID]uuid.UUID
		code    fault.Code
	}{
		"nobody":                {t.Context(), m.course, nil, fault.Unauthenticated},
		"a learner":             {m.learners[0], m.course, nil, fault.Forbidden},
		"another tenant":        {f.globex.AsAdmin(t.Context()), m.course, nil, fault.NotFound},
		"no such course":        {staff, uuid.New(), nil, fault.NotFound},
		"from what was never":   {staff, m.course, to(uuid.New(), m.anew), fault.NotFound},
		"to what was never":     {staff, m.course, to(m.film, uuid.New()), fault.NotFound},
		"from what stays":       {staff, m.course, to(m.stays, m.anew), fault.BadInput},
		"to what is gone":       {staff, m.course, to(m.film, m.gone), fault.BadInput},
		"to another kind":       {staff, m.course, to(m.gone, m.anew), fault.BadInput},
		"two to one":            {staff, m.course, to(m.film, m.anew, m.gone, m.anew), fault.BadInput},
		"more than are allowed": {staff, m.course, many, fault.BadInput},
	} {
		_, err := s.StartMigration(tt.ctx, enrollment.Migration{Course: tt.course, Places: enrollmentmigration.PlacesNOT_COMPLETED, Mapping: tt.mapping})
		if fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	if n := m.EnrollmentMigration.Query().CountX(f.acme.System(t.Context())); n != 0 {
		t.Errorf("%d migrations of what was refused", n)
	}
	m.start(t, enrollmentmigration.PlacesNOT_STARTED)
	if _, err := s.StartMigration(staff, enrollment.Migration{Course: m.course, Places: enrollmentmigration.PlacesNOT_COMPLETED}); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second one: %v", err)
	}
	if _, err := s.MigrationOf(m.learners[0], m.course); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("a learner asks how far it is: %v", err)
	}
	if _, err := s.MigrateNext(staff, uuid.New(), true); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("staff do the job's work: %v", err)
	}
}

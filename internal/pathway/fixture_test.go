package pathway_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentgrant"
	"lyceum/internal/pathway"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// school is a database with two tenants and the service over it.
type school struct {
	*pathway.Service

	db           *pgtest.Database
	acme, globex pgtest.Tenant
}

func newSchool(t *testing.T) *school {
	t.Helper()
	db := pgtest.New(t)
	return &school{
		Service: &pathway.Service{DB: db.DB, Places: places{}},
		db:      db, acme: pgtest.NewTenant(t, db, "acme"), globex: pgtest.NewTenant(t, db, "globex"),
	}
}

// places gives and takes places in courses as the rules of courses say, without seats: a place is active while a reason
// for it holds, and what is completed stays completed.
type places struct{}

func (places) Give(ctx context.Context, tx *pg.Tx, p pathway.Place) error {
	course, err := tx.Course.Get(ctx, p.Course)
	if err != nil {
		return err
	}
	place, err := tx.Enrollment.Query().Where(enrollment.CourseID(p.Course), enrollment.LearnerID(p.Learner)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		version := tx.CourseVersion.Query().FirstX(ctx)
		place, err = tx.Enrollment.Create().SetCourseID(course.ID).SetLearnerID(p.Learner).SetVersionID(version.ID).SetSeated(true).
			SetSource(enrollment.SourcePATH).SetEnrolledBy(uuid.Nil).Save(ctx)
	case err == nil && place.State != enrollment.StateCOMPLETED:
		place, err = tx.Enrollment.UpdateOne(place).SetState(enrollment.StateACTIVE).Save(ctx)
	}
	if err != nil {
		return err
	}
	n, err := tx.EnrollmentGrant.Update().Where(enrollmentgrant.EnrollmentID(place.ID), enrollmentgrant.Reference(p.Reference)).
		ClearEndedAt().ClearEndedWhy().Save(ctx)
	if err != nil || n == 1 {
		return err
	}
	return tx.EnrollmentGrant.Create().SetEnrollmentID(place.ID).SetLearnerID(p.Learner).SetSource(enrollmentgrant.SourcePATH).
		SetReference(p.Reference).SetGrantedBy(uuid.Nil).SetGrantedAt(time.Now()).Exec(ctx)
}

func (places) Release(ctx context.Context, tx *pg.Tx, p pathway.Place) error {
	return end(ctx, tx, p, enrollmentgrant.EndedWhyWITHDRAWN, enrollment.StateWITHDRAWN)
}

func (places) Revoke(ctx context.Context, tx *pg.Tx, p pathway.Place) error {
	return end(ctx, tx, p, enrollmentgrant.EndedWhyREVOKED, enrollment.StateREVOKED)
}

func end(ctx context.Context, tx *pg.Tx, p pathway.Place, why enrollmentgrant.EndedWhy, state enrollment.State) error {
	place, err := tx.Enrollment.Query().Where(enrollment.CourseID(p.Course), enrollment.LearnerID(p.Learner)).Only(ctx)
	if err != nil {
		return err
	}
	live := enrollmentgrant.And(enrollmentgrant.EnrollmentID(place.ID), enrollmentgrant.EndedAtIsNil())
	_, err = tx.EnrollmentGrant.Update().Where(live, enrollmentgrant.Reference(p.Reference)).SetEndedAt(time.Now()).SetEndedWhy(why).Save(ctx)
	if err != nil {
		return err
	}
	left, err := tx.EnrollmentGrant.Query().Where(live).Count(ctx)
	if err != nil || left > 0 || place.State == enrollment.StateCOMPLETED {
		return err
	}
	return tx.Enrollment.UpdateOne(place).SetState(state).SetSeated(false).Exec(ctx)
}

// offer makes a course that is published.
func (s *school) offer(t *testing.T, tenant pgtest.Tenant, slug string, price int) uuid.UUID {
	t.Helper()
	ctx := tenant.System(t.Context())
	course := s.db.Course.Create().SetSlug(slug).SetTitle(strings.ToUpper(slug)).SetInstructorID(tenant.Instructor).SaveX(ctx)
	v := s.db.CourseVersion.Create().
		SetCourseID(course.ID).SetNumber(1).SetSlug(slug).SetTitle(course.Title).SetInstructorID(tenant.Instructor).SetContentHash(slug).
		SetOutline(outline.Outline{}).SetLessonCount(0).SetRequiredCount(0).SetDurationMs(0).SetPublishedBy(tenant.Instructor).SaveX(ctx)
	s.db.Publication.Create().
		SetCourseID(course.ID).SetVersionID(v.ID).SetNumber(1).SetSlug(slug).SetTitle(course.Title).
		SetInstructorID(tenant.Instructor).SetPriceAmount(price).SetVisibility(outline.Members).ExecX(ctx)
	return course.ID
}

// courses makes so many free courses.
func (s *school) courses(t *testing.T, n int) []uuid.UUID {
	t.Helper()
	var all []uuid.UUID
	for i := range n {
		all = append(all, s.offer(t, s.acme, fmt.Sprintf("c%d-%s", i, uuid.NewString()[:8]), 0))
	}
	return all
}

// required lists courses that all count.
func required(courses ...uuid.UUID) []pathway.Part {
	parts := make([]pathway.Part, len(courses))
	for i, course := range courses {
		parts[i] = pathway.Part{Course: course, Required: true}
	}
	return parts
}

// path saves and publishes a path.
func (s *school) path(t *testing.T, d pathway.Definition) *ent.LearningPath {
	t.Helper()
	author := s.acme.AsInstructor(t.Context())
	saved, err := s.Save(author, filled(d))
	if err != nil {
		t.Fatal(err)
	}
	published, err := s.Publish(author, saved.ID)
	if err != nil {
		t.Fatal(err)
	}
	return published
}

// filled adds to a definition what the test does not care about.
func filled(d pathway.Definition) pathway.Definition {
	if d.Slug == "" {
		d.Slug = "p-" + uuid.NewString()[:8]
	}
	if d.Title == "" {
		d.Title = "Path"
	}
	if d.Need == "" {
		d.Need = outline.NeedAll
	}
	if d.Visibility == "" {
		d.Visibility = outline.Public
	}
	return d
}

// finish completes the learner's course, as the context of places does, and tells the paths.
func (s *school) finish(t *testing.T, learner, course uuid.UUID) {
	t.Helper()
	s.complete(t, learner, course)
	if err := s.Advance(s.acme.System(t.Context()), learner); err != nil {
		t.Fatal(err)
	}
}

func (s *school) complete(t *testing.T, learner, course uuid.UUID) {
	t.Helper()
	system := s.acme.System(t.Context())
	n := s.db.Enrollment.Update().Where(enrollment.CourseID(course), enrollment.LearnerID(learner), enrollment.StateNEQ(enrollment.StateCOMPLETED)).
		SetState(enrollment.StateCOMPLETED).SetCompletedAt(time.Now()).SaveX(system)
	if n > 0 || s.db.Enrollment.Query().Where(enrollment.CourseID(course), enrollment.LearnerID(learner)).ExistX(system) {
		return
	}
	s.db.Enrollment.Create().SetCourseID(course).SetLearnerID(learner).SetVersionID(s.db.CourseVersion.Query().FirstX(system).ID).
		SetState(enrollment.StateCOMPLETED).SetCompletedAt(time.Now()).SetSource(enrollment.SourceSELF).SetEnrolledBy(learner).ExecX(system)
}

// completions counts how often the place's completion was announced.
func (s *school) completions(place uuid.UUID) int {
	n := 0
	for _, event := range s.db.Events() {
		if done, ok := event.(pathway.PathCompleted); ok && done.Enrollment == place {
			n++
		}
	}
	return n
}

package jobs_test

import (
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/enrollment"
	"lyceum/internal/gen/ent/attestation"
	"lyceum/internal/gen/ent/enrollmentmigration"
	"lyceum/internal/gen/ent/lessonprogress"
	"lyceum/internal/gen/ent/publication"
	"lyceum/internal/learning"
)

// TestMovedTwice maps the same lessons in two migrations, as an author does who starts from the last one: time and
// attendance count once. Only where the lesson has been in the course again, its evidence is carried again.
func TestMovedTwice(t *testing.T) {
	t.Parallel()
	f := setup(t)
	m := f.newMoving(t, f.acme)
	system := f.acme.System(t.Context())
	s := services(f.db, f.store)
	place := m.places[2]
	if _, err := s.Learning.RecordAttendance(f.acme.AsInstructor(t.Context()), learning.Attested{Enrollment: place.ID, Part: &m.film, Minutes: 30}); err != nil {
		t.Fatal(err)
	}
	if n := m.LessonProgress.Update().Where(lessonprogress.EnrollmentID(place.ID), lessonprogress.LessonID(m.film)).SetTimeMs(7000).SaveX(system); n != 1 {
		t.Fatalf("%d rows of the film", n)
	}
	film := func(id uuid.UUID) outline.Lesson {
		return outline.Lesson{ID: id, Kind: outline.Video, Required: true, DurationMS: 50_000}
	}
	stays := outline.Lesson{ID: m.stays, Kind: outline.Article, Required: true}
	for i, tt := range []struct {
		lessons       []outline.Lesson
		mapped        bool
		time, minutes int
	}{
		{nil, true, 7000, 30}, // the second version
		{[]outline.Lesson{stays, film(m.anew)}, true, 7000, 30},
		{[]outline.Lesson{stays, film(m.anew), film(m.film)}, false, 7000, 30},
		{[]outline.Lesson{stays, film(m.anew)}, true, 14_000, 60},
	} {
		if tt.lessons != nil {
			v := m.version(t, 2+i, tt.lessons...)
			m.Publication.Update().Where(publication.CourseID(m.course)).SetVersionID(v.ID).SetNumber(v.Number).ExecX(system)
		}
		var mapping map[uuid.UUID]uuid.UUID
		if tt.mapped {
			mapping = map[uuid.UUID]uuid.UUID{m.film: m.anew}
		}
		started, err := s.Enrollment.StartMigration(f.acme.AsInstructor(t.Context()), enrollment.Migration{
			Course: m.course, Places: enrollmentmigration.PlacesNOT_COMPLETED, Mapping: mapping,
		})
		if err != nil {
			t.Fatal(err)
		}
		m.migrate(t, started.ID, 0)
		row := m.LessonProgress.Query().Where(lessonprogress.EnrollmentID(place.ID), lessonprogress.LessonID(m.anew)).OnlyX(system)
		minutes := 0
		for _, a := range m.Attestation.Query().Where(attestation.EnrollmentID(place.ID), attestation.NodeID(m.anew)).AllX(system) {
			minutes += a.Minutes
		}
		if row.TimeMs != tt.time || minutes != tt.minutes || row.WatchedMs != 20_000 {
			t.Errorf("move %d: %d ms on task, %d minutes, %d ms watched; want %d, %d, 20000", i, row.TimeMs, minutes, row.WatchedMs, tt.time, tt.minutes)
		}
	}
}

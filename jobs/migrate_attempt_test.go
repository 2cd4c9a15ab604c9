package jobs_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/enrollment"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/attempt"
	entenrollment "lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/enrollmentchange"
	"lyceum/internal/gen/ent/enrollmentmigration"
	"lyceum/internal/gen/ent/lessonprogress"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
	"lyceum/jobs"
)

// tested is a course whose quiz is made anew in the second version.
type tested struct {
	*moving

	s jobs.Services
	// old and anew are the quizzes; the question is asked by both.
	old, anew, question uuid.UUID
}

// newTested publishes the course. The rules are those of the quizzes, empty for none.
func (f fixture) newTested(t *testing.T, oldRule, newRule string) *tested {
	t.Helper()
	x := &tested{moving: &moving{fixture: f, tenant: f.acme, stays: uuid.New()}, s: services(f.db, f.store), old: uuid.New(), anew: uuid.New()}
	x.s.Enrollment.Evidence = x.s.Learning
	ctx := f.acme.System(t.Context())
	x.course = f.Course.Create().SetSlug("c" + uuid.NewString()).SetTitle("Knots").SetInstructorID(f.acme.Instructor).SaveX(ctx).ID
	x.question = f.QuestionVersion.Create().SetQuestionID(uuid.New()).SetLessonID(x.old).SetContentHash(uuid.NewString()).
		SetKind(quiz.ShortText).SetPoints(1).SetPromptHTML("<p>Where?</p>").SetChoices(nil).SetHints([]string{}).SetExplanationHTML("").
		SetAnswerKey(quiz.Key{Text: &quiz.TextKey{Accepted: []string{"Paris"}}}).SaveX(ctx).ID
	lesson := func(id uuid.UUID, rule string) outline.Lesson {
		return outline.Lesson{ID: id, Kind: outline.Quiz, Required: true, Completion: rule, Quiz: &outline.QuizSettings{
			PassMark: 50, Questions: []uuid.UUID{x.question},
		}}
	}
	article := outline.Lesson{ID: x.stays, Kind: outline.Article, Required: true}
	x.versions[0] = x.version(t, 1, article, lesson(x.old, oldRule))
	x.versions[1] = x.version(t, 2, article, lesson(x.anew, newRule))
	f.Publication.Create().SetCourseID(x.course).SetVersionID(x.versions[1].ID).SetNumber(2).SetSlug("c" + uuid.NewString()).SetTitle("Knots").
		SetInstructorID(f.acme.Instructor).ExecX(ctx)
	return x
}

// sits is a learner of the first version before the quiz, with the right answer or a wrong one.
func (x *tested) sits(t *testing.T, name, answer string) (context.Context, *ent.Enrollment, *ent.Attempt) {
	t.Helper()
	learner := pgtest.NewUser(t, x.Database, x.tenant, name, viewer.Learner)
	who := x.tenant.As(t.Context(), learner, viewer.Learner)
	place := x.Enrollment.Create().SetLearnerID(learner).SetCourseID(x.course).SetVersionID(x.versions[0].ID).
		SetSource(entenrollment.SourceSELF).SetEnrolledBy(learner).SetEnrolledAt(time.Now().Add(-time.Hour)).SaveX(x.tenant.System(t.Context()))
	open, err := x.s.Assessment.StartAttempt(who, place.ID, x.old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.s.Assessment.SaveAnswer(who, open.ID, x.question, quiz.Response{Text: answer}); err != nil {
		t.Fatal(err)
	}
	return who, place, open
}

// moveAll moves everybody to the version in force.
func (x *tested) moveAll(t *testing.T, mapping map[uuid.UUID]uuid.UUID) {
	t.Helper()
	started, err := x.s.Enrollment.StartMigration(x.tenant.AsInstructor(t.Context()), enrollment.Migration{
		Course: x.course, Places: enrollmentmigration.PlacesNOT_COMPLETED, Mapping: mapping,
	})
	if err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		if more, err = x.s.Enrollment.MigrateNext(x.tenant.System(t.Context()), started.ID, false); err != nil {
			t.Fatal(err)
		}
	}
}

// done are the lessons that the place has completed.
func (x *tested) done(t *testing.T, place uuid.UUID) map[uuid.UUID]bool {
	t.Helper()
	done := map[uuid.UUID]bool{}
	for _, l := range x.LessonProgress.Query().
		Where(lessonprogress.EnrollmentID(place), lessonprogress.CompletedAtNotNil()).AllX(x.tenant.System(t.Context())) {
		done[l.LessonID] = true
	}
	return done
}

// TestAttemptOpenWhileItsPlaceMoves moves the place of a learner who sits before a quiz. The attempt goes on as it was begun,
// and what it completes by the version it was begun in counts for the quiz that takes its place.
func TestAttemptOpenWhileItsPlaceMoves(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		oldRule, newRule, answer string
		begun, unmapped          bool
		credited                 bool
	}{
		"passed":                              {answer: "Paris", begun: true, credited: true},
		"passed, the first evidence":          {answer: "Paris", credited: true},
		"passed, and the new quiz has a rule": {answer: "Paris", begun: true, newRule: "signed_off && quiz.passed", credited: true},
		"passed, and its own rule holds":      {answer: "Paris", begun: true, oldRule: "quiz.score >= 0.9", credited: true},
		"passed, and its own rule does not":   {answer: "Paris", begun: true, oldRule: "quiz.passed && signed_off"},
		"failed, and its own rule holds":      {answer: "Rome", begun: true, oldRule: "quiz.attempts >= 1", credited: true},
		"failed":                              {answer: "Rome", begun: true},
		"mapped to none":                      {answer: "Paris", begun: true, unmapped: true},
		"mapped to none, the first evidence":  {answer: "Paris", unmapped: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := setup(t).newTested(t, tt.oldRule, tt.newRule)
			who, place, open := x.sits(t, "sits", tt.answer)
			if tt.begun {
				if _, err := x.s.Learning.CompleteLesson(who, place.ID, x.stays); err != nil {
					t.Fatal(err)
				}
			}
			mapping := map[uuid.UUID]uuid.UUID{x.old: x.anew}
			if tt.unmapped {
				mapping = nil
			}
			x.moveAll(t, mapping)
			if again, err := x.s.Assessment.StartAttempt(who, place.ID, x.old); err != nil || again.ID != open.ID {
				t.Errorf("the open attempt does not go on: %v (%v)", again, err)
			}
			ended, err := x.s.Assessment.SubmitAttempt(who, open.ID)
			if err != nil {
				t.Fatal(err)
			}
			if ended.State != attempt.StateSUBMITTED || ended.VersionID != x.versions[0].ID || ended.Passed != (tt.answer == "Paris") {
				t.Errorf("the attempt ended as %v", ended)
			}
			if done := x.done(t, place.ID); done[x.anew] != tt.credited || done[x.old] != tt.credited || done[x.stays] != tt.begun {
				t.Errorf("completed: %v", done)
			}
			ctx := x.tenant.System(t.Context())
			progress := x.CourseProgress.Query().AllX(ctx)
			if !tt.begun && tt.unmapped {
				if len(progress) != 0 {
					t.Errorf("what leads nowhere made %v", progress)
				}
			} else if p := progress[0]; (p.CompletedAt != nil) != (tt.begun && tt.credited) || p.RequiredLessons != 2 {
				t.Errorf("the course: %v", p)
			}
			if _, err := x.s.Assessment.StartAttempt(who, place.ID, x.old); fault.CodeOf(err) != fault.NotFound {
				t.Errorf("another attempt at a quiz that is gone: %v", err)
			}
			if _, err := x.s.Assessment.StartAttempt(who, place.ID, x.anew); err != nil {
				t.Errorf("an attempt at the new quiz: %v", err)
			}
		})
	}
}

// TestAttemptOpenWhileItsPlaceMovesTwice: what a second move maps counts too, and what has lain until its time was up.
func TestAttemptOpenWhileItsPlaceMovesTwice(t *testing.T) {
	t.Parallel()
	x := setup(t).newTested(t, "", "")
	_, place, open := x.sits(t, "twice", "Paris")
	x.moveAll(t, map[uuid.UUID]uuid.UUID{x.old: x.anew})
	ctx := x.tenant.System(t.Context())
	last := uuid.New()
	third := x.version(t, 3, outline.Lesson{ID: last, Kind: outline.Quiz, Required: true, Quiz: &outline.QuizSettings{Questions: []uuid.UUID{x.question}}})
	x.Publication.Update().SetVersionID(third.ID).SetNumber(3).ExecX(ctx)
	x.moveAll(t, map[uuid.UUID]uuid.UUID{x.anew: last})
	x.Attempt.UpdateOne(open).SetDeadlineAt(time.Now().Add(-time.Hour)).ExecX(ctx)
	if n, err := x.s.Assessment.ExpireOverdue(ctx); n != 1 || err != nil {
		t.Errorf("%d attempts expired (%v)", n, err)
	}
	if done := x.done(t, place.ID); !done[last] {
		t.Errorf("completed: %v", done)
	}
	if p := x.CourseProgress.Query().OnlyX(ctx); p.CompletedAt == nil || p.RequiredLessons != 1 {
		t.Errorf("the course: %v", p)
	}
	if n := x.EnrollmentChange.Query().Where(enrollmentchange.MigrationIDNotNil()).CountX(ctx); n != 2 {
		t.Errorf("%d moves are in the history", n)
	}
}

// TestSubmittedWhileThePlaceMoves submits the attempts of a class while its places move: whoever comes first, the new quiz
// is completed, and every counter is right.
func TestSubmittedWhileThePlaceMoves(t *testing.T) {
	t.Parallel()
	x := setup(t).newTested(t, "", "")
	const class = 12
	var wg sync.WaitGroup
	places, start := make([]uuid.UUID, class), make(chan struct{})
	for i := range class {
		who, place, open := x.sits(t, fmt.Sprintf("s%d", i), "Paris")
		if i%2 == 0 {
			if _, err := x.s.Learning.CompleteLesson(who, place.ID, x.stays); err != nil {
				t.Fatal(err)
			}
		}
		places[i] = place.ID
		wg.Go(func() {
			<-start
			if _, err := x.s.Assessment.SubmitAttempt(who, open.ID); err != nil {
				t.Errorf("learner %d: %v", i, err)
			}
		})
	}
	close(start)
	x.moveAll(t, map[uuid.UUID]uuid.UUID{x.old: x.anew})
	wg.Wait()
	ctx := x.tenant.System(t.Context())
	for i, place := range places {
		moved := x.Enrollment.GetX(ctx, place).VersionID == x.versions[1].ID
		done := x.done(t, place)
		if !done[x.old] || moved && !done[x.anew] {
			t.Errorf("learner %d, moved: %t: %v", i, moved, done)
		}
		// Whoever had read, and submitted before the move, has completed the course and stays.
		if !moved && i%2 != 0 {
			t.Errorf("learner %d has not moved", i)
		}
	}
	for _, p := range x.CourseProgress.Query().AllX(ctx) {
		if p.RequiredLessons != 2 || p.CompletedLessons < 1 || (p.CompletedLessons == 2) != (p.CompletedAt != nil) {
			t.Errorf("counted: %v", p)
		}
	}
}

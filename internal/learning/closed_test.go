package learning_test

import (
	"testing"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/courseprogress"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/gen/ent/lessonprogress"
	"lyceum/internal/learning"
)

// TestOnlyWhoIsInLearns: evidence counts in places that are taken up or completed. From those who are invited, wait,
// have not paid, left or were sent away nothing is kept, by whichever door it comes.
func TestOnlyWhoIsInLearns(t *testing.T) {
	t.Parallel()
	c := newClass(t, video(100_000), of(outline.Article))
	system := c.tenant.System(t.Context())
	open := map[enrollment.State]bool{enrollment.StateACTIVE: true, enrollment.StateCOMPLETED: true}
	for _, state := range []enrollment.State{
		enrollment.StateINVITED, enrollment.StatePENDING_PAYMENT, enrollment.StateWAITLISTED, enrollment.StateEXPIRED,
		enrollment.StateWITHDRAWN, enrollment.StateREVOKED, enrollment.StateACTIVE, enrollment.StateCOMPLETED,
	} {
		change := c.db.Enrollment.UpdateOneID(c.place.ID).SetState(state).ClearTicket()
		if state == enrollment.StateWAITLISTED {
			change.SetTicket(1)
		}
		change.ExecX(system)
		doors := map[string]error{}
		_, doors["recordProgress"] = c.RecordProgress(c.learner, c.place.ID, c.play(0, learning.Segment{FromMS: 0, ToMS: 1000}))
		_, doors["recordProgress, numbered"] = c.Service.RecordProgress(c.learner, c.place.ID,
			learning.Batch{Session: uuid.New(), Sequence: 1, Lessons: c.play(0, learning.Segment{FromMS: 0, ToMS: 1000})})
		_, doors["completeLesson"] = c.CompleteLesson(c.learner, c.place.ID, c.lessons[1].ID)
		for door, err := range doors {
			want := fault.Conflict
			if open[state] {
				want = ""
			}
			if got := fault.CodeOf(err); (err == nil) != open[state] || err != nil && got != want {
				t.Errorf("%s in a place that is %s: %v", door, state, err)
			}
		}
		kept := c.db.LessonProgress.Query().Where(lessonprogress.EnrollmentID(c.place.ID)).CountX(system) +
			c.db.CourseProgress.Query().Where(courseprogress.EnrollmentID(c.place.ID), courseprogress.CompletedLessonsGT(0)).CountX(system)
		if !open[state] && kept > 0 {
			t.Fatalf("a place that is %s kept %d rows of evidence", state, kept)
		}
	}
	if c.watched(t, 0).WatchedMs != 1000 || c.watched(t, 1).CompletedAt == nil {
		t.Error("who is in learned nothing")
	}
}

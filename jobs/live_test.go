package jobs

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/assessment"
	"lyceum/internal/enrollment"
	"lyceum/internal/learning"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pg"
)

// TestProgressIsTold checks that the stream of a place's progress hears of all that completes something, and of grades,
// which are evidence also when nothing follows.
func TestProgressIsTold(t *testing.T) {
	t.Parallel()
	place, part, learner := uuid.New(), uuid.New(), uuid.New()
	topic := learning.Topic(place)
	for _, tt := range []struct {
		event pg.Event
		want  []feed.Change
	}{
		{assessment.AttemptGraded{Enrollment: place, Lesson: part}, []feed.Change{{Topic: topic}}},
		{learning.ModuleCompleted{Enrollment: place, Module: part}, []feed.Change{{Topic: topic}}},
		{learning.LessonCompleted{Enrollment: place, Learner: learner, Lesson: part}, []feed.Change{
			{Topic: topic, Event: learning.EventLesson, Ref: part},
			{Topic: enrollment.TopicOfLearner(learner), Event: enrollment.EventProgressed, Ref: place},
		}},
		{learning.CourseCompleted{Enrollment: place, Course: part}, []feed.Change{{Topic: topic, Event: learning.EventCourse, Ref: part}}},
	} {
		if diff := cmp.Diff(tt.want, changes(tt.event)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.event.Kind(), diff)
		}
	}
}

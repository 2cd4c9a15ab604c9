package jobs

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/internal/learning"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pg"
)

// TestProgressIsTold checks that the stream of a place's progress hears of all that completes something.
func TestProgressIsTold(t *testing.T) {
	t.Parallel()
	place, part := uuid.New(), uuid.New()
	topic := learning.Topic(place)
	for _, tt := range []struct {
		event pg.Event
		want  feed.Change
	}{
		{learning.ModuleCompleted{Enrollment: place, Module: part}, feed.Change{Topic: topic}},
		{learning.LessonCompleted{Enrollment: place, Lesson: part}, feed.Change{Topic: topic, Event: learning.EventLesson, Ref: part}},
		{learning.CourseCompleted{Enrollment: place, Course: part}, feed.Change{Topic: topic, Event: learning.EventCourse, Ref: part}},
	} {
		if diff := cmp.Diff([]feed.Change{tt.want}, changes(tt.event)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.event.Kind(), diff)
		}
	}
}

package jobs

import (
	"github.com/google/uuid"

	"lyceum/internal/assessment"
	"lyceum/internal/enrollment"
	"lyceum/internal/learning"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/pg"
)

// changes is the table of which live streams are told of an event: those of the place's progress, of the learner's
// places, and of everybody's in the course. An event that is not in it is told to none.
func changes(event pg.Event) []feed.Change {
	switch e := event.(type) {
	case enrollment.EnrollmentActivated:
		return placeChanged(e.Enrollment, e.Learner, e.Course)
	case enrollment.EnrollmentChanged:
		return placeChanged(e.Enrollment, e.Learner, e.Course)
	case assessment.AttemptGraded:
		// Also a grade that completes nothing is evidence that a rule may ask for.
		return learning.Moved(e.Enrollment)
	case learning.ModuleCompleted:
		return learning.Moved(e.Enrollment)
	case learning.LessonCompleted:
		return []feed.Change{
			{Topic: learning.Topic(e.Enrollment), Event: learning.EventLesson, Ref: e.Lesson},
			{Topic: enrollment.TopicOfLearner(e.Learner), Event: enrollment.EventProgressed, Ref: e.Enrollment},
		}
	case learning.CourseCompleted:
		return []feed.Change{{Topic: learning.Topic(e.Enrollment), Event: learning.EventCourse, Ref: e.Course}}
	default:
		return nil
	}
}

func placeChanged(place, learner, course uuid.UUID) []feed.Change {
	return []feed.Change{
		{Topic: enrollment.TopicOfLearner(learner), Event: enrollment.EventChanged, Ref: place},
		{Topic: enrollment.TopicOfCourse(course), Event: enrollment.EventChanged, Ref: place},
	}
}

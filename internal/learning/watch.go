package learning

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/enrollment"
	"lyceum/internal/platform/feed"
	"lyceum/internal/policy"
)

// What the streams of a place's progress are told one by one.
const (
	EventLesson = "LESSON_COMPLETED"
	EventCourse = "COURSE_COMPLETED"
)

// Topic is the progress of a place, as live streams watch it.
func Topic(enrollment uuid.UUID) feed.Topic { return feed.Topic{Kind: "progress", Subject: enrollment} }

// Moved says that the progress of these places moved. Whoever records evidence tells it to the feed at the end of the
// transaction, for as many places as there are in one call; what completes something need not, for its events do.
func Moved(enrollments ...uuid.UUID) []feed.Change {
	changes := make([]feed.Change, len(enrollments))
	for i, id := range enrollments {
		changes[i] = feed.Change{Topic: Topic(id)}
	}
	return changes
}

// Moment is an event of the progress of a place.
type Moment struct {
	feed.Event

	Enrollment uuid.UUID
}

// Watch streams how the progress of a place moves, behind the event id after, to its learner and to staff. Faults:
// Unauthenticated and Forbidden; NotFound; BadInput for what is no event id.
func (s *Service) Watch(ctx context.Context, id uuid.UUID, after string) (<-chan feed.Event, error) {
	if _, err := policy.Learning(ctx); err != nil {
		return nil, err
	}
	known, err := s.DB.Enrollment.Query().Where(enrollment.ID(id)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("find enrollment: %w", err)
	}
	if !known {
		return nil, fault.New(fault.NotFound, "There is no such enrollment.")
	}
	return s.Feed.Open(ctx, s.DB, Topic(id), after)
}

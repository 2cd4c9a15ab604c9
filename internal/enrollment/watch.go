package enrollment

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent/course"
	"lyceum/internal/platform/feed"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// What the streams of places are told: that a place has changed and, its learner alone, that a lesson was completed.
const (
	EventChanged    = "CHANGED"
	EventProgressed = "PROGRESSED"
)

// TopicOfLearner is a learner's own places, as live streams watch them.
func TopicOfLearner(learner uuid.UUID) feed.Topic {
	return feed.Topic{Kind: "places", Subject: learner}
}

// TopicOfCourse is everybody's places in a course, as live streams watch them.
func TopicOfCourse(course uuid.UUID) feed.Topic { return feed.Topic{Kind: "roster", Subject: course} }

// WatchMine streams how the viewer's own places change, behind the event id after. Faults: Unauthenticated and
// Forbidden; BadInput for what is no event id.
func (s *Service) WatchMine(ctx context.Context, after string) (<-chan feed.Event, error) {
	who, err := policy.Learning(ctx)
	if err != nil {
		return nil, err
	}
	return s.Feed.Open(ctx, s.DB, TopicOfLearner(who.User), after)
}

// WatchCourse streams to staff how everybody's places in the course change. Faults: those of WatchMine, and NotFound.
func (s *Service) WatchCourse(ctx context.Context, id uuid.UUID, after string) (<-chan feed.Event, error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	known, err := s.DB.Course.Query().Where(course.ID(id)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("find course: %w", err)
	}
	if !known {
		return nil, fault.New(fault.NotFound, "There is no such course.")
	}
	return s.Feed.Open(ctx, s.DB, TopicOfCourse(id), after)
}

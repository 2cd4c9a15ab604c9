package graph

import (
	"context"

	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/graph/transport"
	places "lyceum/internal/enrollment"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/learning"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/gid"
)

// resumed is where a stream continues. A client that comes back sends the same variables again; where it stopped is in
// its last event.
func resumed(ctx context.Context, after *string) string {
	if last := transport.LastEventID(ctx); last != "" {
		return last
	}
	return value(after)
}

func eventID(e feed.Event) string { return e.ID }

func (r subscriptionResolver) EnrollmentChanged(
	ctx context.Context, courseID *gid.ID, after *string,
) (<-chan *feed.Event, error) {
	events, err := r.watchPlaces(ctx, courseID, resumed(ctx, after))
	if err != nil {
		return nil, err
	}
	return identified(ctx, events, eventID, func(e feed.Event) *feed.Event { return &e }), nil
}

// watchPlaces streams the viewer's own places, or those of a course.
func (r subscriptionResolver) watchPlaces(ctx context.Context, courseID *gid.ID, after string) (<-chan feed.Event, error) {
	if courseID == nil {
		return r.services.Enrollment.WatchMine(ctx, after)
	}
	course, err := idOf(*courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	return r.services.Enrollment.WatchCourse(ctx, course, after)
}

func (enrollmentEventResolver) Kind(_ context.Context, e *feed.Event) (model.EnrollmentEventKind, error) {
	return model.EnrollmentEventKind(e.Name), nil
}

func (enrollmentEventResolver) Enrollment(ctx context.Context, e *feed.Event) (*ent.Enrollment, error) {
	if e.Name != places.EventChanged && e.Name != places.EventProgressed {
		return nil, nil //nolint:nilnil // it is about none
	}
	return loader.Optional(loader.From(ctx).Enrollment.Load(ctx, e.Ref))
}

func (r subscriptionResolver) ProgressUpdated(
	ctx context.Context, enrollmentID gid.ID, after *string,
) (<-chan *learning.Moment, error) {
	place, err := idOf(enrollmentID, ent.GIDEnrollment)
	if err != nil {
		return nil, err
	}
	events, err := r.services.Learning.Watch(ctx, place, resumed(ctx, after))
	if err != nil {
		return nil, err
	}
	return identified(ctx, events, eventID, momentOf(place)), nil
}

func momentOf(place uuid.UUID) func(feed.Event) *learning.Moment {
	return func(e feed.Event) *learning.Moment { return &learning.Moment{Event: e, Enrollment: place} }
}

func (progressEventResolver) Kind(_ context.Context, m *learning.Moment) (model.ProgressEventKind, error) {
	return model.ProgressEventKind(m.Name), nil
}

func (progressEventResolver) LessonID(_ context.Context, m *learning.Moment) (*gid.ID, error) {
	if m.Name != learning.EventLesson {
		return nil, nil //nolint:nilnil // it is about none
	}
	return lessonID(m.Ref), nil
}

func (progressEventResolver) Enrollment(ctx context.Context, m *learning.Moment) (*ent.Enrollment, error) {
	return loader.From(ctx).Enrollment.Load(ctx, m.Enrollment)
}

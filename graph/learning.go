package graph

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/learning"
	"lyceum/internal/platform/gid"
)

func (r mutationResolver) RecordProgress(
	ctx context.Context, in model.RecordProgressInput,
) (*model.RecordProgressPayload, error) {
	place, err := idOf(in.EnrollmentID, ent.GIDEnrollment)
	if err != nil {
		return nil, err
	}
	batch := learning.Batch{
		Lessons: make([]learning.Played, len(in.Lessons)), Sequence: value(in.Sequence),
		Age: time.Duration(value(in.AgeMs)) * time.Millisecond,
	}
	if in.SessionID != nil {
		if batch.Session, err = uuid.Parse(*in.SessionID); err != nil || batch.Session == uuid.Nil {
			return nil, fault.Invalid("sessionId", "A session's name has 32 hexadecimal digits, in groups of 8, 4, 4, 4 and 12.")
		}
	}
	for i, played := range in.Lessons {
		if batch.Lessons[i], err = playedOf(played, fmt.Sprintf("lessons.%d", i)); err != nil {
			return nil, err
		}
	}
	return recorded(r.services.Learning.RecordProgress(ctx, place, batch))
}

func playedOf(in *model.PlayedLessonInput, field string) (learning.Played, error) {
	lesson, err := idOf(in.LessonID, ent.GIDLesson)
	if err != nil {
		return learning.Played{}, err
	}
	played := learning.Played{
		Lesson: lesson, PositionMS: in.PositionMs, SignsMS: in.Signs, Segments: make([]learning.Segment, len(in.Segments)),
	}
	for i, s := range in.Segments {
		// Nil is not known, which is not the same as standing still.
		if s.Rate != nil && *s.Rate <= 0 {
			return learning.Played{}, fault.Invalid(fmt.Sprintf("%s.segments.%d.rate", field, i), "The speed of playing is more than 0 and at most 16.")
		}
		played.Segments[i] = learning.Segment{FromMS: s.FromMs, ToMS: s.ToMs, Rate: value(s.Rate)}
	}
	return played, nil
}

func (r mutationResolver) CompleteLesson(
	ctx context.Context, in model.CompleteLessonInput,
) (*model.RecordProgressPayload, error) {
	place, err := idOf(in.EnrollmentID, ent.GIDEnrollment)
	if err != nil {
		return nil, err
	}
	lesson, err := idOf(in.LessonID, ent.GIDLesson)
	if err != nil {
		return nil, err
	}
	return recorded(r.services.Learning.CompleteLesson(ctx, place, lesson))
}

func recorded(r *learning.Recorded, err error) (*model.RecordProgressPayload, error) {
	if err != nil {
		return nil, err
	}
	completed := make([]*gid.ID, len(r.Completed))
	for i, lesson := range r.Completed {
		completed[i] = lessonID(lesson)
	}
	return &model.RecordProgressPayload{Progress: r.Progress, CompletedLessonIds: completed}, nil
}

func lessonID(lesson uuid.UUID) *gid.ID {
	id := gid.New(ent.GIDLesson, lesson)
	return &id
}

func (courseProgressResolver) State(_ context.Context, p *ent.CourseProgress) (model.ProgressState, error) {
	return model.ProgressState(learning.CourseState(p)), nil
}

func (courseProgressResolver) Percent(_ context.Context, p *ent.CourseProgress) (int, error) {
	return learning.Percent(p), nil
}

func (courseProgressResolver) LastActivityAt(_ context.Context, p *ent.CourseProgress) (*time.Time, error) {
	return learning.LastActivity(p), nil
}

func (courseProgressResolver) Lessons(ctx context.Context, p *ent.CourseProgress) ([]*ent.LessonProgress, error) {
	return evidenceOf(ctx, loader.From(ctx), p)
}

func evidenceOf(ctx context.Context, set *loader.Set, p *ent.CourseProgress) ([]*ent.LessonProgress, error) {
	return set.Evidence.Load(ctx, p.EnrollmentID)
}

func (lessonProgressResolver) LessonID(_ context.Context, p *ent.LessonProgress) (*gid.ID, error) {
	return lessonID(p.LessonID), nil
}

func (lessonProgressResolver) State(_ context.Context, p *ent.LessonProgress) (model.ProgressState, error) {
	return model.ProgressState(learning.LessonState(p)), nil
}

func (r queryResolver) LessonDropOff(ctx context.Context, courseID, lesson gid.ID) (*model.LessonDropOff, error) {
	course, err := idOf(courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	id, err := idOf(lesson, ent.GIDLesson)
	if err != nil {
		return nil, err
	}
	stayed, err := r.services.Learning.DropOff(ctx, course, id)
	if err != nil || stayed == nil {
		return nil, err
	}
	return &model.LessonDropOff{Learners: stayed.Learners, Minutes: stayed.Minutes}, nil
}

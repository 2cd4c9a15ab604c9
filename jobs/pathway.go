package jobs

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// AdvancePaths moves a learner who has completed a course along their learning paths.
type AdvancePaths struct {
	Tenant  uuid.UUID `json:"tenant_id"`
	Learner uuid.UUID `json:"learner_id"`
}

// Kind implements river.JobArgs.
func (AdvancePaths) Kind() string { return "pathway.advance" }

// ReviewPath moves everybody along a learning path that has changed, some at a time.
type ReviewPath struct {
	Tenant uuid.UUID `json:"tenant_id"`
	Path   uuid.UUID `json:"path_id"`
	// After is the last place that was moved, zero at the beginning.
	After uuid.UUID `json:"after_id"`
}

// Kind implements river.JobArgs.
func (ReviewPath) Kind() string { return "pathway.review" }

// ReviewPaths has the learning paths reviewed of which a course is one.
type ReviewPaths struct {
	Tenant uuid.UUID `json:"tenant_id"`
	Course uuid.UUID `json:"course_id"`
}

// Kind implements river.JobArgs.
func (ReviewPaths) Kind() string { return "pathway.review_course" }

func addPaths(workers *river.Workers, s Services) {
	river.AddWorker(workers, action[AdvancePaths]{do: func(ctx context.Context, a AdvancePaths) error {
		return s.Pathway.Advance(ctx, a.Learner)
	}})
	river.AddWorker(workers, action[ReviewPath]{do: func(ctx context.Context, a ReviewPath) error {
		last, err := s.Pathway.Review(ctx, a.Path, a.After)
		if err != nil || last == uuid.Nil {
			return err
		}
		return insert(ctx, ReviewPath{Tenant: a.Tenant, Path: a.Path, After: last})
	}})
	river.AddWorker(workers, action[ReviewPaths]{do: func(ctx context.Context, a ReviewPaths) error {
		paths, err := s.Pathway.With(ctx, a.Course)
		if err != nil {
			return err
		}
		reviews := make([]river.JobArgs, len(paths))
		for i, path := range paths {
			reviews[i] = ReviewPath{Tenant: a.Tenant, Path: path}
		}
		return insert(ctx, reviews...)
	}})
}

// insert adds jobs that follow from the one that runs. When it is tried again it may add them twice, which does no harm.
func insert(ctx context.Context, jobs ...river.JobArgs) error {
	params := make([]river.InsertManyParams, len(jobs))
	for i, job := range jobs {
		params[i] = river.InsertManyParams{Args: job}
	}
	if len(params) == 0 {
		return nil
	}
	if _, err := river.ClientFromContext[pgx.Tx](ctx).InsertMany(ctx, params); err != nil {
		return fmt.Errorf("insert %d jobs: %w", len(params), err)
	}
	return nil
}

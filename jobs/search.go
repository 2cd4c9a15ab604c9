package jobs

import (
	"context"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

// SyncCourse makes search say what is true of the course now: it reads the course again when it runs, so
// that jobs which overtake each other do no harm.
type SyncCourse struct {
	Tenant uuid.UUID `json:"tenant_id"`
	Course uuid.UUID `json:"course_id"`
}

// Kind implements river.JobArgs.
func (SyncCourse) Kind() string { return "search.sync_course" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (SyncCourse) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: QueueSearch} }

func syncCourse(s Services) river.Worker[SyncCourse] {
	return action[SyncCourse]{do: func(ctx context.Context, a SyncCourse) error {
		return s.Search.SyncCourse(ctx, a.Course)
	}}
}

package jobs

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// What brings search up to date within a minute of an engine's return: a sync that failed is tried again at least
// every longestSyncWait, and what is given up meanwhile is found by a check every checkEvery.
const (
	longestSyncWait = 30 * time.Second
	checkEvery      = 30 * time.Second
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

// courseSyncer works on SyncCourse.
type courseSyncer struct{ action[SyncCourse] }

func syncCourse(s Services) river.Worker[SyncCourse] {
	return courseSyncer{action[SyncCourse]{do: func(ctx context.Context, a SyncCourse) error {
		return s.Search.SyncCourse(ctx, a.Course)
	}}}
}

// NextRetry implements river.Worker: a second after the first failure, and twice as long after each further one.
func (courseSyncer) NextRetry(job *river.Job[SyncCourse]) time.Time {
	wait := time.Second
	for range job.Attempt - 1 {
		wait = min(2*wait, longestSyncWait)
	}
	return time.Now().Add(wait)
}

// SyncFilm makes search say what is said in a film now, in every course that shows it.
type SyncFilm struct {
	Tenant uuid.UUID `json:"tenant_id"`
	Asset  uuid.UUID `json:"asset_id"`
}

// Kind implements river.JobArgs.
func (SyncFilm) Kind() string { return "search.sync_film" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (SyncFilm) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: QueueSearch} }

func syncFilm(s Services) river.Worker[SyncFilm] {
	return action[SyncFilm]{do: func(ctx context.Context, a SyncFilm) error { return s.Search.SyncFilm(ctx, a.Asset) }}
}

// CheckAllSearch inserts a CheckSearch for every active tenant. It belongs to none of them.
type CheckAllSearch struct{}

// Kind implements river.JobArgs.
func (CheckAllSearch) Kind() string { return "sweep.search_all" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (CheckAllSearch) InsertOpts() river.InsertOpts { return waitingOnce() }

// CheckSearch compares what search holds of a tenant with what the tenant has published, and syncs the courses that
// differ.
type CheckSearch struct {
	Tenant uuid.UUID `json:"tenant_id" river:"unique"`
}

// Kind implements river.JobArgs.
func (CheckSearch) Kind() string { return "sweep.search" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (CheckSearch) InsertOpts() river.InsertOpts { return waitingOnce() }

// waitingOnce are the options of a check: the next one comes anyway, so that one is tried once, and a second one does
// not wait behind it.
func waitingOnce() river.InsertOpts {
	return river.InsertOpts{
		Queue:       QueueSearch,
		MaxAttempts: 1,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
			rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}},
	}
}

func checkAllSearch(s Services) river.Worker[CheckAllSearch] {
	return action[CheckAllSearch]{do: func(ctx context.Context, _ CheckAllSearch) error {
		return insertForEach(ctx, s, func(tenant uuid.UUID) river.JobArgs { return CheckSearch{Tenant: tenant} })
	}}
}

func checkSearch(s Services) river.Worker[CheckSearch] {
	return action[CheckSearch]{do: func(ctx context.Context, _ CheckSearch) error {
		_, err := s.Search.Repair(ctx)
		return err
	}}
}

func searchChecks() *river.PeriodicJob {
	return river.NewPeriodicJob(
		river.PeriodicInterval(checkEvery),
		func() (river.JobArgs, *river.InsertOpts) { return CheckAllSearch{}, nil },
		&river.PeriodicJobOpts{ID: "search", RunOnStart: true},
	)
}

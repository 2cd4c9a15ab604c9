package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"lyceum/internal/gen/ent/placement"
	"lyceum/internal/platform/feed"
	"lyceum/internal/platform/idempotency"
)

// sweepEvery is how often time that ran out is noticed.
const sweepEvery = time.Minute

// SweepAll inserts a SweepTenant for every active tenant. It belongs to none of them.
type SweepAll struct{}

// Kind implements river.JobArgs.
func (SweepAll) Kind() string { return "sweep.all" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (SweepAll) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: sweepEvery}}
}

// SweepTenant grades attempts whose time ran out, ends access whose time ran out, completes what came true by the date,
// removes uploads and rendition sets that were abandoned and files that were deleted, asks again for conversions whose
// worker vanished, and forgets the answers that were kept for those who ask again and the changes that were kept for those
// who come back.
type SweepTenant struct {
	Tenant uuid.UUID `json:"tenant_id" river:"unique"`
}

// Kind implements river.JobArgs.
func (SweepTenant) Kind() string { return "sweep.tenant" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (SweepTenant) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: sweepEvery}}
}

func sweepAll(s Services) river.Worker[SweepAll] {
	return action[SweepAll]{do: func(ctx context.Context, _ SweepAll) error {
		return insertForEach(ctx, s, func(tenant uuid.UUID) river.JobArgs { return SweepTenant{Tenant: tenant} })
	}}
}

// insertForEach inserts a job for every active tenant.
func insertForEach(ctx context.Context, s Services, job func(tenant uuid.UUID) river.JobArgs) error {
	tenants, err := s.DB.Placement.Query().Where(placement.StatusEQ(placement.StatusACTIVE)).IDs(ctx)
	if err != nil {
		return fmt.Errorf("list tenants: %w", err)
	}
	params := make([]river.InsertManyParams, len(tenants))
	for i, tenant := range tenants {
		params[i] = river.InsertManyParams{Args: job(tenant)}
	}
	if len(params) == 0 {
		return nil
	}
	if _, err := river.ClientFromContext[pgx.Tx](ctx).InsertMany(ctx, params); err != nil {
		return fmt.Errorf("insert a job for each tenant: %w", err)
	}
	return nil
}

func sweepTenant(s Services) river.Worker[SweepTenant] {
	return action[SweepTenant]{do: func(ctx context.Context, _ SweepTenant) error {
		_, graded := s.Assessment.ExpireOverdue(ctx)
		_, ended := s.Enrollment.ExpireGrants(ctx)
		_, swept := s.Media.Sweep(ctx)
		_, asked := s.Media.Requeue(ctx)
		_, cleared := s.Media.SweepSets(ctx)
		_, purged := s.Media.SweepDeleted(ctx)
		_, dated := s.Learning.SweepDates(ctx)
		return errors.Join(dated, graded, ended, swept, asked, cleared, purged, idempotency.Sweep(ctx, s.DB), feed.Sweep(ctx, s.DB))
	}}
}

func periodic() []*river.PeriodicJob {
	return []*river.PeriodicJob{river.NewPeriodicJob(
		river.PeriodicInterval(sweepEvery),
		func() (river.JobArgs, *river.InsertOpts) { return SweepAll{}, nil },
		&river.PeriodicJobOpts{ID: "sweep", RunOnStart: true},
	), searchChecks()}
}

package graph

import (
	"context"

	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/internal/analytics"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
)

func (r queryResolver) LearnerDashboard(ctx context.Context) (*analytics.Learner, error) {
	return r.services.Dashboards.Mine(ctx)
}

func (learnerDashboardResolver) Recommended(ctx context.Context, d *analytics.Learner) (*ent.Enrollment, error) {
	if d.Recommended == uuid.Nil {
		return nil, nil //nolint:nilnil // there is nothing to learn
	}
	return loader.Optional(loader.From(ctx).Enrollment.Load(ctx, d.Recommended))
}

func (learnerDashboardResolver) InProgress(ctx context.Context, d *analytics.Learner) ([]*ent.Enrollment, error) {
	return loader.From(ctx).Enrollment.LoadAll(ctx, d.InProgress)
}

func (learnerDashboardResolver) Due(ctx context.Context, d *analytics.Learner) ([]*ent.Enrollment, error) {
	return loader.From(ctx).Enrollment.LoadAll(ctx, d.Due)
}

func (r learnerDashboardResolver) Certificates(ctx context.Context, _ *analytics.Learner) ([]*ent.Certificate, error) {
	return r.services.Credential.Mine(ctx)
}

func (courseDraftResolver) Report(ctx context.Context, c *ent.Course) (*analytics.Report, error) {
	return loader.From(ctx).Report.Load(ctx, c.ID)
}

// Progress spells the quarters out.
func (courseReportResolver) Progress(_ context.Context, r *analytics.Report) ([]*model.ProgressQuarter, error) {
	const quarter = 25
	quarters := make([]*model.ProgressQuarter, len(r.Progress))
	for i, n := range r.Progress {
		quarters[i] = &model.ProgressQuarter{FromPercent: i * quarter, ToPercent: (i + 1) * quarter, Learners: n}
	}
	return quarters, nil
}

func (stuckLearnerResolver) Enrollment(ctx context.Context, s *analytics.Stuck) (*ent.Enrollment, error) {
	return loader.From(ctx).Enrollment.Load(ctx, s.Enrollment)
}

package graph

import (
	"context"

	"lyceum/graph/relay"
	"lyceum/internal/engagement"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/page"
)

func (r queryResolver) MyPoints(ctx context.Context) (*engagement.Points, error) {
	return pointer(r.services.Engagement.Points(ctx))
}

func (r queryResolver) MyStreak(ctx context.Context) (*engagement.Streak, error) {
	return pointer(r.services.Engagement.Streak(ctx))
}

func (r queryResolver) MyAchievements(ctx context.Context) ([]*engagement.Earned, error) {
	return r.services.Engagement.Achievements(ctx)
}

func (r queryResolver) MyLeaderboardProfile(ctx context.Context) (*engagement.Profile, error) {
	return pointer(r.services.Engagement.Profile(ctx))
}

func (r queryResolver) Leaderboard(
	ctx context.Context, courseID, groupID *gid.ID, period engagement.Period, first *int, after *string, around *bool,
) (*relay.LeaderboardConnection, error) {
	course, err := optionalID(courseID, ent.GIDCourse)
	if err != nil {
		return nil, err
	}
	group, err := optionalID(groupID, ent.GIDGroup)
	if err != nil {
		return nil, err
	}
	request, err := page.Parse(first, after)
	if err != nil {
		return nil, err
	}
	ask := engagement.Ask{Course: course, Group: group, Period: period, Around: value(around)}
	board, err := r.services.Engagement.Leaderboard(ctx, request, ask)
	if err != nil {
		return nil, err
	}
	return &relay.LeaderboardConnection{Page: relay.From(board.Page), Self: board.Self, Hidden: board.Hidden}, nil
}

func (r queryResolver) PointRules(ctx context.Context) ([]*engagement.Worth, error) {
	return r.services.Engagement.Worths(ctx)
}

func (r queryResolver) Achievements(ctx context.Context) ([]*ent.Achievement, error) {
	return r.services.Engagement.Definitions(ctx)
}

func (r mutationResolver) SetLeaderboardProfile(
	ctx context.Context, in model.LeaderboardProfileInput,
) (*model.LeaderboardProfilePayload, error) {
	profile, err := r.services.Engagement.SetProfile(ctx, engagement.Profile{Hidden: in.Hidden, Pseudonym: in.Pseudonym})
	if err != nil {
		return nil, err
	}
	return &model.LeaderboardProfilePayload{Profile: &profile}, nil
}

func (r mutationResolver) SetTimeZone(ctx context.Context, timeZone string) (*model.SetTimeZonePayload, error) {
	kept, err := r.services.Tenancy.SetTimeZone(ctx, timeZone)
	if err != nil {
		return nil, err
	}
	return &model.SetTimeZonePayload{TimeZone: kept}, nil
}

func (r mutationResolver) SetPointRule(ctx context.Context, in model.PointRuleInput) (*model.SetPointRulePayload, error) {
	rules, err := r.services.Engagement.SetWorth(ctx, engagement.Worth{Reason: in.Reason, Points: in.Points})
	if err != nil {
		return nil, err
	}
	return &model.SetPointRulePayload{Rules: rules}, nil
}

func (r mutationResolver) SaveAchievement(
	ctx context.Context, in model.SaveAchievementInput,
) (*model.SaveAchievementPayload, error) {
	saved, err := r.services.Engagement.Define(ctx, engagement.Definition{
		Key: in.Key, Title: in.Title, Description: in.Description, Rule: in.Rule, Retired: in.Retired,
	})
	if err != nil {
		return nil, err
	}
	return &model.SaveAchievementPayload{Achievement: saved}, nil
}

// pointer returns a pointer to what was found.
func pointer[T any](found T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return &found, nil
}

package graph

import (
	"context"
	"lyceum/internal/assessment"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
)

func (attemptResolver) Questions(_ context.Context, _ *ent.Attempt) ([]*assessment.Question, error) {
	panic("pending")
}

func (attemptResolver) Score(_ context.Context, _ *ent.Attempt) (*float64, error) { panic("pending") }

func (attemptResolver) Passed(_ context.Context, _ *ent.Attempt) (*bool, error) { panic("pending") }

func (mutationResolver) StartAttempt(_ context.Context, _ model.StartAttemptInput) (*model.AttemptPayload, error) {
	panic("pending")
}

func (mutationResolver) SaveAnswer(_ context.Context, _ model.SaveAnswerInput) (*model.AttemptPayload, error) {
	panic("pending")
}

func (mutationResolver) SubmitAttempt(_ context.Context, _ gid.ID) (*model.AttemptPayload, error) {
	panic("pending")
}

func (queryResolver) Attempt(_ context.Context, _ gid.ID) (*ent.Attempt, error) { panic("pending") }

func (quizContentResolver) Attempts(_ context.Context, _ *model.QuizContent) ([]*ent.Attempt, error) {
	panic("pending")
}

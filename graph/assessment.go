package graph

import (
	"context"

	"lyceum/graph/loader"
	"lyceum/internal/assessment"
	"lyceum/internal/assessment/quiz"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/model"
	"lyceum/internal/platform/gid"
)

func (r queryResolver) Attempt(ctx context.Context, id gid.ID) (*ent.Attempt, error) {
	attempt, err := idOf(id, ent.GIDAttempt)
	if err != nil {
		return absent[ent.Attempt](nil, err)
	}
	return absent(r.services.Assessment.Attempt(ctx, attempt))
}

func (r mutationResolver) StartAttempt(
	ctx context.Context, in model.StartAttemptInput,
) (*model.AttemptPayload, error) {
	place, err := idOf(in.EnrollmentID, ent.GIDEnrollment)
	if err != nil {
		return nil, err
	}
	lesson, err := idOf(in.LessonID, ent.GIDLesson)
	if err != nil {
		return nil, err
	}
	return attemptPayload(r.services.Assessment.StartAttempt(ctx, place, lesson))
}

func (r mutationResolver) SaveAnswer(ctx context.Context, in model.SaveAnswerInput) (*model.AttemptPayload, error) {
	attempt, err := idOf(in.AttemptID, ent.GIDAttempt)
	if err != nil {
		return nil, err
	}
	question, err := idOf(in.QuestionID, ent.GIDQuestionVersion)
	if err != nil {
		return nil, err
	}
	response := quiz.Response{
		Choices: in.Response.Choices, Number: value(in.Response.Number), Text: value(in.Response.Text),
	}
	return attemptPayload(r.services.Assessment.SaveAnswer(ctx, attempt, question, response))
}

func (r mutationResolver) SubmitAttempt(ctx context.Context, id gid.ID) (*model.AttemptPayload, error) {
	attempt, err := idOf(id, ent.GIDAttempt)
	if err != nil {
		return nil, err
	}
	return attemptPayload(r.services.Assessment.SubmitAttempt(ctx, attempt))
}

func attemptPayload(attempt *ent.Attempt, err error) (*model.AttemptPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.AttemptPayload{Attempt: attempt}, nil
}

func (attemptResolver) Questions(ctx context.Context, a *ent.Attempt) ([]*assessment.Question, error) {
	return loader.From(ctx).Asked.Load(ctx, a)
}

func (attemptResolver) Score(_ context.Context, a *ent.Attempt) (*float64, error) {
	return assessment.Score(a), nil
}

func (attemptResolver) Passed(_ context.Context, a *ent.Attempt) (*bool, error) {
	return assessment.Passed(a), nil
}

func (quizContentResolver) Attempts(ctx context.Context, q *model.QuizContent) ([]*ent.Attempt, error) {
	return loader.From(ctx).Attempts.Load(ctx, q.Lesson.ID)
}

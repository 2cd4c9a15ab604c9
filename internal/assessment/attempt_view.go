package assessment

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"lyceum/internal/assessment/quiz"
	"lyceum/internal/catalog/outline"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/answer"
	"lyceum/internal/gen/ent/lessonversion"
	"lyceum/internal/viewer"
)

// Questions returns what each of the attempts asks, in order, by the attempt's id: with what was answered,
// and once it is graded with the result. The attempts are such as the viewer was allowed to read. It takes
// the same number of statements for one attempt as for many.
func (s *Service) Questions(ctx context.Context, attempts []*ent.Attempt) (map[uuid.UUID][]*Question, error) {
	rows, err := s.askedBy(ctx, attempts)
	if err != nil {
		return nil, err
	}
	answers, err := s.answersTo(ctx, attempts)
	if err != nil {
		return nil, err
	}
	links, err := s.links(ctx, attempts, rows)
	if err != nil {
		return nil, err
	}
	asked := make(map[uuid.UUID][]*Question, len(attempts))
	for _, a := range attempts {
		questions := make([]*Question, len(a.Picks))
		for i, pick := range a.Picks {
			q := rows[pick.Question]
			given := answers[a.ID][q.ID]
			questions[i] = shown(q, pick, given, links[a.ID])
			if Graded(a) {
				questions[i].Result = resultOf(q, given, links[a.ID])
			}
		}
		asked[a.ID] = questions
	}
	return asked, nil
}

// askedBy returns the question versions of all attempts by their id as picks spell it.
func (s *Service) askedBy(ctx context.Context, attempts []*ent.Attempt) (map[string]*ent.QuestionVersion, error) {
	seen := map[uuid.UUID]bool{}
	var all []uuid.UUID
	for _, a := range attempts {
		ids, err := versionIDs(a.Picks)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	found, err := versions(ctx, s.DB.QuestionVersion, all)
	if err != nil {
		return nil, err
	}
	rows := make(map[string]*ent.QuestionVersion, len(found))
	for _, row := range found {
		rows[row.ID.String()] = row
	}
	return rows, nil
}

// answersTo returns the answers by attempt and question version.
func (s *Service) answersTo(ctx context.Context, attempts []*ent.Attempt) (map[uuid.UUID]map[uuid.UUID]*ent.Answer, error) {
	rows, err := s.DB.Answer.Query().Where(answer.AttemptIDIn(idsOf(attempts)...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	byAttempt := map[uuid.UUID][]*ent.Answer{}
	for _, row := range rows {
		byAttempt[row.AttemptID] = append(byAttempt[row.AttemptID], row)
	}
	answers := make(map[uuid.UUID]map[uuid.UUID]*ent.Answer, len(byAttempt))
	for id, given := range byAttempt {
		answers[id] = answersByQuestion(given)
	}
	return answers, nil
}

func idsOf(attempts []*ent.Attempt) []uuid.UUID {
	ids := make([]uuid.UUID, len(attempts))
	for i, a := range attempts {
		ids[i] = a.ID
	}
	return ids
}

func answersByQuestion(rows []*ent.Answer) map[uuid.UUID]*ent.Answer {
	byQuestion := make(map[uuid.UUID]*ent.Answer, len(rows))
	for _, row := range rows {
		byQuestion[row.QuestionID] = row
	}
	return byQuestion
}

// responseOf is the response of an answer, empty when none was given.
func responseOf(given *ent.Answer) quiz.Response {
	if given == nil {
		return quiz.Response{}
	}
	return given.Response
}

// link returns the address of a file by the name that a question uses.
type link func(name string) (string, bool)

// shown is the question as its learner sees it.
func shown(q *ent.QuestionVersion, pick quiz.Pick, given *ent.Answer, file link) *Question {
	view := &Question{
		ID: q.ID, Kind: q.Kind, Prompt: outline.LinkFiles(q.PromptHTML, file), Choices: []quiz.Choice{}, Points: q.Points, Hints: q.Hints,
	}
	texts := make(map[string]string, len(q.Choices))
	for _, choice := range q.Choices {
		texts[choice.Key] = choice.HTML
	}
	for _, key := range pick.Choices {
		view.Choices = append(view.Choices, quiz.Choice{Key: key, HTML: outline.LinkFiles(texts[key], file)})
	}
	if given != nil {
		response := given.Response
		if response.Choices == nil {
			response.Choices = []string{}
		}
		view.Response = &response
	}
	return view
}

// resultOf is what grading said. It grades again where no answer was kept: what was not answered has no
// row.
func resultOf(q *ent.QuestionVersion, given *ent.Answer, file link) *Result {
	result := &Result{Feedback: []string{}, Explanation: outline.LinkFiles(q.ExplanationHTML, file)}
	if given == nil {
		result.Correct, result.Score = worth(q, nil)
		return result
	}
	result.Correct, result.Score = given.Correct, given.Score
	for _, key := range given.Response.Choices {
		if feedback := q.AnswerKey.Feedback[key]; feedback != "" {
			result.Feedback = append(result.Feedback, outline.LinkFiles(feedback, file))
		}
	}
	return result
}

// links returns for each attempt where the files are that its questions name.
func (s *Service) links(
	ctx context.Context, attempts []*ent.Attempt, asked map[string]*ent.QuestionVersion,
) (map[uuid.UUID]link, error) {
	links := make(map[uuid.UUID]link, len(attempts))
	for _, a := range attempts {
		links[a.ID] = func(string) (string, bool) { return "", false }
	}
	if !nameFiles(asked) {
		return links, nil
	}
	lessons, err := s.attachments(ctx, attempts)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, names := range lessons {
		for _, id := range names {
			ids = append(ids, id)
		}
	}
	urls, err := s.Files.URLs(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("sign files of a quiz: %w", err)
	}
	for _, a := range attempts {
		names := lessons[lessonKey{a.VersionID, a.LessonID}]
		links[a.ID] = func(name string) (string, bool) {
			url, ok := urls[names[name]]
			return url, ok
		}
	}
	return links, nil
}

// nameFiles reports whether any of the questions names a file.
func nameFiles(asked map[string]*ent.QuestionVersion) bool {
	for _, q := range asked {
		texts := []string{q.PromptHTML, q.ExplanationHTML}
		for _, choice := range q.Choices {
			texts = append(texts, choice.HTML)
		}
		for _, feedback := range q.AnswerKey.Feedback {
			texts = append(texts, feedback)
		}
		for _, text := range texts {
			if strings.Contains(text, outline.FileScheme) {
				return true
			}
		}
	}
	return false
}

// lessonKey is a lesson in a course version.
type lessonKey struct{ version, lesson uuid.UUID }

// attachments returns the files of the attempts' lessons by name.
func (s *Service) attachments(ctx context.Context, attempts []*ent.Attempt) (map[lessonKey]map[string]uuid.UUID, error) {
	var versions, lessons []uuid.UUID
	for _, a := range attempts {
		versions, lessons = append(versions, a.VersionID), append(lessons, a.LessonID)
	}
	// Learners see no lesson rows; these are lessons that they have an attempt in.
	rows, err := s.DB.LessonVersion.Query().
		Where(lessonversion.VersionIDIn(versions...), lessonversion.LessonIDIn(lessons...)).
		Select(lessonversion.FieldVersionID, lessonversion.FieldLessonID, lessonversion.FieldAssets).
		All(viewer.WholeTenant(ctx))
	if err != nil {
		return nil, fmt.Errorf("read attachments: %w", err)
	}
	files := make(map[lessonKey]map[string]uuid.UUID, len(rows))
	for _, row := range rows {
		files[lessonKey{row.VersionID, row.LessonID}] = row.Assets
	}
	return files, nil
}

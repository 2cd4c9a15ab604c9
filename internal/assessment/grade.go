package assessment

import (
	"slices"

	"lyceum/internal/assessment/quiz"
)

// grade says whether the response answers the question. It has an answer for every kind, key and response,
// and always the same one: what it does not understand is wrong. A question is worth all of its points or
// none.
func grade(kind quiz.Kind, key quiz.Key, response quiz.Response) bool {
	switch kind {
	case quiz.SingleChoice:
		return len(response.Choices) == 1 && slices.Contains(key.Correct, response.Choices[0])
	case quiz.MultipleChoice:
		return sameSet(key.Correct, response.Choices)
	case quiz.Numeric:
		return key.Numeric != nil && gradeNumber(*key.Numeric, response.Number)
	case quiz.ShortText:
		return key.Text != nil && gradeText(*key.Text, response.Text)
	default:
		return false
	}
}

// sameSet compares lists as sets. Where no choice is right, choosing nothing is the answer.
func sameSet(a, b []string) bool {
	return containsAll(a, b) && containsAll(b, a)
}

func containsAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// passes says whether the points reach the pass mark, which is in percent.
func passes(score, maxScore float64, passMark int) bool {
	return score*100 >= float64(passMark)*maxScore
}

// Package quiz is the stored form of a question: what a learner sees, and, apart from it, the key.
package quiz

// Kind is how a question is answered.
type Kind string

// The kinds of question.
const (
	SingleChoice   Kind = "SINGLE_CHOICE"
	MultipleChoice Kind = "MULTIPLE_CHOICE"
	Numeric        Kind = "NUMERIC"
	ShortText      Kind = "SHORT_TEXT"
)

// Values lists the kinds, for the database schema.
func (Kind) Values() []string {
	return []string{string(SingleChoice), string(MultipleChoice), string(Numeric), string(ShortText)}
}

// Choice is one option of a choice question, as a learner may see it.
type Choice struct {
	// Key is stable across versions and unique in the question.
	Key string `json:"key"`
	// HTML is the sanitised text of the option.
	HTML string `json:"html"`
}

// DraftChoice is one option as its author writes it.
type DraftChoice struct {
	Key      string `json:"key"`
	Text     string `json:"text"`
	Correct  bool   `json:"correct,omitempty"`
	Feedback string `json:"feedback,omitempty"`
}

// Key is the answer key. It has no path from a learner's type.
type Key struct {
	// Correct are the keys of the right choices.
	Correct []string `json:"correct,omitempty"`
	// Feedback is shown after grading, by choice key, as sanitised HTML.
	Feedback map[string]string `json:"feedback,omitempty"`
	// Numeric is the rule for a numeric answer.
	Numeric *NumericKey `json:"numeric,omitempty"`
	// Text is the rule for a short text answer.
	Text *TextKey `json:"text,omitempty"`
}

// NumericKey accepts Min ≤ answer ≤ Max; a bound is excluded where its flag says so.
type NumericKey struct {
	// Answer is the value shown as correct, as its author wrote it.
	Answer     string  `json:"answer"`
	Min        float64 `json:"min"`
	Max        float64 `json:"max"`
	ExcludeMin bool    `json:"exclude_min,omitempty"`
	ExcludeMax bool    `json:"exclude_max,omitempty"`
}

// TextKey accepts any of the answers, compared after trimming and folding white space.
type TextKey struct {
	Accepted      []string `json:"accepted"`
	CaseSensitive bool     `json:"case_sensitive,omitempty"`
}

// Response is a learner's answer to one question; which field counts depends on the kind.
type Response struct {
	Choices []string `json:"choices,omitempty"`
	// Number is kept as typed, so that what was graded can be shown again.
	Number string `json:"number,omitempty"`
	Text   string `json:"text,omitempty"`
}

// Pick is one question of an attempt's frozen set.
type Pick struct {
	// Question is the id of the question version.
	Question string `json:"question"`
	// Choices is the order in which the options are shown.
	Choices []string `json:"choices,omitempty"`
}

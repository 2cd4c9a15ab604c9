package quiz

import (
	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
)

// Draft is a question as its author writes it, with its key.
type Draft struct {
	// Key is chosen by the author and unique in the quiz. It is the question's identity.
	Key  string
	Kind Kind
	// Format is how prompt, choices, feedback, explanation and hints are written.
	Format outline.Format
	Prompt string
	// Choices are for questions of choice.
	Choices []DraftChoice
	// Numeric is for numeric questions, Text for short text ones.
	Numeric *NumericKey
	Text    *TextKey
	Points  int
	// Explanation is shown after grading.
	Explanation string
	Hints       []string
}

// Pinned is what publishing needs to know of a quiz's questions.
type Pinned struct {
	// Versions are the ids of the question versions, in order. Equal content has the same id, always.
	Versions []uuid.UUID
	// Links are all addresses in the questions, in normal form.
	Links []string
}

package assessment

import (
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"lyceum/internal/assessment/quiz"
)

// gradeText says whether the text is one of the accepted answers. Nothing is never an answer.
func gradeText(key quiz.TextKey, text string) bool {
	said := plain(text, key.CaseSensitive)
	return said != "" && slices.ContainsFunc(key.Accepted, func(accepted string) bool {
		return plain(accepted, key.CaseSensitive) == said
	})
}

// plain is the text in the form in which answers are compared: composed (Unicode NFC), trimmed, each
// run of white space one space, and, unless case matters, case-folded.
func plain(text string, caseSensitive bool) string {
	folded := strings.Join(strings.Fields(text), " ")
	if !caseSensitive {
		folded = cases.Fold().String(folded)
	}
	return norm.NFC.String(folded)
}

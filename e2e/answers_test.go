package e2e

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"lyceum/e2e/stack"
)

// answerKey is what an instructor sees of a quiz.
type answerKey struct {
	Quiz struct {
		Questions []struct {
			Key, Kind, Prompt string
			Choices           []struct {
				Key     string
				Correct bool
			}
			Numeric *struct{ Min, Max float64 }
			Text    *struct{ Accepted []string }
		}
	}
}

// answerKeys are read once: signing in is limited.
var answerKeys map[string]answerKey

// keys returns the answer key of a quiz lesson, as the instructor of acme sees it.
func keys(t *testing.T, lessonID string) answerKey {
	t.Helper()
	if answerKeys == nil {
		answerKeys = readKeys(t, running.SignIn(t, "acme", "instructor"))
	}
	return answerKeys[lessonID]
}

func readKeys(t *testing.T, instructor *stack.Persona) map[string]answerKey {
	t.Helper()
	var drafts struct {
		CourseDrafts struct {
			Nodes []struct{ Slug string }
		}
	}
	instructor.MustDo(t, `{ courseDrafts(first: 50) { nodes { slug } } }`, nil, &drafts)
	found := map[string]answerKey{}
	for _, draft := range drafts.CourseDrafts.Nodes {
		var read struct {
			CourseDraft struct {
				Modules []struct {
					Lessons []struct {
						ID   string
						Quiz *struct {
							Questions []struct {
								Key, Kind, Prompt string
								Choices           []struct {
									Key     string
									Correct bool
								}
								Numeric *struct{ Min, Max float64 }
								Text    *struct{ Accepted []string }
							}
						}
					}
				}
			}
		}
		instructor.MustDo(t, `query($s: String!) { courseDraft(slug: $s) { modules { lessons { id quiz { questions {
			key kind prompt choices { key correct } numeric { min max } text { accepted } } } } } } }`, map[string]any{"s": draft.Slug}, &read)
		for _, m := range read.CourseDraft.Modules {
			for _, l := range m.Lessons {
				if l.Quiz == nil {
					continue
				}
				key := answerKey{}
				key.Quiz.Questions = l.Quiz.Questions
				found[l.ID] = key
			}
		}
	}
	return found
}

// response is the right answer to a question, found by what it asks.
func (k answerKey) response(t *testing.T, at int, q question) map[string]any {
	t.Helper()
	for _, known := range k.Quiz.Questions {
		if known.Kind != q.Kind || !sameText(known.Prompt, q.Prompt) || !sameChoices(known.Choices, q.Choices) {
			continue
		}
		switch known.Kind {
		case "NUMERIC":
			return map[string]any{"number": number((known.Numeric.Min + known.Numeric.Max) / 2)}
		case "SHORT_TEXT":
			return map[string]any{"text": known.Text.Accepted[0]}
		default:
			right := []string{}
			for _, choice := range known.Choices {
				if choice.Correct {
					right = append(right, choice.Key)
				}
			}
			return map[string]any{"choices": right}
		}
	}
	t.Fatalf("question %d is not in the draft: %s", at, q.Prompt)
	return nil
}

func sameChoices(known []struct {
	Key     string
	Correct bool
}, shown []struct{ Key string },
) bool {
	if len(known) != len(shown) {
		return false
	}
	keys := map[string]bool{}
	for _, choice := range known {
		keys[choice.Key] = true
	}
	for _, choice := range shown {
		if !keys[choice.Key] {
			return false
		}
	}
	return true
}

var (
	tag     = regexp.MustCompile(`<[^>]*>`)
	notText = regexp.MustCompile(`[^\pL\pN]+`)
)

// sameText compares what an author wrote with what a learner is shown: the words of its last line, since
// links and pictures look different on both sides.
func sameText(source, shown string) bool {
	words := func(s string) string {
		return notText.ReplaceAllString(html.UnescapeString(tag.ReplaceAllString(s, " ")), "")
	}
	lines := strings.Split(strings.TrimSpace(shown), "\n")
	return strings.Contains(words(source), words(lines[len(lines)-1]))
}

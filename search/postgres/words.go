package postgres

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// minPrefix is the length of the shortest unfinished word that is looked for, in characters.
const minPrefix = 2

// words is what Postgres' own reading of a query does not tell.
type words struct {
	// text is the query without hyphens that exclude nothing: each would nest in a tsquery, which has a limit.
	text string
	// last is the word being typed, as a tsquery of a prefix; empty when there is none. before is the text in
	// front of it.
	before, last string
	// phrases are what stands in double quotes, where it is more than a word.
	phrases []string
}

func wordsOf(text string) words {
	text = withoutIdleHyphens(text)
	w := words{text: text, phrases: []string{}}
	parts := strings.Split(text, `"`)
	for i, part := range parts {
		if phrase := strings.Join(strings.Fields(part), " "); i%2 == 1 && strings.Contains(phrase, " ") {
			w.phrases = append(w.phrases, phrase)
		}
	}
	if tail := parts[len(parts)-1]; len(parts)%2 == 1 {
		w.before, w.last = unfinished(text, tail)
	}
	return w
}

// unfinished splits the last word off the text, when the tail of the text, outside of quotes, ends with one
// that is asked for.
func unfinished(text, tail string) (before, last string) {
	word := tail[strings.LastIndexFunc(tail, notInWord)+1:]
	if r, size := utf8.DecodeLastRuneInString(tail[:len(tail)-len(word)]); size > 0 && !unicode.IsSpace(r) && r != '(' {
		return "", "" // -excluded, or part of something longer
	}
	if utf8.RuneCountInString(word) < minPrefix || strings.EqualFold(word, "or") {
		return "", ""
	}
	return strings.TrimSuffix(text, word), word + ":*"
}

// withoutIdleHyphens keeps the hyphens that stand before a word or a quote.
func withoutIdleHyphens(text string) string {
	runes := []rune(text)
	for i, r := range runes {
		idle := i+1 == len(runes) || runes[i+1] != '"' && notInWord(runes[i+1])
		if r == '-' && idle {
			runes[i] = ' '
		}
	}
	return string(runes)
}

func notInWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }

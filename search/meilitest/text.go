package meilitest

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// token is a word in a text.
type token struct {
	// fold is the word without case and accents.
	fold string
	// start and end are bytes in the text.
	start, end int
	// position counts words; the end of a sentence or a clause is as far as eight of them.
	position int
}

// farAway is how many words apart is far: as Meilisearch's proximity counts.
const farAway = 8

// tokens splits a text into its words: runs of letters, digits and marks.
func tokens(text string) []token {
	var (
		all      []token
		position = 0
	)
	for at := 0; at < len(text); {
		start := strings.IndexFunc(text[at:], inWord)
		if start < 0 {
			break
		}
		start += at
		end := len(text)
		if length := strings.IndexFunc(text[start:], func(r rune) bool { return !inWord(r) }); length >= 0 {
			end = start + length
		}
		if gap := text[at:start]; len(all) > 0 && (strings.Contains(gap, ". ") || strings.Contains(gap, ", ")) {
			position += farAway - 1
		}
		all = append(all, token{fold: fold(text[start:end]), start: start, end: end, position: position})
		position++
		at = end
	}
	return all
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// fold takes case and accents away.
func fold(word string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(word)))
}

// allowance is how many typos a word of this length may have.
func (i *index) allowance(word string) int {
	settings, _ := i.settings["typoTolerance"].(map[string]any)
	sizes, _ := settings["minWordSizeForTypos"].(map[string]any)
	one, _ := sizes["oneTypo"].(float64)
	two, _ := sizes["twoTypos"].(float64)
	length := float64(utf8.RuneCountInString(word))
	enabled, _ := settings["enabled"].(bool)
	exact, _ := settings["disableOnNumbers"].(bool)
	digits := strings.IndexFunc(word, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
	switch {
	case !enabled, exact && digits, length < one:
		return 0
	case length < two:
		return 1
	default:
		return 2
	}
}

// typos is how many typos make word of typed, and whether they are at most so many. A typo in the first
// letter counts twice. With prefix, what follows the beginning of the word does not count.
func typos(typed, word string, prefix bool, most int) (int, bool) {
	a, b := []rune(typed), []rune(word)
	if !prefix && (len(b)-len(a) > most || len(a)-len(b) > most) {
		return 0, false
	}
	n := distance(a, b, prefix)
	if n > 0 && len(a) > 0 && len(b) > 0 && a[0] != b[0] {
		n++
	}
	return n, n <= most
}

// distance is the number of letters to put in, take out, replace or swap with their neighbour; with prefix,
// to any beginning of b.
func distance(a, b []rune, prefix bool) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	if !prefix {
		return last[len(b)]
	}
	least := last[0]
	for _, n := range last {
		least = min(least, n)
	}
	return least
}

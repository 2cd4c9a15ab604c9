package meilitest

import "strings"

// maxWords is how many words of a query count.
const maxWords = 10

// term is a word or a phrase that is asked for.
type term struct {
	words []string
	// phrase says that the words must stand as they are, next to each other.
	phrase bool
	// prefix says that the word may be the beginning of one.
	prefix bool
}

// question is a query that was read.
type question struct {
	terms, excluded []term
}

// read splits a query into words and phrases. A hyphen in front of one, at its beginning, excludes it.
func read(text string) question {
	var (
		q     question
		words int
	)
	parts := strings.Split(text, `"`)
	for i, part := range parts {
		// What follows a quote that nothing closes is words like any other.
		phrase := i%2 == 1 && i < len(parts)-1
		negated := phrase && strings.HasSuffix(parts[i-1], "-") && isStart(parts[i-1], len(parts[i-1])-1)
		if phrase {
			q.add(term{words: folds(part), phrase: true}, negated, &words)
			continue
		}
		for _, t := range tokens(part) {
			negated := t.start > 0 && part[t.start-1] == '-' && isStart(part, t.start-1)
			last := i == len(parts)-1 && t.end == len(part)
			q.add(term{words: []string{t.fold}, prefix: last}, negated, &words)
		}
	}
	return q
}

// isStart reports whether nothing, or a space, stands before the byte.
func isStart(text string, at int) bool { return at == 0 || text[at-1] == ' ' }

func folds(text string) []string {
	var all []string
	for _, t := range tokens(text) {
		all = append(all, t.fold)
	}
	return all
}

func (q *question) add(t term, negated bool, words *int) {
	switch {
	case len(t.words) == 0:
	case negated:
		t.prefix = false
		q.excluded = append(q.excluded, t)
	case *words < maxWords:
		*words += len(t.words)
		q.terms = append(q.terms, t)
	}
}

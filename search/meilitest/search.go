package meilitest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// searchRequest is what can be asked for.
type searchRequest struct {
	Q                     string   `json:"q"`
	Offset                int      `json:"offset"`
	Limit                 int      `json:"limit"`
	Filter                any      `json:"filter"`
	Facets                []string `json:"facets"`
	AttributesToRetrieve  []string `json:"attributesToRetrieve"`
	AttributesToHighlight []string `json:"attributesToHighlight"`
	HighlightPreTag       string   `json:"highlightPreTag"`
	HighlightPostTag      string   `json:"highlightPostTag"`
	MatchingStrategy      string   `json:"matchingStrategy"`
	Hybrid                any      `json:"hybrid"`
}

func (s *Server) search(c call, uid string) said {
	in := searchRequest{Limit: 20, HighlightPreTag: "<em>", HighlightPostTag: "</em>", MatchingStrategy: "last"}
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	held := s.indexes[uid]
	switch {
	case in.Limit < 0:
		return refuse("invalid_search_limit", "Invalid value type for `.limit`")
	case in.Offset < 0:
		return refuse("invalid_search_offset", "Invalid value type for `.offset`")
	case in.MatchingStrategy != "last" && in.MatchingStrategy != "all":
		return refuse("invalid_search_matching_strategy", "Unknown value `"+in.MatchingStrategy+"` at `.matchingStrategy`")
	case in.Hybrid != nil:
		return refuse("bad_request", "The double knows no vectors.")
	case held == nil:
		return noIndex(uid)
	}
	return held.search(in, c.rules)
}

func (i *index) search(in searchRequest, rules []any) said {
	asked, err := parse(in.Filter)
	if err != nil {
		return refuse("invalid_search_filter", err.Error())
	}
	// What the token says is read by itself: nothing in the request can end it.
	rule, err := parse(rules)
	if err == nil {
		err = i.filterable(asked)
	}
	if err == nil {
		err = i.filterable(rule)
	}
	if err != nil {
		return refuse("invalid_search_filter", err.Error())
	}
	for _, facet := range in.Facets {
		if !i.has("filterableAttributes", facet) {
			return refuse("invalid_search_facets", "Invalid facet distribution: Attribute `"+facet+"` is not filterable.")
		}
	}
	q := read(in.Q)
	var found []match
	for _, d := range i.documents {
		if !asked.matches(d.fields) || !rule.matches(d.fields) {
			continue
		}
		if m, ok := i.match(d, q, in.MatchingStrategy == "all"); ok {
			found = append(found, m)
		}
	}
	slices.SortStableFunc(found, i.compare)
	return ok(i.answer(in, q, found))
}

func (i *index) answer(in searchRequest, q question, found []match) map[string]any {
	pagination, _ := i.settings["pagination"].(map[string]any)
	most, _ := pagination["maxTotalHits"].(float64)
	hits := []any{}
	for _, m := range window(found[:min(len(found), int(most))], in.Offset, in.Limit) {
		hits = append(hits, i.hit(in, q, m.document))
	}
	answer := map[string]any{
		"hits": hits, "query": in.Q, "processingTimeMs": 0, "limit": in.Limit, "offset": in.Offset,
		"estimatedTotalHits": len(found),
	}
	if in.Facets != nil {
		answer["facetDistribution"], answer["facetStats"] = distribution(in.Facets, found), map[string]any{}
	}
	return answer
}

// distribution counts the values of each facet in what was found.
func distribution(facets []string, found []match) map[string]map[string]int {
	counts := map[string]map[string]int{}
	for _, facet := range facets {
		counts[facet] = map[string]int{}
		for _, m := range found {
			values, isList := m.document.fields[facet].([]any)
			if value := m.document.fields[facet]; !isList && value != nil {
				values = []any{value}
			}
			for _, value := range values {
				counts[facet][fmt.Sprint(value)]++
			}
		}
	}
	return counts
}

// hit is what is shown of a document.
func (i *index) hit(in searchRequest, q question, d *document) map[string]any {
	retrieved := in.AttributesToRetrieve
	if retrieved == nil || slices.Contains(retrieved, "*") {
		retrieved = sortedKeys(d.fields)
	}
	shown := func(names []string) map[string]any {
		visible := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !i.has("displayedAttributes", name) })
		if len(visible) == 0 {
			return map[string]any{}
		}
		return some(d.fields, visible)
	}
	hit := shown(retrieved)
	if len(in.AttributesToHighlight) == 0 {
		return hit
	}
	highlighted := in.AttributesToHighlight
	if slices.Contains(highlighted, "*") {
		highlighted = sortedKeys(d.fields)
	}
	formatted := shown(append(slices.Clone(retrieved), highlighted...))
	for name, value := range formatted {
		if slices.Contains(highlighted, name) {
			formatted[name] = i.highlight(value, q, in.HighlightPreTag, in.HighlightPostTag)
		}
	}
	hit["_formatted"] = formatted
	return hit
}

// highlight marks what was asked for in a text, or in the texts of a list. Of a word that may be unfinished
// it marks as many letters as were typed.
func (i *index) highlight(value any, q question, before, after string) any {
	if values, isList := value.([]any); isList {
		marked := make([]any, len(values))
		for n, item := range values {
			marked[n] = i.highlight(item, q, before, after)
		}
		return marked
	}
	text, isText := value.(string)
	if !isText {
		return value
	}
	var (
		marked strings.Builder
		at     = 0
		words  = tokens(text)
	)
	for n := 0; n < len(words); n++ {
		start, end, taken := i.marked(text, words[n:], q)
		if taken == 0 {
			continue
		}
		marked.WriteString(text[at:start] + before + text[start:end] + after)
		at = end
		n += taken - 1
	}
	return marked.String() + text[at:]
}

// marked is the part of the text to be marked that begins with the first of the words, and how many words
// it takes; none when the word was not asked for.
func (i *index) marked(text string, words []token, q question) (start, end, taken int) {
	for _, t := range q.terms {
		if t.phrase {
			if phraseAt(words, t.words) {
				return words[0].start, words[len(t.words)-1].end, len(t.words)
			}
			continue
		}
		if _, ok := i.fits(t, words[0].fold); !ok {
			continue
		}
		end := words[0].end
		if t.prefix {
			end = words[0].start + prefixLength(text[words[0].start:end], utf8.RuneCountInString(t.words[0]))
		}
		return words[0].start, end, 1
	}
	return 0, 0, 0
}

// prefixLength is the length, in bytes, of the first n characters.
func prefixLength(text string, n int) int {
	for at := range text {
		if n == 0 {
			return at
		}
		n--
	}
	return len(text)
}

// fits returns how many typos make the term of the word.
func (i *index) fits(t term, word string) (int, bool) {
	if strings.HasPrefix(word, t.words[0]) && (t.prefix || word == t.words[0]) {
		return 0, true
	}
	return typos(t.words[0], word, t.prefix, i.allowance(t.words[0]))
}

func phraseAt(words []token, phrase []string) bool {
	if len(words) < len(phrase) {
		return false
	}
	for n, word := range phrase {
		if words[n].fold != word || n > 0 && words[n].position != words[n-1].position+1 {
			return false
		}
	}
	return true
}

// match is a document that was found, and what ranks it: less is better, in this order.
type match struct {
	document *document
	// missing words, typos, distance between the words, place of the first, words that are not exactly so.
	missing, typos, distance, place, inexact int
}

// spot is where a term stands.
type spot struct{ attribute, position, typos, inexact int }

// match looks for the terms in the document.
func (i *index) match(d *document, q question, all bool) (match, bool) {
	fields := i.searched(d)
	for _, t := range q.excluded {
		if len(i.spots(fields, t)) > 0 {
			return match{}, false
		}
	}
	m := match{document: d}
	var last []spot
	for n, t := range q.terms {
		spots := i.spots(fields, t)
		if len(spots) == 0 {
			m.missing = len(q.terms) - n
			// The last words may be missing, the first may not.
			return m, !all && n > 0
		}
		best := slices.MinFunc(spots, func(a, b spot) int {
			return cmp.Or(cmp.Compare(a.typos, b.typos), cmp.Compare(a.attribute, b.attribute), cmp.Compare(a.position, b.position))
		})
		m.typos += best.typos
		m.inexact += best.inexact
		m.place += best.attribute*1000 + min(best.position, 999)
		if n > 0 {
			m.distance += nearest(last, spots)
		}
		last = spots
	}
	return m, true
}

// searched are the words of the document, by searchable attribute.
func (i *index) searched(d *document) [][]token {
	names := i.names("searchableAttributes")
	if slices.Contains(names, "*") {
		names = sortedKeys(d.fields)
	}
	fields := make([][]token, len(names))
	for n, name := range names {
		if text, ok := d.fields[name].(string); ok {
			fields[n] = tokens(text)
		}
	}
	return fields
}

// spots finds the term.
func (i *index) spots(fields [][]token, t term) []spot {
	var found []spot
	for attribute, words := range fields {
		for n, word := range words {
			if t.phrase {
				if phraseAt(words[n:], t.words) {
					found = append(found, spot{attribute: attribute, position: word.position})
				}
				continue
			}
			if typos, ok := i.fits(t, word.fold); ok {
				s := spot{attribute: attribute, position: word.position, typos: typos}
				if word.fold != t.words[0] {
					s.inexact = 1
				}
				found = append(found, s)
			}
		}
	}
	return found
}

// nearest is how far apart two terms are where they are nearest.
func nearest(a, b []spot) int {
	least := farAway
	for _, x := range a {
		for _, y := range b {
			if x.attribute != y.attribute {
				continue
			}
			d := y.position - x.position
			if d < 0 {
				d = 1 - d // the other way round costs one more
			}
			least = min(least, d)
		}
	}
	return least
}

// compare ranks by the default rules, and then by what the settings add at the end.
func (i *index) compare(a, b match) int {
	ranked := cmp.Or(
		cmp.Compare(a.missing, b.missing), cmp.Compare(a.typos, b.typos), cmp.Compare(a.distance, b.distance),
		cmp.Compare(a.place, b.place), cmp.Compare(a.inexact, b.inexact),
	)
	if ranked != 0 {
		return ranked
	}
	for _, rule := range i.names("rankingRules") {
		if name, descending := strings.CutSuffix(rule, ":desc"); descending {
			x, _ := a.document.fields[name].(float64)
			y, _ := b.document.fields[name].(float64)
			return cmp.Compare(y, x)
		}
	}
	return 0
}

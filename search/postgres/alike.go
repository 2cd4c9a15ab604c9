package postgres

import (
	"context"
	"fmt"
	"strings"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
	"lyceum/search"
)

// liken makes search_titles show the titles that look like the text, until the transaction ends.
const liken = `
	SELECT set_config('app.search_title', lower(unaccent($1)), true),
		set_config('pg_trgm.strict_word_similarity_threshold', '0.45', true)`

// alikes is a page of what search_titles shows, closest first: $1 is the text, $7 and $8 limit and offset, $9
// the words, for each of which there must be one in the title, $10 and $11 staff and reader. There is one row at
// least, with the total.
var alikes = `
	WITH found AS MATERIALIZED (
		SELECT d.course_id, d.id, d.is_lesson, d.title, d.body, strict_word_similarity(lower(unaccent($1)), t.title) AS likeness
		FROM search_titles t JOIN search_documents d USING (tenant_id, course_id, id)
		WHERE ` + narrowed + `
		AND (SELECT bool_and(strict_word_similarity(lower(unaccent(typed)), t.title) > 0.45) FROM unnest($9::text[]) AS typed)
		ORDER BY likeness DESC, d.published_at DESC, d.id
		LIMIT 1000
	), page AS (
		SELECT course_id, id, is_lesson, title, body, likeness FROM found ORDER BY likeness DESC, is_lesson, id LIMIT $7 OFFSET $8
	)
	SELECT counted.total, page.course_id, page.id, page.is_lesson, page.title,
		CASE WHEN ` + readable("page", "$6", "$10", "$11") + `
			THEN ts_headline('lyceum_simple', left(page.body, 2000), ''::tsquery, 'MinWords=10, MaxWords=30') ELSE '' END, NULL::integer
	FROM (SELECT count(*) AS total FROM found) AS counted LEFT JOIN page ON true
	ORDER BY page.likeness DESC, page.is_lesson, page.id`

// alike finds titles that look like the query, for words that were mistyped. What is excluded or must stand
// together is meant as it is typed, so then there is nothing alike.
func alike(ctx context.Context, tx *pg.Tx, q search.Query) (search.Found, error) {
	if strings.ContainsRune(q.Text, '"') || strings.HasPrefix(q.Text, "-") || strings.Contains(q.Text, " -") {
		return search.Found{}, nil
	}
	typed := strings.FieldsFunc(q.Text, notInWord)
	if len(typed) == 0 {
		return search.Found{}, nil
	}
	text := strings.Join(typed, " ")
	if _, err := tx.Exec(ctx, liken, text); err != nil {
		return search.Found{}, fmt.Errorf("look for titles: %w", err)
	}
	found, err := page(tx.Query(ctx, alikes,
		text, q.Members, q.Language, q.Level, q.Category, viewer.Tenant(ctx), q.Limit, q.Offset, typed, q.Staff, q.Reader))
	if err != nil {
		return search.Found{}, err
	}
	for i := range found.Hits {
		found.Hits[i].Title = markAlike(found.Hits[i].Title, typed)
	}
	return found, nil
}

// markAlike marks the words of the title that are one or two letters away from a typed one.
func markAlike(title string, typed []string) string {
	var b strings.Builder
	for title != "" {
		end := strings.IndexFunc(title, notInWord)
		switch {
		case end < 0:
			end = len(title)
		case end == 0:
			end = len(title) - len(strings.TrimLeftFunc(title, notInWord))
		}
		word := title[:end]
		if isAlike(strings.ToLower(word), typed) {
			word = search.MarkStart + word + search.MarkEnd
		}
		b.WriteString(word)
		title = title[end:]
	}
	return b.String()
}

func isAlike(word string, typed []string) bool {
	for _, t := range typed {
		a, b := []rune(word), []rune(strings.ToLower(t))
		if n := distance(a, b); n <= 1 && len(b) >= 4 || n <= 2 && len(b) >= 7 {
			return true
		}
	}
	return false
}

// distance is how many letters must be put in, taken out, replaced or swapped with their neighbour to make
// b of a (optimal string alignment).
func distance(a, b []rune) int {
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
	return last[len(b)]
}

package postgres

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"lyceum/search"
)

// match is the rows that a query finds and how well: $1 is the tsquery's text in its dictionaries.
const match = `
	WITH asked AS MATERIALIZED (
		SELECT coalesce(string_agg('(' || q::text || ')', ' | '), '')::tsquery AS q
		FROM (
			SELECT websearch_to_tsquery(d::regconfig, unaccent($1)) AS q FROM unnest($2::text[]) AS d
			UNION ALL
			SELECT to_tsquery('simple', $3) WHERE $3 <> ''
		) AS parts
		WHERE numnode(q) > 0
	), found AS MATERIALIZED (
		SELECT d.id, d.course_id, d.is_lesson, d.title, d.body, d.language, asked.q,
			ts_rank_cd('{0.05, 0.1, 0.3, 1.0}', d.words, asked.q, 1) AS rank
		FROM search_documents d, asked
		WHERE d.words @@ asked.q
		  AND (d.visibility = 'PUBLIC' OR $4)
		  AND ($5 = '' OR d.language = $5 OR d.language LIKE $5 || '-%')
		  AND ($6 = '' OR d.level = $6)
		  AND ($7 = '' OR $7 = ANY (d.categories))
	)
	SELECT id, course_id, is_lesson,
		ts_headline('simple', title, q, 'StartSel=⟦, StopSel=⟧, HighlightAll=true'),
		ts_headline('simple', left(body, 100000), q, 'StartSel=⟦, StopSel=⟧, MaxFragments=1, MaxWords=30, MinWords=10'),
		total
	FROM (
		SELECT *, count(*) OVER () AS total FROM found ORDER BY rank DESC, is_lesson, id LIMIT $8 OFFSET $9
	) AS page
	ORDER BY rank DESC, is_lesson, id`

// alike finds titles that look like the query, for words that were mistyped.
const alike = `
	SELECT id, course_id, is_lesson, title, left(body, 200), count(*) OVER ()
	FROM search_documents
	WHERE word_similarity(unaccent($1), unaccent(title)) > 0.45
	  AND (visibility = 'PUBLIC' OR $2)
	  AND ($3 = '' OR language = $3 OR language LIKE $3 || '-%')
	  AND ($4 = '' OR level = $4)
	  AND ($5 = '' OR $5 = ANY (categories))
	ORDER BY word_similarity(unaccent($1), unaccent(title)) DESC, is_lesson, id
	LIMIT $6 OFFSET $7`

// Query implements search.Engine. Ranking, headlines and trigrams are Postgres' own, so it is raw SQL.
func (e *Engine) Query(ctx context.Context, q search.Query) (search.Found, error) {
	found, err := hits(e.DB.Query(ctx, match,
		q.Text, dictionaries(q.Language), prefix(q.Text), q.Members, q.Language, q.Level, q.Category, q.Limit, q.Offset))
	if err != nil {
		return search.Found{}, fmt.Errorf("search: %w", err)
	}
	if len(found.Hits) > 0 || q.Offset > 0 {
		return found, nil
	}
	found, err = hits(e.DB.Query(ctx, alike, q.Text, q.Members, q.Language, q.Level, q.Category, q.Limit, q.Offset))
	if err != nil {
		return search.Found{}, fmt.Errorf("search alike: %w", err)
	}
	return found, nil
}

func hits(rows pgx.Rows, err error) (search.Found, error) {
	if err != nil {
		return search.Found{}, err
	}
	var (
		found search.Found
		hit   search.Hit
	)
	_, err = pgx.ForEachRow(rows, []any{&hit.ID, &hit.Course, &hit.Lesson, &hit.Title, &hit.Snippet, &found.Total}, func() error {
		found.Hits = append(found.Hits, hit)
		return nil
	})
	return found, err
}

// prefix is a tsquery for the word being typed, so that "photosyn" finds; empty when the last word is too
// short, or the text ends a word or asks for something more particular than words.
func prefix(text string) string {
	if strings.ContainsAny(text, `"-`) {
		return ""
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 || len([]rune(words[len(words)-1])) < 3 {
		return ""
	}
	words[len(words)-1] += ":*"
	return strings.ToLower(strings.Join(words, " & "))
}

package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
	"lyceum/search"
)

// asked is a common table expression with one row and column, q: the query as a tsquery, empty when it has
// no words. $1 is the text, $2 and $3 the text before its last word and that word, as in words, $4 the tenant. A query does
// not say its language, so it is read with each dictionary in use, found by skipping along the index, and
// without any.
const asked = `
	used AS (
		(SELECT dictionary FROM search_documents WHERE tenant_id = $4 ORDER BY dictionary LIMIT 1)
		UNION ALL
		SELECT (SELECT d.dictionary FROM search_documents d WHERE d.tenant_id = $4 AND d.dictionary > u.dictionary ORDER BY d.dictionary LIMIT 1)
		FROM used u WHERE u.dictionary IS NOT NULL
	), known AS (
		SELECT dictionary::regconfig AS d FROM used WHERE dictionary IS NOT NULL UNION SELECT 'lyceum_simple'
	), asked AS (
		SELECT ` + eitherSign + `::tsquery AS q
		FROM (
			-- As texts: a word and a prefix are equal as tsqueries.
			SELECT websearch_to_tsquery(d, $1)::text AS q FROM known
			UNION
			SELECT (websearch_to_tsquery(d, $2) && to_tsquery('lyceum_simple', $3))::text FROM known WHERE $3 <> ''
		) AS readings
		WHERE q <> ''
	)`

// eitherSign is the readings joined, in which a number is looked for with and without a sign: Postgres takes the hyphen of
// COVID-19 and ISO-9001 for a minus, in documents as in queries, and people type it or do not.
const eitherSign = `regexp_replace(coalesce(string_agg('(' || q || ')', ' | '), ''), $re$'-?(\d+)'(:\*)?$re$, $re$('\1'\2 | '-\1'\2)$re$, 'g')`

// loose is the tsquery asked.q with its phrases taken apart, which finds all that it finds and more; but
// where a phrase is excluded it stays, since taken apart it would exclude more.
const loose = `CASE WHEN asked.q::text LIKE '%!%' THEN asked.q ELSE regexp_replace(asked.q::text, '<(-|\d+)>', '&', 'g')::tsquery END`

// arm makes search_words show the rows that match loosely, until the transaction ends, and returns the
// tsquery and the loose one.
const arm = `WITH RECURSIVE` + asked + `
	SELECT q::text, loose, set_config('app.search_words', loose, true)
	FROM asked, LATERAL (SELECT (` + loose + `)::text AS loose) AS taken`

// narrowed is what a query narrows to: $2 to $5 are members, language, level and category, $6 the tenant.
const narrowed = `
	d.tenant_id = $6
	AND (d.visibility = 'PUBLIC' OR $2)
	AND ($3 = '' OR d.language = $3 OR starts_with(d.language, $3 || '-'))
	AND ($4 = '' OR d.level = $4)
	AND ($5 = '' OR $5 = ANY (d.categories))`

// match is a page of what search_words shows, best first: $1 is the tsquery, $7 the phrases, $8 and $9 limit
// and offset, $10 the loose tsquery, $11 and $12 staff and reader. There is one row at least, with the total.
// Ranking reads whole vectors, so of very many matches only those are ranked that match in the title, then the newest.
var match = `
	WITH found AS MATERIALIZED (
		SELECT d.course_id, d.id, d.is_lesson, d.title, d.body, d.dictionary, d.cue_starts, d.cue_times, w.words
		FROM search_words w JOIN search_documents d USING (tenant_id, course_id, id)
		WHERE ` + narrowed + `
		AND (cardinality($7::text[]) = 0 OR w.words @@ $1::tsquery OR (w.is_cut AND (
			SELECT bool_and(strpos(translate(lower(d.body), E'\n\t', '  '), lower(phrase)) > 0)
			FROM unnest($7::text[]) AS phrase)))
		ORDER BY w.heading @@ $1::tsquery DESC, d.published_at DESC, d.id
		LIMIT 1000
	), page AS (
		SELECT course_id, id, is_lesson, title, body, dictionary, cue_starts, cue_times, ts_rank_cd('{0.05, 0.1, 0.3, 1.0}', words, $1::tsquery, 1) AS rank
		FROM found ORDER BY rank DESC, is_lesson, id LIMIT $8 OFFSET $9
	)
	SELECT counted.total, page.course_id, page.id, page.is_lesson,
		ts_headline(page.dictionary::regconfig, page.title, $10::tsquery, ` + whole + `), coalesce(excerpt.text, ''),
		` + saidAt("page") + `
	FROM (SELECT count(*) AS total FROM found) AS counted LEFT JOIN page ON true
	LEFT JOIN LATERAL (` + excerptOf("page", "$1::tsquery", "$10::tsquery") + `
		WHERE ` + readable("page", "$6", "$11", "$12") + `) AS excerpt ON true
	ORDER BY page.rank DESC, page.is_lesson, page.id`

// whole makes a headline of all of a text.
const whole = `'StartSel=⟦, StopSel=⟧, HighlightAll=true'`

// excerptOf selects the part of the body that has most of what was looked for. Reading a long text takes
// long, so its beginning is tried first. In the whole the query is looked for loosely, since headlines find no
// phrases far into a text.
func excerptOf(document, query, loose string) string {
	headline := func(body, query string) string {
		return `ts_headline(` + document + `.dictionary::regconfig, ` + body + `, ` + query + `,
			'StartSel=⟦, StopSel=⟧, MaxFragments=1, MaxWords=30, MinWords=10, ShortWord=0')`
	}
	return `
		SELECT CASE WHEN length(` + document + `.body) <= 16000 OR start.text LIKE '%⟦%' THEN start.text
			ELSE ` + headline(document+".body", loose) + ` END AS text
		FROM (SELECT ` + headline(`left(`+document+`.body, 16000)`, query) + ` AS text) AS start`
}

// saidAt is when what the excerpt shows is said in the lesson's film, in milliseconds: at the cue in which its first mark
// stands. It is null where the excerpt marks nothing, is not from captions, or is not in the body as it stands there:
// Postgres leaves out what looks like a tag.
func saidAt(document string) string {
	return `(
		SELECT cue.said FROM unnest(` + document + `.cue_starts, ` + document + `.cue_times) AS cue(start, said)
		WHERE strpos(excerpt.text, '⟦') > 0 AND strpos(` + document + `.body, translate(excerpt.text, '⟦⟧', '')) > 0
		AND cue.start < strpos(` + document + `.body, translate(excerpt.text, '⟦⟧', '')) + strpos(excerpt.text, '⟦')
		ORDER BY cue.start DESC LIMIT 1)`
}

// readable holds for a document whose body the reader may see: what is no lesson, or a lesson that they may open.
// The rule is that of catalog.Service.Contents.
func readable(document, tenant, staff, reader string) string {
	return `(` + staff + ` OR NOT ` + document + `.is_lesson
		OR EXISTS (
			SELECT FROM enrollments e
			JOIN lesson_versions l ON l.tenant_id = e.tenant_id AND l.version_id = e.version_id AND l.lesson_id = ` + document + `.id
			WHERE e.tenant_id = ` + tenant + ` AND e.course_id = ` + document + `.course_id AND e.learner_id = ` + reader + `
			AND e.state IN ('ACTIVE', 'COMPLETED'))
		OR EXISTS (
			SELECT FROM publications p
			JOIN lesson_versions l ON l.tenant_id = p.tenant_id AND l.version_id = p.version_id AND l.lesson_id = ` + document + `.id
			WHERE p.tenant_id = ` + tenant + ` AND p.course_id = ` + document + `.course_id AND l.preview))`
}

// Query implements search.Engine.
func (e *Engine) Query(ctx context.Context, q search.Query) (search.Found, error) {
	var found search.Found
	// The settings last as long as the transaction.
	err := e.DB.Tx(ctx, func(tx *pg.Tx) error {
		var err error
		if found, err = matching(ctx, tx, q); err != nil || found.Total > 0 {
			return err
		}
		found, err = alike(ctx, tx, q)
		return err
	})
	if err != nil {
		return search.Found{}, fmt.Errorf("search documents: %w", err)
	}
	return found, nil
}

func matching(ctx context.Context, tx *pg.Tx, q search.Query) (search.Found, error) {
	w := wordsOf(q.Text)
	var query, loose, armed string
	if err := tx.QueryRow(ctx, arm, w.text, w.before, w.last, viewer.Tenant(ctx)).Scan(&query, &loose, &armed); err != nil {
		return search.Found{}, fmt.Errorf("read query: %w", err)
	}
	if query == "" {
		return search.Found{}, nil
	}
	return page(tx.Query(ctx, match,
		query, q.Members, q.Language, q.Level, q.Category, viewer.Tenant(ctx), w.phrases, q.Limit, q.Offset, loose,
		q.Staff, q.Reader))
}

// page reads rows of total and, where there is one, a hit.
func page(rows search.Rows, err error) (search.Found, error) {
	if err != nil {
		return search.Found{}, fmt.Errorf("match: %w", err)
	}
	defer rows.Close()
	var found search.Found
	for rows.Next() {
		var (
			course, id     *uuid.UUID
			lesson         *bool
			title, snippet *string
			at             *int
		)
		if err := rows.Scan(&found.Total, &course, &id, &lesson, &title, &snippet, &at); err != nil {
			return search.Found{}, fmt.Errorf("read match: %w", err)
		}
		if id != nil {
			found.Hits = append(found.Hits, search.Hit{ID: *id, Course: *course, Lesson: *lesson, Title: *title, Snippet: *snippet, AtMs: at})
		}
	}
	if err := rows.Err(); err != nil {
		return search.Found{}, fmt.Errorf("match: %w", err)
	}
	return found, nil
}

package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/viewer"
	"lyceum/search"
)

// show is the documents $5 and $6 (ids of courses and their own) of the tenant $4, in that order: $7 to $9 are
// members, staff and reader.
var show = `
	WITH RECURSIVE` + asked + `
	SELECT d.course_id, d.id, d.is_lesson,
		ts_headline(d.dictionary::regconfig, d.title, taken.loose, ` + whole + `), coalesce(excerpt.text, ''), ` + saidAt("d") + `
	FROM asked
	CROSS JOIN LATERAL (SELECT ` + loose + ` AS loose) AS taken
	CROSS JOIN unnest($5::uuid[], $6::uuid[]) WITH ORDINALITY AS hit(course_id, id, place)
	JOIN search_documents d ON d.tenant_id = $4 AND d.course_id = hit.course_id AND d.id = hit.id
	LEFT JOIN LATERAL (` + excerptOf("d", "asked.q", "taken.loose") + `
		WHERE ` + readable("d", "$4", "$8", "$9") + `) AS excerpt ON true
	WHERE d.visibility = 'PUBLIC' OR $7
	ORDER BY hit.place`

// Show implements search.Store.
func (e *Engine) Show(ctx context.Context, q search.Query, hits []search.Hit) ([]search.Hit, error) {
	if len(hits) == 0 {
		return nil, nil
	}
	courses, ids := make([]uuid.UUID, len(hits)), make([]uuid.UUID, len(hits))
	for i, hit := range hits {
		courses[i], ids[i] = hit.Course, hit.ID
	}
	w := wordsOf(q.Text)
	rows, err := e.DB.Query(ctx, show, w.text, w.before, w.last, viewer.Tenant(ctx), courses, ids, q.Members, q.Staff, q.Reader)
	if err != nil {
		return nil, fmt.Errorf("read hits: %w", err)
	}
	defer rows.Close()
	shown := make([]search.Hit, 0, len(hits))
	for rows.Next() {
		var hit search.Hit
		if err := rows.Scan(&hit.Course, &hit.ID, &hit.Lesson, &hit.Title, &hit.Snippet, &hit.AtMs); err != nil {
			return nil, fmt.Errorf("read hit: %w", err)
		}
		shown = append(shown, hit)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read hits: %w", err)
	}
	return shown, nil
}

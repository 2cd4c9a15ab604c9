package catalog

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// holding are the courses whose draft or any published version refers to a file: learners keep the version that they
// began with. ent has no way to look into the values of a JSON object.
const holding = `
	SELECT title FROM courses WHERE tenant_id = $1 AND id IN (
		SELECT course_id FROM lessons
		WHERE tenant_id = $1 AND (asset_id = $2 OR EXISTS (SELECT 1 FROM jsonb_each_text(assets) AS a WHERE a.value = $2::text))
		UNION
		SELECT course_id FROM lesson_versions
		WHERE tenant_id = $1 AND (asset_id = $2 OR EXISTS (SELECT 1 FROM jsonb_each_text(assets) AS a WHERE a.value = $2::text)))
	ORDER BY title`

// Holding returns the titles of the courses that use the file, drafts and whatever was published.
func (*Service) Holding(ctx context.Context, tx *pg.Tx, asset uuid.UUID) ([]string, error) {
	rows, err := tx.Query(ctx, holding, viewer.Tenant(ctx), asset)
	if err != nil {
		return nil, fmt.Errorf("find courses that use a file: %w", err)
	}
	defer rows.Close()
	var titles []string
	for rows.Next() {
		var title string
		if err := rows.Scan(&title); err != nil {
			return nil, fmt.Errorf("find courses that use a file: %w", err)
		}
		titles = append(titles, title)
	}
	return titles, wrap("find courses that use a file", rows.Err())
}

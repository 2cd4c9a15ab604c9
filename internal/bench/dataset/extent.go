package dataset

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Extent is what a database really holds.
type Extent struct {
	Tenants     int `json:"tenants"`
	Courses     int `json:"courses"`
	People      int `json:"people"`
	Enrollments int `json:"enrollments"`
	Progress    int `json:"progress"`
	// Bytes is the size of the whole database.
	Bytes int64 `json:"bytes"`
}

// Measure counts what the database holds. The session must be one that row-level security does not bind.
func Measure(ctx context.Context, conn *pgx.Conn) (e Extent, err error) {
	const count = `SELECT (SELECT count(*) FROM tenants), (SELECT count(*) FROM courses), (SELECT count(*) FROM users),
		(SELECT count(*) FROM enrollments), (SELECT count(*) FROM lesson_progresses), pg_database_size(current_database())`
	err = conn.QueryRow(ctx, count).Scan(&e.Tenants, &e.Courses, &e.People, &e.Enrollments, &e.Progress, &e.Bytes)
	if err != nil {
		return e, fmt.Errorf("count rows: %w", err)
	}
	return e, nil
}

package pg

import (
	"github.com/jackc/pgx/v5"
)

// Rows are the rows of a raw statement. Close them.
type Rows = pgx.Rows

// Row is the one row of a raw statement.
type Row = pgx.Row

// ForEach scans each row into dest and calls fn after it, and closes the rows. It ends at the first error.
func ForEach(rows Rows, dest []any, fn func() error) error {
	_, err := pgx.ForEachRow(rows, dest, fn)
	return explain(err)
}

// row is a Row over rows.
type row struct {
	rows Rows
	err  error
}

// Scan implements pgx.Row.
func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return explain(err)
	}
	r.rows.Close()
	return r.rows.Err()
}

// explainedRows explains what goes wrong while reading.
type explainedRows struct{ pgx.Rows }

// Err implements pgx.Rows.
func (r explainedRows) Err() error { return explain(r.Rows.Err()) }

package pg

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/internal/viewer"
)

// setTenant makes row-level security see the tenant until the transaction ends. An unset tenant is the empty string,
// which the policies read as NULL: it matches no row.
const setTenant = `SELECT set_config('app.tenant_id', $1, true)`

// setting is the tenant of the context's viewer as the database setting wants it.
func setting(ctx context.Context) string {
	tenant := viewer.Tenant(ctx)
	if tenant == uuid.Nil {
		return ""
	}
	return tenant.String()
}

// runner runs statements for ent: over the pool with the tenant in front of each, or inside a transaction.
type runner interface {
	query(ctx context.Context, sql string, args []any) (pgx.Rows, error)
	exec(ctx context.Context, sql string, args []any) (pgconn.CommandTag, error)
	begin(ctx context.Context) (dialect.Tx, error)
}

// driver is ent's dialect.Driver straight over pgx, with no database/sql between them. It leaves no
// session state behind on a connection.
type driver struct{ runner }

var _ dialect.Driver = driver{}

// Dialect implements dialect.Driver.
func (driver) Dialect() string { return dialect.Postgres }

// Close implements dialect.Driver; the pool is closed by its owner.
func (driver) Close() error { return nil }

// Tx implements dialect.Driver. ent opens one by itself around an update and the select that follows it;
// our own code uses DB.Tx, which carries River's jobs too.
func (d driver) Tx(ctx context.Context) (dialect.Tx, error) { return d.begin(ctx) }

// Exec implements dialect.ExecQuerier.
func (d driver) Exec(ctx context.Context, query string, args, v any) error {
	list, ok := args.([]any)
	if !ok {
		return fmt.Errorf("pg: arguments of type %T", args)
	}
	tag, err := d.exec(ctx, query, list)
	if err != nil {
		return err
	}
	if out, ok := v.(*stdsql.Result); ok {
		*out = result(tag.RowsAffected())
	}
	return nil
}

// Query implements dialect.ExecQuerier.
func (d driver) Query(ctx context.Context, query string, args, v any) error {
	list, ok := args.([]any)
	if !ok {
		return fmt.Errorf("pg: arguments of type %T", args)
	}
	out, ok := v.(*entsql.Rows)
	if !ok {
		return fmt.Errorf("pg: rows of type %T", v)
	}
	rows, err := d.query(ctx, query, list)
	if err != nil {
		return err
	}
	*out = entsql.Rows{ColumnScanner: &scanner{Rows: rows}}
	return nil
}

type result int64

// LastInsertId implements sql.Result; Postgres has no such thing.
func (result) LastInsertId() (int64, error) { return 0, errors.ErrUnsupported }

// RowsAffected implements sql.Result.
func (r result) RowsAffected() (int64, error) { return int64(r), nil }

// scanner gives pgx rows the shape that ent scans.
type scanner struct {
	pgx.Rows
	columns []string
}

// Columns implements entsql.ColumnScanner.
func (s *scanner) Columns() ([]string, error) {
	if s.columns == nil {
		fields := s.FieldDescriptions()
		s.columns = make([]string, len(fields))
		for i := range fields {
			s.columns[i] = fields[i].Name
		}
	}
	return s.columns, nil
}

// ColumnTypes implements entsql.ColumnScanner; ent asks for it only with features that are off.
func (*scanner) ColumnTypes() ([]*stdsql.ColumnType, error) { return nil, errors.ErrUnsupported }

// NextResultSet implements entsql.ColumnScanner: one statement has one result.
func (*scanner) NextResultSet() bool { return false }

// Close implements entsql.ColumnScanner and reports what went wrong while reading.
func (s *scanner) Close() error {
	s.Rows.Close()
	return s.Err()
}

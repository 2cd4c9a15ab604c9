package pg

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/fault"
)

// pooled runs each statement on any free connection, in one round trip together with its tenant: the
// batch is one implicit transaction, so the setting ends with it.
type pooled struct {
	pool *pgxpool.Pool
	// wait is how long to queue for a connection before the caller is told to come back.
	wait time.Duration
}

func (p pooled) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	queue, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	conn, err := p.pool.Acquire(queue)
	if err == nil {
		return conn, nil
	}
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, fault.New(fault.Unavailable, "The service is busy; try again shortly.").After(time.Second).Because(err)
	}
	return nil, err
}

func (p pooled) send(ctx context.Context, sql string, args []any) (*pgxpool.Conn, pgx.BatchResults, error) {
	conn, err := p.acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	count(ctx)
	batch := &pgx.Batch{}
	batch.Queue(setTenant, setting(ctx))
	batch.Queue(sql, args...)
	results := conn.SendBatch(ctx, batch)
	if _, err := results.Exec(); err != nil {
		_ = results.Close()
		conn.Release()
		return nil, nil, err
	}
	return conn, results, nil
}

func (p pooled) exec(ctx context.Context, sql string, args []any) (pgconn.CommandTag, error) {
	conn, results, err := p.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer conn.Release()
	tag, err := results.Exec()
	return tag, errors.Join(err, results.Close())
}

func (p pooled) query(ctx context.Context, sql string, args []any) (pgx.Rows, error) {
	conn, results, err := p.send(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close()
		conn.Release()
		return nil, err
	}
	return &pooledRows{Rows: rows, conn: conn, results: results}, nil
}

// begin opens a transaction on a connection of its own.
func (p pooled) begin(ctx context.Context) (dialect.Tx, error) {
	conn, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := beginAs(ctx, conn)
	if err != nil {
		conn.Release()
		return nil, err
	}
	return &entTx{driver: driver{inside{tx: tx, tenant: setting(ctx)}}, tx: tx, conn: conn}, nil
}

// beginAs opens a transaction and sets its tenant.
func beginAs(ctx context.Context, conn *pgxpool.Conn) (pgx.Tx, error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin transaction: %w", err)
	}
	if _, err := tx.Exec(ctx, setTenant, setting(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("set tenant: %w", err), tx.Rollback(context.WithoutCancel(ctx)))
	}
	return tx, nil
}

// entTx is a transaction that ent opened by itself. dialect.Tx ends without a context.
type entTx struct {
	driver

	tx   pgx.Tx
	conn *pgxpool.Conn
}

// Commit implements dialect.Tx.
func (t *entTx) Commit() error {
	defer t.conn.Release()
	return t.tx.Commit(context.Background())
}

// Rollback implements dialect.Tx.
func (t *entTx) Rollback() error {
	defer t.conn.Release()
	return t.tx.Rollback(context.Background())
}

// pooledRows gives the connection back when the rows are closed or read to their end.
type pooledRows struct {
	pgx.Rows
	conn    *pgxpool.Conn
	results pgx.BatchResults
	once    sync.Once
	err     error
}

// Next implements pgx.Rows and closes at the end, as pgx does.
func (r *pooledRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Close implements pgx.Rows.
func (r *pooledRows) Close() {
	r.once.Do(func() {
		r.Rows.Close()
		r.err = r.results.Close()
		r.conn.Release()
	})
}

// Err implements pgx.Rows.
func (r *pooledRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return err
	}
	return r.err
}

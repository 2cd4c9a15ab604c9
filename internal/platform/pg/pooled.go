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
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("wait for a connection: %w", err)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, unavailable("The service is busy; try again shortly.", err)
	default:
		return nil, unavailable("The database cannot be reached; try again shortly.", err)
	}
}

// send runs the statement behind its tenant and hands its connection over with the results. A connection that
// is not handed over goes back, also when an argument panics while it is encoded: Release closes a connection
// that is in the middle of something.
func (p pooled) send(ctx context.Context, sql string, args []any) (*pgxpool.Conn, pgx.BatchResults, error) {
	conn, err := p.acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	handed := false
	defer func() {
		if !handed {
			conn.Release()
		}
	}()
	count(ctx, sql, args)
	batch := &pgx.Batch{}
	batch.Queue(setTenant, setting(ctx))
	batch.Queue(sql, args...)
	results := conn.SendBatch(ctx, batch)
	if _, err := results.Exec(); err != nil {
		_ = results.Close()
		return nil, nil, explain(err)
	}
	handed = true
	return conn, results, nil
}

func (p pooled) exec(ctx context.Context, sql string, args []any) (pgconn.CommandTag, error) {
	conn, results, err := p.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer conn.Release()
	tag, err := results.Exec()
	// Closing commits; after an error it says the same again.
	if closed := results.Close(); err == nil {
		err = closed
	}
	return tag, explain(err)
}

// query reads from the standby where the context says that it may.
func (p pooled) query(ctx context.Context, sql string, args []any) (pgx.Rows, error) {
	if s, may := ctx.Value(standbyKey{}).(*standby); may {
		if rows, done := s.ask(ctx, sql, args); done {
			return rows, nil
		}
	}
	return p.read(ctx, sql, args)
}

func (p pooled) read(ctx context.Context, sql string, args []any) (pgx.Rows, error) {
	conn, results, err := p.send(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close()
		conn.Release()
		return nil, explain(err)
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
	// dialect.Tx ends without a context. A caller who has gone away does not keep it from ending.
	ending := func(end func(context.Context) error) func() error {
		return func() error {
			defer conn.Release()
			ctx, cancel := endContext(ctx)
			defer cancel()
			return explain(end(ctx))
		}
	}
	return entTx{
		driver: driver{inside{tx: tx, tenant: setting(ctx)}},
		commit: ending(tx.Commit), rollback: ending(tx.Rollback),
	}, nil
}

// beginAs opens a transaction and sets its tenant, in one round trip. What is pasted into the statement is a
// UUID or nothing.
func beginAs(ctx context.Context, conn *pgxpool.Conn) (pgx.Tx, error) {
	begin := fmt.Sprintf(`BEGIN; SELECT set_config('app.tenant_id', '%s', true)`, setting(ctx))
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: begin})
	if err != nil {
		return nil, explain(fmt.Errorf("begin transaction: %w", err))
	}
	return tx, nil
}

// endContext is the context in which a transaction of ctx ends, though ctx may be over.
func endContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), endWait)
}

// entTx is a transaction that ent opened by itself.
type entTx struct {
	driver

	commit, rollback func() error
}

// Commit implements dialect.Tx.
func (t entTx) Commit() error { return t.commit() }

// Rollback implements dialect.Tx.
func (t entTx) Rollback() error { return t.rollback() }

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

// Close implements pgx.Rows. It commits, which may fail too.
func (r *pooledRows) Close() {
	r.once.Do(func() {
		defer r.conn.Release()
		r.Rows.Close()
		r.err = r.results.Close()
	})
}

// Err implements pgx.Rows.
func (r *pooledRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return explain(err)
	}
	return explain(r.err)
}

// Package pg is the way to Postgres: an ent client over pgx in which every statement travels with the
// tenant of its context, and transactions that ent, raw SQL and River's jobs share.
//
// It is the second wall's near side. Row-level security decides by app.tenant_id, and nothing but this
// package sets it.
package pg

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/gen/ent"
	_ "lyceum/internal/gen/ent/runtime" // installs the policies
	"lyceum/internal/viewer"
)

const (
	// acquireWait is how long a statement queues for a connection before the caller is told to come back.
	acquireWait = 2 * time.Second
	// endWait bounds ending a transaction whose caller has gone away.
	endWait = 5 * time.Second
	// maxAttempts is how often a transaction is tried that Postgres gives up for another one's sake.
	maxAttempts = 4
)

// Event is a domain event: something that happened, told to every context that subscribed.
type Event interface {
	// Kind is the event's stored name, such as "learning.course_completed". It never changes.
	Kind() string
}

// Single is an event that happens once for ever: a second one of the same kind and the same key has not happened.
type Single interface {
	Event
	// Once names the occasion, in ids. It never changes what it names.
	Once() string
}

// Entry is one thing worth keeping in the audit log.
type Entry struct {
	// Action is past tense with its context: "course.published".
	Action string
	// Subject is the global id of what it was done to.
	Subject string
	// Data says what the action cannot: names and values, no personal data.
	Data map[string]string
	// By is who acted, when Lyceum itself records what others did who write nothing themselves. The zero viewer
	// stands for the context's.
	By viewer.Viewer
}

// Hooks are what a transaction hands on before it commits. Command lyceum wires them; a nil hook refuses,
// so that nothing announced or recorded is lost by a forgotten wire.
type Hooks struct {
	// Announce inserts the jobs of the events' subscribers. It is told of all events of a transaction at once, at its end.
	Announce func(ctx context.Context, tx *Tx, events []Event) error
	// Record appends to the tenant's audit chain.
	Record func(ctx context.Context, tx *Tx, entry Entry) error
}

var errNoHook = errors.New("pg: no hook is wired")

// DB is the database as the application role sees it.
type DB struct {
	// Client runs each statement on its own, as the tenant of its context.
	*ent.Client

	pool  *pgxpool.Pool
	run   pooled
	hooks Hooks
	// standby is nil when there is none.
	standby *standby
}

// Open returns a DB over the pool. The pool stays the caller's to close.
func Open(pool *pgxpool.Pool, hooks Hooks) *DB {
	run := pooled{pool: pool, wait: acquireWait}
	return &DB{Client: ent.NewClient(ent.Driver(driver{run})), pool: pool, run: run, hooks: hooks}
}

// Pool returns the pool, for River and for metrics. Statements sent through it carry no tenant.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Query runs raw SQL as the tenant of the context. The caller closes the rows.
func (db *DB) Query(ctx context.Context, sql string, args ...any) (Rows, error) {
	return db.run.query(ctx, sql, args)
}

// Exec runs raw SQL as the tenant of the context and returns the number of rows it touched.
func (db *DB) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := db.run.exec(ctx, sql, args)
	return tag.RowsAffected(), err
}

// QueryRow runs raw SQL that returns at most one row. Scan reports ErrNoRows when there is none.
func (db *DB) QueryRow(ctx context.Context, sql string, args ...any) Row {
	rows, err := db.run.query(ctx, sql, args)
	return row{rows, err}
}

// Tx runs fn in one transaction that belongs to the tenant of the context, and commits when fn returns
// nil. A serialization failure or deadlock runs fn again, so fn must have no effect outside tx; what must
// happen after the commit goes to tx.AfterCommit.
func (db *DB) Tx(ctx context.Context, fn func(tx *Tx) error) error {
	for attempt := 1; ; attempt++ {
		tx, err := db.once(ctx, fn)
		if err == nil {
			tx.committed()
			return nil
		}
		if attempt == maxAttempts || !retriable(err) {
			return err
		}
	}
}

// once returns the transaction when it has committed.
func (db *DB) once(ctx context.Context, fn func(tx *Tx) error) (*Tx, error) {
	conn, err := db.run.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	began, err := beginAs(ctx, conn)
	if err != nil {
		return nil, err
	}
	// Rollback after Commit does nothing; a panic in fn passes through here too.
	defer func() {
		ctx, cancel := endContext(ctx)
		defer cancel()
		_ = began.Rollback(ctx)
	}()
	tx := newTx(ctx, began, db.hooks)
	if err := fn(tx); err != nil {
		return nil, err
	}
	if err := tx.announce(); err != nil {
		return nil, err
	}
	if err := tx.seal(ctx); err != nil {
		return nil, err
	}
	if err := began.Commit(ctx); err != nil {
		return nil, explain(fmt.Errorf("commit transaction: %w", err))
	}
	return tx, nil
}

type counterKey struct{}

// Counter counts the statements that ran under a context.
type Counter struct {
	n    atomic.Int64
	tell Tell
}

// Tell is told of a statement before it runs: its text and its arguments.
type Tell func(ctx context.Context, sql string, args []any)

// Load returns how many statements ran so far.
func (c *Counter) Load() int64 { return c.n.Load() }

// CountStatements returns a context under which statements are counted.
func CountStatements(ctx context.Context) (context.Context, *Counter) {
	c := &Counter{}
	if outer, ok := ctx.Value(counterKey{}).(*Counter); ok {
		c.tell = outer.tell
	}
	return context.WithValue(ctx, counterKey{}, c), c
}

// TellStatements returns a context under which each statement is told, for tests that look at what is asked of Postgres.
func TellStatements(ctx context.Context, tell Tell) context.Context {
	return context.WithValue(ctx, counterKey{}, &Counter{tell: tell})
}

func count(ctx context.Context, sql string, args []any) {
	c, ok := ctx.Value(counterKey{}).(*Counter)
	if !ok {
		return
	}
	c.n.Add(1)
	if c.tell != nil {
		c.tell(ctx, sql, args)
	}
}

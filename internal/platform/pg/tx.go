package pg

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/internal/gen/ent"
)

// Tx is one transaction of one tenant. Like pgx.Tx it is not for concurrent use.
type Tx struct {
	// Client runs its statements inside the transaction.
	*ent.Client

	tx    pgx.Tx
	run   inside
	hooks Hooks
	after []func()
	// events are to be told, under the context of whoever had the first one to tell.
	events  []Event
	telling context.Context //nolint:containedctx // events are told at the end of the transaction
}

func newTx(ctx context.Context, began pgx.Tx, hooks Hooks) *Tx {
	run := inside{tx: began, tenant: setting(ctx)}
	return &Tx{Client: ent.NewClient(ent.Driver(driver{run})), tx: began, run: run, hooks: hooks}
}

// Pgx returns the transaction for River's InsertTx and JobCompleteTx.
func (tx *Tx) Pgx() pgx.Tx { return tx.tx }

// Enqueue tells the events to their subscribers: their jobs are inserted in this transaction and run after the commit.
// All that a transaction has to tell is told at once, as the last thing that it does. Telling takes locks, such as those
// of live streams' topics: nobody holds them while they wait for something else, and so nobody waits in a circle.
func (tx *Tx) Enqueue(ctx context.Context, events ...Event) error {
	if tx.hooks.Announce == nil {
		return fmt.Errorf("announce %d events: %w", len(events), errNoHook)
	}
	if setting(ctx) != tx.run.tenant {
		return ErrOtherTenant
	}
	if len(tx.events) == 0 {
		tx.telling = ctx
	}
	tx.events = append(tx.events, events...)
	return nil
}

// announce tells what was enqueued.
func (tx *Tx) announce() error {
	events := tx.events
	tx.events = nil
	if len(events) == 0 {
		return nil
	}
	return tx.hooks.Announce(tx.telling, tx, events)
}

// Record appends to the tenant's audit log, in this transaction.
func (tx *Tx) Record(ctx context.Context, entry Entry) error {
	if tx.hooks.Record == nil {
		return fmt.Errorf("record %s: %w", entry.Action, errNoHook)
	}
	return tx.hooks.Record(ctx, tx, entry)
}

// AfterCommit runs fn once the transaction has committed, and never when it has not. What fn does may be
// lost in a crash: it is for hints, such as waking a subscriber, that something else makes good.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

type sealKey struct{}

// Seal returns a context under which every transaction of DB.Tx runs fn last, before it commits: what fn
// writes is there exactly when the transaction's own effects are. An error of fn rolls them back.
func Seal(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) context.Context {
	return context.WithValue(ctx, sealKey{}, fn)
}

// Sealed reports whether Seal has put something into the context.
func Sealed(ctx context.Context) bool {
	_, ok := ctx.Value(sealKey{}).(func(context.Context, *Tx) error)
	return ok
}

// seal runs what Seal has put into the context.
func (tx *Tx) seal(ctx context.Context) error {
	if fn, ok := ctx.Value(sealKey{}).(func(context.Context, *Tx) error); ok {
		return fn(ctx, tx)
	}
	return nil
}

func (tx *Tx) committed() {
	for _, after := range tx.after {
		after()
	}
}

// Query runs raw SQL. The caller closes the rows.
func (tx *Tx) Query(ctx context.Context, sql string, args ...any) (Rows, error) {
	return tx.run.query(ctx, sql, args)
}

// Exec runs raw SQL and returns the number of rows it touched.
func (tx *Tx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := tx.run.exec(ctx, sql, args)
	return tag.RowsAffected(), err
}

// QueryRow runs raw SQL that returns at most one row. Scan reports ErrNoRows when there is none.
func (tx *Tx) QueryRow(ctx context.Context, sql string, args ...any) Row {
	rows, err := tx.run.query(ctx, sql, args)
	return row{rows, err}
}

// inside runs statements in a transaction whose tenant is already set.
type inside struct {
	tx     pgx.Tx
	tenant string
	// turn is whose turn it is in a group; nil outside of one.
	turn *string
}

func (i inside) check(ctx context.Context, sql string, args []any) error {
	if setting(ctx) != i.tenant {
		return ErrOtherTenant
	}
	if i.turn != nil && *i.turn != i.tenant {
		if _, err := i.tx.Exec(ctx, setTenant, i.tenant); err != nil {
			return explain(fmt.Errorf("take the turn: %w", err))
		}
		*i.turn = i.tenant
	}
	count(ctx, sql, args)
	return nil
}

// begin joins the transaction that is already open: it ends with its owner's Commit or Rollback.
func (i inside) begin(context.Context) (dialect.Tx, error) { return joined{driver{i}}, nil }

// joined is ent's own transaction inside one of ours.
type joined struct{ driver }

// Commit implements dialect.Tx.
func (joined) Commit() error { return nil }

// Rollback implements dialect.Tx. The error that led here reaches the owner, who rolls back.
func (joined) Rollback() error { return nil }

func (i inside) query(ctx context.Context, sql string, args []any) (pgx.Rows, error) {
	if err := i.check(ctx, sql, args); err != nil {
		return nil, err
	}
	rows, err := i.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, explain(err)
	}
	return explainedRows{rows}, nil
}

func (i inside) exec(ctx context.Context, sql string, args []any) (pgconn.CommandTag, error) {
	if err := i.check(ctx, sql, args); err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := i.tx.Exec(ctx, sql, args...)
	return tag, explain(err)
}

package pg

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/gen/ent"
)

// Group is one transaction in which several tenants take turns. Each statement runs as the tenant whose turn it
// is, so that row-level security shows it that tenant's rows and nobody else's. It is not for concurrent use.
type Group struct {
	tx    pgx.Tx
	hooks Hooks
	// turn is whose turn it is, as the database setting has it.
	turn string
	// handed are the tenants' views of the transaction, who may have something to do after the commit.
	handed []*Tx
	after  []func()
	// finished says that Finish has committed.
	finished bool
}

// beginTogether begins a group without a tenant. Its statements take arrays of a few ids, for which Postgres would plan some
// anew each time, which takes longer than running them.
const beginTogether = `BEGIN; SELECT set_config('app.tenant_id', '', true), set_config('plan_cache_mode', 'force_generic_plan', true)`

// Part is what one tenant runs in a Send.
type Part struct {
	Tenant     uuid.UUID
	Statements []Statement
}

// Statement is raw SQL, and who reads what it returns. Read closes nothing; nil when there is nothing to read.
type Statement struct {
	SQL  string
	Args []any
	Read func(rows Rows) error
}

// Together runs fn in one transaction for several tenants, and commits when fn returns nil. At first it is no
// tenant's turn. Like Tx it runs fn again after a serialization failure or a deadlock.
func (db *DB) Together(ctx context.Context, fn func(g *Group) error) error {
	for attempt := 1; ; attempt++ {
		g, err := db.onceTogether(ctx, fn)
		if err == nil {
			g.committed()
			return nil
		}
		if attempt == maxAttempts || !retriable(err) {
			return err
		}
	}
}

func (db *DB) onceTogether(ctx context.Context, fn func(g *Group) error) (*Group, error) {
	conn, err := db.run.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	began, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: beginTogether})
	if err != nil {
		return nil, explain(fmt.Errorf("begin transaction: %w", err))
	}
	g := &Group{tx: began, hooks: db.hooks}
	defer g.end(ctx)
	if err := fn(g); err != nil {
		return nil, err
	}
	if g.finished {
		return g, nil
	}
	if err := g.announce(); err != nil {
		return nil, err
	}
	if err := began.Commit(ctx); err != nil {
		return nil, explain(fmt.Errorf("commit transaction: %w", err))
	}
	return g, nil
}

// end rolls back what has not been committed.
func (g *Group) end(ctx context.Context) {
	if g.finished {
		return
	}
	ctx, cancel := endContext(ctx)
	defer cancel()
	_ = g.tx.Rollback(ctx) // After a commit there is nothing to roll back.
}

// announce tells what was enqueued for any of the tenants.
func (g *Group) announce() error {
	for _, tx := range g.handed {
		if err := tx.announce(); err != nil {
			return err
		}
	}
	return nil
}

func (g *Group) committed() {
	for _, after := range g.after {
		after()
	}
	for _, tx := range g.handed {
		tx.committed()
	}
}

// AfterCommit runs fn once the transaction has committed, as Tx.AfterCommit does.
func (g *Group) AfterCommit(fn func()) { g.after = append(g.after, fn) }

// Send runs the statements of all parts in one round trip, in their order, each part behind its tenant.
func (g *Group) Send(ctx context.Context, parts []Part) error { return g.send(ctx, parts, false) }

// errReadsLast is what Finish says of a statement with a reader, which could fail when all is committed.
var errReadsLast = errors.New("pg: statements that commit have no reader")

// Finish is Send for the last statements of the transaction, which read nothing: it commits in the same round trip.
// Nothing may follow.
func (g *Group) Finish(ctx context.Context, parts []Part) error {
	for _, part := range parts {
		if slices.ContainsFunc(part.Statements, func(s Statement) bool { return s.Read != nil }) {
			return errReadsLast
		}
	}
	if err := g.announce(); err != nil {
		return err
	}
	if err := g.send(ctx, parts, true); err != nil {
		return err
	}
	g.finished = true
	return nil
}

func (g *Group) send(ctx context.Context, parts []Part, commit bool) error {
	batch := &pgx.Batch{}
	for _, part := range parts {
		batch.Queue(setTenant, part.Tenant.String())
		for _, s := range part.Statements {
			count(ctx, s.SQL, s.Args)
			batch.Queue(s.SQL, s.Args...)
		}
		g.turn = part.Tenant.String()
	}
	if commit {
		batch.Queue(`COMMIT`)
	}
	results := g.tx.SendBatch(ctx, batch)
	err := readAll(results, parts)
	if err == nil && commit {
		_, err = results.Exec()
	}
	if closed := results.Close(); err == nil {
		err = closed
	}
	return explain(err)
}

func readAll(results pgx.BatchResults, parts []Part) error {
	for _, part := range parts {
		if _, err := results.Exec(); err != nil {
			return fmt.Errorf("set tenant: %w", err)
		}
		for _, s := range part.Statements {
			if err := read(results, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func read(results pgx.BatchResults, s Statement) error {
	rows, err := results.Query()
	if err != nil {
		return fmt.Errorf("run statement: %w", err)
	}
	defer rows.Close()
	if s.Read != nil {
		if err := s.Read(rows); err != nil {
			return err
		}
	}
	rows.Close()
	return rows.Err()
}

// As returns the transaction as the tenant of the context's viewer, who takes the turn with each statement. It is the
// same for all viewers of the tenant.
func (g *Group) As(ctx context.Context) *Tx {
	tenant := setting(ctx)
	for _, tx := range g.handed {
		if tx.run.tenant == tenant {
			return tx
		}
	}
	run := inside{tx: g.tx, tenant: tenant, turn: &g.turn}
	tx := &Tx{Client: ent.NewClient(ent.Driver(driver{run})), tx: g.tx, run: run, hooks: g.hooks}
	g.handed = append(g.handed, tx)
	return tx
}

// Seal runs what pg.Seal has put into the context, as the tenant of its viewer.
func (g *Group) Seal(ctx context.Context) error {
	if !Sealed(ctx) {
		return nil
	}
	return g.As(ctx).seal(ctx)
}

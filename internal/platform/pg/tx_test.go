package pg_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/internal/fault"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

type happened struct{}

func (happened) Kind() string { return "test.happened" }

func TestTxNeedsItsHooks(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	db := pg.Open(d.Pool(), pg.Hooks{})
	ctx := acme.System(t.Context())
	for name, forget := range map[string]func(tx *pg.Tx) error{
		"announce": func(tx *pg.Tx) error { return tx.Enqueue(ctx, happened{}) },
		"record":   func(tx *pg.Tx) error { return tx.Record(ctx, pg.Entry{Action: "test.happened"}) },
	} {
		if err := db.Tx(ctx, forget); err == nil {
			t.Errorf("%s without a hook succeeded: what was said is lost", name)
		}
	}
}

// TestTxRetries makes Postgres give transactions up, and counts how often they are tried.
func TestTxRetries(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	ctx := acme.System(t.Context())
	giveUp := func(tx *pg.Tx, state string) error {
		_, err := tx.Exec(ctx, `DO $$ BEGIN RAISE EXCEPTION 'given up' USING ERRCODE = '`+state+`'; END $$`)
		return err
	}
	for name, tt := range map[string]struct {
		state    string
		failures int
		tries    int
		ok       bool
	}{
		"serialization, once":   {"40001", 1, 2, true},
		"deadlock, three times": {"40P01", 3, 4, true},
		"for ever":              {"40001", 99, 4, false},
		"another error":         {"23514", 1, 1, false},
	} {
		tries, after := 0, 0
		err := d.Tx(ctx, func(tx *pg.Tx) error {
			tries++
			tx.AfterCommit(func() { after++ })
			if tries <= tt.failures {
				return giveUp(tx, tt.state)
			}
			return nil
		})
		if tries != tt.tries || (err == nil) != tt.ok {
			t.Errorf("%s: %d tries (%v), want %d", name, tries, err, tt.tries)
		}
		if want := map[bool]int{true: 1}[tt.ok]; after != want {
			t.Errorf("%s: what comes after the commit ran %d times, want %d", name, after, want)
		}
	}
}

// TestTxSurvivesRealDeadlock has two transactions lock two rows in opposite order.
func TestTxSurvivesRealDeadlock(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	ctx := acme.System(t.Context())
	const bump = `UPDATE users SET time_zone = time_zone || '+' WHERE id = $1`
	meet := make(chan struct{}, 2)
	both := make(chan struct{})
	go func() { <-meet; <-meet; close(both) }()
	var group sync.WaitGroup
	for _, order := range [][2]any{{acme.Learner, acme.Support}, {acme.Support, acme.Learner}} {
		group.Go(func() {
			first := true
			err := d.Tx(ctx, func(tx *pg.Tx) error {
				if _, err := tx.Exec(ctx, bump, order[0]); err != nil {
					return err
				}
				if first {
					first = false
					meet <- struct{}{}
					<-both
				}
				_, err := tx.Exec(ctx, bump, order[1])
				return err
			})
			if err != nil {
				t.Errorf("Tx: %v", err)
			}
		})
	}
	group.Wait()
	for _, id := range []any{acme.Learner, acme.Support} {
		var zone string
		if err := d.QueryRow(ctx, `SELECT time_zone FROM users WHERE id = $1`, id).Scan(&zone); err != nil || zone != "UTC++" {
			t.Errorf("time zone %q (%v), want both updates, once each", zone, err)
		}
	}
}

func TestTxReleasesAfterPanic(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	pool := openPool(t, d.URL, 1)
	db := pg.Open(pool, pg.Hooks{})
	ctx := acme.System(t.Context())
	for range 3 {
		err := survive(func() error {
			return db.Tx(ctx, func(tx *pg.Tx) error {
				tx.User.UpdateOneID(acme.Learner).SetName("Lost").ExecX(ctx)
				panic(errOnPurpose)
			})
		})
		if !errors.Is(err, errOnPurpose) {
			t.Fatalf("Tx: %v, want the panic", err)
		}
	}
	if name := db.User.GetX(ctx, acme.Learner).Name; name != "Learner" {
		t.Errorf("name after a panic: %q", name)
	}
	if n := pool.Stat().NewConnsCount(); n != 1 {
		t.Errorf("%d connections were made, want the one, rolled back and used again", n)
	}
}

// TestTxOfNobody sees no tenant's rows.
func TestTxOfNobody(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	pgtest.NewTenant(t, d, "acme")
	var n int
	err := d.Tx(t.Context(), func(tx *pg.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT count(*) FROM users`).Scan(&n)
	})
	if err != nil || n != 0 {
		t.Errorf("%d users without a tenant (%v), want 0", n, err)
	}
}

func TestBusyPoolSaysComeBack(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	pool := openPool(t, d.URL, 1)
	db := pg.Open(pool, pg.Hooks{})
	held, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	_, err = db.Exec(acme.System(t.Context()), `SELECT 1`)
	busy, ok := errors.AsType[*fault.Error](err)
	if !ok || busy.Code != fault.Unavailable || busy.RetryAfter <= 0 {
		t.Errorf("a statement on a busy pool: %v, want Unavailable with a time to come back", err)
	}
	ctx, cancel := context.WithTimeout(acme.System(t.Context()), 10*time.Millisecond)
	defer cancel()
	if _, err := db.Exec(ctx, `SELECT 1`); !errors.Is(err, context.DeadlineExceeded) || fault.CodeOf(err) != fault.Internal {
		t.Errorf("a caller who does not wait: %v, want its own deadline", err)
	}
}

// TestErrorsAreExplained covers what a caller can do something about, in each way of running a statement.
func TestErrorsAreExplained(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	ctx := acme.AsAdmin(t.Context())
	nul := "a\x00b"
	scan := func(row pg.Row) error { var got string; return row.Scan(&got) }
	for name, tt := range map[string]struct {
		err  error
		want fault.Code
	}{
		"NUL in Exec":  {func() error { _, err := d.Exec(ctx, `SELECT $1::text`, nul); return err }(), fault.BadInput},
		"NUL in row":   {scan(d.QueryRow(ctx, `SELECT $1::text`, nul)), fault.BadInput},
		"NUL in JSON":  {scan(d.QueryRow(ctx, `SELECT ($1::jsonb) ->> 'a'`, `{"a":"\u0000"}`)), fault.BadInput},
		"NUL in Tx":    {d.Tx(ctx, func(tx *pg.Tx) error { return scan(tx.QueryRow(ctx, `SELECT $1::text`, nul)) }), fault.BadInput},
		"NUL in ent":   {d.User.UpdateOneID(acme.Learner).SetName(nul).Exec(ctx), fault.BadInput},
		"broken UTF-8": {func() error { _, err := d.Exec(ctx, `SELECT $1::text`, "\xff"); return err }(), fault.BadInput},
		"too slow": {d.Tx(ctx, func(tx *pg.Tx) error {
			if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = '5ms'`); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `SELECT pg_sleep(5)`)
			return err
		}), fault.Unavailable},
		"killed": {d.Tx(ctx, func(tx *pg.Tx) error {
			_, err := tx.Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
			return err
		}), fault.Unavailable},
		"our mistake": {func() error { _, err := d.Exec(ctx, `SELECT nonsense`); return err }(), fault.Internal},
	} {
		if got := fault.CodeOf(tt.err); got != tt.want {
			t.Errorf("%s: %q (%v), want %q", name, got, tt.err, tt.want)
		}
		if _, ok := errors.AsType[*pgconn.PgError](tt.err); !ok {
			t.Errorf("%s: %v does not lead to what Postgres said", name, tt.err)
		}
	}
}

func TestForEach(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	list := func() pg.Rows {
		rows, err := d.Query(t.Context(), `SELECT generate_series(1, 5)`)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	var n, sum int
	if err := pg.ForEach(list(), []any{&n}, func() error { sum += n; return nil }); err != nil || sum != 15 {
		t.Errorf("sum %d (%v), want 15", sum, err)
	}
	if err := pg.ForEach(list(), []any{&n}, func() error { return errOnPurpose }); !errors.Is(err, errOnPurpose) {
		t.Errorf("error of fn: %v", err)
	}
	if held := d.Pool().Stat().AcquiredConns(); held != 0 {
		t.Errorf("%d connections were not given back", held)
	}
	if err := d.QueryRow(t.Context(), `SELECT 1 WHERE false`).Scan(&n); !errors.Is(err, pg.ErrNoRows) {
		t.Errorf("Scan without a row: %v, want ErrNoRows", err)
	}
}

func TestCountStatements(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	ctx, counted := pg.CountStatements(acme.System(t.Context()))
	d.User.Query().CountX(ctx)
	d.User.UpdateOneID(acme.Learner).SetName("Renamed").ExecX(ctx) // an update and the select behind it
	err := d.Tx(ctx, func(tx *pg.Tx) error {
		_, err := tx.Exec(ctx, `SELECT 1`)
		return err
	})
	if err != nil || counted.Load() != 4 {
		t.Errorf("%d statements (%v), want 4", counted.Load(), err)
	}
}

package pg_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
	"lyceum/internal/viewer"
)

// whose is what a statement answers when it is asked whose it is.
const whose = `SELECT coalesce(current_setting('app.tenant_id', true), '')`

// errOnPurpose is what the exercises below end with.
var errOnPurpose = errors.New("on purpose")

// panicky is an argument whose own code panics while it is encoded.
type panicky struct{}

func (panicky) Value() (driver.Value, error) { panic(errOnPurpose) }

// caller is one of the callers of the hygiene test: a tenant, or nobody.
type caller struct {
	tenant  pgtest.Tenant
	setting string
}

func (c caller) context(ctx context.Context) context.Context {
	if c.tenant.ID == uuid.Nil {
		return ctx
	}
	return c.tenant.System(ctx)
}

// exercise is one way to use the database. It returns an error when a statement was somebody else's.
type exercise func(ctx context.Context, db *pg.DB, c caller) error

func isMine(c caller, got string) error {
	if got != c.setting {
		return fmt.Errorf("ran as %q, want %q", got, c.setting)
	}
	return nil
}

// purposely forgives errors that the exercise makes itself, and those of a context that ended.
func purposely(err error) error {
	if errors.Is(err, errOnPurpose) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

func ask(ctx context.Context, c caller, q interface {
	QueryRow(ctx context.Context, sql string, args ...any) pg.Row
},
) error {
	var got string
	if err := q.QueryRow(ctx, whose).Scan(&got); err != nil {
		return err
	}
	return isMine(c, got)
}

// exercises are the ways in which code uses the database, gently and not.
var exercises = map[string]exercise{
	"row": func(ctx context.Context, db *pg.DB, c caller) error { return ask(ctx, c, db) },
	"rows left early": func(ctx context.Context, db *pg.DB, c caller) error {
		rows, err := db.Query(ctx, `SELECT coalesce(current_setting('app.tenant_id', true), '') FROM generate_series(1, 500)`)
		if err != nil {
			return err
		}
		defer rows.Close()
		var got string
		for range 3 {
			if !rows.Next() {
				return errors.New("rows ended early")
			}
			if err := rows.Scan(&got); err != nil {
				return err
			}
			if err := isMine(c, got); err != nil {
				return err
			}
		}
		return nil
	},
	"panic among rows": func(ctx context.Context, db *pg.DB, _ caller) error {
		rows, err := db.Query(ctx, `SELECT generate_series(1, 500)`)
		if err != nil {
			return err
		}
		defer rows.Close()
		rows.Next()
		panic(errOnPurpose)
	},
	"panicking argument": func(ctx context.Context, db *pg.DB, _ caller) error {
		_, err := db.Exec(ctx, `SELECT $1::text`, panicky{})
		return fmt.Errorf("no panic: %w", err)
	},
	"mistake": func(ctx context.Context, db *pg.DB, _ caller) error {
		if _, err := db.Exec(ctx, `SELECT nonsense`); err == nil {
			return errors.New("nonsense succeeded")
		}
		if _, err := db.Exec(ctx, `SELECT 1 / 0`); err == nil {
			return errors.New("division by zero succeeded")
		}
		return nil
	},
	"setting of its own": func(ctx context.Context, db *pg.DB, _ caller) error {
		// What a statement sets for its transaction is over with it.
		_, err := db.Exec(ctx, `SELECT set_config('app.tenant_id', gen_random_uuid()::text, true)`)
		return err
	},
	"ent query": func(ctx context.Context, db *pg.DB, c caller) error {
		var got []struct{ Setting string }
		mine := func(*entsql.Selector) string {
			return entsql.As(`min(coalesce(current_setting('app.tenant_id', true), ''))`, "setting")
		}
		if err := db.Placement.Query().Aggregate(mine).Scan(ctx, &got); err != nil {
			return err
		}
		return isMine(c, got[0].Setting)
	},
	"ent update": func(ctx context.Context, db *pg.DB, c caller) error {
		err := db.User.UpdateOneID(c.tenant.Learner).SetTimeZone("UTC").Exec(ctx)
		if c.tenant.ID == uuid.Nil && err != nil {
			return nil // nobody may update
		}
		return err
	},
	"transaction": func(ctx context.Context, db *pg.DB, c caller) error {
		return db.Tx(ctx, func(tx *pg.Tx) error {
			if err := ask(ctx, c, tx); err != nil {
				return err
			}
			return ask(ctx, c, tx)
		})
	},
	"failing transaction": func(ctx context.Context, db *pg.DB, c caller) error {
		return db.Tx(ctx, func(tx *pg.Tx) error {
			if err := ask(ctx, c, tx); err != nil {
				return err
			}
			return errOnPurpose
		})
	},
	"panicking transaction": func(ctx context.Context, db *pg.DB, c caller) error {
		return db.Tx(ctx, func(tx *pg.Tx) error {
			if err := ask(ctx, c, tx); err != nil {
				return err
			}
			panic(errOnPurpose)
		})
	},
	"timeout": func(ctx context.Context, db *pg.DB, c caller) error {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(3000))*time.Microsecond)
		defer cancel()
		_, err := db.Exec(ctx, `SELECT pg_sleep(0.002)`)
		if err == nil {
			err = ask(ctx, c, db)
		}
		return err
	},
	"cancelled transaction": func(ctx context.Context, db *pg.DB, c caller) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		timer := time.AfterFunc(time.Duration(rand.IntN(3000))*time.Microsecond, cancel)
		defer timer.Stop()
		return db.Tx(ctx, func(tx *pg.Tx) error {
			if err := ask(ctx, c, tx); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `SELECT pg_sleep(0.002)`)
			return err
		})
	},
	"bare connection": func(ctx context.Context, db *pg.DB, _ caller) error {
		// River takes connections from the same pool: nobody's tenant may be left on them.
		conn, err := db.Pool().Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		return nobodys(ctx, conn)
	},
}

func nobodys(ctx context.Context, conn *pgxpool.Conn) error {
	var got string
	if err := conn.QueryRow(ctx, whose).Scan(&got); err != nil {
		return err
	}
	if got != "" {
		return fmt.Errorf("a tenant was left on a connection: %q", got)
	}
	return nil
}

// TestPoolHygiene is the proof that a connection carries one tenant's statements as that tenant's, and carries
// nothing from one to the next, whatever happens to those who use it.
func TestPoolHygiene(t *testing.T) {
	t.Parallel()
	const (
		times   = 10_000
		workers = 16
		conns   = 4
	)
	d := pgtest.New(t)
	callers := []caller{{}}
	for _, slug := range []string{"acme", "globex", "springfield"} {
		tenant := pgtest.NewTenant(t, d, slug)
		callers = append(callers, caller{tenant: tenant, setting: tenant.ID.String()})
	}
	pool := openPool(t, d.URL, conns)
	db := pg.Open(pool, pg.Hooks{})

	names := make([]string, 0, len(exercises))
	for name := range exercises {
		names = append(names, name)
	}
	var left atomic.Int64
	left.Store(times)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				name, c := names[rand.IntN(len(names))], callers[rand.IntN(len(callers))]
				err := survive(func() error { return exercises[name](c.context(t.Context()), db, c) })
				if err = purposely(err); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	group.Wait()
	if n := pool.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections were not given back", n)
	}
	if n := pool.Stat().MaxConns(); n != conns {
		t.Errorf("the pool held up to %d connections, want %d", n, conns)
	}
	allNobodys(t, pool, conns)
}

// survive turns a panic on purpose into an error.
func survive(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errOnPurpose
			if !errors.Is(r.(error), errOnPurpose) {
				panic(r)
			}
		}
	}()
	return fn()
}

// allNobodys looks at all connections of the pool at once.
func allNobodys(t *testing.T, pool *pgxpool.Pool, conns int) {
	t.Helper()
	for range conns {
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Release)
		if err := nobodys(t.Context(), conn); err != nil {
			t.Error(err)
		}
	}
}

func openPool(t *testing.T, url string, conns int32) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = conns
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// TestOneConnectionIsEnough runs everything that is one transaction on a pool that has one connection: what
// took a second one would wait for ever.
func TestOneConnectionIsEnough(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	db := pg.Open(openPool(t, d.URL, 1), pg.Hooks{})
	ctx := acme.System(t.Context())
	after := 0
	err := db.Tx(ctx, func(tx *pg.Tx) error {
		// ent opens a transaction of its own around an update: it joins ours.
		if err := tx.User.UpdateOneID(acme.Learner).SetName("Renamed").Exec(ctx); err != nil {
			return err
		}
		tx.AfterCommit(func() { after = db.User.Query().CountX(ctx) })
		return tx.User.Update().SetTimeZone("Europe/Berlin").Exec(ctx)
	})
	if err != nil {
		t.Fatalf("Tx on one connection: %v", err)
	}
	if after != 4 {
		t.Errorf("after the commit %d users, want 4: the connection is free by then", after)
	}
	if u := db.User.GetX(ctx, acme.Learner); u.Name != "Renamed" || u.TimeZone != "Europe/Berlin" {
		t.Errorf("committed: %s in %s", u.Name, u.TimeZone)
	}
	err = db.Tx(ctx, func(tx *pg.Tx) error {
		if err := tx.User.UpdateOneID(acme.Learner).SetName("Lost").Exec(ctx); err != nil {
			return err
		}
		return tx.User.UpdateOneID(uuid.New()).SetName("Nobody").Exec(ctx)
	})
	if !ent.IsNotFound(err) {
		t.Errorf("Tx with a failing update inside: %v, want not found", err)
	}
	if name := db.User.GetX(ctx, acme.Learner).Name; name != "Renamed" {
		t.Errorf("name after rollback: %q", name)
	}
}

// TestRawTransactionOfEnt ends what ent opens by itself, though its caller has gone away.
func TestRawTransactionOfEnt(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	db := pg.Open(openPool(t, d.URL, 1), pg.Hooks{})
	ctx, cancel := context.WithCancel(acme.System(t.Context()))
	tx, err := db.Client.Tx(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tx.User.UpdateOneID(acme.Learner).SetName("Kept").ExecX(ctx)
	if _, err := tx.User.Query().All(viewer.With(ctx, viewer.Of(uuid.New()))); !errors.Is(err, pg.ErrOtherTenant) {
		t.Errorf("another tenant's statement: %v, want ErrOtherTenant", err)
	}
	cancel()
	if err := tx.Commit(); err != nil {
		t.Errorf("Commit after its caller has gone: %v", err)
	}
	if name := db.User.GetX(acme.System(t.Context()), acme.Learner).Name; name != "Kept" {
		t.Errorf("name: %q", name)
	}
}

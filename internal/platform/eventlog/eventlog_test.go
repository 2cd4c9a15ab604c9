package eventlog_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/eventlog"
	"lyceum/internal/platform/pg"
	"lyceum/internal/platform/pgtest"
)

// rang may happen again and again.
type rang struct {
	ID     uuid.UUID `json:"id"`
	Tenant uuid.UUID `json:"tenant_id"`
	At     time.Time `json:"at"`
}

func (rang) Kind() string { return "test.rang" }

// opened happens once for each door.
type opened struct {
	ID     uuid.UUID `json:"id"`
	Tenant uuid.UUID `json:"tenant_id"`
	At     time.Time `json:"at"`
	Door   uuid.UUID `json:"door_id"`
}

func (opened) Kind() string   { return "test.opened" }
func (o opened) Once() string { return o.Door.String() }

var _ pg.Single = opened{}

func (o opened) again() opened {
	o.ID = uuid.New()
	return o
}

func open(tenant pgtest.Tenant) opened {
	return opened{ID: uuid.New(), Tenant: tenant.ID, At: time.Now().UTC(), Door: uuid.New()}
}

// tell writes the events down and returns how many were new.
func tell(ctx context.Context, db *pg.DB, events ...pg.Event) (fresh int, err error) {
	err = db.Tx(ctx, func(tx *pg.Tx) error {
		told, err := eventlog.Append(ctx, tx, events...)
		fresh = len(told)
		return err
	})
	return fresh, err
}

func TestOnce(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	ctx := acme.System(t.Context())
	door, bell := open(acme), rang{ID: uuid.New(), Tenant: acme.ID, At: time.Now().UTC()}
	for _, tt := range []struct {
		name   string
		events []pg.Event
		fresh  int
	}{
		{"nothing", nil, 0},
		{"a door and a bell", []pg.Event{door, bell}, 2},
		{"the very same", []pg.Event{door, bell}, 0},
		{"the door again", []pg.Event{door.again()}, 0},
		{"the bell again", []pg.Event{rang{ID: uuid.New(), Tenant: acme.ID, At: time.Now()}}, 1},
		{"another door twice", []pg.Event{door.again(), open(acme), bell, bell}, 1},
	} {
		if fresh, err := tell(ctx, d.DB, tt.events...); err != nil || fresh != tt.fresh {
			t.Errorf("%s: %d new, %v; want %d", tt.name, fresh, err, tt.fresh)
		}
	}
	other := door.again()
	other.Tenant = globex.ID
	if fresh, err := tell(globex.System(t.Context()), d.DB, other); err != nil || fresh != 1 {
		t.Errorf("another tenant's door of that name: %d, %v", fresh, err)
	}
	kinds := map[string]int{}
	if err := eventlog.Each(ctx, d.DB, func(e eventlog.Event) error { kinds[e.Kind]++; return nil }); err != nil {
		t.Fatal(err)
	}
	if kinds["test.opened"] != 2 || kinds["test.rang"] != 2 {
		t.Errorf("acme has %v", kinds)
	}
}

func TestBadEvents(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme, globex := pgtest.NewTenant(t, d, "acme"), pgtest.NewTenant(t, d, "globex")
	ctx := acme.System(t.Context())
	noID, noTime := open(acme), open(acme)
	noID.ID, noTime.At = uuid.Nil, time.Time{}
	for name, event := range map[string]pg.Event{
		"no id": noID, "no time": noTime, "another tenant's": open(globex), "no tenant": opened{ID: uuid.New(), At: time.Now()},
	} {
		if _, err := tell(ctx, d.DB, event); err == nil {
			t.Errorf("%s was written down", name)
		}
	}
	theirs := open(globex)
	if _, err := tell(globex.System(t.Context()), d.DB, theirs); err != nil {
		t.Fatal(err)
	}
	err := d.Tx(ctx, func(tx *pg.Tx) error {
		_, err := eventlog.Find(ctx, tx, theirs.ID)
		return err
	})
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("another tenant's event: %v", err)
	}
}

// TestRacingCrossings: of many who announce the same occasion at once, one does; who rolls back has announced nothing.
func TestRacingCrossings(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	ctx := acme.System(t.Context())
	door, other := open(acme), open(acme)
	const racers = 16
	var fresh atomic.Int64
	var racing sync.WaitGroup
	boom := errors.New("boom")
	for i := range racers {
		racing.Go(func() {
			err := d.Tx(ctx, func(tx *pg.Tx) error {
				told, err := eventlog.Append(ctx, tx, door.again(), other.again())
				if err != nil {
					return err
				}
				if i%4 == 0 {
					return boom
				}
				tx.AfterCommit(func() { fresh.Add(int64(len(told))) })
				return nil
			})
			if err != nil && !errors.Is(err, boom) {
				t.Error(err)
			}
		})
	}
	racing.Wait()
	if got := fresh.Load(); got != 2 {
		t.Errorf("two doors opened %d times", got)
	}
}

// TestEventsCannotBeChanged by the application.
func TestEventsCannotBeChanged(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	acme := pgtest.NewTenant(t, d, "acme")
	ctx := acme.System(t.Context())
	if _, err := tell(ctx, d.DB, open(acme)); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`UPDATE events SET kind = 'x' WHERE tenant_id = $1`, `DELETE FROM events WHERE tenant_id = $1`,
		`UPDATE point_entries SET points = 1 WHERE tenant_id = $1`, `DELETE FROM point_entries WHERE tenant_id = $1`,
		`DELETE FROM earned_achievements WHERE tenant_id = $1`, `DELETE FROM counted_events WHERE tenant_id = $1`,
	} {
		if _, err := d.Exec(ctx, statement, acme.ID); err == nil {
			t.Errorf("%s was run", statement)
		}
	}
}

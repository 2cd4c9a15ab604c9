// Package eventlog keeps what has happened: each event is written in the transaction that it happened in, and stays as
// it was written. An event that happens once for ever is there once, whoever announces it again.
package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

// batch is how many events Each reads at a time.
const batch = 500

// Event is one thing that has happened.
type Event struct {
	ID   uuid.UUID
	Kind string
	At   time.Time
	// Body is the event in JSON, as it was announced.
	Body []byte
}

// head is what every event's JSON begins with.
type head struct {
	ID     uuid.UUID `json:"id"`
	Tenant uuid.UUID `json:"tenant_id"`
	At     time.Time `json:"at"`
}

var errHead = errors.New("eventlog: the event does not name itself, its tenant and its time")

// Append writes the events down and returns those of them that had not happened before, in order.
func Append(ctx context.Context, tx *pg.Tx, events ...pg.Event) ([]pg.Event, error) {
	if len(events) == 0 {
		return nil, nil
	}
	rows, err := encode(viewer.Tenant(ctx), events)
	if err != nil {
		return nil, err
	}
	written, err := insert(ctx, tx, rows)
	if err != nil {
		return nil, fmt.Errorf("write events down: %w", err)
	}
	fresh := make([]pg.Event, 0, len(events))
	for i, event := range events {
		if written[rows.ids[i]] {
			fresh = append(fresh, event)
			// The same event twice in one announcement is one event.
			delete(written, rows.ids[i])
		}
	}
	return fresh, nil
}

// columns are the events as the statement takes them.
type columns struct {
	ids         []uuid.UUID
	kinds, once []string
	ats         []time.Time
	bodies      []string
}

func encode(tenant uuid.UUID, events []pg.Event) (c columns, err error) {
	for _, event := range events {
		body, err := json.Marshal(event)
		if err != nil {
			return columns{}, fmt.Errorf("encode event %s: %w", event.Kind(), err)
		}
		var h head
		if err := json.Unmarshal(body, &h); err != nil {
			return columns{}, fmt.Errorf("read event %s: %w", event.Kind(), err)
		}
		if h.ID == uuid.Nil || h.Tenant != tenant || h.At.IsZero() {
			return columns{}, fmt.Errorf("%w: %s %s", errHead, event.Kind(), body)
		}
		c.ids, c.kinds, c.ats = append(c.ids, h.ID), append(c.kinds, event.Kind()), append(c.ats, h.At)
		c.once, c.bodies = append(c.once, once(event)), append(c.bodies, string(body))
	}
	return c, nil
}

// once is what makes the event one of a kind, or "".
func once(event pg.Event) string {
	if single, ok := event.(pg.Single); ok {
		return single.Once()
	}
	return ""
}

func insert(ctx context.Context, tx *pg.Tx, c columns) (map[uuid.UUID]bool, error) {
	// In the order of the keys, so that two who announce the same events wait for each other and not in a circle.
	const statement = `
		INSERT INTO events (tenant_id, id, kind, once, at, body)
		SELECT $1, id, kind, NULLIF(once, ''), at, body::jsonb
		FROM unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::text[]) AS e (id, kind, once, at, body)
		ORDER BY kind, once, id
		ON CONFLICT DO NOTHING
		RETURNING id`
	rows, err := tx.Query(ctx, statement, viewer.Tenant(ctx), c.ids, c.kinds, c.once, c.ats, c.bodies)
	if err != nil {
		return nil, err
	}
	written := map[uuid.UUID]bool{}
	var id uuid.UUID
	err = pg.ForEach(rows, []any{&id}, func() error {
		written[id] = true
		return nil
	})
	return written, err
}

// Find returns the event of the tenant, or a NotFound fault.
func Find(ctx context.Context, tx *pg.Tx, id uuid.UUID) (Event, error) {
	const query = `SELECT id, kind, at, body::text FROM events WHERE tenant_id = $1 AND id = $2`
	var e Event
	var body string
	err := tx.QueryRow(ctx, query, viewer.Tenant(ctx), id).Scan(&e.ID, &e.Kind, &e.At, &body)
	if errors.Is(err, pg.ErrNoRows) {
		return Event{}, fault.New(fault.NotFound, "There is no such event.")
	} else if err != nil {
		return Event{}, fmt.Errorf("find event: %w", err)
	}
	e.Body = []byte(body)
	return e, nil
}

// Each calls fn for every event of the tenant, in the order of their ids. It ends at the first error.
func Each(ctx context.Context, db *pg.DB, fn func(Event) error) error {
	after := uuid.Nil
	for {
		page, err := read(ctx, db, after)
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		for _, e := range page {
			if err := fn(e); err != nil {
				return err
			}
		}
		if len(page) < batch {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

func read(ctx context.Context, db *pg.DB, after uuid.UUID) ([]Event, error) {
	const query = `SELECT id, kind, at, body::text FROM events WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3`
	rows, err := db.Query(ctx, query, viewer.Tenant(ctx), after, batch)
	if err != nil {
		return nil, err
	}
	var (
		page []Event
		e    Event
		body string
	)
	err = pg.ForEach(rows, []any{&e.ID, &e.Kind, &e.At, &body}, func() error {
		e.Body = []byte(body)
		page = append(page, e)
		return nil
	})
	return page, err
}

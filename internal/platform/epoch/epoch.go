// Package epoch knows how often what a tenant shows to everybody has changed. Answers are kept under that number, so
// that what was kept before a change is not found after it.
//
// Postgres counts, by triggers, in the transaction that changes something. A process believes a number for half a
// second and then reads it again, one statement for all who ask; a message over Redis makes it look earlier. Without
// Redis nothing is later than that half second.
package epoch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"

	"lyceum/internal/platform/cache"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

const (
	// fresh is how long a number is believed without looking.
	fresh = 500 * time.Millisecond
	// grace is how long the last number is believed when looking fails.
	grace = 5 * time.Second
	// patience is how long one look may take: others wait for it.
	patience = 250 * time.Millisecond
	// tenants bounds the numbers that are remembered.
	tenants = 10_000
)

// Meter hears of numbers that could not be read again.
type Meter interface {
	// Unconfirmed notes that a number was used, or refused, that Postgres did not confirm in time.
	Unconfirmed(used bool)
}

// Epochs reads the numbers of tenants. Close it, before the hub.
type Epochs struct {
	db    *pg.DB
	hub   *cache.Hub
	meter Meter
	// base is the context of looks: they are for everybody who waits, not for the one who came first.
	base context.Context //nolint:containedctx // see above
	// sure are the numbers that were read just now, known those of the last moments.
	sure, known *otter.Cache[uuid.UUID, int64]
	done        chan struct{}
	stop        context.CancelFunc
}

// moved is the channel on which processes tell each other of tenants that have changed something.
func moved() cache.Key { return cache.GlobalKey(cache.Cluster, "epochs") }

// New returns the numbers as the database has them; those of other processes' changes arrive over the hub.
func New(ctx context.Context, db *pg.DB, hub *cache.Hub, meter Meter) (*Epochs, error) {
	remember := func(life time.Duration) *otter.Cache[uuid.UUID, int64] {
		return otter.Must(&otter.Options[uuid.UUID, int64]{
			MaximumSize: tenants, ExpiryCalculator: otter.ExpiryWriting[uuid.UUID, int64](life),
		})
	}
	base, stop := context.WithCancel(context.WithoutCancel(ctx))
	e := &Epochs{
		db: db, hub: hub, meter: meter, base: base, stop: stop,
		sure: remember(fresh), known: remember(grace), done: make(chan struct{}),
	}
	events, err := hub.Subscribe(base, moved())
	if err != nil {
		stop()
		return nil, fmt.Errorf("hear of changes: %w", err)
	}
	go e.listen(events)
	return e, nil
}

// Close stops listening.
func (e *Epochs) Close() {
	e.stop()
	<-e.done
}

// listen looks again at what others have changed, and at everything when messages were lost.
func (e *Epochs) listen(events <-chan cache.Event) {
	defer close(e.done)
	for event := range events {
		tenant, err := uuid.FromBytes(event.Payload)
		if event.Resync || err != nil {
			e.sure.InvalidateAll()
			continue
		}
		e.sure.Invalidate(tenant)
	}
}

// Of returns the tenant's number, not older than half a second; when Postgres does not answer, not older than five.
func (e *Epochs) Of(ctx context.Context, tenant uuid.UUID) (int64, error) {
	number, err := e.sure.Get(ctx, tenant, otter.LoaderFunc[uuid.UUID, int64](e.look))
	if err == nil {
		return number, nil
	}
	number, found := e.known.GetIfPresent(tenant)
	e.meter.Unconfirmed(found)
	if !found {
		return 0, fmt.Errorf("read epoch: %w", err)
	}
	return number, nil
}

// look reads the number. A tenant that never changed anything has none yet.
func (e *Epochs) look(_ context.Context, tenant uuid.UUID) (int64, error) {
	ctx, cancel := context.WithTimeout(viewer.With(e.base, viewer.Of(tenant)), patience)
	defer cancel()
	var number int64
	err := e.db.QueryRow(ctx, `SELECT epoch FROM epochs WHERE tenant_id = $1`, tenant).Scan(&number) //nolint:contextcheck // it is for all who wait
	if err != nil && !errors.Is(err, pg.ErrNoRows) {
		return 0, fmt.Errorf("look at epoch: %w", err)
	}
	e.known.Set(tenant, number)
	return number, nil
}

// Moved says that the tenant has changed something, after the commit: this process looks again at once, and others as
// soon as they hear of it.
func (e *Epochs) Moved(ctx context.Context, tenant uuid.UUID) {
	e.sure.Invalidate(tenant)
	// A message that is lost is made good by looking.
	_ = e.hub.Publish(ctx, moved(), tenant[:])
}

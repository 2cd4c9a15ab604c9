package tenancy

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

const (
	// roundEvery is the time from one round to the next. With roundPatience it stays below the five seconds in which
	// who has lost a right is promised to be gone.
	roundEvery = 3 * time.Second
	// roundPatience is how long one statement of a round may take.
	roundPatience = 1500 * time.Millisecond
	// mostAsked is how many sessions are looked at in one statement.
	mostAsked = 2000
)

// pass is what a viewer came in with: all that decides whether they may stay.
type pass struct {
	user, session, key, grant uuid.UUID
	// rotation tells the token of the session from the one that was put in its place.
	rotation int
	role     viewer.Role
}

func passOf(v viewer.Viewer) pass {
	return pass{user: v.User, session: v.Session, key: v.APIKey, grant: v.Grant, rotation: v.Rotation, role: v.Role}
}

// Rounds looks after those who stay: who listens to live streams. It goes round each tenant's together, so that any
// number of streams costs a statement every three seconds and tenant, not one each.
type Rounds struct {
	// Every is the time from one round to the next; zero is three seconds.
	Every time.Duration

	db  *pg.DB
	log *slog.Logger

	mu    sync.Mutex
	halls map[uuid.UUID]*hall
}

// hall holds the guests of one tenant.
type hall struct {
	leave  context.CancelFunc
	guests map[pass]*guest
}

// guest is all the streams that came in with one pass.
type guest struct {
	// gone is closed when they are not welcome any more.
	gone    chan struct{}
	streams int
}

// NewRounds returns rounds that look after nobody yet.
func NewRounds(db *pg.DB, log *slog.Logger) *Rounds {
	return &Rounds{db: db, log: log, halls: map[uuid.UUID]*hall{}}
}

// Gone returns a channel that is closed when the viewer is not welcome any more, or it cannot be said whether they
// are. They are looked after until ctx ends.
func (r *Rounds) Gone(ctx context.Context, v viewer.Viewer) <-chan struct{} {
	p := passOf(v)
	g := r.enter(ctx, v.Tenant, p)
	context.AfterFunc(ctx, func() { r.part(v.Tenant, p, g) })
	return g.gone
}

// enter counts a stream in. The first of a tenant opens its hall.
func (r *Rounds) enter(ctx context.Context, tenant uuid.UUID, p pass) *guest {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.halls[tenant]
	if h == nil {
		// The hall outlives the stream that opens it.
		open, leave := context.WithCancel(context.WithoutCancel(ctx))
		h = &hall{leave: leave, guests: map[pass]*guest{}}
		r.halls[tenant] = h
		go r.attend(viewer.With(open, viewer.Job(tenant, "look after streams")), tenant)
	}
	g := h.guests[p]
	if g == nil {
		g = &guest{gone: make(chan struct{})}
		h.guests[p] = g
	}
	g.streams++
	return g
}

// part counts a stream out. The last of a tenant closes its hall.
func (r *Rounds) part(tenant uuid.UUID, p pass, g *guest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g.streams--; g.streams > 0 {
		return
	}
	h := r.halls[tenant]
	if h == nil || h.guests[p] != g {
		return // they were sent away
	}
	delete(h.guests, p)
	r.shut(tenant, h)
}

// shut closes the hall when it is empty. The lock is held.
func (r *Rounds) shut(tenant uuid.UUID, h *hall) {
	if len(h.guests) == 0 {
		delete(r.halls, tenant)
		h.leave()
	}
}

// attend goes round the tenant's hall until it is closed.
func (r *Rounds) attend(ctx context.Context, tenant uuid.UUID) {
	tick := time.NewTicker(cmp.Or(r.Every, roundEvery))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for asked := range slices.Chunk(r.passes(tenant), mostAsked) {
				r.round(ctx, tenant, asked)
			}
		case <-ctx.Done():
			return
		}
	}
}

// passes are those that are in use in the tenant.
func (r *Rounds) passes(tenant uuid.UUID) []pass {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.halls[tenant]
	if h == nil {
		return nil
	}
	all := make([]pass, 0, len(h.guests))
	for p := range h.guests {
		all = append(all, p)
	}
	return all
}

// round sends those away who are not welcome any more. Of whom it cannot be said, because the database does not
// answer, goes too, and is asked again when they come back.
func (r *Rounds) round(ctx context.Context, tenant uuid.UUID, asked []pass) {
	asking, done := context.WithTimeout(ctx, roundPatience)
	defer done()
	welcome, err := welcomed(asking, r.db, tenant, asked)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		r.log.ErrorContext(ctx, "live streams ended", "sessions", len(asked), "err", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.halls[tenant]
	if h == nil {
		return
	}
	for i, p := range asked {
		if g := h.guests[p]; g != nil && !welcome[i] {
			delete(h.guests, p)
			close(g.gone)
		}
	}
	r.shut(tenant, h)
}

// welcomed reports of each pass whether it still holds: the session or key is good, the session's token was not replaced,
// the role is the same and, of support, the grant is in force. The idle limit does not count: who listens is there. After an error none holds.
func welcomed(ctx context.Context, db *pg.DB, tenant uuid.UUID, asked []pass) ([]bool, error) {
	const check = `
		SELECT a.place
		FROM unnest($2::uuid[], $3::text[], $4::uuid[], $8::bigint[], $5::uuid[], $6::uuid[])
			WITH ORDINALITY AS a (user_id, role, session_id, rotation, key_id, grant_id, place)
		JOIN users u ON u.tenant_id = $1 AND u.id = a.user_id AND u.role = a.role AND u.status = 'ACTIVE'
		JOIN placements p ON p.id = u.tenant_id AND p.status = 'ACTIVE'
		WHERE (a.session_id = $7 OR EXISTS (SELECT 1 FROM sessions s
			WHERE s.tenant_id = $1 AND s.id = a.session_id AND s.rotation = a.rotation AND s.revoked_at IS NULL AND s.expires_at > now()))
		  AND (a.key_id = $7 OR EXISTS (SELECT 1 FROM api_keys k
			WHERE k.tenant_id = $1 AND k.id = a.key_id AND k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true)))
		  AND (a.grant_id = $7 OR EXISTS (SELECT 1 FROM support_grants g
			WHERE g.tenant_id = $1 AND g.id = a.grant_id AND g.revoked_at IS NULL AND g.expires_at > now()))`
	n := len(asked)
	good := make([]bool, n)
	users, sessions, keys, grants := make([]uuid.UUID, n), make([]uuid.UUID, n), make([]uuid.UUID, n), make([]uuid.UUID, n)
	roles, rotations := make([]string, n), make([]int, n)
	for i, p := range asked {
		users[i], roles[i], sessions[i], rotations[i], keys[i], grants[i] = p.user, string(p.role), p.session, p.rotation, p.key, p.grant
	}
	rows, err := db.Query(ctx, check, tenant, users, roles, sessions, keys, grants, uuid.Nil, rotations)
	if err != nil {
		return good, fmt.Errorf("check viewers: %w", err)
	}
	var place int
	err = pg.ForEach(rows, []any{&place}, func() error {
		good[place-1] = true
		return nil
	})
	if err != nil {
		return make([]bool, n), fmt.Errorf("check viewers: %w", err)
	}
	return good, nil
}

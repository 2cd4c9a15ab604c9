package compliance

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

const (
	// maxDenied bounds the refusals that are remembered of one tenant, and so written down in a minute or two; those
	// beyond it are not. No tenant's are kept back by another's.
	maxDenied = 10_000
	// maxNamed is how much is kept of what a client calls its operation, in bytes.
	maxNamed = 200
)

// Denied notes that the viewer was turned away at a field of staff, such as "Mutation.createUser": once in RefusedEvery
// for each person and field, whatever they send and however many processes serve them.
func (s *Service) Denied(ctx context.Context, field string) error {
	v, ok := viewer.From(ctx)
	if !ok || !v.SignedIn() || !s.refusals.first(v.Tenant, refusal{v.User, field}, time.Now(), s.refusedEvery()) {
		return nil
	}
	who := gid.New(ent.GIDUser, v.User).String()
	ctx = viewer.With(context.WithoutCancel(ctx), viewer.Job(v.Tenant, "audit"))
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		if _, _, err := lockEnd(ctx, tx); err != nil {
			return err
		}
		// Behind the lock everybody sees what another process has written.
		const known = `
			SELECT EXISTS (SELECT 1 FROM audit_entries
			WHERE tenant_id = $1 AND subject = $2 AND action = 'access.denied' AND data ->> 'field' = $3
			  AND at > clock_timestamp() - $4::interval)`
		var told bool
		if err := tx.QueryRow(ctx, known, v.Tenant, who, field, s.refusedEvery()).Scan(&told); err != nil {
			return fmt.Errorf("look for the refusal: %w", err)
		} else if told {
			return nil
		}
		return tx.Record(ctx, pg.Entry{Action: "access.denied", Subject: who, Data: map[string]string{"field": field}, By: v})
	})
	if err != nil {
		return fmt.Errorf("note a refusal at %s: %w", field, err)
	}
	return nil
}

// Helped writes down what support is about to run under a grant: the operation by name, and the root fields that
// it selects.
func (s *Service) Helped(ctx context.Context, operation string, fields []string) error {
	v, _ := viewer.From(ctx)
	ctx = viewer.With(ctx, viewer.Job(v.Tenant, "audit"))
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		return tx.Record(ctx, pg.Entry{
			Action: "support.read", Subject: gid.New(ent.GIDSupportGrant, v.Grant).String(),
			Data: map[string]string{
				"operation": strings.ToValidUTF8(operation[:min(len(operation), maxNamed)], ""), "fields": strings.Join(fields, " "),
			},
			By: v,
		})
	})
	if err != nil {
		return fmt.Errorf("write down what support reads: %w", err)
	}
	return nil
}

// refusal is somebody turned away somewhere.
type refusal struct {
	user  uuid.UUID
	field string
}

// refusals remembers what this process has noted within the last minutes, so that who knocks on and on costs no
// statement.
type refusals struct {
	mu    sync.Mutex
	last  map[uuid.UUID]map[refusal]time.Time // by tenant
	swept time.Time
}

// first reports whether the refusal was not noted within that time, and remembers that it is now.
func (r *refusals) first(tenant uuid.UUID, what refusal, now time.Time, within time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.swept) >= within {
		r.sweep(now, within)
	}
	last := r.last[tenant]
	at, known := last[what]
	if known && now.Sub(at) < within || !known && len(last) >= maxDenied {
		return false
	}
	if last == nil {
		last = map[refusal]time.Time{}
		r.last[tenant] = last
	}
	last[what] = now
	return true
}

// sweep forgets what was noted longer ago.
func (r *refusals) sweep(now time.Time, within time.Duration) {
	fresh := make(map[uuid.UUID]map[refusal]time.Time, len(r.last))
	for tenant, last := range r.last {
		maps.DeleteFunc(last, func(_ refusal, at time.Time) bool { return now.Sub(at) >= within })
		if len(last) > 0 {
			fresh[tenant] = last
		}
	}
	r.last, r.swept = fresh, now
}

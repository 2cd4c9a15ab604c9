package tenancy

import (
	"context"
	"hash/maphash"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
)

const (
	// memorySize bounds the tokens that are remembered.
	memorySize = 100_000
	// generations is how many counters tenants share. Two that share one forget together, which costs a look-up.
	generations = 4096
)

// Memory remembers whom a token belongs to for a moment, so that not every request of a busy client asks the database.
// What this process changes about anybody's right to be here it sees at once; what other processes change it hears
// from them, or finds when the moment is over. It holds good tokens only, by their hash.
type Memory struct {
	tokens *otter.Cache[remembered, pledge]
	seed   maphash.Seed
	counts [generations]atomic.Uint64
}

// remembered is what a token is found by.
type remembered struct {
	prefix string
	tenant uuid.UUID
	hash   [32]byte
}

// pledge is whom a token belongs to, as long as nothing was forgotten since.
type pledge struct {
	viewer     viewer.Viewer
	generation uint64
}

// NewMemory returns a memory that holds what it learned for so long at most.
func NewMemory(life time.Duration) *Memory {
	return &Memory{seed: maphash.MakeSeed(), tokens: otter.Must(&otter.Options[remembered, pledge]{
		MaximumSize: memorySize, ExpiryCalculator: otter.ExpiryWriting[remembered, pledge](life),
	})}
}

// Forget forgets everybody of the tenant.
func (m *Memory) Forget(tenant uuid.UUID) { m.count(tenant).Add(1) }

// ForgetAll forgets everybody.
func (m *Memory) ForgetAll() { m.tokens.InvalidateAll() }

func (m *Memory) count(tenant uuid.UUID) *atomic.Uint64 {
	return &m.counts[maphash.Bytes(m.seed, tenant[:])%generations]
}

// recall returns whom the token belongs to, if that is known, else asks. What was asked before somebody was forgotten is
// not remembered after: it may have been true no more.
func (m *Memory) recall(prefix string, tenant uuid.UUID, hash []byte, ask func() (viewer.Viewer, error)) (viewer.Viewer, error) {
	if m == nil || len(hash) != len(remembered{}.hash) {
		return ask()
	}
	token, generation := remembered{prefix, tenant, [32]byte(hash)}, m.count(tenant).Load()
	if known, ok := m.tokens.GetIfPresent(token); ok && known.generation == generation {
		return known.viewer, nil
	}
	found, err := ask()
	if err == nil {
		// Whoever asks may do with the scopes what they like.
		kept := found
		kept.Scopes = slices.Clone(found.Scopes)
		m.tokens.Set(token, pledge{kept, generation})
	}
	return found, err
}

// Herald tells other processes that a tenant is to be forgotten. What it tells may be lost.
type Herald interface {
	Forget(ctx context.Context, tenant uuid.UUID)
}

// changeRights is DB.Tx for what decides who may be here: afterwards nothing of the tenant is remembered.
func (s *Service) changeRights(ctx context.Context, fn func(tx *pg.Tx) error) error {
	return s.DB.Tx(ctx, func(tx *pg.Tx) error {
		s.forgets(ctx, tx)
		return fn(tx)
	})
}

// forgets has the tenant forgotten when the transaction has committed.
func (s *Service) forgets(ctx context.Context, tx *pg.Tx) {
	tenant := viewer.Tenant(ctx)
	tx.AfterCommit(func() {
		if s.Memory != nil {
			s.Memory.Forget(tenant)
		}
		if s.Herald != nil {
			s.Herald.Forget(context.WithoutCancel(ctx), tenant)
		}
	})
}

package tenancy

import (
	"github.com/google/uuid"

	"lyceum/internal/viewer"
)

// NewDirectoryAt is NewDirectory with a clock.
var NewDirectoryAt = newDirectory

// DirectoryTTL is how long a name is remembered.
const DirectoryTTL = directoryTTL

// MaxKeys is how many keys a person may hold.
const MaxKeys = maxKeys

// Halls is how many tenants are looked after.
func (r *Rounds) Halls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.halls)
}

// Recall asks for whom some token of the tenant is for.
func (m *Memory) Recall(tenant uuid.UUID, ask func() (viewer.Viewer, error)) (viewer.Viewer, error) {
	return m.recall("lys", tenant, make([]byte, len(remembered{}.hash)), ask)
}

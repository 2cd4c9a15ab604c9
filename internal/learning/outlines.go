package learning

import (
	"sync"

	"github.com/google/uuid"

	"lyceum/internal/catalog/outline"
)

// maxOutlines is how many outlines of published versions a process remembers. They never change.
const maxOutlines = 1_000

type versionKey struct{ tenant, version uuid.UUID }

// outlines remembers the outlines of versions, so that a batch need not read a whole course.
type outlines struct {
	mu    sync.Mutex
	known map[versionKey]*outline.Outline
}

func (o *outlines) get(tenant, version uuid.UUID) *outline.Outline {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known[versionKey{tenant, version}]
}

// put remembers an outline. When there are too many, all are forgotten: what is in use is soon back.
func (o *outlines) put(tenant, version uuid.UUID, published *outline.Outline) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known == nil || len(o.known) >= maxOutlines {
		o.known = map[versionKey]*outline.Outline{}
	}
	o.known[versionKey{tenant, version}] = published
}

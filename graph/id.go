package graph

import (
	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/gid"
)

// idOf returns the UUID inside an id of the type. An id of another type is answered like an id that never
// existed.
func idOf(id gid.ID, typ string) (uuid.UUID, error) {
	if id.Type != typ {
		return uuid.Nil, fault.New(fault.NotFound, "There is nothing with this id.")
	}
	return id.UUID, nil
}

// optionalID is idOf for an argument that may be absent.
func optionalID(id *gid.ID, typ string) (*uuid.UUID, error) {
	if id == nil {
		return nil, nil //nolint:nilnil // absent is what nil says here
	}
	u, err := idOf(*id, typ)
	return &u, err
}

// value returns what the pointer points at, or the zero value for an absent argument.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

package graph

import (
	"context"

	"github.com/google/uuid"

	"lyceum/graph/loader"
	"lyceum/graph/relay"
	"lyceum/internal/catalog"
	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/platform/gid"
)

// nodeLoader begins to look for the thing with the id. What it returns waits for the answer: null for what
// does not exist or is not for the viewer.
type nodeLoader func(ctx context.Context, id uuid.UUID) func() (relay.Node, error)

// nodeLoaders are what `node` answers, by the type of id.
var nodeLoaders = map[string]nodeLoader{
	ent.GIDCourse:   lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *catalog.Course] { return s.Published }),
	ent.GIDCategory: lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.Category] { return s.Category }),
	ent.GIDEnrollment: lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.Enrollment] {
		return s.Enrollment
	}),
	ent.GIDGroup:        lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.Group] { return s.Group }),
	ent.GIDLearningPath: lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.LearningPath] { return s.Path }),
	ent.GIDPathEnrollment: lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.PathEnrollment] {
		return s.PathEnrollment
	}),
	ent.GIDAttempt: lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.Attempt] { return s.Attempt }),
	ent.GIDUser:    lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.User] { return s.User }),
	ent.GIDCertificate: lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.Certificate] {
		return s.Nodes.Certificate
	}),
	ent.GIDTenant:  lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.Tenant] { return s.Nodes.Tenant }),
	ent.GIDSession: lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.Session] { return s.Nodes.Session }),
	ent.GIDAPIKey:  lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.APIKey] { return s.Nodes.APIKey }),
	ent.GIDAsset:   lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.Asset] { return s.Nodes.Asset }),
	ent.GIDNotification: lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.Notification] {
		return s.Nodes.Notification
	}),
	ent.GIDSupportGrant: lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.SupportGrant] {
		return s.Nodes.SupportGrant
	}),
	ent.GIDAuditEntry: lookup(func(s *loader.Set) *loader.Loader[uuid.UUID, *ent.AuditEntry] {
		return s.Nodes.AuditEntry
	}),
}

// lookup is the nodeLoader over one of the response's loaders.
func lookup[T relay.Node](in func(*loader.Set) *loader.Loader[uuid.UUID, T]) nodeLoader {
	return func(ctx context.Context, id uuid.UUID) func() (relay.Node, error) {
		wait := in(loader.From(ctx)).LoadThunk(ctx, id)
		return func() (relay.Node, error) {
			found, err := wait()
			if loader.IsNotFound(err) {
				return nil, nil
			} else if err != nil {
				return nil, err
			}
			return found, nil
		}
	}
}

// maxNodes is how many things can be asked for at a time.
const maxNodes = 100

func (r queryResolver) Node(ctx context.Context, id gid.ID) (relay.Node, error) {
	nodes, err := r.Nodes(ctx, []*gid.ID{&id})
	if err != nil {
		return nil, err
	}
	return nodes[0], nil
}

// Nodes begins with all before it waits for the first, so that loaders gather what is alike.
func (queryResolver) Nodes(ctx context.Context, ids []*gid.ID) ([]relay.Node, error) {
	if len(ids) > maxNodes {
		return nil, fault.Invalid("ids", "Ask for at most 100 ids at a time.")
	}
	waiting := make([]func() (relay.Node, error), len(ids))
	for i, id := range ids {
		if begin, known := nodeLoaders[id.Type]; known {
			waiting[i] = begin(ctx, id.UUID)
		}
	}
	nodes := make([]relay.Node, len(ids))
	for i, wait := range waiting {
		if wait == nil {
			continue
		}
		var err error
		if nodes[i], err = wait(); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

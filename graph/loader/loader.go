// Package loader batches what resolvers look up one by one. A Set lives as long as one response (for a
// subscription, one event) and belongs to one viewer: it is never shared.
package loader

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/vikstrous/dataloadgen"

	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

type setKey struct{}

var (
	errStranger = errors.New("loader: the set belongs to another viewer")
	errUnasked  = errors.New("loader: a batch was found without asking a policy")
)

// With puts a fresh Set into the context of a response. It belongs to the context's viewer.
func With(ctx context.Context, sources Sources) context.Context {
	set := newSet(sources)
	set.owner, _ = viewer.From(ctx)
	return context.WithValue(ctx, setKey{}, set)
}

// From returns the Set of the response. Resolvers run below With, always, and as the viewer that With saw:
// a Set remembers what its viewer may read.
func From(ctx context.Context) *Set {
	set, ok := ctx.Value(setKey{}).(*Set)
	if !ok {
		panic("loader: the context must come from With")
	}
	if err := set.serves(ctx); err != nil {
		panic(err)
	}
	// A batch asks the policies under the context of its first caller, or fails: here everybody else's is told.
	policy.Note(ctx)
	return set
}

// serves returns an error unless the context's viewer is the one whose Set it is, seeing no more than its role
// shows.
func (s *Set) serves(ctx context.Context) error {
	v, _ := viewer.From(ctx)
	o := s.owner
	if viewer.SeesWholeTenant(ctx) || v.Tenant != o.Tenant || v.User != o.User || v.Role != o.Role || v.APIKey != o.APIKey ||
		!slices.Equal(v.Scopes, o.Scopes) {
		return errStranger
	}
	return nil
}

// belongs returns an error unless the context of a batch has a Set, and is that of its viewer.
func belongs(ctx context.Context) error {
	set, ok := ctx.Value(setKey{}).(*Set)
	if !ok {
		return errStranger
	}
	return set.serves(ctx)
}

// mapped is a loader whose batches run as the viewer of the Set and ask a policy, or not at all.
func mapped[K comparable, T any](find func(context.Context, []K) (map[K]T, error)) *Loader[K, T] {
	return &Loader[K, T]{find: func(ctx context.Context, keys []K) ([]T, []error) {
		if err := belongs(ctx); err != nil {
			return nil, []error{err}
		}
		ctx, asked := policy.Watch(ctx)
		found, err := find(ctx, keys)
		if err == nil && len(found) > 0 && !asked.Yes() {
			err = errUnasked
		}
		if err != nil {
			return nil, []error{err}
		}
		return inOrder(keys, found)
	}}
}

// inOrder are the things of the keys, in their order; of one that was not found it says so.
func inOrder[K comparable, T any](keys []K, found map[K]T) ([]T, []error) {
	values, errs := make([]T, len(keys)), make([]error, len(keys))
	for i, key := range keys {
		value, exists := found[key]
		if values[i] = value; !exists {
			errs[i] = dataloadgen.ErrNotFound
		}
	}
	return values, errs
}

// byID adapts "find these, in any order" to a loader. A row the viewer may not see is absent, and loads
// as dataloadgen.ErrNotFound.
func byID[K comparable, T any](find func(context.Context, []K) ([]T, error), id func(T) K) *Loader[K, T] {
	return mapped(func(ctx context.Context, ids []K) (map[K]T, error) {
		rows, err := find(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("load %d by id: %w", len(ids), err)
		}
		found := make(map[K]T, len(rows))
		for _, row := range rows {
			found[id(row)] = row
		}
		return found, nil
	})
}

// grouped adapts "find the children of these, sorted" to a loader of lists. A parent without children has
// an empty list.
func grouped[T any](find func(context.Context, []uuid.UUID) ([]T, error), parent func(T) uuid.UUID) *Loader[uuid.UUID, []T] {
	return mapped(func(ctx context.Context, parents []uuid.UUID) (map[uuid.UUID][]T, error) {
		rows, err := find(ctx, parents)
		if err != nil {
			return nil, fmt.Errorf("load children of %d: %w", len(parents), err)
		}
		children := make(map[uuid.UUID][]T, len(parents))
		for _, id := range parents {
			children[id] = []T{}
		}
		for _, row := range rows {
			children[parent(row)] = append(children[parent(row)], row)
		}
		return children, nil
	})
}

// Optional turns a missing row into nil, for fields that may be null.
func Optional[T any](value *T, err error) (*T, error) {
	if IsNotFound(err) {
		return nil, nil //nolint:nilnil // a null field is what this is for
	}
	return value, err
}

// Found returns what exists of the keys, in their order.
func Found[K comparable, T any](ctx context.Context, l *Loader[K, T], keys []K) ([]T, error) {
	thunks := make([]func() (T, error), len(keys))
	for i, key := range keys {
		thunks[i] = l.LoadThunk(ctx, key)
	}
	found := make([]T, 0, len(keys))
	for _, thunk := range thunks {
		value, err := thunk()
		switch {
		case err == nil:
			found = append(found, value)
		case !IsNotFound(err):
			return nil, err
		}
	}
	return found, nil
}

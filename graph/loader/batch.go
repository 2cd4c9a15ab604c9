package loader

import (
	"context"
	"sync"
	"time"

	"github.com/vikstrous/dataloadgen"
)

// The window in which lookups are gathered, and how many one statement takes.
const (
	wait     = time.Millisecond
	capacity = 500
)

// Loader finds things by their keys, and remembers them for one response. Load gathers what is asked for at the same
// time; Ahead finds at once what is about to be asked for, and Known says whether there is anything to wait for. Most
// loaders of a response are never used, so nothing is made before somebody asks.
type Loader[K comparable, T any] struct {
	find finder[K, T]

	mu sync.Mutex
	// gathering finds what was not found ahead. Nil until somebody asks for such a thing.
	gathering *dataloadgen.Loader[K, T]
	known     map[K]outcome[T]
}

// finder finds what there is of the keys: a value or an error for each of them, or one error for all.
type finder[K comparable, T any] func(ctx context.Context, keys []K) ([]T, []error)

// outcome is what came of a key: a value, or an error, which IsNotFound when there is nothing.
type outcome[T any] struct {
	value T
	err   error
}

// Load finds the thing under the key, or says IsNotFound.
func (l *Loader[K, T]) Load(ctx context.Context, key K) (T, error) {
	found, gathering := l.begin(key)
	if gathering == nil {
		return found.value, found.err
	}
	return gathering.Load(ctx, key)
}

// LoadThunk begins to find the thing under the key. What it returns waits for it.
func (l *Loader[K, T]) LoadThunk(ctx context.Context, key K) func() (T, error) {
	found, gathering := l.begin(key)
	if gathering == nil {
		return func() (T, error) { return found.value, found.err }
	}
	return gathering.LoadThunk(ctx, key)
}

// begin returns what is known of the key, or else what gathers it.
func (l *Loader[K, T]) begin(key K) (outcome[T], *dataloadgen.Loader[K, T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if found, known := l.known[key]; known {
		return found, nil
	}
	if l.gathering == nil {
		l.gathering = dataloadgen.NewLoader(l.find, dataloadgen.WithWait(wait), dataloadgen.WithBatchCapacity(capacity))
	}
	return outcome[T]{}, l.gathering
}

// LoadAll finds the things under the keys, in their order.
func (l *Loader[K, T]) LoadAll(ctx context.Context, keys []K) ([]T, error) {
	thunks := make([]func() (T, error), len(keys))
	for i, key := range keys {
		thunks[i] = l.LoadThunk(ctx, key)
	}
	values, errs, failed := make([]T, len(keys)), make(dataloadgen.ErrorSlice, len(keys)), false
	for i, thunk := range thunks {
		values[i], errs[i] = thunk()
		failed = failed || errs[i] != nil
	}
	if failed {
		return values, errs
	}
	return values, nil
}

// Ahead finds the things under the keys now, without waiting for others to ask for more. What goes wrong is told to
// those who ask for them.
func (l *Loader[K, T]) Ahead(ctx context.Context, keys []K) {
	missing := l.missing(keys)
	for len(missing) > 0 {
		batch := missing[:min(len(missing), capacity)]
		values, errs := l.find(ctx, batch)
		l.remember(batch, values, errs)
		missing = missing[len(batch):]
	}
}

// Known reports whether it is known by now what comes of the key: then Load returns at once.
func (l *Loader[K, T]) Known(key K) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.known[key]
	return known
}

// Prime remembers a thing that was found in another way, unless its key was asked for before.
func (l *Loader[K, T]) Prime(key K, value T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gathering == nil || l.gathering.Prime(key, value) {
		l.keep(key, outcome[T]{value: value})
	}
}

// missing are the keys of which nothing is known, each once.
func (l *Loader[K, T]) missing(keys []K) []K {
	l.mu.Lock()
	defer l.mu.Unlock()
	missing, seen := make([]K, 0, len(keys)), make(map[K]bool, len(keys))
	for _, key := range keys {
		if _, known := l.known[key]; !known && !seen[key] {
			seen[key] = true
			missing = append(missing, key)
		}
	}
	return missing
}

// remember keeps what was found under the keys.
func (l *Loader[K, T]) remember(keys []K, values []T, errs []error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, key := range keys {
		switch {
		case len(errs) == 1 && errs[0] != nil:
			l.keep(key, outcome[T]{err: errs[0]})
		case len(errs) > i && errs[i] != nil:
			l.keep(key, outcome[T]{err: errs[i]})
		default:
			l.keep(key, outcome[T]{value: values[i]})
		}
	}
}

// keep is for those who hold the lock. What was known first stays.
func (l *Loader[K, T]) keep(key K, found outcome[T]) {
	if l.known == nil {
		l.known = map[K]outcome[T]{}
	}
	if _, known := l.known[key]; !known {
		l.known[key] = found
	}
}

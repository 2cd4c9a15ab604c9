package policy

import (
	"context"
	"sync/atomic"
)

type askedKey struct{}

// Asked knows whether a policy was asked under a context.
type Asked struct {
	yes   atomic.Bool
	outer *Asked
}

// Watch returns a context under which it is noted that a policy was asked: by reading or changing an entity, or
// by Require, Signed, Learning or Present. Whoever watched already learns of it too.
func Watch(ctx context.Context) (context.Context, *Asked) {
	outer, _ := ctx.Value(askedKey{}).(*Asked)
	asked := &Asked{outer: outer}
	return context.WithValue(ctx, askedKey{}, asked), asked
}

// Yes reports whether a policy was asked so far.
func (a *Asked) Yes() bool { return a.yes.Load() }

// Note says that a policy was asked for what the context is after: for those who wait for an answer that was
// found under another context, as the callers of a batch do.
func Note(ctx context.Context) {
	asked, _ := ctx.Value(askedKey{}).(*Asked)
	for ; asked != nil; asked = asked.outer {
		asked.yes.Store(true)
	}
}

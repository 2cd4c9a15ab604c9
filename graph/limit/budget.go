package limit

import (
	"context"
	"fmt"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/platform/cache"
	"lyceum/internal/viewer"
)

// Rates are how fast budgets fill, in units of cost a minute; a full one holds a minute's worth. Zero does
// not limit. A rate below Cost.Maximum would refuse for ever what Cost allows.
type Rates struct {
	// User is each signed-in person's, over all sessions and keys.
	User int
	// Address is each visitor's, by the network that they come from.
	Address int
	// Tenant is that of all people of a tenant together, and once more that of all its visitors: a crowd at
	// the door keeps nobody from working inside.
	Tenant int
}

// Limiter counts; *cache.Limiter does.
type Limiter interface {
	Allow(ctx context.Context, cost int, buckets ...cache.Bucket) (cache.Decision, error)
}

// Purses is the Budget of a server: every operation is paid by whoever asks and by their tenant, in one
// trip to the limiter, or by neither of them.
type Purses struct {
	Limiter Limiter
	Rates   Rates
	// Network names where the request comes from.
	Network func(context.Context) string
}

var _ Budget = Purses{}

// Spend implements Budget. It asks nobody where no rate is set.
func (p Purses) Spend(ctx context.Context, cost int) (remaining *int, err error) {
	buckets := p.buckets(ctx)
	if len(buckets) == 0 {
		return nil, nil //nolint:nilnil // nothing is counted
	}
	decision, err := p.Limiter.Allow(ctx, cost, buckets...)
	if err != nil {
		return nil, fmt.Errorf("charge operation: %w", err)
	}
	if !decision.Allowed {
		// A refusal that names no time is for more than a budget ever holds: waiting does not help.
		return &decision.Remaining, fault.New(fault.RateLimited,
			"Too much was asked for in a short time. Wait a moment, or ask for less at a time.").After(decision.RetryAfter)
	}
	return &decision.Remaining, nil
}

// buckets are who pays. All keys are the tenant's, so that one script counts them.
func (p Purses) buckets(ctx context.Context) []cache.Bucket {
	v, known := viewer.From(ctx)
	if !known {
		return nil // nobody gets as far as an operation without a tenant
	}
	var all []cache.Bucket
	add := func(perMinute int, parts ...string) {
		if perMinute > 0 {
			key := cache.NewKey(v.Tenant, append([]string{"cost"}, parts...)...)
			all = append(all, cache.Bucket{Key: key, Rate: cache.Rate{Count: perMinute, Per: time.Minute}})
		}
	}
	if v.SignedIn() {
		add(p.Rates.User, "user", v.User.String())
		add(p.Rates.Tenant, "people")
	} else {
		add(p.Rates.Address, "address", p.Network(ctx))
		add(p.Rates.Tenant, "visitors")
	}
	return all
}

package limit_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"lyceum/graph/limit"
	"lyceum/internal/fault"
	"lyceum/internal/platform/cache"
	"lyceum/internal/viewer"
)

// counter records what it is asked, and answers as it was told.
type counter struct {
	answer  cache.Decision
	err     error
	trips   int
	buckets []string
}

func (c *counter) Allow(_ context.Context, _ int, buckets ...cache.Bucket) (cache.Decision, error) {
	c.trips++
	c.buckets = nil
	for _, b := range buckets {
		c.buckets = append(c.buckets, b.Key.String())
	}
	return c.answer, c.err
}

func network(context.Context) string { return "198.51.100.7" }

func TestWhoPays(t *testing.T) {
	t.Parallel()
	tenant, user := uuid.New(), uuid.New()
	prefix := "t:{" + tenant.String() + "}:cost:"
	all := limit.Rates{User: 100, Address: 100, Tenant: 1000}
	person := viewer.Viewer{Tenant: tenant, User: user, Role: viewer.Learner, Session: uuid.New()}
	key := viewer.Viewer{Tenant: tenant, User: user, Role: viewer.Instructor, APIKey: uuid.New()}
	for name, tt := range map[string]struct {
		viewer viewer.Viewer
		rates  limit.Rates
		want   []string
	}{
		"a person":             {person, all, []string{"user:" + user.String(), "people"}},
		"a key of that person": {key, all, []string{"user:" + user.String(), "people"}},
		"a visitor":            {viewer.Of(tenant), all, []string{"address:198.51.100.7", "visitors"}},
		"the person only":      {person, limit.Rates{User: 100}, []string{"user:" + user.String()}},
		"the tenant only":      {viewer.Of(tenant), limit.Rates{Tenant: 100}, []string{"visitors"}},
		"nobody":               {person, limit.Rates{Address: 100}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := &counter{answer: cache.Decision{Allowed: true, Remaining: 9}}
			remaining, err := limit.Purses{Limiter: asked, Rates: tt.rates, Network: network}.
				Spend(viewer.With(t.Context(), tt.viewer), 5)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, bucket := range tt.want {
				want = append(want, prefix+bucket)
			}
			if diff := cmp.Diff(want, asked.buckets); diff != "" {
				t.Error(diff)
			}
			if trips := min(len(want), 1); asked.trips != trips || (remaining != nil) != (trips == 1) {
				t.Errorf("%d trips to the limiter, want %d; remaining %v", asked.trips, trips, remaining)
			}
		})
	}
}

func TestSpendRefuses(t *testing.T) {
	t.Parallel()
	ctx := viewer.With(t.Context(), viewer.Of(uuid.New()))
	purses := limit.Purses{Rates: limit.Rates{Tenant: 10}, Network: network}

	purses.Limiter = &counter{answer: cache.Decision{RetryAfter: 3 * time.Second, Remaining: 2}}
	remaining, err := purses.Spend(ctx, 5)
	f, told := errors.AsType[*fault.Error](err)
	if !told || f.Code != fault.RateLimited || f.RetryAfter != 3*time.Second || remaining == nil || *remaining != 2 {
		t.Errorf("remaining %v, %v; want RATE_LIMITED after 3 s", remaining, err)
	}

	purses.Limiter = &counter{err: cache.ErrBucket}
	if _, err := purses.Spend(ctx, 5); !errors.Is(err, cache.ErrBucket) || fault.CodeOf(err) != fault.Internal {
		t.Errorf("a mistake of ours opens the door: %v", err)
	}
}

// TestBudgetsAreApart spends a tenant's whole budget as a visitor, and then as a person: neither is kept out
// by the other, nor anybody of another tenant by either.
func TestBudgetsAreApart(t *testing.T) {
	t.Parallel()
	purses := limit.Purses{Limiter: cache.NewLimiter(nil), Rates: limit.Rates{User: 1 << 20, Address: 1 << 20, Tenant: 40}, Network: network}
	ours, theirs := uuid.New(), uuid.New()
	person := func(tenant uuid.UUID) viewer.Viewer {
		return viewer.Viewer{Tenant: tenant, User: uuid.New(), Role: viewer.Learner}
	}
	for i, v := range []viewer.Viewer{viewer.Of(ours), person(ours)} {
		codes := []fault.Code{}
		for range 3 {
			_, err := purses.Spend(viewer.With(t.Context(), v), 8)
			codes = append(codes, fault.CodeOf(err))
		}
		// A process that counts alone gives a quarter of 40 at once.
		if want := []fault.Code{"", fault.RateLimited, fault.RateLimited}; !slices.Equal(codes, want) {
			t.Errorf("viewer %d: %q, want %q", i, codes, want)
		}
	}
	for _, v := range []viewer.Viewer{viewer.Of(theirs), person(theirs)} {
		if _, err := purses.Spend(viewer.With(t.Context(), v), 8); err != nil {
			t.Errorf("another tenant pays for it: %v", err)
		}
	}
	if _, err := purses.Spend(viewer.With(t.Context(), person(ours)), 8); fault.CodeOf(err) != fault.RateLimited {
		t.Errorf("the tenant's budget grows with its people: %v", err)
	}
}

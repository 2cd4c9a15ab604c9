package limit_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"lyceum/graph/limit"
	"lyceum/internal/fault"
)

// well is a budget that fills, and holds a minute's worth.
type well struct {
	perSecond int
	spent     int
	trips     int
	since     time.Time
}

func (w *well) Spend(_ context.Context, cost int) (*int, error) {
	w.trips++
	have := min(60*w.perSecond+int(time.Since(w.since).Seconds()*float64(w.perSecond))-w.spent, 60*w.perSecond)
	if missing := cost - have; missing > 0 {
		return &have, fault.New(fault.RateLimited, "Too much.").After(time.Duration(missing) * time.Second / time.Duration(w.perSecond))
	}
	w.spent += cost
	left := have - cost
	return &left, nil
}

// open opens a subscription, and returns what asks for its next event.
func open(t *testing.T, ctx context.Context, budget limit.Budget, maximum int, query string) (next func() *graphql.Response) {
	t.Helper()
	cost := limit.Cost{Maximum: maximum, Budget: budget}
	operation, errs := create(ctx, newExecutor(t, cost), query, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	ctx = graphql.WithOperationContext(ctx, operation)
	sent := 0
	return func() *graphql.Response {
		return cost.InterceptResponse(ctx, func(ctx context.Context) *graphql.Response {
			if ctx.Err() != nil {
				return nil
			}
			sent++
			return &graphql.Response{Extensions: map[string]any{"n": sent}}
		})
	}
}

// TestEventsArePaid sends events faster than budgets fill: each comes, in order, and none before the others are paid for.
func TestEventsArePaid(t *testing.T) {
	t.Parallel()
	const plain, large = `subscription{ticks(first:1){id}}`, `subscription{ticks(first:1){friends(first:100){friends(first:90){id}}}}` // 1 and 9,101
	for name, tt := range map[string]struct {
		query                             string
		maximum, perSecond, events, price int
		// least and most are how long it takes, most trips how often the budget is asked.
		least, most time.Duration
		trips       int
	}{
		"plain":               {plain, 0, 20_000, 5_000, 1, 0, 0, 6},
		"plain, small budget": {plain, 100, 2, 500, 1, 135 * time.Second, 145 * time.Second, 20},
		"large":               {large, 0, 20_000, 100, 9_101, 0, 0, 101},
		"large, faster":       {large, 0, 20_000, 1_000, 9_101, 390 * time.Second, 400 * time.Second, 2_001},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				budget := &well{perSecond: tt.perSecond, since: begin}
				next := open(t, t.Context(), budget, tt.maximum, tt.query)
				for i := range tt.events {
					if got := next(); got == nil || got.Extensions["n"] != i+1 {
						t.Fatalf("event %d is %v", i+1, got)
					}
					if owed := (i+1)*tt.price - budget.spent; owed > max(1000, tt.price) {
						t.Fatalf("after event %d nobody has paid %d", i+1, owed)
					}
				}
				if took := time.Since(begin); took < tt.least || took > tt.most || budget.trips > tt.trips {
					t.Errorf("it took %s and asked %d times, want %s to %s and at most %d times", took, budget.trips, tt.least, tt.most, tt.trips)
				}
			})
		})
	}
}

// TestWhoWaitsForAnEventMayGo has nobody wait any more for an event whose budget is used up.
func TestWhoWaitsForAnEventMayGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		purse := &purse{left: 3000} // says no time
		next := open(t, ctx, purse, 0, `subscription{ticks(first:1){friends(first:100){friends(first:9){id}}}}`)
		for next() != nil {
			if purse.left < 2000 {
				time.AfterFunc(time.Hour, leave)
			}
		}
		if ctx.Err() == nil {
			t.Error("the stream ended by itself")
		}
	})
}

// moody is a budget that answers as it is told.
type moody struct{ err error }

func (m *moody) Spend(context.Context, int) (*int, error) { return nil, m.err }

// TestEventsWithoutBudget: a budget that cannot be asked holds up nobody.
func TestEventsWithoutBudget(t *testing.T) {
	t.Parallel()
	budget := &moody{}
	for name, budget := range map[string]limit.Budget{"none": nil, "broken": budget} {
		next := open(t, t.Context(), budget, 0, `subscription{ticks(first:1){friends(first:100){friends(first:90){id}}}}`)
		if m, ok := budget.(*moody); ok {
			m.err = errors.New("no answer")
		}
		for i := range 10 {
			if next() == nil {
				t.Errorf("%s: event %d does not come", name, i)
			}
		}
	}
}

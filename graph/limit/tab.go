package limit

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"lyceum/internal/fault"
)

const (
	// tabWorth is the cost up to which events are paid together: those of a plain stream cost few trips to the budget.
	tabWorth = 1000
	// tabRest is how long a stream waits when the budget does not say for how long.
	tabRest = time.Second
)

const tabExtension = "tab"

// tab is what the events of one subscription have cost and nobody has paid for yet. Opening it has paid for the first one.
//
// An event is paid for when it was sent, and while the budget is used up the next one waits where it is written down. So
// none is lost, no stream is cut off, and one that asks for little notices nothing: what it owes comes back while it is
// silent.
type tab struct {
	// price is what one event costs, together how many of them are paid for at once.
	price, together int
	// owed is how many events were sent and not paid for; below 0 nothing was sent yet.
	owed int
}

func newTab(price Price) *tab {
	return &tab{price: price.Requested, together: max(1, min(tabWorth, price.Maximum)/price.Requested), owed: -2}
}

// settle is asked before each event.
func (c Cost) settle(ctx context.Context) {
	t, open := graphql.GetOperationContext(ctx).Stats.GetExtension(tabExtension).(*tab)
	if !open || c.Budget == nil {
		return
	}
	if t.owed++; t.owed < t.together {
		return
	}
	for waiting := true; waiting; {
		waiting = c.waits(ctx, t.owed*t.price)
	}
	t.owed = 0
}

// waits pays, or waits until that may be tried again. It reports false when it has paid, when nobody waits for the event any
// more, and when the budget cannot be asked.
func (c Cost) waits(ctx context.Context, cost int) bool {
	_, err := c.Budget.Spend(ctx, cost)
	refused, ok := errors.AsType[*fault.Error](err)
	if !ok || refused.Code != fault.RateLimited {
		return false
	}
	over := time.NewTimer(cmp.Or(refused.RetryAfter, tabRest))
	defer over.Stop()
	select {
	case <-over.C:
		return true
	case <-ctx.Done():
		return false
	}
}

package push

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"lyceum/internal/fault"
)

// How often something is tried, and how long the first pause is; each one is twice as long as the one before, up to a
// bound, and by chance shorter, so that many clients do not come back at once.
const (
	tries      = 6
	firstPause = 500 * time.Millisecond
	longPause  = 15 * time.Second
)

// answered is a refusal of the storage.
type answered struct {
	code   int
	status string
}

// Error implements error.
func (a answered) Error() string { return "storage answered " + a.status }

// passing reports whether what failed may succeed when it is tried again. An address that has expired is asked for anew.
func passing(err error) bool {
	var refused answered
	if errors.As(err, &refused) {
		switch refused.code {
		case http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadRequest:
			return true // a body that broke off on its way is a bad request, too
		default:
			return refused.code >= http.StatusInternalServerError
		}
	}
	switch fault.CodeOf(err) {
	case fault.Internal, fault.Unavailable, fault.RateLimited:
		return true
	default:
		return false
	}
}

// persist does it until it succeeds, fails for good, was tried often enough, or ctx ends.
func (c *Client) persist(ctx context.Context, do func() error) error {
	pause := c.pause
	for try := 1; ; try++ {
		err := do()
		if err == nil || ctx.Err() != nil || !passing(err) {
			return err
		}
		if try == tries {
			return fmt.Errorf("given up after %d tries: %w", tries, err)
		}
		// Not secret: it only spreads out.
		wait := pause/2 + rand.N(pause/2+1) //nolint:gosec // See above.
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
		pause = min(2*pause, longPause)
	}
}

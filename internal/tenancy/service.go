// Package tenancy owns tenants, their people, sessions and keys: it says whose tenant a request is for and
// who is asking.
package tenancy

import (
	"context"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/pg"
)

// Origin is where a request came from, as far as it is to be believed.
type Origin struct {
	// IP is the address of the client or of the proxy in front of it.
	IP        string
	UserAgent string
}

// Limiter slows down guessing. It returns a RateLimited fault when the account or the address tried too
// often.
type Limiter interface {
	SignIn(ctx context.Context, tenant uuid.UUID, email, ip string) error
}

// Service is the tenancy context.
type Service struct {
	DB      *pg.DB
	Hasher  *auth.Hasher
	Limiter Limiter
	// Idle ends a session that is not used, Absolute any session.
	Idle, Absolute time.Duration
}

// errUnknown is the one answer to a wrong address, a wrong password, and a suspended user.
func errUnknown() error {
	return fault.New(fault.Unauthenticated, "The address or the password is wrong.")
}

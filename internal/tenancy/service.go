// Package tenancy owns tenants, their people, sessions and keys: it says whose tenant a request is for and
// who is asking.
package tenancy

import (
	"context"
	"net/netip"
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

// subscriber is the part of an IPv6 address that tells subscribers apart: the rest is theirs to choose.
const subscriber = 64

// Network is what guessing is limited by: the address, or the network of an IPv6 address.
func (o Origin) Network() string {
	ip, err := netip.ParseAddr(o.IP)
	if err != nil {
		return o.IP
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, subscriber).Masked().String()
}

// Limiter slows down guessing. It returns a RateLimited fault when the account or the network (an address, or
// an IPv6 network such as "2001:db8::/64") tried too often.
type Limiter interface {
	SignIn(ctx context.Context, tenant uuid.UUID, email, network string) error
}

// Service is the tenancy context.
type Service struct {
	DB      *pg.DB
	Hasher  *auth.Hasher
	Limiter Limiter
	// Idle ends a session that is not used, Absolute any session.
	Idle, Absolute time.Duration
	// Memory remembers whom tokens belong to; nil asks the database each time. Herald tells the other processes' memories
	// what this one changes; it may be nil.
	Memory *Memory
	Herald Herald
}

// errUnknown is the one answer to a wrong address, a wrong password, and a suspended user.
func errUnknown() error {
	return fault.New(fault.Unauthenticated, "The address or the password is wrong.")
}

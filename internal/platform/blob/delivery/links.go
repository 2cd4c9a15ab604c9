package delivery

import (
	"fmt"
	"strings"
	"time"

	"lyceum/internal/platform/blob"
)

// Links makes the addresses under which a player finds the objects of an asset.
type Links struct {
	Signer *blob.Signer
	// Base is where signed paths are served, without a slash at its end: "https://media.example.org", the origin of
	// the API where the API serves them, or "" for addresses relative to the page.
	Base string
	// TTL is how long an address is good.
	TTL time.Duration
}

// quarter is the part of the TTL within which addresses are the same.
const quarter = 4

// URL returns the address of the prefix, with a slash at its end, and when it ceases to be good. Names of the asset's
// objects are appended to it as they are. The error is blob.ErrMalformedKey for a prefix that is not of one asset.
//
// Addresses made within a quarter of the TTL are the same, so that what a browser has fetched it need not fetch again
// when the same person asks twice. Each is good for three quarters of the TTL at least.
func (l Links) URL(prefix blob.Prefix, now time.Time) (string, time.Time, error) {
	step := max(time.Second, (l.TTL / quarter).Truncate(time.Second))
	ends := now.Add(l.TTL).Truncate(step)
	signed, err := l.Signer.SignPath(prefix, ends)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign path of asset: %w", err)
	}
	return strings.TrimSuffix(l.Base, "/") + signed, ends, nil
}

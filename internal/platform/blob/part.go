package blob

import (
	"time"

	"lyceum/internal/fault"
)

// The bounds of an upload in parts. S3 allows 10,000 parts, and lists a thousand at a time; with MaxParts one request
// lists them all.
const (
	MaxParts     = 1000
	maxPartBytes = 5 << 30
)

// PartRule says which part a client may send.
type PartRule struct {
	// Number is 1 to MaxParts.
	Number int
	// Size is the exact number of bytes. S3 wants at least 5 MiB in every part but the last.
	Size int64
	// SHA256 is what the store checks the part against.
	SHA256 Digest
	// Expires is how long the ticket is good for: one second to seven days.
	Expires time.Duration
}

// Validate returns a fault.BadInput for a rule that nobody could send a part under.
func (r PartRule) Validate() error {
	var c fault.Collector
	c.Check(r.Number >= 1 && r.Number <= MaxParts, "number", "Parts are numbered from 1 to 1000.")
	c.Check(r.Size >= 1 && r.Size <= maxPartBytes, "size", "A part has at least one byte, and at most 5 GiB.")
	c.Check(!r.SHA256.IsZero(), "sha256", "Give the part's SHA-256.")
	c.Check(isExpiry(r.Expires), "expires", badExpiry)
	return c.Err()
}

// Part is a part that has arrived.
type Part struct {
	Number int
	// Size is in bytes.
	Size int64
	// ETag is an opaque name of the bytes, without quotes.
	ETag string
	// SHA256 is zero when the store does not tell it.
	SHA256 Digest
}

package compliance

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"maps"
	"slices"
	"time"

	"lyceum/internal/gen/ent"
)

// genesis is the hash before the first entry.
func genesis() []byte { return make([]byte, sha256.Size) }

// digest is the hash of an entry: SHA-256 over the previous hash, the number, the tenant, the time in
// microseconds since 1970, and each text and each datum (by name) behind its length, so that no two entries
// have the same bytes; numbers are 64 bits, big-endian. What the table has besides, an id and times of its own,
// says nothing. It never changes: old chains must verify for ever.
func digest(e *ent.AuditEntry) []byte {
	h := sha256.New()
	h.Write(e.Previous)
	number(h, uint64(e.Seq))
	h.Write(e.TenantID[:])
	number(h, uint64(e.At.UnixMicro()))
	for _, text := range []string{e.Actor, e.Role, e.Action, e.Subject, e.RequestID} {
		sized(h, text)
	}
	number(h, uint64(len(e.Data)))
	for _, name := range slices.Sorted(maps.Keys(e.Data)) {
		sized(h, name)
		sized(h, e.Data[name])
	}
	return h.Sum(nil)
}

func sized(h hash.Hash, text string) {
	number(h, uint64(len(text)))
	h.Write([]byte(text))
}

func number(h hash.Hash, n uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	h.Write(b[:])
}

// stamp is the time as the database keeps it: in microseconds.
func stamp(now time.Time) time.Time { return now.UTC().Truncate(time.Microsecond) }

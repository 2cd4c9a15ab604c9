package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/google/uuid"
)

// maxNameBytes is the length of the longest readable name in a key; a longer one is replaced by its SHA-256.
const maxNameBytes = 200

// tenantSlot begins every tenant's key.
const tenantSlot = "t:{"

// ErrKey is returned for the zero Key, and for keys that cannot be used together.
var ErrKey = errors.New("bad cache key")

// Key names an entry, a bucket or a channel. It belongs to a tenant, or to one of the few global spaces. The zero
// Key names nothing, and every operation refuses it.
//
// In Redis a key reads "t:{<tenant>}:<part>:<part>" or "g:{<space>}:<part>". The braces are a hash tag: a cluster
// keeps all keys of a tenant in one slot, so that one script may use several of them.
type Key struct {
	slot string
	name string
}

// Space is a part of the cache that belongs to no tenant.
type Space uint8

// The global spaces: what is needed before the tenant is known, and nothing else.
const (
	// Hosts holds which tenant a host name belongs to.
	Hosts Space = iota + 1
	// Clients holds the buckets of callers known by their address only.
	Clients
	// Staff holds the sessions of those who run the platform.
	Staff
	// Cluster holds what the processes of one installation tell each other.
	Cluster
)

// String returns the name of the space, or "" for one that does not exist.
func (s Space) String() string {
	switch s {
	case Hosts:
		return "hosts"
	case Clients:
		return "clients"
	case Staff:
		return "staff"
	case Cluster:
		return "cluster"
	default:
		return ""
	}
}

// NewKey returns the tenant's key of that name: any strings, kept apart whatever they hold. Without a tenant or
// without a name it is the zero Key.
func NewKey(tenant uuid.UUID, parts ...string) Key {
	if tenant == uuid.Nil {
		return Key{}
	}
	return makeKey(tenantSlot+tenant.String()+"}", parts)
}

// GlobalKey returns the key of that name in a global space. Without a name it is the zero Key.
func GlobalKey(space Space, parts ...string) Key {
	if space.String() == "" {
		return Key{}
	}
	return makeKey("g:{"+space.String()+"}", parts)
}

// IsZero reports whether the key names nothing.
func (k Key) IsZero() bool { return k == Key{} }

// OfTenant reports whether the key belongs to a tenant.
func (k Key) OfTenant() bool { return strings.HasPrefix(k.slot, tenantSlot) }

// String returns the key as it stands in Redis, or "" for the zero Key.
func (k Key) String() string {
	if k.IsZero() {
		return ""
	}
	return k.slot + ":" + k.name
}

// parseKey reads what String wrote.
func parseKey(s string) (Key, bool) {
	slot, name, found := strings.Cut(s, "}:")
	return Key{slot: slot + "}", name: name}, found
}

func makeKey(slot string, parts []string) Key {
	if len(parts) == 0 {
		return Key{}
	}
	escaped := make([]string, len(parts))
	for i, part := range parts {
		escaped[i] = escape(part)
	}
	name := strings.Join(escaped, ":")
	if len(name) > maxNameBytes {
		sum := sha256.Sum256([]byte(name))
		// The first part stays, for people who look into Redis.
		name = escaped[0][:min(len(escaped[0]), maxNameBytes/2)] + ":#" + hex.EncodeToString(sum[:])
	}
	return Key{slot: slot, name: name}
}

// escape writes every byte that is not plainly a name as %XX, so that the colon between parts stands for itself only.
func escape(part string) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(part) {
		c := part[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._@/", c) >= 0 {
			out.WriteByte(c)
			continue
		}
		out.WriteByte('%')
		out.WriteByte(digits[c>>4])
		out.WriteByte(digits[c&0x0f])
	}
	return out.String()
}

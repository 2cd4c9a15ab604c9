package blob

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// The bounds of a key. S3 allows 1,024 bytes; the rest is for the bucket's own prefixes and for suffixes.
const (
	maxKeyBytes     = 512
	maxSegmentBytes = 128
	maxSegments     = 16
)

// root is the first segment of every key; the tenant is the second.
const root = "t"

// ErrMalformedKey is returned for parts or a string that make no key.
var ErrMalformedKey = errors.New("malformed blob key")

// Key addresses one object of one tenant. The zero Key addresses nothing.
type Key struct {
	tenant uuid.UUID
	path   string
}

// NewKey returns the key of the tenant's object named by the parts, one to sixteen segments. A segment is of
// lower-case letters, digits, '.', '-' and '_', and begins with a letter or a digit, so that no key can
// leave its place and no file system confuses two keys. What a person has named never belongs into a key.
// The error is ErrMalformedKey.
func NewKey(tenant uuid.UUID, parts ...string) (Key, error) {
	if len(parts) == 0 {
		return Key{}, fmt.Errorf("%w: no name", ErrMalformedKey)
	}
	path, err := join(tenant, parts)
	if err != nil {
		return Key{}, err
	}
	return Key{tenant: tenant, path: path}, nil
}

// ParseKey reads what String wrote, and nothing else: each key has one spelling.
func ParseKey(s string) (Key, error) {
	if len(s) > maxKeyBytes {
		return Key{}, fmt.Errorf("%w: too long", ErrMalformedKey)
	}
	parts := strings.Split(s, "/")
	const fewest = 3
	if len(parts) < fewest || parts[0] != root {
		return Key{}, fmt.Errorf("%w: no tenant", ErrMalformedKey)
	}
	tenant, err := uuid.Parse(parts[1])
	if err != nil || tenant.String() != parts[1] {
		return Key{}, fmt.Errorf("%w: no tenant", ErrMalformedKey)
	}
	return NewKey(tenant, parts[2:]...)
}

// Tenant returns whose object it is.
func (k Key) Tenant() uuid.UUID { return k.tenant }

// IsZero reports whether the key addresses nothing.
func (k Key) IsZero() bool { return k == Key{} }

// String returns "t/<tenant>/<part>/…", or "" for the zero Key.
func (k Key) String() string {
	if k.IsZero() {
		return ""
	}
	return root + "/" + k.tenant.String() + "/" + k.path
}

// Prefix addresses all objects of a tenant whose keys begin with certain segments. The zero Prefix addresses
// nothing.
type Prefix struct {
	tenant uuid.UUID
	path   string
}

// NewPrefix returns the prefix of the tenant and the parts; without parts, of all that the tenant has. The error
// is ErrMalformedKey.
func NewPrefix(tenant uuid.UUID, parts ...string) (Prefix, error) {
	path, err := join(tenant, parts)
	if err != nil {
		return Prefix{}, err
	}
	return Prefix{tenant: tenant, path: path}, nil
}

// Tenant returns whose objects they are.
func (p Prefix) Tenant() uuid.UUID { return p.tenant }

// IsZero reports whether the prefix addresses nothing.
func (p Prefix) IsZero() bool { return p == Prefix{} }

// String returns "t/<tenant>/<part>/…/" with a slash at its end, or "" for the zero Prefix.
func (p Prefix) String() string {
	switch {
	case p.IsZero():
		return ""
	case p.path == "":
		return root + "/" + p.tenant.String() + "/"
	default:
		return root + "/" + p.tenant.String() + "/" + p.path + "/"
	}
}

// Contains reports whether the key is under the prefix.
func (p Prefix) Contains(k Key) bool {
	return !p.IsZero() && strings.HasPrefix(k.String(), p.String())
}

func join(tenant uuid.UUID, parts []string) (string, error) {
	if tenant == uuid.Nil {
		return "", fmt.Errorf("%w: no tenant", ErrMalformedKey)
	}
	if len(parts) > maxSegments {
		return "", fmt.Errorf("%w: more than %d segments", ErrMalformedKey, maxSegments)
	}
	for _, part := range parts {
		if !isSegment(part) {
			return "", fmt.Errorf("%w: segment %.40q", ErrMalformedKey, part)
		}
	}
	path := strings.Join(parts, "/")
	if len(root)+len(tenant.String())+len(path)+2 > maxKeyBytes {
		return "", fmt.Errorf("%w: too long", ErrMalformedKey)
	}
	return path, nil
}

func isSegment(s string) bool {
	if s == "" || len(s) > maxSegmentBytes || strings.HasSuffix(s, ".") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		alphanumeric := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		inner := i > 0 && (c == '.' || c == '-' || c == '_')
		if !alphanumeric && !inner {
			return false
		}
	}
	return true
}

package auth

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"

	"github.com/google/uuid"

	"lyceum/internal/platform/gid"
)

// The prefixes of the tokens there are. They are for people, for secret scanners, and to find the right
// table; what a token may do is written in its row.
const (
	// PrefixSession marks the token of a signed-in person.
	PrefixSession = "lys"
	// PrefixAPIKey marks the key of a program.
	PrefixAPIKey = "lyk"
	// PrefixStaff marks the session of somebody who runs the platform: it belongs to no tenant.
	PrefixStaff = "lyp"
)

// The parts of a token, in characters of base32: a UUID, a secret of two UUIDs' length, and a CRC-32.
const (
	tenantChars   = 26
	secretChars   = 52
	checksumChars = 7
	bodyChars     = tenantChars + secretChars
)

const (
	secretBytes = 32
	uuidBytes   = 16
)

// ErrMalformedToken is returned for a string that NewToken cannot have made: mistyped, cut off, or foreign.
var ErrMalformedToken = errors.New("malformed token")

// NewToken makes an opaque token of 256 random bits for the tenant: "lys_" followed by the tenant, the secret
// and a checksum. Give the token to its owner and store the hash, the SHA-256 of the secret; the token cannot
// be made again from it. PrefixStaff goes with uuid.Nil and the others with a tenant: any other pair
// makes a token that ParseToken refuses.
func NewToken(prefix string, tenant uuid.UUID) (token string, hash []byte) {
	secret := random(secretBytes)
	body := gid.Encode(tenant) + gid.Encode(uuid.UUID(secret[:uuidBytes])) + gid.Encode(uuid.UUID(secret[uuidBytes:]))
	return prefix + "_" + body + checksum(prefix+"_"+body), hashSecret(secret)
}

// ParseToken reads a token, so that its tenant is known before its row is looked up. It proves nothing but that the
// token was copied whole: the caller finds the row by tenant and hash. The error is ErrMalformedToken.
func ParseToken(token string) (prefix string, tenant uuid.UUID, hash []byte, err error) {
	prefix, rest, found := strings.Cut(token, "_")
	if !found || len(rest) != bodyChars+checksumChars {
		return "", uuid.Nil, nil, ErrMalformedToken
	}
	body := rest[:bodyChars]
	if rest[bodyChars:] != checksum(prefix+"_"+body) {
		return "", uuid.Nil, nil, ErrMalformedToken
	}
	tenant, err = gid.Decode(body[:tenantChars])
	if err != nil || !belongs(prefix, tenant) {
		return "", uuid.Nil, nil, ErrMalformedToken
	}
	secret, err := decodeSecret(body[tenantChars:])
	if err != nil {
		return "", uuid.Nil, nil, err
	}
	return prefix, tenant, hashSecret(secret), nil
}

// belongs reports whether tokens of the prefix are made for such a tenant.
func belongs(prefix string, tenant uuid.UUID) bool {
	switch prefix {
	case PrefixSession, PrefixAPIKey:
		return tenant != uuid.Nil
	case PrefixStaff:
		return tenant == uuid.Nil
	default:
		return false
	}
}

func decodeSecret(s string) ([]byte, error) {
	upper, err := gid.Decode(s[:secretChars/2])
	if err != nil {
		return nil, ErrMalformedToken
	}
	lower, err := gid.Decode(s[secretChars/2:])
	if err != nil {
		return nil, ErrMalformedToken
	}
	return append(upper[:], lower[:]...), nil
}

func hashSecret(secret []byte) []byte {
	sum := sha256.Sum256(secret)
	return sum[:]
}

// checksum is the CRC-32 (IEEE) of the text in base32. It is no protection, only an early answer: a scanner
// or a form can tell a token from a typing mistake without asking the database.
func checksum(text string) string {
	var padded uuid.UUID
	binary.BigEndian.PutUint32(padded[uuidBytes-crc32.Size:], crc32.ChecksumIEEE([]byte(text)))
	encoded := gid.Encode(padded)
	return encoded[len(encoded)-checksumChars:]
}

// Package gid encodes the opaque, type-carrying identifiers of the API: three letters for the type, an
// underscore, and the UUID in 26 characters of lower-case Crockford base32, as in "crs_01hzy…".
//
// The layout follows TypeID (jetify-com/typeid), with UUIDv7 inside, so that ids sort by age.
package gid

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"
)

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// encodedLen is 26 characters: 130 bits, of which the upper two are zero.
const encodedLen = 26

// ErrMalformed is returned for a string that no id looks like.
var ErrMalformed = errors.New("malformed id")

var decodeTable = func() [256]byte {
	var t [256]byte
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range []byte(alphabet) {
		t[c] = byte(i)
	}
	return t
}()

// ID is a global identifier: what kind of thing, and which one. The zero ID is no id.
type ID struct {
	// Type is the prefix: three lower-case letters.
	Type string
	UUID uuid.UUID
}

// New returns the id of the thing of that type.
func New(typ string, id uuid.UUID) ID { return ID{Type: typ, UUID: id} }

// String returns the external form, or "" for the zero ID.
func (id ID) String() string {
	if id.Type == "" {
		return ""
	}
	return string(id.Append(make([]byte, 0, len(id.Type)+1+encodedLen)))
}

// Parse reads the external form. The error is ErrMalformed for anything String does not produce.
func Parse(s string) (ID, error) {
	typ, rest, found := strings.Cut(s, "_")
	if !found || len(typ) != 3 || strings.Trim(typ, "abcdefghijklmnopqrstuvwxyz") != "" {
		return ID{}, ErrMalformed
	}
	u, err := Decode(rest)
	if err != nil {
		return ID{}, err
	}
	return ID{Type: typ, UUID: u}, nil
}

// Encode returns the 26 characters of the UUID.
func Encode(u uuid.UUID) string {
	var out [encodedLen]byte
	encode(out[:], u)
	return string(out[:])
}

// encode writes the characters of the UUID. 128 bits are read as a 130-bit number, five bits a character, most
// significant first; they are written from the end, where the characters begin at a whole bit of the lower half.
func encode(out []byte, u uuid.UUID) {
	const bits, mask, half = 5, 1<<5 - 1, 64
	high, low := binary.BigEndian.Uint64(u[:half/8]), binary.BigEndian.Uint64(u[half/8:])
	for i := encodedLen - 1; i >= 0; i-- {
		out[i] = alphabet[low&mask]
		low = low>>bits | high<<(half-bits)
		high >>= bits
	}
}

// Append appends the external form, nothing for the zero ID.
func (id ID) Append(text []byte) []byte {
	if id.Type == "" {
		return text
	}
	text = append(append(text, id.Type...), '_')
	n := len(text)
	text = slices.Grow(text, encodedLen)[:n+encodedLen]
	encode(text[n:], id.UUID)
	return text
}

// Decode reads what Encode wrote and nothing else: each UUID has exactly one spelling.
func Decode(s string) (uuid.UUID, error) {
	if len(s) != encodedLen {
		return uuid.Nil, ErrMalformed
	}
	var u uuid.UUID
	for i := range encodedLen {
		v := decodeTable[s[i]]
		if v == 0xff || (i == 0 && v > 7) {
			return uuid.Nil, ErrMalformed
		}
		for b := range 5 {
			bit := i*5 + b - 2
			if bit >= 0 && v&(1<<(4-b)) != 0 {
				u[bit/8] |= 1 << (7 - bit%8)
			}
		}
	}
	return u, nil
}

// MarshalGQL implements graphql.Marshaler.
func (id ID) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, `"`+id.String()+`"`) }

// UnmarshalGQL implements graphql.Unmarshaler.
func (id *ID) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("an id is a string: %w", ErrMalformed)
	}
	parsed, err := Parse(s)
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// MarshalJSON implements json.Marshaler.
func (id ID) MarshalJSON() ([]byte, error) { return json.Marshal(id.String()) }

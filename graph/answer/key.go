package answer

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"strconv"

	"github.com/google/uuid"

	"lyceum/internal/platform/cache"
	"lyceum/internal/viewer"
)

// Subject is all that an answer depends on. Whatever differs here has an answer of its own.
type Subject struct {
	// Tenant is whose answer it is. Without one there is no key.
	Tenant uuid.UUID
	// Epoch is how often what the tenant shows had changed when the question was asked.
	Epoch int64
	// Role is who sees it, and School whether by the rules of a school.
	Role   viewer.Role
	School bool
	// Host is the tenant's name by which it was asked, "" for an address that names no tenant.
	Host string
	// Text is the document, Operation which of its operations, Variables what it is given.
	Text, Operation string
	Variables       map[string]any
}

// key names the answer. Generation tells builds apart that may answer the same question differently.
func (s Subject) key(generation string) (cache.Key, error) {
	// Members of objects are written in the order of their names.
	variables, err := json.Marshal(s.Variables)
	if err != nil {
		return cache.Key{}, fmt.Errorf("write variables: %w", err)
	}
	sum := sha256.New()
	for _, part := range []string{generation, string(s.Role), strconv.FormatBool(s.School), s.Host, s.Text, s.Operation, string(variables)} {
		write(sum, part)
	}
	// The tenant and the epoch are not in the sum: they are the key's own, and can be read in it.
	return cache.NewKey(s.Tenant, "answer", strconv.FormatInt(s.Epoch, 10), base64.RawURLEncoding.EncodeToString(sum.Sum(nil))), nil
}

// write adds a text behind its length, so that two texts are never read as others.
func write(to hash.Hash, text string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(text)))
	_, _ = to.Write(length[:]) // It never fails.
	_, _ = to.Write([]byte(text))
}

// document names a document's operation, whoever asks.
type document [sha256.Size]byte

func documentOf(text, operation string) document {
	sum := sha256.New()
	write(sum, text)
	write(sum, operation)
	return document(sum.Sum(nil))
}

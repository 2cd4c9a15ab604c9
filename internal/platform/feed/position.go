package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"lyceum/internal/fault"
)

// tagBytes is how much of a topic's digest its positions carry.
const tagBytes = 4

// tag is what the positions of a topic begin with, so that one of another topic is known for what it is.
func (t Topic) tag(tenant uuid.UUID) string {
	sum := sha256.Sum256([]byte(tenant.String() + t.Kind + t.Subject.String()))
	return hex.EncodeToString(sum[:tagBytes])
}

// Position is the event id of the topic's change with that number.
func (t Topic) Position(tenant uuid.UUID, seq int64) string {
	return t.tag(tenant) + "-" + strconv.FormatInt(seq, 10)
}

// nowhere is a number that no change has: a stream that continues from there is told to look at everything again.
const nowhere = -1

// number is the number of the change that a client has seen last. A position of another topic is nowhere. What is no
// position at all is a BadInput fault.
func (t Topic) number(tenant uuid.UUID, position string) (int64, error) {
	tag, digits, _ := strings.Cut(position, "-")
	seq, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || len(tag) != 2*tagBytes {
		return 0, fault.Invalid("after", "This is not the id of an event; leave it out to start afresh.")
	}
	if tag != t.tag(tenant) {
		return nowhere, nil
	}
	return int64(seq), nil
}

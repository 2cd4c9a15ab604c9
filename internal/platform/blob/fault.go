package blob

import (
	"errors"
	"fmt"

	"lyceum/internal/fault"
)

// What can go wrong, for errors.Is. Drivers return them inside a *fault.Error made by the functions below.
var (
	// ErrNotFound: there is no such object.
	ErrNotFound = errors.New("no such object")
	// ErrExists: there is such an object already, and objects never change.
	ErrExists = errors.New("object exists")
	// ErrMismatch: the bytes are not what was announced.
	ErrMismatch = errors.New("body does not match the rule")
	// ErrUnavailable: the store cannot be reached, or is full.
	ErrUnavailable = errors.New("blob store unavailable")
)

// NotFound returns the fault of a key that addresses no object.
func NotFound(key Key) error {
	return fault.New(fault.NotFound, "No such file.").Because(fmt.Errorf("%w: %s", ErrNotFound, key))
}

// Exists returns the fault of a second object under the same key.
func Exists(key Key) error {
	return fault.New(fault.Conflict, "This file is stored already, and a stored file cannot be replaced.").
		Because(fmt.Errorf("%w: %s", ErrExists, key))
}

// Mismatch returns the fault of a body that is not what was announced; the sentence says what differs.
func Mismatch(key Key, sentence string) error {
	return fault.New(fault.BadInput, sentence).Because(fmt.Errorf("%w: %s", ErrMismatch, key))
}

// Unavailable returns the fault of a store that does not answer, or is full.
func Unavailable(cause error) error {
	return fault.New(fault.Unavailable, "The file store does not answer at this moment. Try again in a minute.").
		Because(fmt.Errorf("%w: %w", ErrUnavailable, cause))
}

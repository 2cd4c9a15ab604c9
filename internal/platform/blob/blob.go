// Package blob stores immutable objects: each is written once, whole or not at all, and never changes.
//
// An object is addressed by a Key, and there is no Key without a tenant. Clients upload to and download from the
// store itself with signed URLs; the bytes of a video never pass through the API. Two drivers, blob/file
// and blob/s3, keep the same promises, which blob/blobtest checks.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"time"
)

// Store is what both drivers do. A caller that needs less declares a smaller interface of its own.
//
// No key may continue the key of another object, as a/b continues a: some stores keep keys as paths.
//
// Errors: what a client did wrong or may be told is a *fault.Error, and errors.Is tells ErrNotFound, ErrExists,
// ErrMismatch and ErrUnavailable apart.
type Store interface {
	// Put stores what the reader gives. When it fails, nothing is stored. The error is ErrExists when there
	// is such an object, whatever its bytes, and ErrMismatch when the reader does not give what the rule says.
	Put(ctx context.Context, key Key, body io.Reader, rule PutRule) (Info, error)
	// Open returns the object for reading from any place in it. The context must live until Close.
	Open(ctx context.Context, key Key) (*Object, error)
	// Stat returns what is known of the object without reading it.
	Stat(ctx context.Context, key Key) (Info, error)
	// Delete removes the object. It is no error when there is none.
	Delete(ctx context.Context, key Key) error
	// DeletePrefix removes every object under the prefix.
	DeletePrefix(ctx context.Context, prefix Prefix) error
	// List gives the objects under the prefix, in no particular order. It ends after an error.
	List(ctx context.Context, prefix Prefix) iter.Seq2[Entry, error]
	// PresignUpload lets the bearer of the ticket store this object, within the rule.
	PresignUpload(ctx context.Context, key Key, rule UploadRule) (UploadTicket, error)
	// PresignDownload returns a URL that gives the object to anybody who holds it, until it expires. It does not
	// look whether there is such an object.
	PresignDownload(ctx context.Context, key Key, rule DownloadRule) (string, error)

	// BeginParts begins an upload of an object in parts, and returns what the store calls it.
	BeginParts(ctx context.Context, key Key, contentType string) (upload string, err error)
	// PresignPart lets the bearer of the ticket send one part of the upload, within the rule. A part can be sent again:
	// of two, one stays.
	PresignPart(ctx context.Context, key Key, upload string, rule PartRule) (UploadTicket, error)
	// Parts returns the parts that have arrived, by number. The error is ErrNotFound when there is no such upload.
	Parts(ctx context.Context, key Key, upload string) ([]Part, error)
	// CompleteParts makes the object of the parts, in the order of their numbers, and removes the upload. All of the
	// upload's parts are to be given. The error is ErrNotFound when there is no such upload, and ErrExists when there is
	// such an object.
	CompleteParts(ctx context.Context, key Key, upload string, parts []Part) (Info, error)
	// AbortParts gives up all uploads in parts of the object, and removes their parts. It is no error when there are none.
	AbortParts(ctx context.Context, key Key) error
}

// Digest is a SHA-256. The zero Digest is none.
type Digest [sha256.Size]byte

// ErrMalformedDigest is returned for a string that is not the SHA-256 of anything.
var ErrMalformedDigest = errors.New("malformed SHA-256")

// ParseDigest reads 64 hexadecimal digits.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	if len(s) != hex.EncodedLen(len(d)) {
		return Digest{}, ErrMalformedDigest
	}
	if _, err := hex.Decode(d[:], []byte(s)); err != nil {
		return Digest{}, ErrMalformedDigest
	}
	return d, nil
}

// IsZero reports whether there is no digest.
func (d Digest) IsZero() bool { return d == Digest{} }

// String returns 64 lower-case hexadecimal digits, or "" for the zero Digest.
func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return hex.EncodeToString(d[:])
}

// Info describes an object.
type Info struct {
	Key Key
	// Size is in bytes.
	Size        int64
	ContentType string
	// ETag is an opaque name of the bytes, without quotes.
	ETag string
	// SHA256 is zero when the store was never told it.
	SHA256  Digest
	Created time.Time
}

// Entry is an object in a list.
type Entry struct {
	Key     Key
	Size    int64
	Created time.Time
}

// Body reads an object. One goroutine uses it at a time, except for ReadAt.
type Body interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// Object is an open object. Close it.
type Object struct {
	Body

	Info Info
}

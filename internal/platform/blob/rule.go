package blob

import (
	"mime"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lyceum/internal/fault"
)

// The bounds of a signed URL's life. The upper one is that of S3's version 4 signatures.
const (
	minExpires = time.Second
	maxExpires = 7 * 24 * time.Hour
)

// maxObjectBytes is the size of the largest object: S3's, 5 TiB.
const maxObjectBytes = 5 << 40

const (
	maxContentTypeBytes = 100
	maxFilenameBytes    = 150
)

// PutRule says what is being stored.
type PutRule struct {
	ContentType string
	// Size is the exact number of bytes, or 0 when it is not known in advance.
	Size int64
	// SHA256 is checked when it is not zero.
	SHA256 Digest
}

// Validate returns a fault.BadInput for a rule that no body could satisfy.
func (r PutRule) Validate() error {
	var c fault.Collector
	c.Check(isContentType(r.ContentType), "contentType", badContentType)
	c.Check(r.Size >= 0 && r.Size <= maxObjectBytes, "size", badSize)
	return c.Err()
}

// UploadRule says what a client may upload.
type UploadRule struct {
	// ContentType is the one the client must send, letter by letter.
	ContentType string
	// Size is the exact number of bytes.
	Size int64
	// MaxSize bounds the size where Size is 0. Give Size where it is known, and every browser knows it: on S3
	// only a ticket with a Size is good for one upload; one with a MaxSize can replace what it uploaded
	// until it expires, so that the object must be copied to another key before it is trusted.
	MaxSize int64
	// SHA256 is checked by the store when it is not zero.
	SHA256 Digest
	// Expires is how long the ticket is good for: one second to seven days.
	Expires time.Duration
}

// Validate returns a fault.BadInput for a rule that nobody could upload under.
func (r UploadRule) Validate() error {
	var c fault.Collector
	c.Check(isContentType(r.ContentType), "contentType", badContentType)
	c.Check(r.Size >= 0 && r.MaxSize >= 0 && (r.Size > 0) != (r.MaxSize > 0) && max(r.Size, r.MaxSize) <= maxObjectBytes,
		"size", badSize)
	c.Check(isExpiry(r.Expires), "expires", badExpiry)
	return c.Err()
}

// Limit returns the smallest and the largest number of bytes that the rule allows.
func (r UploadRule) Limit() (smallest, largest int64) {
	if r.Size > 0 {
		return r.Size, r.Size
	}
	return 1, r.MaxSize
}

// DownloadRule says how an object is handed out.
type DownloadRule struct {
	// Expires is how long the URL is good for: one second to seven days.
	Expires time.Duration
	// Until, when not zero, is when the URL ends, at most Expires from now: URLs that end at the same time are equal,
	// where the store can sign such. Amazon's signatures cannot, and are good for Expires.
	Until time.Time
	// ContentType, when not empty, is sent instead of the object's own.
	ContentType string
	// Filename, when not empty, makes browsers save the object under this name. It may be any text.
	Filename string
}

// Validate returns a fault.BadInput for a rule that cannot be signed.
func (r DownloadRule) Validate() error {
	var c fault.Collector
	c.Check(r.ContentType == "" || isContentType(r.ContentType), "contentType", badContentType)
	c.Check(isExpiry(r.Expires), "expires", badExpiry)
	return c.Err()
}

// End is when a URL ends that is signed now.
func (r DownloadRule) End(now time.Time) time.Time {
	if end := now.Add(r.Expires); r.Until.IsZero() || end.Before(r.Until) {
		return end
	}
	return r.Until
}

// Disposition returns the Content-Disposition header of the rule: "inline", or "attachment" with the file name.
func (r DownloadRule) Disposition() string {
	name := CleanFilename(r.Filename)
	if name == "" {
		return "inline"
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

// UploadTicket is how a client uploads one object: send Method to URL.
type UploadTicket struct {
	// Method is PUT, with the object as the body, or POST, with a multipart form.
	Method string
	URL    string
	// Headers are sent as they are. Content-Length is not among them: browsers set it.
	Headers map[string]string
	// FormFields come first in the form of a POST; the object follows as the field "file".
	FormFields map[string]string
	// Expires is when the ticket ceases to be good.
	Expires time.Time
}

// CleanFilename returns the name without what a header or a file system could take amiss: control characters and
// slashes become '_', and a long name loses its middle but not its extension.
func CleanFilename(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError {
			return '_'
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	if len(name) <= maxFilenameBytes {
		return name
	}
	tail := ""
	const longestExtension = 10
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 && len(name)-dot <= longestExtension {
		tail = name[dot:]
	}
	return strings.TrimSpace(strings.ToValidUTF8(name[:maxFilenameBytes-len(tail)], "") + tail)
}

const (
	badContentType = `Give a media type, such as "video/mp4".`
	badSize        = "Say how many bytes the file has: at least one, and at most 5 TiB."
	badExpiry      = "A signed URL lives between one second and seven days."
)

// isContentType reports whether the string is a media type that can stand in a header and in a signed URL.
func isContentType(s string) bool {
	if s == "" || len(s) > maxContentTypeBytes {
		return false
	}
	for _, r := range s {
		if r < ' ' || r > '~' {
			return false
		}
	}
	kind, _, err := mime.ParseMediaType(s)
	major, minor, found := strings.Cut(kind, "/")
	return err == nil && found && major != "" && minor != ""
}

func isExpiry(d time.Duration) bool { return d >= minExpires && d <= maxExpires }

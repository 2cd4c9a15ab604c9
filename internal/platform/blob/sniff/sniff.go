// Package sniff looks into uploaded files: are they what they claim to be, and nothing else besides?
//
// A file is untrusted until Inspect has seen it and Accept has let it through. Both are needed even though files
// are served with nosniff and a sandbox: they are also downloaded, converted, and opened by other programs.
package sniff

import (
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"lyceum/internal/fault"
)

// Flag names something that a file holds besides what it claims to be.
type Flag string

// The flags there are. Accept refuses a file with any of them but ActivePDF.
const (
	// Empty: the file has no bytes.
	Empty Flag = "EMPTY"
	// MarkupInMedia: an image, a film or a sound that a browser might also read as a web page.
	MarkupInMedia Flag = "MARKUP_IN_MEDIA"
	// ScriptHeader: an image whose first bytes also begin a script.
	ScriptHeader Flag = "SCRIPT_HEADER"
	// AppendedArchive: a file that is no ZIP archive and that unpackers open.
	AppendedArchive Flag = "APPENDED_ARCHIVE"
	// ActiveSVG: a drawing with scripts, event handlers, foreign content or references to elsewhere, or one
	// that cannot be read in full.
	ActiveSVG Flag = "ACTIVE_SVG"
	// ActivePDF: a PDF with JavaScript, attachments or programs to start, or one that cannot be read in full.
	// Forms have them, so that this is for a person or a viewer to judge.
	ActivePDF Flag = "ACTIVE_PDF"
)

// Report is what Inspect found.
type Report struct {
	// Declared is the media type that the uploader named, without parameters, in lower case.
	Declared string
	// Detected is the media type that the first bytes show.
	Detected string
	// Matches reports whether the two agree.
	Matches bool
	Size    int64
	Flags   []Flag
}

// Has reports whether the file was flagged so.
func (r Report) Has(flag Flag) bool { return slices.Contains(r.Flags, flag) }

// headBytes is how much of a file its type is detected from.
const headBytes = 4096

// Inspect reads the file and reports what it is. The error is the reader's.
func Inspect(declared string, file io.ReaderAt, size int64) (Report, error) {
	r := Report{Declared: baseType(declared), Size: size}
	if size <= 0 {
		r.Flags = append(r.Flags, Empty)
		return r, nil
	}
	head := make([]byte, min(size, headBytes))
	if _, err := io.ReadFull(io.NewSectionReader(file, 0, size), head); err != nil {
		return Report{}, fmt.Errorf("read head of file: %w", err)
	}
	detected := mimetype.Detect(head)
	r.Detected = baseType(detected.String())
	r.Matches = matches(r.Declared, detected)
	for _, look := range []func(Report, []byte, io.ReaderAt) ([]Flag, error){polyglot, drawing, document} {
		flags, err := look(r, head, file)
		if err != nil {
			return Report{}, err
		}
		r.Flags = append(r.Flags, flags...)
	}
	return r, nil
}

// Accept returns nil for a file of one of the allowed media types, which is what it was declared to be, and nothing
// besides; else a fault.BadInput about the field. It lets ActivePDF pass.
func (r Report) Accept(field string, allowed []string) error {
	switch {
	case r.Has(Empty):
		return fault.Invalid(field, "The file is empty.")
	case !slices.Contains(allowed, r.Declared):
		return fault.Invalid(field, fmt.Sprintf("Files of the type %q are not accepted here.", r.Declared))
	case !r.Matches:
		return fault.Invalid(field, fmt.Sprintf("The file is not %s: it looks like %s.", r.Declared, r.Detected))
	case len(r.Flags) > 0 && !slices.Equal(r.Flags, []Flag{ActivePDF}):
		return fault.Invalid(field, "The file holds active content, or a second file of another kind. Export it again without.")
	default:
		return nil
	}
}

// Documents returns the media types that course material may have: what browsers show or play, and office files.
func Documents() []string {
	return slices.Concat(Images(), Videos(), Sounds(), []string{
		"application/pdf", "text/plain", "text/markdown", "text/csv", "text/vtt", "application/x-subrip", "application/zip",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.oasis.opendocument.text",
		"application/vnd.oasis.opendocument.spreadsheet",
		"application/vnd.oasis.opendocument.presentation",
		"application/epub+zip",
	})
}

// Images returns the media types of images that browsers show. SVG is among them: Accept refuses active ones.
func Images() []string {
	return []string{"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/svg+xml"}
}

// Videos returns the media types of films.
func Videos() []string {
	return []string{"video/mp4", "video/quicktime", "video/webm", "video/x-matroska"}
}

// Sounds returns the media types of sounds.
func Sounds() []string {
	return []string{"audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/wav", "audio/flac", "audio/webm"}
}

// baseType returns the media type without parameters, or "" for what is none.
func baseType(s string) string {
	kind, _, err := mime.ParseMediaType(s)
	if err != nil {
		return ""
	}
	return kind
}

// matches reports whether the declared type is a name for what was detected.
func matches(declared string, detected *mimetype.MIME) bool {
	if declared == "" {
		return false
	}
	if detected.Is(declared) {
		return true
	}
	found := baseType(detected.String())
	for _, family := range families() {
		if slices.Contains(family, declared) && slices.Contains(family, found) {
			return true
		}
	}
	// An office file is a ZIP archive, and its kind may show only further in.
	return isZip(detected) && (declared == "application/zip" || found == "application/zip" && isOffice(declared))
}

// families are types that the first bytes cannot tell apart, or that have several names.
func families() [][]string {
	return [][]string{
		{"text/plain", "text/markdown", "text/csv", "text/tab-separated-values", "text/vtt", "application/x-subrip"},
		{"video/mp4", "video/x-m4v", "audio/mp4", "audio/x-m4a"},
		{"video/webm", "audio/webm", "video/x-matroska", "audio/x-matroska"},
		{"audio/ogg", "video/ogg", "application/ogg"},
		{"image/png", "image/apng"},
	}
}

func isZip(m *mimetype.MIME) bool {
	for ; m != nil; m = m.Parent() {
		if m.Is("application/zip") {
			return true
		}
	}
	return false
}

func isOffice(kind string) bool {
	return strings.HasPrefix(kind, "application/vnd.openxmlformats-officedocument.") ||
		strings.HasPrefix(kind, "application/vnd.oasis.opendocument.") || kind == "application/epub+zip"
}

// isMedia reports whether the type is an image, a film or a sound in a binary format.
func isMedia(kind string) bool {
	major, _, _ := strings.Cut(kind, "/")
	return (major == "image" || major == "video" || major == "audio") && kind != "image/svg+xml"
}

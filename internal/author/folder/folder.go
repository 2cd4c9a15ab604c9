// Package folder keeps a course as a folder that people write by hand: course.yaml, one directory a module,
// one file a lesson, and media beside them.
//
//	course.yaml            the course's own fields
//	01-first-steps/
//	  module.yaml          title and summary
//	  01-hello.md          an article: YAML between --- lines, then Markdown (or HTML)
//	  02-the-bowline.yaml  a video, quiz, file or link
//	media/                 pictures, films, captions, documents
//
// The number in front of a name gives the order, the rest of it the key, unless the file says key itself.
// What completes something stands below completion: in a lesson a rule in CEL, or “default” for what completes its
// kind; in course.yaml and module.yaml need (all, any, at_least), count, and a rule as when. A file that says nothing
// of it leaves what the server has.
//
// Instead of numbering, course.yaml can list modules and module.yaml lessons. What the package writes it
// reads back without loss, and writing that again gives the same bytes.
package folder

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"lyceum/internal/author/course"
	"lyceum/internal/fault"
)

// Limits of a folder.
const (
	// MaxYAML is the size of the largest YAML file.
	MaxYAML = 2 << 20
	// MaxArticle is the size of the largest article file.
	MaxArticle = 2 << 20
	// MaxMedia is the size of the largest media file.
	MaxMedia = 8 << 30
	// MaxFiles is how many files media may hold.
	MaxFiles = 5000
	// maxMistakes is how many mistakes are told at once.
	maxMistakes = 200
)

const (
	courseFile = "course.yaml"
	moduleFile = "module.yaml"
)

// Opener gives the bytes of a media path. The caller closes what it returns.
type Opener interface {
	Open(path string) (io.ReadCloser, error)
}

// File is a file of a folder, with its path written with slashes.
type File struct {
	Path string
	Data []byte
}

// MediaFile is a file below media.
type MediaFile struct {
	// Path begins with "media/".
	Path string
	// Size is in bytes.
	Size int64
}

// Contents is what a folder holds.
type Contents struct {
	Course *course.Course
	// Media are all files below media, by path.
	Media []MediaFile
	// Unused are the media paths that nothing in the course names.
	Unused []string
}

// Mistake is one thing wrong with a folder.
type Mistake struct {
	// File is relative to the folder, and Line counts from 1; 0 means the file as a whole.
	File string
	Line int
	// Message is a full sentence.
	Message string
}

// Place returns "file:line".
func (m Mistake) Place() string {
	if m.Line == 0 {
		return m.File
	}
	return fmt.Sprintf("%s:%d", m.File, m.Line)
}

// asFault returns nil for no mistakes, else one BadInput fault with all of them: the field of each violation
// is its place.
func asFault(mistakes []Mistake) error {
	if len(mistakes) == 0 {
		return nil
	}
	slices.SortStableFunc(mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	mistakes = slices.Compact(mistakes)
	f := fault.Newf(fault.BadInput, "The course folder has %d mistakes.", len(mistakes))
	if len(mistakes) == 1 {
		f.Message = mistakes[0].Place() + ": " + mistakes[0].Message
	}
	for _, m := range mistakes[:min(len(mistakes), maxMistakes)] {
		f.Violations = append(f.Violations, fault.Violation{Field: m.Place(), Message: m.Message})
	}
	return f
}

// lower is how the names of kinds and levels are written in files: "single_choice".
func lower[T ~string](value T) string { return strings.ToLower(string(value)) }

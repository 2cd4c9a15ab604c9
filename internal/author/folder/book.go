package folder

import (
	"fmt"
	"strings"

	"lyceum/internal/author/course"
)

// book remembers what went wrong while a folder is read, and where every field of the course stands, so
// that mistakes found in the model can be told with file and line.
type book struct {
	mistakes []Mistake
	places   map[string]spot
	// spoiled are fields whose mistakes are told already.
	spoiled map[string]bool
}

// spot is where a field stands. text is the line where its text begins, when it is one.
type spot struct {
	file string
	line int
	text int
}

func newBook() *book { return &book{places: map[string]spot{}, spoiled: map[string]bool{}} }

func (b *book) add(file string, line int, format string, args ...any) {
	b.mistakes = append(b.mistakes, Mistake{File: file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// spoil tells a mistake of a field, and that nothing else need be said of it.
func (b *book) spoil(path, file string, line int, format string, args ...any) {
	b.spoiled[path] = true
	b.add(file, line, format, args...)
}

// find returns where a field stands, or the nearest field around it that is known.
func (b *book) find(path string) spot {
	for {
		if at, ok := b.places[path]; ok {
			return at
		}
		cut := strings.LastIndexByte(path, '.')
		if cut < 0 {
			return spot{file: courseFile}
		}
		path = path[:cut]
	}
}

func (b *book) isSpoiled(path string) bool {
	for {
		if b.spoiled[path] {
			return true
		}
		cut := strings.LastIndexByte(path, '.')
		if cut < 0 {
			return false
		}
		path = path[:cut]
	}
}

// tell adds a mistake of the model.
func (b *book) tell(path string, line int, message string) {
	if b.isSpoiled(path) {
		return
	}
	b.add(b.find(path).file, line, "%s", message)
}

// lineOf returns the line of an offset in the text of a field, or of the field itself.
func (b *book) lineOf(path, text string, offset int) int {
	at := b.find(path)
	if at.text == 0 || offset <= 0 || offset > len(text) {
		return at.line
	}
	return at.text + strings.Count(text[:offset], "\n")
}

// check adds the mistakes of the course as a whole.
func (b *book) check(c *course.Course) {
	for _, f := range c.Check() {
		b.tell(f.Path, b.lineOf(f.Path, f.Text, f.Offset), f.Message)
	}
}

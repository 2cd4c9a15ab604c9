package course

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is prose in one of two notations.
type Text struct {
	// Format is "" exactly when Source is "".
	Format Format
	Source string
}

// Format is the notation of a text.
type Format string

// The notations of texts. HTML is cleaned by the server, which keeps what prose needs and drops the rest.
const (
	Markdown Format = "MARKDOWN"
	HTML     Format = "HTML"
)

// MarkdownText returns source as Markdown, in its canonical form.
func MarkdownText(source string) Text { return newText(Markdown, source) }

// HTMLText returns source as HTML, in its canonical form.
func HTMLText(source string) Text { return newText(HTML, source) }

func newText(format Format, source string) Text {
	source = Block(source)
	if source == "" {
		return Text{}
	}
	return Text{Format: format, Source: source}
}

// IsZero tells whether there is no text.
func (t Text) IsZero() bool { return t.Source == "" }

// Line returns the canonical form of a text that stands on one line: runs of blank space are one space,
// none stands at the ends, and control characters are gone.
func Line(s string) string { return strings.Join(strings.Fields(printable(s)), " ") }

// Block returns the canonical form of a text of several lines: line ends are \n, no blank lines stand at
// the beginning, no blank space at the end, and control characters are gone.
func Block(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	s = strings.TrimRightFunc(printable(s), unicode.IsSpace)
	for {
		line, rest, found := strings.Cut(s, "\n")
		if !found || strings.TrimSpace(line) != "" {
			return s
		}
		s = rest
	}
}

// printable drops what no text needs and some program trips over: control characters except tabs and line
// ends, byte order marks, and bytes that are not UTF-8.
func printable(s string) string {
	s = strings.ToValidUTF8(s, string(unicode.ReplacementChar))
	return strings.Map(func(r rune) rune {
		if forbidden(r) {
			return -1
		}
		return r
	}, s)
}

func forbidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || r == '\ufeff' ||
		r == '\u2028' || r == '\u2029' || r == '\ufffe' || r == '\uffff'
}

// isBlock tells whether s is in the form that Block returns.
func isBlock(s string) bool { return utf8.ValidString(s) && s == Block(s) }

// isLine tells whether s is in the form that Line returns.
func isLine(s string) bool { return utf8.ValidString(s) && s == Line(s) }

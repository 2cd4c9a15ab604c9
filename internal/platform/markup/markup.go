// Package markup turns what people write, Markdown or HTML, into HTML that is safe to show to others, and into
// plain text for search.
//
// Safety rests on two walls. The first rebuilds the input from an allow-list of elements and attributes into a
// tree that obeys HTML's content model, so that every browser reads the output exactly as it was written and no
// tag can close anything around it. The second is a bluemonday policy of its own that passes over the result.
// Sanitised output is a fixed point: sanitising it again changes nothing.
package markup

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// MaxBytes is the largest input. Articles are far smaller; what is larger carries something that should be a file.
const MaxBytes = 1 << 20

var (
	// ErrTooLarge is returned for input of more than MaxBytes.
	ErrTooLarge = errors.New("the text is larger than 1 MiB")
	// ErrTooComplex is returned for Markdown whose nesting, tables, references or footnotes would take a
	// disproportionate time or space to render.
	ErrTooComplex = errors.New("the text is nested too deeply or refers to itself too often")
)

// Renderer renders untrusted text. The zero value is ready to use, by many goroutines at once.
type Renderer struct {
	// Rewrite, when set, is called with every address that passed the checks: links, and sources of images;
	// not with fragments of the same page. It returns the address to use instead, or false to drop the link or
	// image. What it returns must be relative or have one of the schemes http, https, mailto, tel, asset or lesson.
	Rewrite func(url string) (string, bool)
}

// HTML returns the safe part of source. Headings, text, lists, tables, figures, code, links and images stay;
// scripts, styles, frames, forms, media and all presentation go, their text remains where it is meant to be read.
// Tags that are missing are added and those that are out of place are dropped or moved. The only error is
// ErrTooLarge.
func (r Renderer) HTML(source string) (string, error) {
	if len(source) > MaxBytes {
		return "", ErrTooLarge
	}
	return r.sanitize(source), nil
}

// Markdown renders CommonMark with GitHub's tables, strikethrough and autolinks, and with footnotes. HTML in the
// text is sanitised like HTML's. Errors are ErrTooLarge and ErrTooComplex.
func (r Renderer) Markdown(source string) (string, error) {
	if len(source) > MaxBytes {
		return "", ErrTooLarge
	}
	source = scrub(source)
	if tooComplex(source) {
		return "", ErrTooComplex
	}
	rendered, err := convert(source)
	if err != nil {
		return "", err
	}
	return r.sanitize(rendered), nil
}

// sanitize sends source through both walls.
func (r Renderer) sanitize(source string) string {
	return strings.TrimSpace(policy().Sanitize(rebuild(source, r.Rewrite)))
}

// scrub makes text valid UTF-8 without control characters other than tabs and line feeds.
func scrub(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, control) < 0 {
		return s
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case control(r):
			return -1
		}
		return r
	}, s)
}

// control reports control characters other than tabs and line feeds.
func control(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || r >= 0x7F && r < 0xA0 }

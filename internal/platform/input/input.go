// Package input checks what clients send, field by field, and gathers every violation, so that the caller
// hears of all of them at once.
package input

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/internal/fault"
)

// MaxKey is the length of the longest key.
const MaxKey = 100

// MaxAddress is the length of the longest web address, in bytes.
const MaxAddress = 2000

// keyPattern is lower-case ASCII words joined by single hyphens: what reads well in addresses and file names.
var keyPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// IsKey reports whether s can be a key or a slug: lower-case letters a to z and digits, in words joined by
// single hyphens, 1 to MaxKey long.
func IsKey(s string) bool { return len(s) <= MaxKey && keyPattern.MatchString(s) }

// Path joins the parts of a violation's field with dots: Path("quiz.questions", 0, "prompt").
func Path(parts ...any) string {
	var b strings.Builder
	for _, part := range parts {
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, part)
	}
	return b.String()
}

// Checker gathers violations. The zero Checker has found nothing.
type Checker struct{ fault.Collector }

// Fail records a violation of the field.
func (c *Checker) Fail(field, format string, args ...any) {
	c.Check(false, field, fmt.Sprintf(format, args...))
}

// Key records a violation unless s can be a key.
func (c *Checker) Key(field, s string) {
	c.Check(IsKey(s), field,
		"Write lower-case letters a to z and digits, in words joined by single hyphens, at most 100 characters.")
}

// Line records a violation unless s is one line of text of at least and at most so many characters. A line
// that must not be empty must not be blank either.
func (c *Checker) Line(field, s string, least, most int) {
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, endsLine):
		c.Fail(field, "Write one line of text, without control characters.")
	case least > 0 && strings.TrimSpace(s) == "":
		c.Fail(field, "This must not be empty.")
	case utf8.RuneCountInString(s) > most:
		c.Fail(field, "Write at most %d characters.", most)
	}
}

// Text records a violation unless s is text of any number of lines and at most so many bytes.
func (c *Checker) Text(field, s string, most int) {
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unprintable):
		c.Fail(field, "Write UTF-8 text, without control characters other than tabs and line ends.")
	case len(s) > most:
		c.Fail(field, "Write at most %d KB.", most>>10)
	}
}

// Said is Text for what must not be empty or blank.
func (c *Checker) Said(field, s string, most int) {
	if strings.TrimSpace(s) == "" {
		c.Fail(field, "This must not be empty.")
		return
	}
	c.Text(field, s, most)
}

// Count records a violation when there are more than so many.
func (c *Checker) Count(field string, n, most int) {
	if n > most {
		c.Fail(field, "There are %d of these, and at most %d are allowed.", n, most)
	}
}

// Between records a violation unless least ≤ n ≤ most.
func (c *Checker) Between(field string, n, least, most int) {
	if n < least || n > most {
		c.Fail(field, "Write a whole number from %d to %d.", least, most)
	}
}

// Web records a violation unless s is an absolute http or https address.
func (c *Checker) Web(field, s string) {
	c.Check(isWeb(s), field, "Write an address that begins with https:// or http:// and has at most 2000 characters.")
}

func isWeb(s string) bool {
	if len(s) > MaxAddress || !utf8.ValidString(s) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// endsLine reports whether the character is a control, such as a line end, or one of the two that Unicode has for
// ending lines and paragraphs.
func endsLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

func unprintable(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }

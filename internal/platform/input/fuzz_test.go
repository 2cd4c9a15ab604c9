package input_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"lyceum/internal/platform/input"
)

// FuzzChecker holds what may be a key, a line, a text and an address against what each is for: to stand in a file
// name, on one line, in the database, behind a link.
func FuzzChecker(f *testing.F) {
	f.Add("where-to-2")
	f.Add("a--b\n")
	f.Add("one\u2028line")
	f.Add("a\x00b\xff")
	f.Add("https://user@example.org\\@evil.example/")
	f.Add("HTTPS:example.org")
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := input.IsKey(s), wordsAndHyphens(s); got != want {
			t.Errorf("IsKey(%q) = %t, want %t", s, got, want)
		}
		const most = 40
		if allowed(func(c *input.Checker) { c.Line("f", s, 1, most) }) {
			lines := strings.FieldsFunc("|"+s+"|", func(r rune) bool { return strings.ContainsRune("\n\v\f\r\u0085\u2028\u2029", r) })
			if len(lines) != 1 || !utf8.ValidString(s) || strings.ContainsRune(s, 0) || strings.TrimSpace(s) == "" || len([]rune(s)) > most {
				t.Errorf("Line allows %q", s)
			}
		}
		if allowed(func(c *input.Checker) { c.Text("f", s, most) }) && (!utf8.ValidString(s) || strings.ContainsRune(s, 0) || len(s) > most) {
			t.Errorf("Text allows %q", s)
		}
		if allowed(func(c *input.Checker) { c.Web("f", s) }) {
			lower := strings.ToLower(s)
			authority, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(lower, "https://"), "http://"), "/")
			if authority == lower || authority == "" || strings.ContainsAny(authority, "@\\ ") || strings.ContainsAny(s, "\t\r\n\x00") {
				t.Errorf("Web allows %q", s)
			}
		}
	})
}

func allowed(check func(c *input.Checker)) bool {
	var c input.Checker
	check(&c)
	return c.Err() == nil
}

// wordsAndHyphens says what a key is without a pattern.
func wordsAndHyphens(s string) bool {
	for word := range strings.SplitSeq(s, "-") {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return len(s) <= input.MaxKey
}

package tenancy

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzEmail holds addresses against what they are for: to be found again however they are typed, and to stand in the
// header of a message.
func FuzzEmail(f *testing.F) {
	for _, seed := range []string{
		" Ada@Acme.Example ", "a@b.example\r\nBcc: c@d.example", "\"a b\"@c.example", "a@[127.0.0.1]", "Ada <a@b.example>", "\u0130@b.example",
		"a@b.example, c@d.example", "\u200ba@b.example", "a@\u212aelvin.example",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		email := normalEmail(typed)
		if again := normalEmail(" " + email + "\n"); again != email {
			t.Errorf("%q is normally %q, and that %q", typed, email, again)
		}
		if !validEmail(email) {
			return
		}
		if upper := strings.ToUpper(email); normalEmail(upper) != email && len(upper) == len(email) && isASCII(email) {
			t.Errorf("%q in capitals is normally %q", email, normalEmail(upper))
		}
		at := strings.LastIndexByte(email, '@')
		if at <= 0 || at == len(email)-1 || len(email) > maxEmail || !utf8.ValidString(email) {
			t.Errorf("%q is taken for an address", email)
		}
		if strings.ContainsFunc(email, func(r rune) bool {
			return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune("<>,;\"", r)
		}) {
			t.Errorf("%q is taken for an address, and would be several things in a header", email)
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

package catalog

import (
	"golang.org/x/text/language"

	"lyceum/internal/platform/input"
)

// maxLanguage is the length of the longest language tag that is kept (RFC 5646, section 4.4.1).
const maxLanguage = 35

// canonical returns the language tag in its canonical form, "pt-BR" for "pt-br", and whether it is one.
func canonical(tag string) (string, bool) {
	parsed, err := language.Parse(tag)
	if err != nil || parsed == language.Und {
		return tag, false
	}
	s := parsed.String()
	return s, len(s) <= maxLanguage
}

// checkLanguage records a violation unless the tag is BCP 47, and returns it in canonical form.
func checkLanguage(c *input.Checker, field, tag string) string {
	tag, ok := canonical(tag)
	c.Check(ok, field, "Write a language code, such as en, pt-BR or ar.")
	return tag
}

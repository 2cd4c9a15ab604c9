package markup

import (
	"net/url"
	"slices"
	"strings"
)

// maxAddress is the longest address in bytes.
const maxAddress = 2048

// linkSchemes and imageSchemes are what addresses may start with; the empty scheme is a relative address. Images
// of other sites come over https only, so that a page never mixes in unprotected content.
func linkSchemes() []string  { return []string{"", "http", "https", "mailto", "tel", "asset", "lesson"} }
func imageSchemes() []string { return []string{"", "https", "asset"} }

// address checks a link or a source and returns it in normal form. Only what url.Parse and browsers read alike
// gets through: no control characters, backslashes, user names, or colons before the path of a relative address.
func address(raw string, schemes []string) (string, bool) {
	raw = strings.ReplaceAll(strings.TrimSpace(raw), " ", "%20")
	if strings.HasPrefix(raw, "//") {
		raw = "https:" + raw
	}
	if raw == "" || len(raw) > maxAddress || strings.ContainsFunc(raw, ambiguous) {
		return "", false
	}
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || !slices.Contains(schemes, u.Scheme) {
		return "", false
	}
	switch u.Scheme {
	case "http", "https":
		if u.Host == "" {
			return "", false
		}
	case "mailto", "tel", "asset", "lesson":
		if u.Opaque == "" || u.Host != "" {
			return "", false
		}
	}
	normal := u.String()
	return normal, normal != "" && len(normal) <= maxAddress
}

// ambiguous reports characters that browsers drop from addresses or read as others.
func ambiguous(r rune) bool { return r <= ' ' || r == '\\' || r >= 0x7F && r < 0xA0 || r == '\uFFFD' }

// fragment turns a link to a place on the same page into one that fits the prefixed identifiers.
func fragment(raw string) (string, bool) {
	name, err := url.PathUnescape(strings.TrimPrefix(strings.TrimSpace(raw), "#"))
	if err != nil {
		return "", false
	}
	id, ok := identifier(name)
	return "#" + id, ok
}

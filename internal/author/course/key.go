package course

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxKeyLen is the length of the longest slug or key.
const MaxKeyLen = 100

var keyPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// IsKey tells whether s can be a slug or a key: lower-case ASCII letters and digits in words joined by
// single hyphens, at most MaxKeyLen long.
func IsKey(s string) bool { return len(s) <= MaxKeyLen && keyPattern.MatchString(s) }

// Keyed makes a key out of a title: "Où va-t-on?" gives "ou-va-t-on". A title in a script without ASCII
// letters gives "".
func Keyed(title string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(strings.ToLower(title)) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLower(r) || unicode.IsDigit(r)):
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
			// Accents and apostrophes do not end a word.
		default:
			gap = true
		}
	}
	return shorten(b.String(), MaxKeyLen)
}

// shorten cuts a key to at most limit bytes, between words where that leaves most of it.
func shorten(key string, limit int) string {
	if len(key) <= limit {
		return key
	}
	cut := key[:limit]
	if end := strings.LastIndexByte(cut, '-'); end > limit/2 && key[limit] != '-' {
		cut = cut[:end]
	}
	return strings.Trim(cut, "-")
}

// Keys hands out keys that have not been used yet.
type Keys struct{ used map[string]bool }

// Take returns the key made from title, or from fallback when the title gives none, with a number at its
// end when it was taken before.
func (k *Keys) Take(title, fallback string) string {
	if k.used == nil {
		k.used = map[string]bool{}
	}
	base := Keyed(title)
	if base == "" {
		base = fallback
	}
	key := base
	for n := 2; k.used[key]; n++ {
		suffix := "-" + strconv.Itoa(n)
		key = shorten(base, MaxKeyLen-len(suffix)) + suffix
	}
	k.used[key] = true
	return key
}

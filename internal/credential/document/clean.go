package document

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxMarks is how many marks may sit on one letter. Vocalised Hebrew and Arabic and stacked Vietnamese need
// fewer; text that climbs over its neighbours needs more.
const maxMarks = 4

// clean makes foreign text fit to be printed on one line of a document: composed (NFC), white space collapsed,
// and without characters that are invisible or that act on their neighbours (controls, bidirectional overrides
// and isolates, tags, fillers). Joiners stay where they shape letters. Broken UTF-8 shows as U+FFFD.
func clean(s string) string {
	var b strings.Builder
	marks, pendingSpace := 0, false
	runes := []rune(strings.ToValidUTF8(s, string(utf8.RuneError)))
	for i, r := range runes {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Z, r):
			pendingSpace = b.Len() > 0
			continue
		case ignorable(r) && !joins(runes, i):
			continue
		case unicode.Is(unicode.M, r):
			marks++
		default:
			marks = 0
		}
		if marks > maxMarks {
			continue
		}
		if pendingSpace {
			b.WriteByte(' ')
			pendingSpace = false
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

// ignorable reports whether r prints nothing of its own (Unicode: controls, formats, default ignorables).
func ignorable(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Noncharacter_Code_Point,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// joins reports whether runes[i] is a joiner (ZWNJ, ZWJ) between letters of a script that it shapes.
func joins(runes []rune, i int) bool {
	const nonJoiner, joiner = '\u200C', '\u200D'
	if runes[i] != nonJoiner && runes[i] != joiner || i == 0 || i == len(runes)-1 {
		return false
	}
	return shapedByJoiners(runes[i-1]) && shapedByJoiners(runes[i+1])
}

func shapedByJoiners(r rune) bool { return unicode.In(r, unicode.Arabic, unicode.Devanagari) }

// shorten cuts s to at most limit characters and marks the cut with an ellipsis.
func shorten(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:limit]), " ") + "…"
}

package pdf

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
)

// number formats v with at most three decimals, which is a micrometre when v is in millimetres.
// Values that PDF cannot express (NaN, infinities) become 0: they can only stem from empty drawings.
func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	return shortest(v, 3)
}

// shortest formats v with at most that many decimals and no trailing zeros.
func shortest(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

// numbers formats values separated by spaces.
func numbers(values ...float64) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = number(v)
	}
	return strings.Join(parts, " ")
}

// utf16Hex is the hexadecimal UTF-16BE form of s, without delimiters.
func utf16Hex(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		for shift := 12; shift >= 0; shift -= 4 {
			b.WriteByte(digits[unit>>shift&0xF])
		}
	}
	return b.String()
}

// textString is a PDF text string (ISO 32000-1, 7.9.2.2): always UTF-16BE in hexadecimal, so that no byte of
// the text can end the string or be taken for an escape or a line end.
func textString(s string) string { return "<FEFF" + utf16Hex(s) + ">" }

// asciiString is a literal string for printable ASCII; everything else is dropped.
func asciiString(s string) string {
	var b strings.Builder
	b.WriteByte('(')
	for _, r := range s {
		if r < ' ' || r > '~' {
			continue
		}
		if r == '(' || r == ')' || r == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte(')')
	return b.String()
}

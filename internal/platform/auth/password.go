package auth

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/internal/fault"
)

// The bounds of a password. There are no rules about its composition: NIST SP 800-63B §3.1.1.2 found that
// they make passwords worse.
const (
	// MinPasswordRunes is the length of the shortest password, in characters.
	MinPasswordRunes = 10
	// MaxPasswordBytes is the length of the longest password; longer ones are refused before any work.
	MaxPasswordBytes = 1024
)

// maxTrim is how many added digits and signs do not make a common word uncommon.
const maxTrim = 8

// shortPeriod is the longest group, in characters, whose repetition is no password: "abcabcabcabc".
const shortPeriod = 4

const (
	tooLong  = "Choose a password of at most 1,024 bytes."
	tooShort = "Choose a password of at least 10 characters."
	notText  = "Choose a password of printable characters."
	common   = "This password is among the first that an attacker tries. Choose another: four unrelated words are good."
)

// commonWords holds one word a line, in lower case and without decoration.
//
//go:embed common.txt
var commonWords string

// CheckPassword returns nil for a password that may be set, else a fault.BadInput about the field.
func CheckPassword(field, password string) error {
	switch {
	case len(password) > MaxPasswordBytes:
		return fault.Invalid(field, tooLong)
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return fault.Invalid(field, notText)
	case utf8.RuneCountInString(password) < MinPasswordRunes:
		return fault.Invalid(field, tooShort)
	case guessable(password):
		return fault.Invalid(field, common)
	default:
		return nil
	}
}

// guessable reports whether the password is a common word in some disguise, a repetition, or a run of keys.
func guessable(password string) bool {
	lower := strings.ToLower(password)
	if isRun(lower) || isCommon(lower) {
		return true
	}
	unit := smallestUnit(lower)
	if unit != lower && (utf8.RuneCountInString(unit) <= shortPeriod || isCommon(unit)) {
		return true
	}
	return isCommon(trimDecoration(lower))
}

// isCommon looks the word up as it is and with its disguise of digits and signs taken off.
func isCommon(word string) bool {
	if listed(word) {
		return true
	}
	for _, one := range []rune{'i', 'l'} {
		plain := undisguise(word, one)
		if len(word)-len(plain) <= maxTrim && listed(plain) {
			return true
		}
	}
	return false
}

func listed(word string) bool {
	if word == "" {
		return false
	}
	for line := range strings.Lines(commonWords) {
		if strings.TrimSuffix(line, "\n") == word {
			return true
		}
	}
	return false
}

// undisguise turns "p@ssw0rd" into "password" and drops what is no letter. A 1 is read as one.
func undisguise(word string, one rune) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '0':
			return 'o'
		case '1', '!', '|':
			return one
		case '3':
			return 'e'
		case '4', '@':
			return 'a'
		case '5', '$':
			return 's'
		case '7', '+':
			return 't'
		}
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, word)
}

// trimDecoration drops up to maxTrim leading and trailing characters that are no letters.
func trimDecoration(word string) string {
	isLetter := unicode.IsLetter
	start := strings.IndexFunc(word, isLetter)
	end := strings.LastIndexFunc(word, isLetter)
	if start < 0 {
		return ""
	}
	_, size := utf8.DecodeRuneInString(word[end:])
	if start+len(word)-end-size > maxTrim {
		return word
	}
	return word[start : end+size]
}

// smallestUnit returns the shortest string whose repetition is the word.
func smallestUnit(word string) string {
	// A word repeats with period p exactly when it is found in itself doubled, p places further.
	period := strings.Index((word + word)[1:], word) + 1
	return word[:period]
}

// isRun reports whether the word is a piece of the alphabet, of the digits, or of the keyboard, either way round.
func isRun(word string) bool {
	for _, row := range []string{
		"abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "1234567890qwertyuiop",
	} {
		if strings.Contains(row, word) || strings.Contains(reverse(row), word) {
			return true
		}
	}
	return false
}

func reverse(ascii string) string {
	out := make([]byte, len(ascii))
	for i := range len(ascii) {
		out[len(ascii)-1-i] = ascii[i]
	}
	return string(out)
}

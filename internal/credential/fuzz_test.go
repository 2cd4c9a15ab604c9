package credential

import (
	"encoding/base32"
	"strings"
	"testing"
)

// FuzzReadCode holds codes against base32 itself, and sees that what was made is read however it is typed.
func FuzzReadCode(f *testing.F) {
	f.Add(newCode())
	f.Add(strings.Repeat("7", codeLength) + "\n")
	f.Add(strings.Repeat("\u212a", codeLength))
	f.Add(strings.Repeat("a", codeLength-1) + "1")
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := readCode(typed)
		bits, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(code))
		const random = 16 // whole bytes of 130 bits
		if want := err == nil && len(bits) == random && len(code) == codeLength && isLowerASCII(code); ok != want {
			t.Errorf("%q read as %q: %t, want %t (%v)", typed, code, ok, want, err)
		}
		if !ok {
			return
		}
		for _, again := range []string{code, strings.ToUpper(code), "\t" + code + " \n"} {
			if second, ok := readCode(again); !ok || second != code {
				t.Errorf("%q is read as %q", again, second)
			}
		}
		if near, ok := readCode(code + "a"); ok {
			t.Errorf("%q is read, though it is too long", near)
		}
	})
}

// isLowerASCII leaves out what DecodeString passes over: line ends.
func isLowerASCII(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

package idempotency_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/platform/idempotency"
)

// FuzzCheckKey sends keys through a request as it travels: what may be a key arrives as it was sent, alone in its
// header, and no other text is one.
func FuzzCheckKey(f *testing.F) {
	for _, seed := range []string{
		"0b3f5f0e-93c4-4c56-a3d1-0d5a0f5a2f6b", "", " a", "a\t", "a,b", "\"quoted\"", "a\r\nX-Evil: b", "ключ", "\x7f", strings.Repeat("k", 255), strings.Repeat("k", 256),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		err := idempotency.CheckKey(key)
		visible := strings.Map(func(r rune) rune {
			if r > ' ' && r < 0x7f {
				return r
			}
			return -1
		}, key)
		if want := key != "" && len(key) <= 255 && visible == key; (err == nil) != want {
			t.Fatalf("CheckKey(%q) = %v, want a key: %t", key, err, want)
		}
		if err != nil {
			if fault.CodeOf(err) != fault.BadInput {
				t.Errorf("CheckKey(%q): %v, want BadInput", key, err)
			}
			return
		}
		sent := "POST /graphql HTTP/1.1\r\nHost: acme.example\r\nIdempotency-Key: " + key + "\r\nContent-Length: 0\r\n\r\n"
		arrived, err := http.ReadRequest(bufio.NewReader(strings.NewReader(sent)))
		if err != nil {
			t.Fatalf("%q does not travel: %v", key, err)
		}
		if got := arrived.Header.Values("Idempotency-Key"); len(got) != 1 || got[0] != key || len(arrived.Header) != 2 {
			t.Errorf("%q arrives as %q among %v", key, got, arrived.Header)
		}
	})
}

package multirange_test

import (
	"errors"
	"testing"

	"lyceum/internal/platform/pg/multirange"
)

// FuzzScan looks for text or bytes that Postgres would not send and that are taken nevertheless: what is taken is
// canonical, and has one spelling in each form.
func FuzzScan(f *testing.F) {
	f.Add([]byte("{[0,1000),[2000,3000)}"))
	f.Add([]byte("{[+1,2),}"))
	f.Add([]byte("{[5,7)[6,9)}"))
	f.Add([]byte("{}"))
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 17, 2, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2})
	f.Fuzz(func(t *testing.T, src []byte) {
		for name, form := range map[string]any{"text": string(src), "bytes": src} {
			var m multirange.Int4
			if err := m.Scan(form); err != nil {
				if !errors.Is(err, multirange.ErrMalformed) || m != nil {
					t.Errorf("%s %q: %s, %v, want ErrMalformed", name, src, m, err)
				}
				continue
			}
			for i, r := range m {
				if r.From >= r.To || (i > 0 && m[i-1].To >= r.From) {
					t.Errorf("%s %q is read as %s, which is not canonical", name, src, m)
				}
			}
			if text := string(src); m.String() != text && (name == "text" || text[0] == '{') {
				t.Errorf("%q is read as %q", text, m)
			}
		}
	})
}

package blob_test

import (
	"mime"
	"strings"
	"testing"
	"unicode/utf8"

	"lyceum/internal/platform/blob"
)

func TestCleanFilename(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":                              "",
		"   ":                           "",
		"notes.txt":                     "notes.txt",
		"日本語.pdf":                       "日本語.pdf",
		"a/b\\c":                        "a_b_c",
		"a\x00b\x7f":                    "a_b_",
		"bad \xff utf-8":                "bad _ utf-8",
		strings.Repeat("a", 200) + ".x": strings.Repeat("a", 148) + ".x",
		strings.Repeat("é", 100):        strings.Repeat("é", 75),
		"a." + strings.Repeat("b", 200): "a." + strings.Repeat("b", 148),
	} {
		if got := blob.CleanFilename(name); got != want {
			t.Errorf("CleanFilename(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzDisposition(f *testing.F) {
	for _, seed := range []string{"a.pdf", "a\"b", "a\r\nX: y", "日本", "\xff", strings.Repeat("é", 90)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		clean := blob.CleanFilename(name)
		if !utf8.ValidString(clean) || blob.CleanFilename(clean) != clean {
			t.Errorf("CleanFilename(%q) = %q, which is not clean", name, clean)
		}
		header := blob.DownloadRule{Filename: name}.Disposition()
		if header == "" || strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("Disposition of %q = %q", name, header)
		}
		kind, params, err := mime.ParseMediaType(header)
		if err != nil || (kind == "attachment") != (clean != "") || params["filename"] != clean {
			t.Errorf("Disposition of %q = %q, which is read as %s %q (%v), want %q", name, header, kind, params, err, clean)
		}
	})
}

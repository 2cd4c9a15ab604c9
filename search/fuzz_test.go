package search

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/viewer"
)

// FuzzChecked checks that what engines are asked is one line of bounded text and filters that cannot be mistaken for
// anything else, that checking it again changes nothing, and that a document's text never passes for a mark.
func FuzzChecked(f *testing.F) {
	f.Add("  reef \t\"bowline knot\" -granny ", "pt-br", "BEGINNER", "sea", 20, 0)
	f.Add("x\u2028y\u0085z", "en", "", "a\" OR tenant = \"b", 51, -1)
	f.Add("⟦a⟧\x00", "de-x-\"", "ALL' OR 1=1", "", 1, 951)
	f.Fuzz(func(t *testing.T, text, tag, level, category string, limit, offset int) {
		if shown := plain(text); strings.Contains(shown, MarkStart) || strings.Contains(shown, MarkEnd) || !utf8.ValidString(shown) || plain(shown) != shown {
			t.Errorf("plain(%q) = %q", text, shown)
		}
		anybody := viewer.With(t.Context(), viewer.Viewer{Tenant: uuid.UUID{1}})
		q, err := checked(anybody, Query{Text: text, Language: tag, Level: level, Category: category, Limit: limit, Offset: offset})
		if err != nil {
			if fault.CodeOf(err) != fault.BadInput {
				t.Errorf("checked: %v, want BadInput", err)
			}
			return
		}
		if again, err := checked(anybody, q); err != nil || again != q {
			t.Errorf("%+v is not what engines may be asked: %+v (%v)", q, again, err)
		}
		if strings.ContainsFunc(q.Text, unicode.IsControl) || strings.ContainsAny(q.Text, "\u2028\u2029") || utf8.RuneCountInString(q.Text) > maxText {
			t.Errorf("engines are asked for %q", q.Text)
		}
		if filters := q.Language + q.Level + q.Category; strings.ContainsAny(filters, " \t\n\"'`\\()[]=<>,;%") || !isPrintableASCII(filters) {
			t.Errorf("engines filter by %q", filters)
		}
		if q.Limit < 1 || q.Limit > maxLimit || q.Offset < 0 || q.Offset+q.Limit > MaxTotal || q.Members {
			t.Errorf("engines are asked %+v", q)
		}
	})
}

func isPrintableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

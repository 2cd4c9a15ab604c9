package relay_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"lyceum/graph/relay"
	"lyceum/internal/platform/page"
)

// FuzzConnection walks through a list page by page as a client does, by the cursors of the page info, and again by those
// of the edges. Every row comes once, in order, and the page info tells the truth about both ends.
func FuzzConnection(f *testing.F) {
	f.Add("knots\nsails\nknots", 1, uint8(1))
	f.Add("", 20, uint8(0))
	f.Add("\"\n<&>\n\u2028\n\xff\n\x00", 2, uint8(3))
	f.Fuzz(func(t *testing.T, text string, first int, from uint8) {
		request, err := page.Parse(&first, nil)
		if err != nil {
			return
		}
		titles := strings.Split(strings.ToValidUTF8(text, "?"), "\n")
		all := rows(titles[:min(len(titles), 60)])
		var seen []row
		for range len(all) + 1 {
			got := read(t, all, request)
			nodes := got.Nodes()
			if got.PageInfo.HasPreviousPage != (len(seen) > 0) || got.PageInfo.HasNextPage != (len(seen)+len(nodes) < len(all)) {
				t.Fatalf("after %d of %d rows: %+v", len(seen), len(all), got.PageInfo)
			}
			if (got.PageInfo.StartCursor == nil) != (len(nodes) == 0) || (got.PageInfo.EndCursor == nil) != (len(nodes) == 0) {
				t.Fatalf("%d rows between %v and %v", len(nodes), got.PageInfo.StartCursor, got.PageInfo.EndCursor)
			}
			seen = append(seen, nodes...)
			if !got.PageInfo.HasNextPage {
				break
			}
			request.After = *got.PageInfo.EndCursor
		}
		if !slices.Equal(seen, all) {
			t.Fatalf("walked through %+v, and saw %+v", all, seen)
		}

		whole := read(t, all, page.Request{First: len(all)})
		at := int(from) % len(all)
		rest := read(t, all, page.Request{First: page.MaxFirst, After: whole.Edges[at].Cursor})
		if !slices.Equal(rest.Nodes(), all[at+1:]) {
			t.Errorf("behind row %d of %+v came %+v", at, all, rest.Nodes())
		}
	})
}

const order = "rows by title"

type row struct {
	title string
	n     int
}

// rows are the titles in the order of the list; what number each has tells those of one title apart.
func rows(titles []string) []row {
	all := make([]row, len(titles))
	const most = 300 // what a title may have
	for i, title := range titles {
		if utf8.RuneCountInString(title) > most {
			title = string([]rune(title)[:most])
		}
		all[i] = row{title, i}
	}
	slices.SortFunc(all, compare)
	return all
}

func compare(a, b row) int {
	if c := strings.Compare(a.title, b.title); c != 0 {
		return c
	}
	return a.n - b.n
}

// read answers a request as a context does: the rows behind the cursor, one more than asked for.
func read(t *testing.T, all []row, request page.Request) relay.Page[row] {
	t.Helper()
	var at row
	behind, err := request.Position(order, &at.title, &at.n)
	if err != nil {
		t.Fatalf("Position of our own cursor: %v", err)
	}
	var found []row
	for _, r := range all {
		if (!behind || compare(r, at) > 0) && len(found) < request.Limit() {
			found = append(found, r)
		}
	}
	return relay.From(page.Of(found, request, order, func(r row) []any { return []any{r.title, r.n} }))
}

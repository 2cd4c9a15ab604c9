package page_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/platform/page"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		first *int
		want  int
	}{
		"absent":   {nil, page.DefaultFirst},
		"one":      {new(1), 1},
		"most":     {new(100), 100},
		"none":     {new(0), 0},
		"negative": {new(-1), 0},
		"too many": {new(101), 0},
		"overflow": {new(int(^uint(0) >> 1)), 0},
	} {
		r, err := page.Parse(tt.first, new("x"))
		if tt.want == 0 {
			if fault.CodeOf(err) != fault.BadInput {
				t.Errorf("%s: %v, want BadInput", name, err)
			}
			continue
		}
		if err != nil || r.First != tt.want || r.Limit() != tt.want+1 || r.After != "x" {
			t.Errorf("%s: %+v (%v)", name, r, err)
		}
	}
}

type row struct {
	name string
	at   time.Time
	id   uuid.UUID
	n    int
}

func key(r row) []any { return []any{r.name, r.at, r.id, r.n} }

// TestWalk reads a list of 25 page by page, as a service does.
func TestWalk(t *testing.T) {
	t.Parallel()
	var all []row
	for i := range 25 {
		all = append(all, row{fmt.Sprintf("Ünïcode %02d \"'", i), time.Unix(int64(i), 123456000).UTC(), uuid.New(), i})
	}
	const order = "rows by n"
	var seen []row
	r := page.Request{First: 10}
	for {
		var at row
		behind, err := r.Position(order, &at.name, &at.at, &at.id, &at.n)
		if err != nil {
			t.Fatal(err)
		}
		start := 0
		if behind {
			if want := seen[len(seen)-1]; at != want {
				t.Fatalf("position %+v, want %+v", at, want)
			}
			start = at.n + 1
		}
		p := page.Of(all[start:min(start+r.Limit(), len(all))], r, order, key)
		if p.HasPrevious != behind || len(p.Cursors) != len(p.Rows) {
			t.Errorf("page after %q: has previous %t, %d cursors", r.After, p.HasPrevious, len(p.Cursors))
		}
		seen = append(seen, p.Rows...)
		if !p.HasNext {
			break
		}
		r.After = p.Cursors[len(p.Cursors)-1]
	}
	if len(seen) != len(all) {
		t.Errorf("%d rows were seen, want %d", len(seen), len(all))
	}
	for _, title := range []string{strings.Repeat("<", 300), strings.Repeat("\U0001f9f6", 300)} {
		long := page.Of([]row{{name: title}}, page.Request{First: 1}, order, key)
		var at row
		if behind, err := (page.Request{After: long.Cursors[0]}).Position(order, &at.name, &at.at, &at.id, &at.n); !behind || err != nil || at.name != title {
			t.Errorf("a title of 300 characters: %t, %v", behind, err)
		}
	}
	if p := page.Of(nil, page.Request{First: 5}, order, key); p.HasNext || p.HasPrevious || len(p.Rows) != 0 {
		t.Errorf("an empty list: %+v", p)
	}
}

func TestCursorBelongsToItsList(t *testing.T) {
	t.Parallel()
	const order = "users by name"
	p := page.Of([]row{{name: "a"}}, page.Request{First: 1}, order, func(r row) []any { return []any{r.name} })
	good := p.Cursors[0]
	encode := func(raw string) string { return base64.RawURLEncoding.EncodeToString([]byte(raw)) }
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	bound := string(raw[:6])
	for name, tt := range map[string]struct{ cursor, order string }{
		"another list":     {good, "users by email"},
		"another filter":   {good, order + " LEARNER"},
		"not base64":       {"!!!", order},
		"padded":           {good + "=", order},
		"binding only":     {encode(bound), order},
		"not JSON":         {encode(bound + "nonsense"), order},
		"an object":        {encode(bound + `{"a":1}`), order},
		"too few values":   {encode(bound + `[]`), order},
		"too many values":  {encode(bound + `["a","b"]`), order},
		"of another type":  {encode(bound + `[1]`), order},
		"something behind": {encode(bound + `["a"] 1`), order},
		"flipped":          {encode("x" + string(raw[1:])), order},
		"huge":             {encode(bound + `["` + strings.Repeat("a", 10_000) + `"]`), order},
	} {
		var text string
		behind, err := page.Request{First: 1, After: tt.cursor}.Position(tt.order, &text)
		if behind || fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%s: behind %t, %v, want BadInput", name, behind, err)
		}
	}
	var text string
	if behind, err := (page.Request{After: good}).Position(order, &text); !behind || err != nil || text != "a" {
		t.Errorf("the right list: %t %q (%v)", behind, text, err)
	}
}

// FuzzPosition holds cursors against what they are for: a row's place comes back as it was, in its own list only,
// and what is taken for a cursor is what the list would have written.
func FuzzPosition(f *testing.F) {
	const order = "rows"
	at := time.Date(2026, 11, 23, 3, 14, 15, 926535000, time.UTC)
	written := page.Of([]row{{name: "a", at: at, id: uuid.UUID{7}, n: -1}}, page.Request{First: 1}, order, key).Cursors[0]
	f.Add(written, "a", at.UnixMicro(), 3, order+" LEARNER")
	f.Add("", "Ünï\"<&>\u2028", int64(-1), 0, "")
	f.Add("AAAA", "\x00", int64(253402300799999999), -1, "rows\n")
	f.Fuzz(func(t *testing.T, cursor, name string, micros int64, n int, other string) {
		var got row
		behind, err := page.Request{First: 1, After: cursor}.Position(order, &got.name, &got.at, &got.id, &got.n)
		if err != nil && fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%q: %v, want BadInput", cursor, err)
		}
		if behind != (err == nil && cursor != "") {
			t.Errorf("%q: behind %t, with %v", cursor, behind, err)
		}
		if again := page.Of([]row{got}, page.Request{First: 1}, order, key).Cursors[0]; behind && again != cursor {
			t.Errorf("%q is the place of %+v, whose cursor is %q", cursor, got, again)
		}

		want := row{name: strings.ToValidUTF8(name, ""), at: time.UnixMicro(micros).UTC(), id: uuid.UUID{1}, n: n}
		if want.at.Year() < 1 || want.at.Year() > 9999 {
			return // no row is from then, and JSON has no time for it
		}
		next := page.Request{First: 1, After: page.Of([]row{want}, page.Request{First: 1}, order, key).Cursors[0]}
		if behind, err := next.Position(order, &got.name, &got.at, &got.id, &got.n); len(name) <= 300 && (!behind || err != nil || got != want) {
			t.Errorf("%+v came back as %+v (%v)", want, got, err)
		}
		if behind, err := next.Position(other, &got.name, &got.at, &got.id, &got.n); other != order && (behind || fault.CodeOf(err) != fault.BadInput) {
			t.Errorf("the list %q took a cursor of %q (%v)", other, order, err)
		}
	})
}

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

func FuzzPosition(f *testing.F) {
	const order = "rows"
	p := page.Of([]row{{name: "a", id: uuid.New()}}, page.Request{First: 1}, order, func(r row) []any { return []any{r.name, r.id, r.n} })
	f.Add(p.Cursors[0])
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		var at row
		behind, err := page.Request{First: 1, After: cursor}.Position(order, &at.name, &at.id, &at.n)
		if err != nil && fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%q: %v, want BadInput", cursor, err)
		}
		if behind && (err != nil || cursor == "") {
			t.Errorf("%q: behind, with %v", cursor, err)
		}
	})
}

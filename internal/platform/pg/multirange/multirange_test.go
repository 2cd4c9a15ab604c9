package multirange_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/platform/pg/multirange"
	"lyceum/internal/platform/pgtest"
)

// TestRoundTrip sends multiranges to Postgres and reads them back in the binary form, which pgx asks for,
// and in the text form.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for _, want := range []multirange.Int4{
		{},
		{{From: 0, To: 1}},
		{{From: 0, To: 1000}, {From: 2000, To: 3000}, {From: 5000, To: math.MaxInt32}},
		{{From: -5, To: 7}},
		{{From: math.MinInt32, To: math.MaxInt32}},
	} {
		var binary multirange.Int4
		var text string
		err := db.QueryRow(t.Context(), `SELECT $1::int4multirange, $1::int4multirange::text`, want.String()).Scan(&binary, &text)
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if diff := cmp.Diff(want, binary); diff != "" {
			t.Errorf("%s in the binary form (-want +got):\n%s", want, diff)
		}
		var parsed multirange.Int4
		if err := parsed.Scan(text); err != nil || text != want.String() {
			t.Errorf("%s in the text form: %s, %v", want, text, err)
		}
		if diff := cmp.Diff(want, parsed); diff != "" {
			t.Errorf("%s in the text form (-want +got):\n%s", want, diff)
		}
	}
}

func TestScanRefuses(t *testing.T) {
	t.Parallel()
	one := []byte{0, 0, 0, 1, 0, 0, 0, 17, 2, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2}
	change := func(at int, to byte) []byte {
		changed := append([]byte(nil), one...)
		changed[at] = to
		return changed
	}
	var m multirange.Int4
	if err := m.Scan(one); err != nil || m.String() != "{[1,2)}" {
		t.Fatalf("one range: %s, %v", m, err)
	}
	for name, src := range map[string]any{
		"a number":             7,
		"no braces":            "[1,2)",
		"open":                 "{[1,2)",
		"an included end":      "{[1,2]}",
		"one bound":            "{[1)}",
		"no number":            "{[a,2)}",
		"too large":            "{[1,2147483648)}",
		"another sign":         "{[+1,2)}",
		"a comma at the end":   "{[1,2),}",
		"no comma between":     "{[1,2)[3,4)}",
		"an empty range":       "{[2,2)}",
		"out of order":         "{[3,4),[1,2)}",
		"touching":             "{[1,2),[2,3)}",
		"an empty range, sent": change(20+4, 1),
		"text as bytes":        []byte("{[1,2)"),
		"nothing":              []byte{},
		"cut short":            one[:20],
		"more than it says":    append(append([]byte(nil), one...), one[4:]...),
		"a count too large":    change(3, 2),
		"a negative count":     change(0, 0xff),
		"another length":       change(7, 16),
		"an infinite bound":    change(8, 0x0a),
		"another bound length": change(12, 8),
		"another end length":   change(20, 2),
	} {
		if err := m.Scan(src); !errors.Is(err, multirange.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

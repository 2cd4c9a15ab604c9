package limit_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"lyceum/graph/limit"
	"lyceum/internal/fault"
)

func TestUnmarshalInt(t *testing.T) {
	t.Parallel()
	for _, v := range []any{0, 7, int32(7), int64(math.MaxInt32), int64(math.MinInt32), json.Number("-7"), nil} {
		if _, err := limit.UnmarshalInt(v); err != nil {
			t.Errorf("%T %v: %v", v, v, err)
		}
	}
	if got, _ := limit.UnmarshalInt(json.Number("2147483647")); got != math.MaxInt32 {
		t.Errorf("got %d", got)
	}
	for _, v := range []any{
		int64(math.MaxInt32) + 1, int64(math.MinInt32) - 1, math.MaxInt64, "7", 7.0, true,
		json.Number("7.5"), json.Number("1e3"), json.Number("99999999999999999999"),
		[]any{7},
	} {
		_, err := limit.UnmarshalInt(v)
		if fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%T %v: %v, want BadInput", v, v, err)
		}
	}
}

func TestMarshalInt(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", -7: "-7", math.MaxInt32: "2147483647", math.MinInt32: "-2147483648"} {
		var b strings.Builder
		limit.MarshalInt(n).MarshalGQL(&b)
		if b.String() != want {
			t.Errorf("%d is written as %s", n, b.String())
		}
	}
	for _, n := range []int{math.MaxInt32 + 1, math.MinInt32 - 1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d is written", n)
				}
			}()
			limit.MarshalInt(n)
		}()
	}
}

package limit_test

import (
	"encoding/json"
	"math"
	"testing"

	"lyceum/graph/limit"
	"lyceum/internal/fault"
)

func TestUnmarshalString(t *testing.T) {
	t.Parallel()
	for v, want := range map[any]string{"": "", "seven": "seven", nil: ""} {
		if got, err := limit.UnmarshalString(v); err != nil || got != want {
			t.Errorf("%v: %q, %v", v, got, err)
		}
	}
	for _, v := range []any{7, int64(7), 7.5, true, json.Number("7"), []any{"seven"}, map[string]any{}} {
		if _, err := limit.UnmarshalString(v); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%T %v: %v, want BadInput", v, v, err)
		}
	}
}

func TestUnmarshalFloat(t *testing.T) {
	t.Parallel()
	for v, want := range map[any]float64{7: 7, int64(-7): -7, 7.5: 7.5, json.Number("1e3"): 1000, nil: 0} {
		if got, err := limit.UnmarshalFloat(t.Context(), v); err != nil || got != want {
			t.Errorf("%v: %v, %v", v, got, err)
		}
	}
	for _, v := range []any{"7", true, json.Number("1e999"), json.Number("x"), math.NaN(), math.Inf(1), []any{7}} {
		if _, err := limit.UnmarshalFloat(t.Context(), v); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%T %v: %v, want BadInput", v, v, err)
		}
	}
}

func TestUnmarshalBytes(t *testing.T) {
	t.Parallel()
	for v, want := range map[any]int64{7: 7, int64(math.MaxInt64): math.MaxInt64, json.Number("8"): 8, nil: 0} {
		if got, err := limit.UnmarshalBytes(v); err != nil || got != want {
			t.Errorf("%v: %v, %v", v, got, err)
		}
	}
	for _, v := range []any{"7", true, -1, 7.0, json.Number("-1"), json.Number("7.5"), json.Number("99999999999999999999"), []any{7}} {
		if _, err := limit.UnmarshalBytes(v); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%T %v: %v, want BadInput", v, v, err)
		}
	}
}

package limit

import (
	"context"
	"encoding/json"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"lyceum/internal/fault"
)

// MarshalFloat writes a Float. Infinities and NaN are errors.
func MarshalFloat(f float64) graphql.ContextMarshaler { return graphql.MarshalFloatContext(f) }

// UnmarshalFloat reads a Float from a literal or a variable: a finite number. Strings are not numbers here.
// The error is a *fault.Error with BadInput.
func UnmarshalFloat(_ context.Context, v any) (float64, error) {
	var f float64
	switch v := v.(type) {
	case float64:
		f = v
	case int:
		f = float64(v)
	case int64:
		f = float64(v)
	case json.Number:
		parsed, err := v.Float64()
		if err != nil {
			return 0, notAFloat()
		}
		f = parsed
	case nil:
		return 0, nil
	default:
		return 0, notAFloat()
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, notAFloat()
	}
	return f, nil
}

func notAFloat() error { return fault.New(fault.BadInput, "A Float is a finite number.") }

// MarshalBytes writes a number of bytes as a JSON integer.
func MarshalBytes(n int64) graphql.Marshaler { return graphql.MarshalInt64(n) }

// UnmarshalBytes reads a number of bytes from a literal or a variable: a whole number that is not negative.
// Strings are not numbers here. The error is a *fault.Error with BadInput.
func UnmarshalBytes(v any) (int64, error) {
	var n int64
	switch v := v.(type) {
	case int:
		n = int64(v)
	case int64:
		n = v
	case json.Number:
		parsed, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil {
			return 0, notBytes()
		}
		n = parsed
	case nil:
		return 0, nil
	default:
		return 0, notBytes()
	}
	if n < 0 {
		return 0, notBytes()
	}
	return n, nil
}

func notBytes() error {
	return fault.New(fault.BadInput, "A number of bytes is a whole number, and not negative.")
}

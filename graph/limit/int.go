package limit

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"lyceum/internal/fault"
)

// The Int scalar of the GraphQL specification has 32 bits; gqlgen's own accepts 64 and strings. To use
// this one, gqlgen.yml says:
//
//	models:
//	  Int:
//	    model: lyceum/graph/limit.Int

// MarshalInt writes an Int. A number outside 32 bits is a mistake in the program (the schema should have
// named another scalar): it panics, which gqlgen turns into an internal error on the field and a null that
// travels up to the nearest nullable parent. Returning an error would write the null without that.
func MarshalInt(n int) graphql.Marshaler {
	if n < math.MinInt32 || n > math.MaxInt32 {
		panic(fmt.Sprintf("limit: %d does not fit into the Int scalar", n))
	}
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, strconv.Itoa(n))
	})
}

// UnmarshalInt reads an Int from a literal or a variable: a whole number of 32 bits. Strings are not
// numbers here. The error is a *fault.Error with BadInput.
func UnmarshalInt(v any) (int, error) {
	var n int64
	switch v := v.(type) {
	case int:
		n = int64(v)
	case int64:
		n = v
	case int32:
		n = int64(v)
	case json.Number:
		parsed, err := v.Int64()
		if err != nil {
			return 0, notAnInt()
		}
		n = parsed
	case nil:
		return 0, nil
	default:
		return 0, notAnInt()
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0, notAnInt()
	}
	return int(n), nil
}

func notAnInt() error {
	return fault.Newf(fault.BadInput, "An Int is a whole number from %d to %d.", math.MinInt32, math.MaxInt32)
}

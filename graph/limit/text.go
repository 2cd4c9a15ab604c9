package limit

import (
	"github.com/99designs/gqlgen/graphql"

	"lyceum/internal/fault"
)

// MarshalString writes a String.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads a String from a literal or a variable. Numbers and truth values are no strings here,
// as the specification asks, though gqlgen would write them out. The error is a *fault.Error with BadInput.
func UnmarshalString(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case nil:
		return "", nil
	default:
		return "", fault.New(fault.BadInput, "Text is written between quotation marks.")
	}
}

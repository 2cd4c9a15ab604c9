package limit_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"lyceum/graph/limit"
	"lyceum/internal/fault"
)

// TestSize: what fits passes, the first text beyond the bound is refused and so are those after it, and every answer begins
// anew.
func TestSize(t *testing.T) {
	t.Parallel()
	size := limit.Size{Most: func(context.Context) int64 { return 10 }}
	errOwn := errors.New("the field's own")
	five := "12345"
	for range 2 {
		response := size.InterceptResponse(t.Context(), func(ctx context.Context) *graphql.Response {
			field := func(value any, err error) error {
				got, refused := size.InterceptField(ctx, func(context.Context) (any, error) { return value, err })
				if refused == nil && got != value {
					t.Errorf("%v became %v", value, got)
				}
				return refused
			}
			for _, value := range []any{five, 1 << 40, (*string)(nil), nil, &five, "", true} {
				if err := field(value, nil); err != nil {
					t.Errorf("%v: %v", value, err)
				}
			}
			if err := field(strings.Repeat("x", 100), errOwn); !errors.Is(err, errOwn) {
				t.Errorf("a field that fails: %v", err)
			}
			for _, value := range []any{"1", &five} {
				if err := field(value, nil); fault.CodeOf(err) != fault.BadInput {
					t.Errorf("beyond the bound: %v", err)
				}
			}
			return &graphql.Response{}
		})
		if response == nil {
			t.Error("there is no answer")
		}
	}
	if _, err := size.InterceptField(t.Context(), func(context.Context) (any, error) { return "outside of any answer", nil }); err != nil {
		t.Error(err)
	}
}

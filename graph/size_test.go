package graph

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/graphql"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// wordy are resolvers of one category, whose name is long.
type wordy struct{ *Resolver }

func (w wordy) Query() graphql.QueryResolver { return wordyQuery{QueryResolver: w.Resolver.Query()} }

type wordyQuery struct{ graphql.QueryResolver }

const wordyBytes = 256 << 10

func (wordyQuery) Categories(ctx context.Context) ([]*ent.Category, error) {
	if _, err := policy.Signed(ctx); err != nil {
		return nil, err
	}
	return []*ent.Category{{Slug: "a", Name: strings.Repeat("x", wordyBytes)}}, nil
}

// names is a document that asks for the name n times, as often as names of fields may differ in one place.
func names(n int) string {
	var document strings.Builder
	document.WriteString("{")
	for i := range n {
		if i%10 == 0 {
			fmt.Fprintf(&document, "c%d: categories {", i)
		}
		fmt.Fprintf(&document, "n%d: name ", i)
		if i%10 == 9 || i == n-1 {
			document.WriteString("}")
		}
	}
	return document.String() + "}"
}

// TestAnswersAreBounded: a few objects with long texts, asked for under many names, are not answered with more than a
// process can hold, whichever executor writes them; what fits is answered.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	const refused = "BAD_USER_INPUT"
	for _, executed := range []bool{true, false} {
		resolvers := wordy{&Resolver{services: &Services{}, executed: executed}}
		for _, tt := range []struct {
			role  viewer.Role
			names int
			fits  bool
		}{
			{viewer.Learner, 60, true}, {viewer.Learner, 100, false}, {viewer.Instructor, 100, true},
		} {
			answer := answered(t, resolvers, tt.role, names(tt.names))
			if fits := !strings.Contains(answer, refused); fits != tt.fits || fits != (len(answer) > tt.names*wordyBytes) {
				t.Errorf("%s, %d names, executed %t: %d bytes, %.200s", tt.role, tt.names, executed, len(answer), answer)
			}
		}
	}
}

package limit_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"lyceum/graph/limit"
	"lyceum/internal/fault"
)

func TestCost(t *testing.T) {
	t.Parallel()
	number := func(s string) map[string]any { return map[string]any{"n": json.Number(s)} }
	tests := map[string]struct {
		query     string
		variables map[string]any
		cost      int
		want      string
	}{
		"a leaf":                {query: `{b}`, cost: 1},
		"an object":             {query: `{viewer{id name}}`, cost: 1},
		"the default page":      {query: `{courses{nodes{id}}}`, cost: 20},
		"a page":                {query: `{courses(first:5){edges{cursor node{id}} pageInfo{endCursor}}}`, cost: 5},
		"from the end":          {query: `{courses(last:5){nodes{id}}}`, cost: 20}, // the schema's default for first still holds
		"null":                  {query: `{courses(first:null,last:7){nodes{id}}}`, cost: 7},
		"a page of pages":       {query: `{courses(first:5){nodes{teacher{friends(first:3){id}}}}}`, cost: 5 * (1 + 1 + 3)},
		"lists":                 {query: `{modules{lessons{id}}}`, cost: 10 * (1 + 10)},
		"by ids in a variable":  {query: `query($n:[ID]){users(ids:$n){id}}`, variables: map[string]any{"n": make([]any, 300)}, cost: 300},
		"by ids":                {query: `{users(ids:["1","2","3","4","5","6","7","8","9","10","11","12"]){id}}`, cost: 12},
		"by few ids":            {query: `{users(ids:["1"]){id}}`, cost: 10},
		"declared size":         {query: `{badges{id}}`, cost: 3},
		"declared weight":       {query: `{search(q:"x"){id}}`, cost: 10 * 50},
		"a variable":            {query: `query($n:Int){courses(first:$n){nodes{id}}}`, variables: number("7"), cost: 7},
		"an absent variable":    {query: `query($n:Int){courses(first:$n){nodes{id}}}`, cost: 20},
		"a default":             {query: `query($n:Int=9){courses(first:$n){nodes{id}}}`, cost: 9},
		"none":                  {query: `{courses(first:0){nodes{id}}}`, cost: 1},
		"a mutation":            {query: `mutation{signIn{id} signOut}`, cost: 21},
		"a fragment twice":      {query: `{courses(first:2){nodes{...f} edges{node{...f}}}} fragment f on Course{teacher{id}}`, cost: 2 * (2 + 2)},
		"more than a page":      {query: `{courses(first:101){nodes{id}}}`, cost: 100, want: "BAD_USER_INPUT"},
		"less than none":        {query: `{courses(first:-1){nodes{id}}}`, cost: 1, want: "BAD_USER_INPUT"},
		"overflowing":           {query: `{courses(first:4611686018427387904){nodes{id}}}`, cost: 100, want: "BAD_USER_INPUT"},
		"overflowing variable":  {query: `query($n:Int){courses(first:$n){nodes{id}}}`, variables: number("4611686018427387904"), cost: 100, want: "BAD_USER_INPUT"},
		"underflowing variable": {query: `query($n:Int){courses(last:$n){nodes{id}}}`, variables: number("-4611686018427387904"), cost: 20, want: "BAD_USER_INPUT"},
		"a number in quotes":    {query: `query($n:Int){courses(first:$n){nodes{id}}}`, variables: map[string]any{"n": "300"}, cost: 100, want: "BAD_USER_INPUT"},
		"too costly": {
			query: `{courses(first:100){nodes{teacher{friends(first:100){friends(first:100){id}}}}}}`,
			cost:  100 * (1 + 1 + 100*(1+100)), want: limit.CodeTooCostly,
		},
		"saturating": {
			query: `{modules{lessons{id}} courses(first:100){nodes{teacher{` + nested("friends(first:100)", "id", 10) + `}}}}`,
			cost:  1 << 30, want: limit.CodeTooCostly,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exec := newExecutor(t, limit.Cost{})
			operation, errs := create(t.Context(), exec, tt.query, tt.variables)
			if got := codeOf(errs); got != tt.want {
				t.Fatalf("code %q, want %q (%v)", got, tt.want, errs)
			}
			price, known := limit.PriceOf(graphql.WithOperationContext(t.Context(), operation))
			if want := (limit.Price{Requested: tt.cost, Maximum: limit.DefaultMaximum}); !known || price != want {
				t.Errorf("price %+v, want %+v", price, want)
			}
		})
	}
}

func TestCostNamesTheField(t *testing.T) {
	t.Parallel()
	_, errs := create(t.Context(), newExecutor(t, limit.Cost{}), `{courses(first:101,last:-5){nodes{id}}}`, nil)
	if len(errs) == 0 {
		t.Fatal("accepted")
	}
	f, ok := errors.AsType[*fault.Error](errs[0])
	if !ok {
		t.Fatalf("not a fault: %v", errs[0])
	}
	want := []fault.Violation{
		{Field: "courses.first", Message: "Ask for 0 to 100 items at a time."},
		{Field: "courses.last", Message: "Ask for 0 to 100 items at a time."},
	}
	if diff := cmp.Diff(want, f.Violations); diff != "" {
		t.Error(diff)
	}
}

// purse is a budget that can be used up.
type purse struct{ left int }

func (p *purse) Spend(_ context.Context, cost int) (*int, error) {
	if p.left -= cost; p.left < 0 {
		return new(0), fault.New(fault.RateLimited, "Too much at once.")
	}
	return new(p.left), nil
}

func TestBudget(t *testing.T) {
	t.Parallel()
	exec := newExecutor(t, limit.Cost{Maximum: 50, Budget: &purse{left: 45}})
	for i, want := range []struct {
		code      string
		remaining int
	}{{"", 25}, {"", 5}, {"RATE_LIMITED", 0}} {
		operation, errs := create(t.Context(), exec, `{courses{nodes{id}}}`, nil)
		if codeOf(errs) != want.code {
			t.Errorf("operation %d: %v, want %q", i, errs, want.code)
		}
		price, _ := limit.PriceOf(graphql.WithOperationContext(t.Context(), operation))
		if price.Remaining == nil || *price.Remaining != want.remaining {
			t.Errorf("operation %d: price %+v, want %d remaining", i, price, want.remaining)
		}
	}
	_, errs := create(t.Context(), exec, `{courses(first:51){nodes{id}}}`, nil)
	if got := codeOf(errs); got != limit.CodeTooCostly {
		t.Errorf("an operation above the maximum reached the budget: %q", got)
	}
}

func TestCostIsTold(t *testing.T) {
	t.Parallel()
	exec := newExecutor(t, limit.Cost{})
	ctx := graphql.StartOperationTrace(t.Context())
	extensions := func(query string) map[string]any {
		operation, errs := create(t.Context(), exec, query, nil)
		if len(errs) > 0 {
			return exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs).Extensions
		}
		next, ctx := exec.DispatchOperation(ctx, operation)
		return next(ctx).Extensions
	}
	tests := map[string]map[string]any{
		`{courses{nodes{id}}}`: {"cost": limit.Price{Requested: 20, Maximum: limit.DefaultMaximum}},
		`mutation{signIn{id}}`: {"cost": limit.Price{Requested: 11, Maximum: limit.DefaultMaximum}},
		`{courses(first:100){nodes{teacher{friends(first:100){friends(first:100){id}}}}}}`: {
			"cost": limit.Price{Requested: 1_010_200, Maximum: limit.DefaultMaximum},
		},
		`subscription{ticks{id}}`: {},
		`{nothing}`:               {},
	}
	for query, want := range tests {
		if diff := cmp.Diff(want, extensions(query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}

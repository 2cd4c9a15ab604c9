package multirange_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"lyceum/internal/platform/pg/multirange"
)

// span is how far the ranges of the model reach.
const span = 64

// ticked is a set of single numbers.
type ticked [span]bool

func tick(m multirange.Int4) ticked {
	var set ticked
	for _, r := range m {
		for i := r.From; i < r.To; i++ {
			set[i] = true
		}
	}
	return set
}

// TestSets compares the operations with sets of single numbers.
func TestSets(t *testing.T) {
	t.Parallel()
	bound := rapid.Int32Range(0, span)
	ranges := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) multirange.Range {
		return multirange.Range{From: bound.Draw(t, "from"), To: bound.Draw(t, "to")}
	}), 0, 12)
	rapid.Check(t, func(t *rapid.T) {
		a, b := multirange.Int4(ranges.Draw(t, "a")), multirange.Int4(ranges.Draw(t, "b"))
		before := slices.Clone(a)
		x, y := tick(a), tick(b)
		var either, only ticked
		for i := range span {
			either[i], only[i] = x[i] || y[i], x[i] && !y[i]
		}
		same(t, "union", a.Union(b), either)
		if !slices.Equal(a, before) {
			t.Fatal("Union changed what it was asked of")
		}
		left := a.Union(nil).Minus(b.Union(nil))
		same(t, "minus", left, only)
		n := rapid.IntRange(-1, span).Draw(t, "n")
		var first ticked
		for i, taken := 0, 0; i < span && taken < n; i++ {
			if only[i] {
				first[i] = true
				taken++
			}
		}
		same(t, "first", left.First(n), first)
		at := rapid.Int32Range(0, span-1).Draw(t, "at")
		if left.Contains(at) != only[at] {
			t.Fatalf("%s contains %d: %t", left, at, !only[at])
		}
	})
}

// same holds the ranges against the set, and against their canonical form.
func same(t *rapid.T, what string, got multirange.Int4, want ticked) {
	t.Helper()
	if tick(got) != want {
		t.Fatalf("%s: %s", what, got)
	}
	for i, r := range got {
		if r.From >= r.To || i > 0 && got[i-1].To >= r.From {
			t.Fatalf("%s: %s is not canonical", what, got)
		}
	}
}

package multirange

import (
	"cmp"
	"slices"
)

// Union returns what is in m or in other, canonical. Neither needs to be: ranges may overlap and come in any
// order. Empty ranges add nothing.
func (m Int4) Union(other Int4) Int4 {
	all := slices.DeleteFunc(slices.Concat(m, other), func(r Range) bool { return r.From >= r.To })
	slices.SortFunc(all, func(a, b Range) int { return cmp.Compare(a.From, b.From) })
	merged := all[:0]
	for _, r := range all {
		if last := len(merged) - 1; last >= 0 && r.From <= merged[last].To {
			merged[last].To = max(merged[last].To, r.To)
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

// Minus returns what is in m and not in other. Both must be canonical, and so is the result.
func (m Int4) Minus(other Int4) Int4 {
	left := Int4{}
	next := 0
	for _, r := range m {
		from := r.From
		for ; next < len(other) && other[next].To <= from; next++ { //nolint:revive // it only moves on
		}
		for i := next; i < len(other) && other[i].From < r.To; i++ {
			if from < other[i].From {
				left = append(left, Range{From: from, To: other[i].From})
			}
			from = max(from, other[i].To)
		}
		if from < r.To {
			left = append(left, Range{From: from, To: r.To})
		}
	}
	return left
}

// First returns the first n of m, which must be canonical.
func (m Int4) First(n int) Int4 {
	first := Int4{}
	for _, r := range m {
		if n <= 0 {
			break
		}
		size := min(int(r.To)-int(r.From), n)
		first = append(first, Range{From: r.From, To: int32(int(r.From) + size)})
		n -= size
	}
	return first
}

// Contains reports whether i is in m.
func (m Int4) Contains(i int32) bool {
	return slices.ContainsFunc(m, func(r Range) bool { return r.From <= i && i < r.To })
}

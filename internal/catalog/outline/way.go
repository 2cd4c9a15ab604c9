package outline

import (
	"cmp"
	"slices"

	"github.com/google/uuid"
)

// Of is how many of so many parts are needed. A nil policy needs all.
func (p *Policy) Of(parts int) int {
	switch {
	case p == nil || p.Need == NeedAll || p.Need == "":
		return parts
	case p.Need == NeedAny:
		return min(1, parts)
	default:
		return min(p.Count, parts)
	}
}

// Left is how many lessons are still needed at least to complete the module, its rule aside. Done are lessons and
// modules that are completed.
func (m *Module) Left(done map[uuid.UUID]bool) int {
	if done[m.ID] {
		return 0
	}
	parts := m.Parts()
	have := 0
	for _, lesson := range parts {
		if done[lesson.ID] {
			have++
		}
	}
	return max(0, m.Completion.Of(len(parts))-have)
}

// Way are the modules on the shortest way to complete the course that are not done, in the order of the course: where
// some of its modules are enough, those of which the fewest lessons are left. Its rule is aside.
func (o *Outline) Way(done map[uuid.UUID]bool) []*Module {
	parts := o.Parts()
	place := make(map[*Module]int, len(parts))
	for i, module := range parts {
		place[module] = i
	}
	slices.SortStableFunc(parts, func(a, b *Module) int { return cmp.Compare(a.Left(done), b.Left(done)) })
	way := parts[:o.Completion.Of(len(parts))]
	way = slices.DeleteFunc(way, func(m *Module) bool { return m.Left(done) == 0 })
	slices.SortFunc(way, func(a, b *Module) int { return cmp.Compare(place[a], place[b]) })
	return way
}

// Left is how many lessons are still needed at least to complete the course. It never grows while more is done.
func (o *Outline) Left(done map[uuid.UUID]bool) int {
	left := 0
	for _, module := range o.Way(done) {
		left += module.Left(done)
	}
	return left
}

// Required returns how many lessons must be completed at least: the required ones, or all when there are none, and
// fewer where some of the modules, or some of their lessons, are enough.
func (o *Outline) Required() int { return o.Left(nil) }

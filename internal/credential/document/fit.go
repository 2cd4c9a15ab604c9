package document

import (
	"slices"
	"sort"
)

// step is one attempt to fit a text: at most that many lines, with the em going down from one size to another,
// in millimetres.
type step struct {
	lines    int
	from, to float64
}

// box is the room for a text and the ways to make it fit, best first. The last step may also break inside of
// words and cut the text short, which an ellipsis shows.
type box struct {
	width, height float64
	steps         []step
}

// block is text that fits: lines at one size.
type block struct {
	lines []line
	size  float64
}

// lineGap is the room between the descent of one line and the ascent of the next, in em. It is negative: the
// fonts' own extents are generous.
const lineGap = -0.12

// height is the distance from the ascent of the first line to the descent of the last, in millimetres.
func (b block) height() float64 {
	total := 0.0
	for i, l := range b.lines {
		if i > 0 {
			total += lineGap
		}
		total += l.ascent + l.descent
	}
	return total * b.size
}

// fit sets text as large as the box allows.
func (t *typesetter) fit(text string, w weight, tracking float64, room box) (block, error) {
	p, err := t.analyse(t.legible(text), w, tracking)
	if err != nil {
		return block{}, err
	}
	segments := t.measure(p)
	for i, s := range room.steps {
		last := i == len(room.steps)-1
		for size := s.from; ; size *= 0.95 {
			size = max(size, s.to)
			if b, ok := t.tryFit(p, segments, size, s.lines, room, last); ok {
				return b, nil
			}
			if size == s.to {
				break
			}
		}
	}
	return t.cut(text, w, tracking, room)
}

// cut keeps as much of a text as fits at the smallest size, and an ellipsis.
func (t *typesetter) cut(text string, w weight, tracking float64, room box) (block, error) {
	runes := []rune(text)
	smallest := room.steps[len(room.steps)-1]
	var best block
	var failure error
	// The longest prefix that fits: the predicate is monotonic enough, and the result is checked by trying.
	sort.Search(len(runes), func(n int) bool {
		p, err := t.analyse(t.legible(shorten(text, max(n, 1))), w, tracking)
		if err != nil {
			failure = err
			return true
		}
		b, ok := t.tryFit(p, t.measure(p), smallest.to, smallest.lines, room, true)
		if ok {
			best = b
		}
		return !ok
	})
	return best, failure
}

// tryFit sets p at one size and reports whether it fits. Lines are balanced: the narrowest measure that needs
// no more of them.
func (t *typesetter) tryFit(p *paragraph, segments []segment, size float64, limit int, room box, breakWords bool) (block, bool) {
	measure := room.width / size
	ends, ok := wrap(segments, measure, breakWords)
	if !ok || len(ends) > limit {
		return block{}, false
	}
	if len(ends) > 1 {
		ends = balance(segments, measure, ends)
	}
	b := block{size: size}
	start := 0
	for _, end := range ends {
		b.lines = append(b.lines, t.shape(p, start, p.trimmedEnd(start, end)))
		start = end
	}
	return b, b.height() <= room.height
}

// trimmedEnd is end without the spaces before it.
func (p *paragraph) trimmedEnd(start, end int) int {
	for end > start && p.runes[end-1] == ' ' {
		end--
	}
	return end
}

// segment is text between two places where a line may end. Widths are in em.
type segment struct {
	end   int
	ink   float64 // without the spaces at its end
	full  float64
	parts []segment // its clusters, for breaking inside of it
}

// measure finds the widths of the segments of p.
func (t *typesetter) measure(p *paragraph) []segment {
	var segments []segment
	start := 0
	for _, end := range p.breaks {
		s := t.measureSpan(p, start, end)
		for from, i := start, p.clusterAfter(start); from < end; i++ {
			to := min(p.clusters[i], end)
			s.parts = append(s.parts, t.measureSpan(p, from, to))
			from = to
		}
		segments = append(segments, s)
		start = end
	}
	return segments
}

func (t *typesetter) measureSpan(p *paragraph, start, end int) segment {
	s := segment{end: end, full: t.shape(p, start, end).width}
	s.ink = s.full
	if trimmed := p.trimmedEnd(start, end); trimmed < end {
		s.ink = t.shape(p, start, trimmed).width
	}
	return s
}

// clusterAfter is the index of the cluster that contains position.
func (p *paragraph) clusterAfter(position int) int {
	i, _ := slices.BinarySearch(p.clusters, position+1)
	return i
}

// wrap breaks segments greedily into lines no wider than measure and returns where they end. It fails when a
// segment is too wide and must not be broken.
func wrap(segments []segment, measure float64, breakWords bool) ([]int, bool) {
	var ends []int
	width, last := 0.0, 0
	for _, s := range segments {
		pieces := []segment{s}
		if s.ink > measure {
			if !breakWords {
				return nil, false
			}
			pieces = s.parts
		}
		for _, piece := range pieces {
			if width > 0 && width+piece.ink > measure {
				ends = append(ends, last)
				width = 0
			}
			width += piece.full
			last = piece.end
		}
	}
	return append(ends, last), true
}

// balance evens out the lengths of lines by narrowing the measure for as long as no line is added. Words stay
// whole: where one had to be broken, nothing is evened out.
func balance(segments []segment, measure float64, ends []int) []int {
	const rounds = 12
	low, high := measure/2, measure
	for range rounds {
		middle := (low + high) / 2
		narrower, ok := wrap(segments, middle, false)
		if ok && len(narrower) == len(ends) {
			ends, high = narrower, middle
		} else {
			low = middle
		}
	}
	return ends
}

package document

import (
	"fmt"

	"golang.org/x/text/unicode/bidi"
)

// embeddingLevels gives the level of every character of a line: odd levels read from right to left. The base
// direction is that of the first letter. Characters that set levels explicitly must have been removed; then
// levels 0 to 2 are all there are, and the directions of runs decide them (UAX #9, rules I1 and I2).
func embeddingLevels(runes []rune) ([]int, error) {
	var paragraph bidi.Paragraph
	if _, err := paragraph.SetString(string(runes)); err != nil {
		return nil, fmt.Errorf("set bidirectional text: %w", err)
	}
	order, err := paragraph.Order()
	if err != nil {
		return nil, fmt.Errorf("order bidirectional text: %w", err)
	}
	levels, base := make([]int, len(runes)), baseLevel(runes)
	for i := range order.NumRuns() {
		run := order.Run(i)
		start, last := run.Pos()
		assignLevels(levels[start:last+1], runes[start:last+1], run.Direction(), base, i > 0)
	}
	return levels, nil
}

// baseLevel is 1 when the first letter reads from right to left (UAX #9, rules P2 and P3).
func baseLevel(runes []rune) int {
	for _, r := range runes {
		switch properties, _ := bidi.LookupRune(r); properties.Class() {
		case bidi.L:
			return 0
		case bidi.R, bidi.AL:
			return 1
		default: // Digits, marks and punctuation have no direction of their own.
		}
	}
	return 0
}

// assignLevels fills in the levels of one run of equal direction.
func assignLevels(levels []int, runes []rune, direction bidi.Direction, base int, afterRightToLeft bool) {
	level := 2 * base
	if direction == bidi.RightToLeft {
		level = 1
	}
	for i := range levels {
		levels[i] = level
	}
	if level == 0 && afterRightToLeft {
		// Digits that follow right-to-left letters belong to them: they stay on their side, one level deeper.
		for i := range leadingNumber(runes) {
			levels[i] = 2
		}
	}
}

// leadingNumber is the length of the number that runes start with, separators between digits and adjoining
// signs included (UAX #9, rules W4 and W5).
func leadingNumber(runes []rune) int {
	end := 0
	for i, r := range runes {
		switch properties, _ := bidi.LookupRune(r); properties.Class() {
		case bidi.EN, bidi.AN:
			end = i + 1
		case bidi.ET, bidi.NSM:
			if end == i {
				end = i + 1
			}
		case bidi.ES, bidi.CS:
		default:
			return end
		}
	}
	return end
}

// visualOrder turns the levels of a line's pieces into the order in which they stand from left to right
// (UAX #9, rule L2).
func visualOrder(levels []int) []int {
	order, highest := make([]int, len(levels)), 0
	for i, level := range levels {
		order[i] = i
		highest = max(highest, level)
	}
	for level := highest; level >= 1; level-- {
		for start := 0; start < len(order); start++ {
			end := start
			for end < len(order) && levels[order[end]] >= level {
				end++
			}
			for i, j := start, end-1; i < j; i, j = i+1, j-1 {
				order[i], order[j] = order[j], order[i]
			}
			start = max(start, end-1)
		}
	}
	return order
}

package olx

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// gradingPolicy is how the course was graded.
type gradingPolicy struct {
	Graders []struct {
		Type   string  `json:"type"`
		Weight float64 `json:"weight"`
	} `json:"GRADER"`
	Cutoffs map[string]float64 `json:"GRADE_CUTOFFS"`
}

// passMark is the percentage that passes the course, which its graded quizzes ask for. The platform's own is
// one half.
func (g gradingPolicy) passMark() int {
	least := 1.0
	for _, cutoff := range g.Cutoffs {
		least = min(least, cutoff)
	}
	if len(g.Cutoffs) == 0 || least < 0 {
		least = 0.5
	}
	return int(math.Round(least * 100))
}

// pool makes a quiz of a selection from a library. The export holds copies of the problems that could be
// selected.
func (c *converter) pool(b *block) ([]piece, error) {
	c.settle(b, Approximated, append(settingLosses(b, "max_count", "source_library_id", "source_library_version"),
		"Its questions are copies; they no longer follow the library "+b.attrs["source_library_id"]+".")...)
	pieces, err := c.inside(b, b.children)
	if err != nil {
		return nil, err
	}
	quiz := piece{block: b, pool: true}
	problems := 0
	rest := slices.DeleteFunc(slices.Clone(pieces), func(p piece) bool {
		if p.quiz == nil {
			return false
		}
		quiz.quiz = append(quiz.quiz, p.quiz...)
		problems++
		return true
	})
	if problems == 0 {
		return pieces, nil
	}
	count, err := strconv.Atoi(b.attrs["max_count"])
	if err != nil {
		count = 1
	}
	if count > 0 && count < problems {
		quiz.draw = count
		if problems != len(quiz.quiz) {
			c.lose(b, fmt.Sprintf("Some of its problems have several questions; %d questions are drawn, not %d problems.", count, count))
		}
	}
	return append(rest, quiz), nil
}

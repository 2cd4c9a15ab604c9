package course

import (
	"math"
	"strconv"
	"strings"
)

// Number is the right answer to a numeric question and how far from it is still right. It is either a value
// with a tolerance, or an interval.
type Number struct {
	// Answer is the value; 0 with an interval.
	Answer float64
	// Tolerance is a distance from Answer, or with Percent a percentage of it. Both ends count as right.
	Tolerance float64
	Percent   bool
	// Interval is nil for a value.
	Interval *Interval
}

// Interval is what lies between two numbers, ends included unless they are excluded.
type Interval struct {
	Min, Max               float64
	ExcludeMin, ExcludeMax bool
}

// Bounds returns the interval of right answers.
func (n Number) Bounds() Interval {
	if n.Interval != nil {
		return *n.Interval
	}
	distance := n.Tolerance
	if n.Percent {
		distance = math.Abs(n.Answer) * n.Tolerance / 100
	}
	return Interval{Min: n.Answer - distance, Max: n.Answer + distance}
}

// String writes the number as an author would: "600", "600 ± 5", "600 ± 1%", "[5, 7)". ParseNumber reads it.
func (n Number) String() string {
	switch {
	case n.Interval != nil:
		return n.Interval.String()
	case n.Tolerance == 0 && !n.Percent:
		return FormatFloat(n.Answer)
	default:
		return FormatFloat(n.Answer) + " ± " + n.ToleranceString()
	}
}

// ToleranceString writes the tolerance: "5", "1%".
func (n Number) ToleranceString() string {
	if n.Percent {
		return FormatFloat(n.Tolerance) + "%"
	}
	return FormatFloat(n.Tolerance)
}

// String writes the interval in mathematical notation: "[5, 7)" holds 5 and not 7.
func (i Interval) String() string {
	left, right := "[", "]"
	if i.ExcludeMin {
		left = "("
	}
	if i.ExcludeMax {
		right = ")"
	}
	return left + FormatFloat(i.Min) + ", " + FormatFloat(i.Max) + right
}

// ParseNumber reads what Number.String writes. ok is false for anything else.
func ParseNumber(s string) (n Number, ok bool) {
	s = strings.TrimSpace(s)
	if interval, ok := ParseInterval(s); ok {
		return Number{Interval: &interval}, true
	}
	value, tolerance, has := strings.Cut(s, "±")
	if n.Answer, ok = ParseFloat(value); !ok || !has {
		return n, ok
	}
	n.Tolerance, n.Percent, ok = ParseTolerance(tolerance)
	return n, ok
}

// ParseInterval reads "[5, 7)".
func ParseInterval(s string) (i Interval, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 2 || !strings.ContainsRune("[(", rune(s[0])) || !strings.ContainsRune("])", rune(s[len(s)-1])) {
		return Interval{}, false
	}
	low, high, found := strings.Cut(s[1:len(s)-1], ",")
	i = Interval{ExcludeMin: s[0] == '(', ExcludeMax: s[len(s)-1] == ')'}
	i.Min, ok = ParseFloat(low)
	if !ok || !found {
		return Interval{}, false
	}
	i.Max, ok = ParseFloat(high)
	return i, ok
}

// ParseTolerance reads "5" or "1%".
func ParseTolerance(s string) (value float64, percent, ok bool) {
	digits, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	value, ok = ParseFloat(digits)
	return value, percent, ok && value >= 0
}

// ParseFloat reads a finite decimal number.
func ParseFloat(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsInf(f, 0)
}

// FormatFloat writes a number in the fewest digits that read back as the same, without an exponent where
// it stays short.
func FormatFloat(f float64) string {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-9 || abs >= 1e15) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// Problem says in a sentence what is wrong with the number, or "".
func (n Number) Problem() string {
	for _, f := range []float64{n.Answer, n.Tolerance} {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return "The answer is a number."
		}
	}
	if n.Tolerance < 0 {
		return "The tolerance is a number that is not negative, or a percentage."
	}
	if n.Percent && n.Tolerance == 0 {
		return "A tolerance of 0% is none: leave it out."
	}
	if n.Interval == nil {
		return ""
	}
	return n.intervalProblem()
}

func (n Number) intervalProblem() string {
	i := n.Interval
	switch {
	case n.Answer != 0 || n.Tolerance != 0 || n.Percent:
		return "An interval has no tolerance."
	case math.IsNaN(i.Min) || math.IsInf(i.Min, 0) || math.IsNaN(i.Max) || math.IsInf(i.Max, 0):
		return "An interval is between two numbers."
	case i.Min > i.Max, i.Min == i.Max && (i.ExcludeMin || i.ExcludeMax):
		return "The interval is empty: write the smaller number first."
	}
	return ""
}
